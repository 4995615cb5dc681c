"""Zones: the parts of the ship a mission covers, as coverage cells."""

import math
from typing import Literal, NamedTuple

import numpy as np

from hull.cells import Cells, encode
from hull.coverage import CELL_M, CellKey
from hull.surface import HullSurface


class Zone(NamedTuple):
    """``side``: P, S or the flat bottom (both halves). ``x_m``: from, to. ``depth_m``: from, to; unused for the bottom."""

    name: str
    side: Literal["P", "S", "bottom"]
    x_m: tuple[float, float]
    depth_m: tuple[float, float]


def zone_cells(zone: Zone, surface: HullSurface) -> list[CellKey]:
    """Cells whose middles lie in the zone, ordered by side, column and row."""
    return list(zone_block(zone, surface))


def zone_block(zone: Zone, surface: HullSurface) -> Cells:
    """`zone_cells` as arrays."""
    first, last = math.ceil(zone.x_m[0] / CELL_M - 0.5), math.ceil(zone.x_m[1] / CELL_M - 0.5)
    spans = [_girth_range(zone, surface, (col + 0.5) * CELL_M) for col in range(first, last)]
    low, high = np.ceil(np.array(spans).reshape(-1, 2) / CELL_M - 0.5).astype(np.int64).T
    count = np.maximum(high - low, 0)
    col = np.repeat(np.arange(first, first + len(count)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    sides = (0, 1) if zone.side == "bottom" else (("P", "S").index(zone.side),)
    return Cells(np.concatenate([encode(np.full_like(col, side), col, row) for side in sides]))


def _girth_range(zone: Zone, surface: HullSurface, x_m: float) -> tuple[float, float]:
    if zone.side == "bottom":
        return 0.0, flat_bottom_girth(surface, x_m)
    return surface.girth_at_depth(x_m, zone.depth_m[1]), surface.girth_at_depth(x_m, zone.depth_m[0])


def flat_bottom_girth(surface: HullSurface, x_m: float, rise_m: float = 0.02) -> float:
    """Girth s [m] up to which the section is flat: within ``rise_m`` of its lowest point."""
    keel = surface.depth_at(x_m, 0.0)
    return surface.girth_at_depth(x_m, keel - rise_m)
