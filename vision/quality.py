"""Is this frame fit to judge the hull by, and if not, why not: one short stable word or two.

Both measures are taken of luminance at half scale with the sensor noise's own share (Immerkær's estimate) taken out.
``contrast``: the octave between 2 and 4 px over the mean brightness. ``sharpness``: mean slope of the picture smoothed by 1 px
over that of the picture smoothed by 4 px, along the axis where it is lower, in the sharper
tiles of the frame (a smooth object in view is no blur); blur, also by motion, lowers it, haze does not.
"""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.config import Limits
from vision.optics import Image, Optics
from vision.picture import Picture
from vision.placing import Look
from vision.ranks import quantile

Map = NDArray[np.float32]
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_FINE_NOISE, _COARSE_NOISE, _FAR_NOISE = 0.195, 0.0946, 0.0124


class Appearance(NamedTuple):
    """``brightness``: 90th percentile of luminance (of 255). ``saturated``: share of clipped pixels. ``identical``: to the
    frame before."""

    brightness: float
    saturated: float
    contrast: float
    sharpness: float
    identical: bool


class Grade(NamedTuple):
    """``reason`` is "" when usable."""

    usable: bool
    reason: str
    px_per_cm: float


class QualityMeter:
    """Keeps the last frame to notice a frozen camera."""

    def __init__(self, optics: Optics, limits: Limits) -> None:
        self._optics = optics
        self._limits = limits
        self._last: Image | None = None

    def look_at(self, picture: Picture) -> Appearance:
        grey, small = picture.grey, picture.half_grey.astype(np.float32)
        identical = self._last is not None and _same(self._last, picture.working)
        self._last = picture.working
        rows, cols = small.shape
        small = small[rows // 25 : rows - rows // 25, cols // 25 : cols - cols // 25]
        contrast, sharpness = bands(small)
        counts = cv2.calcHist([picture.half_grey], [0], None, [256], [0.0, 256.0])
        bright = float(np.searchsorted(np.cumsum(counts), 0.9 * picture.half_grey.size))
        return Appearance(bright, float((grey[::4, ::4] >= 254).mean()), contrast, sharpness, identical)

    def grade(self, seen: Appearance, look: Look | None, optical_depth: float) -> Grade:
        density = 0.0
        if look is not None and look.seen:
            density = self._optics.focal_px / self._optics.scale / (100.0 * look.range_m)
        reason = self._reason(seen, look, optical_depth, density)
        return Grade(reason == "", reason, density)

    def _reason(self, seen: Appearance, look: Look | None, optical_depth: float, density: float) -> str:
        limits = self._limits
        checks = (
            ("frozen", seen.identical),
            ("dark", seen.brightness < limits.min_brightness),
            ("glare", seen.saturated > 0.25),
            ("no pose", look is None or not look.seen),
            ("too far", look is not None and (look.range_m > limits.max_range_m or density < limits.min_px_per_cm)),
            ("oblique", look is not None and look.incidence_rad > limits.max_incidence_rad),
            ("turbid", optical_depth > limits.max_optical_depth),
            ("featureless", seen.contrast < limits.min_contrast),
            ("blurred", seen.sharpness < limits.min_sharpness),
        )
        return next((word for word, bad in checks if bad), "")


def _same(a: Image, b: Image) -> bool:
    """A few rows first: they nearly always tell."""
    return a.shape == b.shape and np.array_equal(a[::40], b[::40]) and np.array_equal(a, b)


def bands(grey: Map) -> tuple[float, float]:
    """(contrast, sharpness) of float luminance at half scale. What is smooth is taken at quarter scale."""
    mean = max(float(cv2.mean(grey)[0]), 1.0)
    noise = _mean_abs(cv2.filter2D(grey, -1, _LAPLACE)[1:-1, 1:-1]) * math.sqrt(math.pi / 2.0) / 6.0
    one = np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.float32)
    size = (grey.shape[1] // 2, grey.shape[0] // 2)
    quarter = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    two, four = (np.asarray(cv2.GaussianBlur(quarter, (0, 0), _at_quarter(sigma)), np.float32) for sigma in (2.0, 4.0))
    coarse = _clean(_mean_abs(two - four), noise * _COARSE_NOISE)
    sharpness = min(_steepness(one, four, noise, axis) for axis in (0, 1))
    return coarse / mean, sharpness


def _at_quarter(sigma: float) -> float:
    """What is left to smooth by after averaging 2 × 2 pixels (variance 1/4), in the larger pixels."""
    return math.sqrt(sigma * sigma - 0.25) / 2.0


def _steepness(fine: Map, coarse: Map, noise: float, axis: int) -> float:
    """Slope along one axis of the image smoothed by 1 px over that of the one smoothed by 4 px, which is at quarter scale."""
    near = _tiles(fine, axis, 1.0, noise * _FINE_NOISE)
    far = _tiles(coarse, axis, 2.0, noise * _FAR_NOISE)
    return quantile(near / np.maximum(far, 0.02), 0.75)


def _tiles(smooth: Map, axis: int, step: float, noise: float) -> Map:
    """Slope over ``step`` pixels, `_clean`, in each of 4 × 3 tiles."""
    slope = cv2.absdiff(smooth[1:], smooth[:-1]) if axis == 0 else cv2.absdiff(smooth[:, 1:], smooth[:, :-1])
    spread = 1.25 / step * np.asarray(cv2.resize(slope, (4, 3), interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(np.sqrt(np.maximum(spread * spread - noise * noise, 0.0)), np.float32)


def _mean_abs(band: Any) -> float:
    return float(cv2.norm(band, cv2.NORM_L1)) / float(band.size)


def _clean(mean_abs: float, noise: float) -> float:
    """Robust standard deviation of a band without the noise in it, from its mean magnitude."""
    spread = 1.25 * mean_abs
    return math.sqrt(max(spread * spread - noise * noise, 0.0))


class AttenuationMeter:
    """Beam attenuation c [1/m] from how contrast at a fixed size on the hull falls with range: ln C = a − c·z.

    Contrast is the green band between 1 and 2 cm on the hull over the mean. Means per 0.1 m of range are regressed, with the
    prior c (±0.4/m) as one more observation; at one constant range the prior stays. Lamp backscatter adds to the mean and so
    counts as lost contrast, as it should. Texture is taken to be alike over the ranges seen; where it is not, c is off.
    """

    def __init__(self, optics: Optics, prior_per_m: float) -> None:
        self._optics = optics
        self._prior = prior_per_m
        self._bins: dict[int, tuple[int, float]] = {}

    def add(self, picture: Picture, range_m: float) -> None:
        if not 0.3 < range_m < 4.0:
            return
        green = picture.quarter[..., 1].astype(np.float32)
        sigma = self._optics.focal_px / 4.0 * 0.01 / range_m
        if sigma < 0.5:
            return
        band = cv2.GaussianBlur(green, (0, 0), sigma) - cv2.GaussianBlur(green, (0, 0), 2.0 * sigma)
        contrast = float(np.abs(band).mean()) / max(float(green.mean()), 1.0)
        key = int(range_m * 10.0)
        count, mean = self._bins.get(key, (0, 0.0))
        count = min(count + 1, 50)
        self._bins[key] = (count, mean + (math.log(max(contrast, 1e-5)) - mean) / count)

    def per_m(self) -> float:
        """Estimate of c, kept within 0.1 to 5 per metre."""
        if not self._bins:
            return self._prior
        keys = sorted(self._bins)
        z = np.array([key / 10.0 + 0.05 for key in keys])
        y = np.array([self._bins[key][1] for key in keys])
        w = np.array([min(self._bins[key][0], 5) / 5.0 for key in keys]) / 0.3**2
        zc, yc = z - np.average(z, weights=w), y - np.average(y, weights=w)
        slope = -float((w * zc * yc).sum())
        weight = float((w * zc * zc).sum())
        prior_weight = 1.0 / 0.4**2
        return min(5.0, max(0.1, (slope + self._prior * prior_weight) / (weight + prior_weight)))
