"""From a mission to lanes on the unrolled hull. Pure: the same mission, ship and rig give the same plan.

Lanes run at constant depth. The vehicle looks level at the plating, so what a lane sees is found by casting the upper and
lower edge of its inner view at the hull.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.coverage import CELL_M, CELL_M2, CellKey
from hull.landmarks import landmarks
from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import Zone, zone_cells
from missions.looks import SIGMAS
from missions.mission import LandmarkSpec, Mission, planned_zones
from wire.messages import Side
from wire.rig import Rig

IMAGE_MARGIN = 0.04
"""Share of the picture at each edge that vision does not judge."""
GUARD_M = 0.05
"""Taken off each edge of the view for what the vehicle sways, sinks and nods."""
EDGE_M = 0.04
"""By this much the outer lanes see beyond the zone: cells whose middles lie in it reach out of it by up to half a cell."""
MIN_LANE_DEPTH_M = 0.35
RUN_IN_M = 0.45
"""Travel with a place in view that relief needs: a baseline, then two frames."""
APPROACH_S, LEAVE_S, CHANGE_S, CLIMB_MPS = 40.0, 60.0, 5.0, 0.15
GAP_ALLOWANCE = 0.25
"""Seconds and metres a second of the time estimate; the allowance is the share of the lanes that is flown again."""


class Footprint(NamedTuple):
    """The part of the view that counts, at ``range_m`` from the camera to square plating [m]."""

    width_m: float
    height_m: float
    range_m: float


class Lane(NamedTuple):
    """A straight pass at constant ``depth_m`` from ``x_from_m`` to ``x_to_m``; ``s_m``: girth of the depth halfway."""

    side: Side
    depth_m: float
    x_from_m: float
    x_to_m: float
    s_m: float
    zone: str

    @property
    def direction(self) -> int:
        """Sign of dx/dt."""
        return 1 if self.x_to_m >= self.x_from_m else -1

    @property
    def length_m(self) -> float:
        return abs(self.x_to_m - self.x_from_m)


class Visit(NamedTuple):
    """A landmark to look at for ``dwell_s``."""

    name: str
    side: Side
    x_m: float
    depth_m: float
    dwell_s: float


class Plan(NamedTuple):
    """``cells``: all planned, in order. ``unreachable``: those that no lane has wholly in its inner view."""

    zones: tuple[Zone, ...]
    lanes: tuple[Lane, ...]
    visits: tuple[Visit, ...]
    cells: tuple[CellKey, ...]
    unreachable: frozenset[CellKey]
    footprint: Footprint
    launch_x_m: float
    length_m: float
    time_s: float

    @property
    def planned_m2(self) -> float:
        return len(self.cells) * CELL_M2


class Window(NamedTuple):
    """Girths seen by a lane: ``low`` to ``high`` at each of the places ``x`` along it; NaN where the hull is missed."""

    x: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def view_of(rig: Rig, standoff_m: float) -> Footprint:
    """The inner view at ``standoff_m`` of the vehicle's reference point from square plating."""
    camera = rig.camera
    distance = max(0.05, standoff_m - camera.mount_m[0])
    scale = 2.0 * distance * (1.0 - 2.0 * IMAGE_MARGIN)
    wide, high = (scale * math.tan(angle / 2.0) for angle in (camera.hfov_rad, camera.vfov_rad))
    return Footprint(wide - 2.0 * GUARD_M, high - 2.0 * GUARD_M, distance)


def plan(mission: Mission, vessel: Vessel, surface: HullSurface, rig: Rig) -> Plan:
    """Landmark visits, then boustrophedon lanes, each zone from its corner nearest to where the vehicle is by then.

    Bottom zones, and all zones when the view is smaller than two coverage cells, get cells but no lanes;
    `missions.feasibility` refuses both.
    """
    view = view_of(rig, mission.standoff_m)
    blind = min(view.width_m, view.height_m) < 2.0 * CELL_M
    zones = planned_zones(mission, vessel)
    launch_x = vessel.frame_to_x(mission.launch.frame)
    visits = _order(_visits(mission.landmarks, vessel, surface), launch_x)
    x, depth = (visits[-1].x_m, visits[-1].depth_m) if visits else (launch_x, 0.0)
    lanes: list[Lane] = []
    cells: dict[CellKey, None] = {}
    unreachable: set[CellKey] = set()
    waiting = list(zones)
    while waiting:
        zone = min(waiting, key=lambda z: (min(abs(z.x_m[0] - x), abs(z.x_m[1] - x)), z.name))
        waiting.remove(zone)
        own = zone_cells(zone, surface)
        cells.update(dict.fromkeys(own))
        if zone.side == "bottom" or blind:
            unreachable.update(own)
            continue
        found, missed = _cover(zone, zone.side, own, mission, surface, rig, view, x, depth)
        lanes += found
        unreachable |= missed
        if found:
            x, depth = found[-1].x_to_m, found[-1].depth_m
    length = sum(lane.length_m for lane in lanes)
    ordered = tuple(sorted(cells))
    time_s = estimate_s(mission, lanes, visits, launch_x)
    return Plan(zones, tuple(lanes), visits, ordered, frozenset(unreachable), view, launch_x, length, time_s)


