"""Coverage cells: squares of 0.10 m on the unrolled surface, and which of them a footprint covers wholly."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wire.messages import Side

CELL_M = 0.10
CELL_M2 = CELL_M * CELL_M


class CellKey(NamedTuple):
    """``col`` = floor(x / CELL_M), ``row`` = floor(s / CELL_M)."""

    side: Side
    col: int
    row: int


def cell_at(side: Side, x_m: float, s_m: float) -> CellKey:
    """The cell that holds a place."""
    return CellKey(side, math.floor(x_m / CELL_M), math.floor(s_m / CELL_M))


def cell_centre(key: CellKey) -> tuple[float, float]:
    """(x, s) [m] of a cell's middle."""
    return (key.col + 0.5) * CELL_M, (key.row + 0.5) * CELL_M


def cells_in_polygon(side: Side, corners: tuple[tuple[float, float], ...]) -> list[CellKey]:
    """Cells wholly inside the convex polygon of (x, s) ``corners`` (either turn), in order of column and row.

    Fewer than three corners or no area give none.
    """
    polygon = np.asarray(corners, dtype=np.float64).reshape(-1, 2)
    if len(polygon) < 3 or not np.isfinite(polygon).all():
        return []
    following = np.roll(polygon, -1, axis=0)
    area = float(np.sum(polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]))
    if area == 0.0:
        return []
    if area < 0.0:
        polygon, following = polygon[::-1], np.roll(polygon[::-1], -1, axis=0)
    low, high = np.floor(polygon.min(axis=0) / CELL_M).astype(int), np.floor(polygon.max(axis=0) / CELL_M).astype(int)
    cols, rows = np.arange(low[0], high[0] + 2), np.arange(low[1], high[1] + 2)
    inside = _corners_inside(polygon, following, cols * CELL_M, rows * CELL_M)
    whole = inside[:-1, :-1] & inside[1:, :-1] & inside[:-1, 1:] & inside[1:, 1:]
    return [CellKey(side, int(cols[i]), int(rows[j])) for i, j in np.argwhere(whole)]


def _corners_inside(
    polygon: NDArray[np.float64], following: NDArray[np.float64], x: NDArray[np.float64], s: NDArray[np.float64]
) -> NDArray[np.bool_]:
    edge = following - polygon
    dx, ds = x[None, :, None] - polygon[:, 0, None, None], s[None, None, :] - polygon[:, 1, None, None]
    cross = edge[:, 0, None, None] * ds - edge[:, 1, None, None] * dx
    return np.asarray((cross >= -1e-12).all(axis=0))
