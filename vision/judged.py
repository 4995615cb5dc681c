"""Which part of the picture was really judged by relief: a rectangle without holes big enough to hide something."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.detector import MIN_HEIGHT_M
from vision.kernels import largest_rectangle
from vision.relief import HALF, Relief

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]
_CELL = 10
_HOLE_M = 0.08
_BESIDE_M = 0.08
_MEASURED = 0.45


def judged_box(relief: Relief, box: Box, metre_per_px: float) -> Box | None:
    """The largest part of ``box`` (working pixels) without a `_HOLE_M` square less than `_MEASURED` measured.

    None when that is less than a quarter of it. ``metre_per_px``: on the hull at half scale. Unmeasured places beside what
    stands proud are its shadow and do not count: it was found.
    """
    x0, y0, x1, y1 = (round(v / HALF) for v in box)
    beside = np.ones((2 * max(1, round(_BESIDE_M / metre_per_px)) + 1,) * 2, np.uint8)
    proud = cv2.dilate((relief.sure & (relief.height_m > MIN_HEIGHT_M)).astype(np.uint8), beside)
    measured = (relief.sure | (np.asarray(proud) > 0)).astype(np.float32)[y0:y1, x0:x1]
    side = max(3, round(_HOLE_M / metre_per_px))
    density = cv2.blur(measured, (side, side), borderType=cv2.BORDER_REPLICATE)
    holes = np.asarray(density < _MEASURED, np.bool_)
    clear = _cells_clear(holes)
    row0, col0, row1, col1 = largest_rectangle(clear)
    if (row1 - row0) * (col1 - col0) < 0.25 * clear.size:
        return None
    left, top = x0 + col0 * _CELL, y0 + row0 * _CELL
    right, bottom = min(x1, x0 + col1 * _CELL), min(y1, y0 + row1 * _CELL)
    return float(left * HALF), float(top * HALF), float(right * HALF), float(bottom * HALF)


def _cells_clear(holes: Mask) -> Mask:
    """Whether each `_CELL` square of pixels is free of holes; a remainder at the right and bottom is left out."""
    rows, cols = holes.shape[0] // _CELL, holes.shape[1] // _CELL
    squares = holes[: rows * _CELL, : cols * _CELL].reshape(rows, _CELL, cols, _CELL)
    return np.asarray(~squares.any(axis=(1, 3)), np.bool_)