def estimate_s(mission: Mission, lanes: list[Lane], visits: tuple[Visit, ...], launch_x_m: float) -> float:
    """Time [s] for everything from launch to surface, with an allowance for gaps."""
    total, x, depth = APPROACH_S + LEAVE_S, launch_x_m, 0.0
    for visit in visits:
        total += abs(visit.x_m - x) / mission.speed_mps + abs(visit.depth_m - depth) / CLIMB_MPS + visit.dwell_s + 2.0 * CHANGE_S
        x, depth = visit.x_m, visit.depth_m
    flown = 0.0
    for lane in lanes:
        total += abs(lane.x_from_m - x) / mission.speed_mps + abs(lane.depth_m - depth) / CLIMB_MPS + CHANGE_S
        flown += lane.length_m / mission.speed_mps
        x, depth = lane.x_to_m, lane.depth_m
    return total + flown * (1.0 + GAP_ALLOWANCE)


def window(surface: HullSurface, rig: Rig, standoff_m: float, side: Side, depth_m: float, places: NDArray[np.float64]) -> Window:
    """What a vehicle facing the hull at ``depth_m`` sees of the girth at each x of ``places``, within the inner view."""
    camera = rig.camera
    half = math.atan(math.tan(camera.vfov_rad / 2.0) * (1.0 - 2.0 * IMAGE_MARGIN))
    low, high = np.full(len(places), np.nan), np.full(len(places), np.nan)
    for i, x in enumerate(places):
        origin, level = _station(surface, standoff_m, side, depth_m, float(x))
        eye = origin + level * camera.mount_m[0] - np.array([0.0, 0.0, camera.mount_m[2]])
        ends = []
        for pitch in (-half, half):
            ray = level * math.cos(pitch) + np.array([0.0, 0.0, math.sin(pitch)])
            reach = surface.raycast(eye, ray, 5.0)
            if reach is not None:
                hit = eye + ray * reach
                ends.append(surface.girth_at_depth(float(hit[0]), surface.draught_m - float(hit[2])))
        if len(ends) == 2:
            low[i], high[i] = ends[0] + GUARD_M, ends[1] - GUARD_M
    return Window(places, low, high)


