"""Dense matching of two half-scale pictures: warp one near the other, flow for the rest, and how well it fits where.

Flow and what follows from it are kept at quarter scale, one place for every 2 × 2 pixels of the pictures: flow is no finer than
that. Distances are in half-scale pixels all the same. Correlation is taken of the half-scale pictures themselves.
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.kernels import block_moments
from vision.optics import Image

Vec = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
STEP = 2
"""Half-scale pixels from one place to the next."""
_EDGE_SHARE = 0.25
_WINDOW: Map = np.array([_EDGE_SHARE, 1.0, 1.0, 1.0, 1.0, 1.0, _EDGE_SHARE], np.float32) / np.float32(5.0 + 2.0 * _EDGE_SHARE)
"""Weights of the places across a correlation window: 11 pixels."""
_NOISE = 9.0
"""Variance of grey levels below which a window counts as flat."""
_RIM_PX = 2.5
_NO_MAP: Any = None
"""The first map holds both coordinates; OpenCV's stubs do not know that."""


class Flow:
    """Dense flow of small pictures: inverse search, then one variational refinement at the finest level only."""

    def __init__(self) -> None:
        search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
        search.setFinestScale(0)
        search.setPatchStride(4)
        search.setGradientDescentIterations(8)
        search.setVariationalRefinementIterations(0)
        polish = cv2.VariationalRefinement.create()
        polish.setFixedPointIterations(5)
        polish.setAlpha(20.0)
        polish.setDelta(5.0)
        polish.setGamma(10.0)
        self._search, self._polish = search, polish

    def between(self, now: Image, then: Image) -> Map:
        """(h, w, 2): where in ``then`` each pixel of ``now`` is found, as displacement."""
        flow = self._search.calc(now, then, np.zeros((*now.shape, 2), np.float32))
        return np.asarray(self._polish.calc(now, then, flow), np.float32)


class Match:
    """``homography``: current to keyframe in half-scale pixels, by belief. The rest has one entry for each place:
    ``overlap``: where the keyframe so warped has content. ``flow``: (h, w, 2), what in it is displaced by, in half-scale pixels.
    ``agree``: local correlation along the flow, 0 if flat."""

    def __init__(self, now: Image, key: Image, homography: Vec, engine: Flow) -> None:
        self.homography = homography
        now = now[: now.shape[0] // STEP * STEP, : now.shape[1] // STEP * STEP]  # whole places only
        size = (now.shape[1], now.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        then = np.asarray(cv2.warpPerspective(key, homography, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        flow = engine.between(_small(now), _small(then)) * np.float32(STEP)
        self.flow: Map = flow
        self.overlap = _inside(homography, flow.shape[:2], key.shape)
        self.agree = correlation(now, then, flow)

    def flow_from(self, homography: Vec) -> tuple[Map, Map]:
        """The same matches as displacement along x and y of the keyframe warped by another homography."""
        change = (np.linalg.inv(homography) @ self.homography).astype(np.float32)
        xs, ys = places(*self.agree.shape)
        x, y = xs + self.flow[..., 0], ys + self.flow[..., 1]
        scale = np.float32(1.0) / (change[2, 0] * x + change[2, 1] * y + change[2, 2])
        moved_x = (change[0, 0] * x + change[0, 1] * y + change[0, 2]) * scale
        moved_y = (change[1, 0] * x + change[1, 1] * y + change[1, 2]) * scale
        return moved_x - xs, moved_y - ys


@cache
def places(rows: int, cols: int) -> tuple[Map, Map]:
    """x (1, cols) and y (rows, 1) of the places' middles, in half-scale pixels."""
    first = (STEP - 1) / 2.0
    xs, ys = np.arange(cols, dtype=np.float32) * STEP + first, np.arange(rows, dtype=np.float32) * STEP + first
    return xs[None, :].astype(np.float32), ys[:, None].astype(np.float32)


@cache
def _grid(height: int, width: int) -> Map:
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([xs, ys], axis=2)


def _small(image: Image) -> Image:
    size = (image.shape[1] // STEP, image.shape[0] // STEP)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _inside(homography: Vec, shape: tuple[int, ...], key_shape: tuple[int, ...]) -> Mask:
    """Places that fall into the keyframe, `_RIM_PX` within its edges."""
    xs, ys = places(*shape)
    height, width = key_shape
    h = homography.astype(np.float32)
    w = h[2, 0] * xs + h[2, 1] * ys + h[2, 2]
    x, y = h[0, 0] * xs + h[0, 1] * ys + h[0, 2], h[1, 0] * xs + h[1, 1] * ys + h[1, 2]
    low, right, bottom = np.float32(_RIM_PX) * w, np.float32(width - 1 - _RIM_PX) * w, np.float32(height - 1 - _RIM_PX) * w
    return np.asarray((w > 0) & (x >= low) & (x <= right) & (y >= low) & (y <= bottom), np.bool_)


def correlation(now: Image, then: Image, flow: Map) -> Map:
    """Local correlation of ``now`` with ``then`` fetched along ``flow``; near 0 where there is no texture."""
    height, width = now.shape
    full = cv2.add(cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR), _grid(height, width))
    moved = cv2.remap(then, full, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    moments = np.empty((5, height // STEP, width // STEP), np.float32)
    block_moments(now, np.asarray(moved, np.uint8), moments)
    mean_a, mean_b, aa, bb, ab = (np.asarray(cv2.sepFilter2D(plane, -1, _WINDOW, _WINDOW), np.float32) for plane in moments)
    var_a, var_b, cov = aa - mean_a * mean_a, bb - mean_b * mean_b, ab - mean_a * mean_b
    return np.asarray(cov / np.sqrt(np.maximum(var_a, _NOISE) * np.maximum(var_b, _NOISE)), np.float32)
