"""What the lanes left out, gathered into short passes to fly again."""

import math

from hull.coverage import CELL_M, CellKey, cell_centre
from hull.surface import HullSurface
from missions.lanes import MIN_LANE_DEPTH_M, RUN_IN_M, Footprint, Lane

JOIN_M = 0.8
SPARE_M = 0.04
"""Of the view, so that what is flown again surely lies in it."""
MIN_CELLS = 5
"""0.05 m²."""


def gap_lanes(
    cells: list[CellKey], surface: HullSurface, view: Footprint, max_depth_m: float, x_m: float, doubt_m: float
) -> list[Lane]:
    """Passes that bring ``cells`` into view again, in an order that starts near ``x_m`` and goes to the nearest end next.

    They reach as much farther as the vehicle may be off along x, ``doubt_m``.

    Clusters of fewer than `MIN_CELLS` cells that touch are not worth a pass; they stay not inspected.
    """
    worth = [cell for cluster in _clusters(cells) if len(cluster) >= MIN_CELLS for cell in cluster]
    found = [lane for group in _groups(worth, view) for lane in _passes(group, surface, view, max_depth_m, doubt_m)]
    out: list[Lane] = []
    depth = found[0].depth_m if found else 0.0
    while found:
        lane = min(found, key=lambda c: (min(abs(c.x_from_m - x_m), abs(c.x_to_m - x_m)) + 2.0 * abs(c.depth_m - depth), c))
        found.remove(lane)
        if abs(lane.x_to_m - x_m) < abs(lane.x_from_m - x_m):
            lane = lane._replace(x_from_m=lane.x_to_m, x_to_m=lane.x_from_m)
        out.append(lane)
        x_m, depth = lane.x_to_m, lane.depth_m
    return out


def _clusters(cells: list[CellKey]) -> list[list[CellKey]]:
    """Cells that touch, also at a corner."""
    rest = set(cells)
    out = []
    for cell in sorted(cells):
        if cell not in rest:
            continue
        rest.discard(cell)
        cluster, front = [], [cell]
        while front:
            side, col, row = at = front.pop()
            cluster.append(at)
            near = [CellKey(side, col + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
            found = [key for key in near if key in rest]
            rest.difference_update(found)
            front += found
        out.append(cluster)
    return out


def _groups(cells: list[CellKey], view: Footprint) -> list[list[CellKey]]:
    """Bands of girth no higher than the view, from the lowest missing cell up, each cut where its columns stand far apart."""
    high = max(1, math.floor((view.height_m - SPARE_M) / CELL_M + 1e-9))
    out: list[list[CellKey]] = []
    for side in ("P", "S"):
        rest = sorted((cell for cell in cells if cell.side == side), key=lambda c: (c.row, c.col))
        while rest:
            top = rest[0].row + high
            band = sorted(cell for cell in rest if cell.row < top)
            rest = [cell for cell in rest if cell.row >= top]
            out += _runs(band)
    return out


def _runs(band: list[CellKey]) -> list[list[CellKey]]:
    runs: list[list[CellKey]] = []
    for cell in band:
        if runs and (cell.col - runs[-1][-1].col) * CELL_M <= JOIN_M:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return runs


def _passes(group: list[CellKey], surface: HullSurface, view: Footprint, max_depth_m: float, doubt_m: float) -> list[Lane]:
    low = min(cell.row for cell in group) * CELL_M
    high = (max(cell.row for cell in group) + 1) * CELL_M
    x = [cell_centre(cell)[0] for cell in group]
    reach = max(0.25, RUN_IN_M + doubt_m - view.width_m / 2.0)
    first, last = float(surface.stations[0]) + 0.3, float(surface.stations[-1]) - 0.3
    start, stop = max(first, min(x) - reach), min(last, max(x) + reach)
    if stop <= start:
        return []
    s = (low + high) / 2.0
    depth = surface.depth_at((start + stop) / 2.0, s)
    depth = min(max(depth, MIN_LANE_DEPTH_M), max_depth_m)
    return [Lane(group[0].side, round(depth, 3), round(start, 3), round(stop, 3), round(s, 3), "gap")]