def _station(
    surface: HullSurface, standoff_m: float, side: Side, depth_m: float, x_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vehicle position (ship frame) at ``depth_m`` and its level line of sight; on leaning plating the nearest point is not at
    the vehicle's own depth."""
    at = depth_m
    for _ in range(3):
        s = surface.girth_at_depth(x_m, at)
        normal = surface.normal(side, x_m, s)
        at = depth_m + standoff_m * float(normal[2])
    origin = surface.point(side, x_m, surface.girth_at_depth(x_m, at)) + normal * standoff_m
    level = -normal * np.array([1.0, 1.0, 0.0])
    return origin, level / np.linalg.norm(level)


def _cover(
    zone: Zone,
    side: Side,
    cells: list[CellKey],
    mission: Mission,
    surface: HullSurface,
    rig: Rig,
    view: Footprint,
    x_m: float,
    depth_m: float,
) -> tuple[list[Lane], set[CellKey]]:
    """Lanes over a zone, and the cells they do not see. Leaning plating may take more lanes than a wall: up to four are added."""
    span = zone.depth_m[1] - zone.depth_m[0]
    spacing = (view.height_m + 2.0 * GUARD_M) * (1.0 - mission.overlap)
    rows = max(1, 1 + math.ceil((span + 2.0 * EDGE_M - view.height_m) / spacing - 1e-9))
    places = np.linspace(zone.x_m[0], zone.x_m[1], max(2, min(60, math.ceil((zone.x_m[1] - zone.x_m[0]) / 1.0) + 1)))
    best: tuple[list[float], set[CellKey]] | None = None
    for more in range(5):
        depths = _depths(zone, view, rows + more)
        windows = [window(surface, rig, mission.standoff_m, side, depth, places) for depth in depths]
        missed = _missed(cells, windows)
        if best is None or len(missed) < len(best[1]):
            best = depths, missed
        if not missed:
            break
    assert best is not None
    depths, missed = best
    if abs(depths[-1] - depth_m) < abs(depths[0] - depth_m):
        depths = depths[::-1]
    forward = abs(zone.x_m[0] - x_m) <= abs(zone.x_m[1] - x_m)
    start, stop = _extent(zone, view, surface, _doubt_m(mission))
    lanes = []
    for i, depth in enumerate(depths):
        ends = (start, stop) if forward == (i % 2 == 0) else (stop, start)
        s = surface.girth_at_depth((start + stop) / 2.0, depth)
        lanes.append(Lane(side, round(depth, 3), round(ends[0], 3), round(ends[1], 3), round(s, 3), zone.name))
    return lanes, missed


def _depths(zone: Zone, view: Footprint, rows: int) -> list[float]:
    """Evenly spread, the outer ones with the zone's edges inside their view by `EDGE_M`."""
    top = zone.depth_m[0] + view.height_m / 2.0 - EDGE_M
    bottom = zone.depth_m[1] - view.height_m / 2.0 + EDGE_M
    if bottom < top:
        top = bottom = (zone.depth_m[0] + zone.depth_m[1]) / 2.0
        rows = 1 if rows == 1 else rows
    top = max(top, MIN_LANE_DEPTH_M)
    bottom = max(top, bottom)
    if rows == 1 or bottom - top < 1e-6:
        return [(top + bottom) / 2.0]
    return [top + (bottom - top) * i / (rows - 1) for i in range(rows)]


def _doubt_m(mission: Mission) -> float:
    """How far along x the vehicle may be from where it believes to be, as `missions.looks` counts it: without a landmark to
    correct it, that stays what the launch left open."""
    return 0.0 if mission.landmarks else SIGMAS * mission.launch.frame_std_m


def _extent(zone: Zone, view: Footprint, surface: HullSurface, doubt_m: float) -> tuple[float, float]:
    """Where lanes start and stop so that the zone's ends stay in view long enough, wherever within ``doubt_m`` of its belief the
    vehicle is; never past the ship's ends."""
    run_in = max(0.0, RUN_IN_M + doubt_m - view.width_m / 2.0)
    low, high = float(surface.stations[0]) + 0.3, float(surface.stations[-1]) - 0.3
    start, stop = max(zone.x_m[0] - run_in, low), min(zone.x_m[1] + run_in, high)
    return (start, stop) if start < stop else ((start + stop) / 2.0, (start + stop) / 2.0)


def _missed(cells: list[CellKey], windows: list[Window]) -> set[CellKey]:
    """Cells that lie wholly in no lane's window."""
    if not cells:
        return set()
    x = np.array([(cell.col + 0.5) * CELL_M for cell in cells])
    s = np.array([cell.row * CELL_M for cell in cells])
    seen = np.zeros(len(cells), dtype=bool)
    for row in windows:
        low, high = np.interp(x, row.x, row.low), np.interp(x, row.x, row.high)
        seen |= (s >= low - 1e-9) & (s + CELL_M <= high + 1e-9)
    return {cell for cell, ok in zip(cells, seen, strict=True) if not ok}


def _visits(specs: tuple[LandmarkSpec, ...], vessel: Vessel, surface: HullSurface) -> list[Visit]:
    known = {mark.name: mark for mark in landmarks(vessel, surface)}
    marks = [(known[spec.fitting], spec.dwell_s) for spec in specs]
    return [Visit(mark.name, mark.side, mark.x_m, mark.depth_m, dwell_s) for mark, dwell_s in marks]


def _order(visits: list[Visit], x_m: float) -> tuple[Visit, ...]:
    """In order of x, from the end nearer to ``x_m``."""
    out = sorted(visits, key=lambda v: (v.x_m, v.depth_m, v.name))
    if out and abs(out[-1].x_m - x_m) < abs(out[0].x_m - x_m):
        out.reverse()
    return tuple(out)
