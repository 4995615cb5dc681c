"""How strange each place looks beside the hull around it, in robust standard deviations. No enhancement before this."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.optics import Image

Map = NDArray[np.float32]
_FLOOR = (6.0, 2.5, 2.5)
"""Least spread per Lab channel, so that a clean uniform hull does not make every mark strange."""


def anomaly(quarter: Image, size: tuple[int, int]) -> Map:
    """Distance from the background in Lab, brought to ``size`` (width, height); 0 is ordinary, over about 4 is strange.

    The background is the median colour of the frame. Lightness is judged relative to its surroundings over a quarter of the
    frame, because lamps and water darken the edges; colour shifts with range are small within one frame.
    """
    lab = cv2.GaussianBlur(cv2.cvtColor(quarter, cv2.COLOR_BGR2LAB), (0, 0), 1.5).astype(np.float32)
    total = np.zeros(lab.shape[:2], np.float32)
    for channel, floor in enumerate(_FLOOR):
        plane = lab[..., channel]
        plane = plane - _surface(plane)
        sample = plane[::3, ::3]
        centre = float(np.median(sample))
        spread = max(1.4826 * float(np.median(np.abs(sample - centre))), floor)
        total += ((plane - centre) / spread) ** 2
    return np.asarray(cv2.resize(np.sqrt(total), size, interpolation=cv2.INTER_LINEAR), np.float32)


def _surface(plane: Map) -> Map:
    """A quadratic surface fitted with outliers cut: light and water across the frame, not the things in it."""
    design = _design(*plane.shape)
    sample = design[::37]
    z = plane.ravel()[::37].astype(np.float64)
    keep = np.ones(len(z), np.bool_)
    fit: NDArray[np.float64] = np.zeros(6)
    for _ in range(3):
        part = sample[keep]
        fit = np.asarray(np.linalg.solve(part.T @ part, part.T @ z[keep]), np.float64)
        miss = np.abs(z - sample @ fit)
        keep = miss <= max(2.0 * float(np.median(miss)), 1.0)
    return np.asarray((_single(*plane.shape) @ fit.astype(np.float32)).reshape(plane.shape), np.float32)


@cache
def _design(rows: int, cols: int) -> NDArray[np.float64]:
    ys, xs = np.mgrid[0:rows, 0:cols].astype(np.float64)
    x, y = (xs / cols - 0.5).ravel(), (ys / rows - 0.5).ravel()
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


@cache
def _single(rows: int, cols: int) -> Map:
    return _design(rows, cols).astype(np.float32)
