"""How strange each place looks beside the hull around it, in robust standard deviations. No enhancement before this."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.optics import Image

Map = NDArray[np.float32]
Vec = NDArray[np.float64]
_FLOOR = np.array([6.0, 2.5, 2.5])
"""Least spread per Lab channel, so that a clean uniform hull does not make every mark strange."""
_SPARSE = 37
"""Of so many pixels one is asked where the background is; a prime, so that no column is asked more than others."""


def anomaly(quarter: Image, size: tuple[int, int]) -> Map:
    """Distance from the background in Lab, brought to ``size`` (width, height); 0 is ordinary, over about 4 is strange.

    The background is the median colour of the frame. Lightness is judged relative to its surroundings over a quarter of the
    frame, because lamps and water darken the edges; colour shifts with range are small within one frame.
    """
    rows, cols = quarter.shape[:2]
    lab = cv2.GaussianBlur(cv2.cvtColor(quarter, cv2.COLOR_BGR2LAB), (0, 0), 1.5)
    planes = np.asarray(cv2.split(lab), np.float32).reshape(3, rows * cols)
    planes -= _surfaces(planes, rows, cols)
    sample = np.ascontiguousarray(planes.reshape(3, rows, cols)[:, ::3, ::3].reshape(3, -1))
    centre = np.median(sample, axis=1)
    spread = np.maximum(1.4826 * np.median(np.abs(sample - centre[:, None]), axis=1), _FLOOR)
    planes -= centre[:, None]
    planes *= (1.0 / spread).astype(np.float32)[:, None]
    strange = np.sqrt(np.einsum("ij,ij->j", planes, planes)).reshape(rows, cols)
    return np.asarray(cv2.resize(strange, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _surfaces(planes: Map, rows: int, cols: int) -> Map:
    """A quadratic surface fitted to each plane with outliers cut: light and water across the frame, not the things in it."""
    design, products, full = _design(rows, cols)
    z = planes[:, ::_SPARSE].astype(np.float64)
    keep = np.ones_like(z)
    fit: Vec = np.zeros((3, 6))
    for _ in range(3):
        squares = (keep @ products).reshape(3, 6, 6)
        fit = np.asarray(np.linalg.solve(squares, ((keep * z) @ design)[..., None])[..., 0], np.float64)
        miss = np.abs(z - fit @ design.T)
        keep = (miss <= np.maximum(2.0 * np.median(miss, axis=1), 1.0)[:, None]).astype(np.float64)
    return np.asarray(fit.astype(np.float32) @ full, np.float32)


@cache
def _design(rows: int, cols: int) -> tuple[Vec, Vec, Map]:
    """Of the sparse pixels the terms (n, 6) and their products (n, 36); of all pixels the terms (6, rows · cols)."""
    ys, xs = np.mgrid[0:rows, 0:cols].astype(np.float64)
    x, y = (xs / cols - 0.5).ravel(), (ys / rows - 0.5).ravel()
    full = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    sparse = np.ascontiguousarray(full[:, ::_SPARSE].T)
    return sparse, np.einsum("ni,nj->nij", sparse, sparse).reshape(len(sparse), 36), full.astype(np.float32)
