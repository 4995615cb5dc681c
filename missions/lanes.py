"""Lanes over one zone of one side, and which of its cells they see.

A lane is a straight pass along x: level at constant depth, square to the plating at constant girth with the camera turned up
(where the rig can), or below the flat bottom with an upward camera. What it sees is computed section by section
(`missions.lattice`); a lane is cut where the plating leans too far for it and where it would enter a no-go box.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.cells import Cells
from hull.coverage import CELL_M, CELL_M2
from hull.surface import HullSurface
from hull.zones import Zone
from missions.lattice import STEP_M, Bools, Lattice, Stations, Vec, Window
from missions.mission import MAX_TILT_RAD, Mission
from missions.nogo import NoGo
from wire.messages import Side
from wire.rig import CameraRig, Rig

IMAGE_MARGIN = 0.04
"""Share of the picture at each edge that vision does not judge."""
GUARD_M = 0.03
"""Taken off each edge of the view for what the vehicle sinks and nods: flown depth stays within 3 cm (`bench.blind_survey`)."""
EDGE_M = 0.04
"""By this much the outer lanes see beyond the zone: cells whose middles lie in it reach out of it by up to half a cell."""
MIN_LANE_DEPTH_M = 0.35
RUN_IN_M = 0.45
"""Travel with a place in view that relief needs: a baseline, then two frames."""
END_M = 1.5
"""Lanes keep so far from the ends of the plating: a DVL beam that passes the end loses the hull, x is uncertain by some
decimetres after a long lane, and the vehicle takes some to stop."""
PLACE_M = 1.0
MORE_ROWS = 4
"""Leaning plating may take more lanes than a wall: up to so many are added."""
WORTH = 0.12
"""Of the area that it sweeps a row more must gain, where not all can be had."""
MIN_RUN_M = 1.0
"""Shorter stretches between places that a lane cannot pass are not flown."""
BEAM_SPARE_RAD, BEAM_INCIDENCE_RAD = math.radians(3.0), math.radians(75.0)
"""The DVL's lower beams must meet the plating: by how much more than their own angle, and how squarely."""
Attitude = Literal["level", "tilted", "up"]
Runs = list[tuple[int, int]]


class Footprint(NamedTuple):
    """The part of the view that counts, at ``range_m`` from the camera to square plating [m]."""

    width_m: float
    height_m: float
    range_m: float


class Lane(NamedTuple):
    """A straight pass from ``x_from_m`` to ``x_to_m``: at constant ``depth_m`` when level, else at girth ``s_m``. The other of
    the two is what it is halfway. ``tilt_rad``: how far up the camera looks."""

    side: Side
    depth_m: float
    x_from_m: float
    x_to_m: float
    s_m: float
    zone: str
    attitude: Attitude = "level"
    tilt_rad: float = 0.0

    @property
    def direction(self) -> int:
        """Sign of dx/dt."""
        return 1 if self.x_to_m >= self.x_from_m else -1

    @property
    def length_m(self) -> float:
        return abs(self.x_to_m - self.x_from_m)


class Row(NamedTuple):
    """One candidate: ``value`` is its depth when level, else its girth."""

    attitude: Attitude
    value: float


class Covered(NamedTuple):
    """``missed``: cells that lie wholly in no lane's view, by why."""

    lanes: list[Lane]
    missed: list[tuple[str, Cells]]


def view_of(camera: CameraRig, standoff_m: float) -> Footprint:
    """The inner view at ``standoff_m`` of the vehicle's reference point from square plating."""
    distance = max(0.05, standoff_m - camera.mount_m[0])
    scale = 2.0 * distance * (1.0 - 2.0 * IMAGE_MARGIN)
    wide, high = (scale * math.tan(angle / 2.0) for angle in (camera.hfov_rad, camera.vfov_rad))
    return Footprint(wide - 2.0 * GUARD_M, high - 2.0 * GUARD_M, distance)


class Cover:
    """Finds the lanes of one zone; `result` for one side of it. What was found out serves zones of the same shape elsewhere.

    Args:
        doubt_m: how far along x the vehicle may be from where it believes to be.
    """

    def __init__(
        self,
        zone: Zone,
        curved: bool,
        mission: Mission,
        surface: HullSurface,
        rig: Rig,
        nogo: tuple[NoGo, ...],
        doubt_m: float,
    ) -> None:
        self.zone, self.curved, self.mission, self.surface, self.rig = zone, curved, mission, surface, rig
        self.nogo = nogo
        self.camera = rig.camera if mission.rig == "side" or rig.camera_up is None else rig.camera_up
        self.view = view_of(self.camera, mission.standoff_m)
        span = zone.x_m[1] - zone.x_m[0]
        self.lattice = Lattice(surface, np.linspace(*zone.x_m, max(2, math.ceil(span / PLACE_M) + 1)))
        self.run_in = max(0.0, RUN_IN_M + doubt_m - self.view.width_m / 2.0)
        self.spacing = (self.view.height_m + 2.0 * GUARD_M) * (1.0 - mission.overlap)
        self._seen: dict[Row, tuple[Stations, Window, Runs]] = {}

    def result(self, side: Side, name: str, cells: Cells, x_m: float, depth_m: float) -> Covered:
        """For the ``cells`` of ``side``; the lanes, of zone ``name``, start at the corner nearest to where the vehicle is."""
        best: tuple[float, list[Row], Bools] | None = None
        for more in range(MORE_ROWS + 1):
            rows = self._rows(more)
            missed = self._missed(cells, rows)
            cost = missed.sum() * CELL_M2 + (WORTH * self.spacing * self._length_m(rows) if self.curved else 0.0)
            if best is None or cost < best[0]:
                best = cost, rows, missed
            if not missed.any():
                break
        assert best is not None
        _cost, rows, missed = best
        lanes = [lane._replace(side=side, zone=name) for lane in self._lanes(rows, x_m, depth_m)]
        return Covered(lanes, self._reasons(cells.where(missed)))

    def _length_m(self, rows: list[Row]) -> float:
        return sum(stop - start for row in rows for start, stop in map(self._extent, self._look(row)[2]))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _rows(self, more: int) -> list[Row]:
        if self.mission.rig == "up":
            return self._girths("up", 0.0, self._flat_edge(), more) if self.zone.side == "bottom" else []
        if self.zone.side == "bottom":
            return []
        rows = [Row("level", depth) for depth in self._depths(more)]
        if self.curved and self.rig.tilt_rad > 0.0:
            at = self.lattice.abreast(rows[-1].value, self.mission.standoff_m)
            rows += self._girths("tilted", self._flat_edge(), float(np.median(at.s)) - self.spacing / 2.0, more)[::-1]
        return rows

    def _depths(self, more: int) -> list[float]:
        """Evenly spread, the outer ones with the zone's edges inside their view by `EDGE_M`."""
        (upper, lower), high = self.zone.depth_m, self.view.height_m
        rows = max(1, 1 + math.ceil((lower - upper + 2.0 * EDGE_M - high) / self.spacing - 1e-9)) + more
        top, bottom = upper + high / 2.0 - EDGE_M, lower - high / 2.0 + EDGE_M
        if bottom < top:
            top = bottom = (upper + lower) / 2.0
        top = max(top, MIN_LANE_DEPTH_M)
        bottom = max(top, min(bottom, self._level_to()) if self.curved else bottom)
        if rows == 1 or bottom - top < 1e-6:
            return [(top + bottom) / 2.0]
        if self.curved:
            rows = 1 + math.ceil((bottom - top) / self.spacing - 1e-9) + more
        return [top + (bottom - top) * i / (rows - 1) for i in range(max(2, rows))]

    def _level_to(self) -> float:
        """Depth [m] at which the last section leans too far for a level camera."""
        upright = (self.lattice.lean <= MAX_TILT_RAD) & (self.lattice.s <= self.lattice.sheer[:, None])
        return float(np.where(upright, self.lattice.depth, -np.inf).max())

    def _flat_edge(self) -> float:
        """Girth [m] of the widest flat bottom in the zone."""
        flat = (self.lattice.depth >= self.surface.draught_m - 0.02).sum(axis=1).max() - 1
        return float(flat) * STEP_M

    def _girths(self, attitude: Attitude, low: float, high: float, more: int) -> list[Row]:
        half = self.view.height_m / 2.0
        low, high = low + half - EDGE_M, high - half + EDGE_M
        if high <= low:
            return [Row(attitude, max(0.0, (low + high) / 2.0))]
        count = 2 + math.ceil((high - low) / self.spacing - 1e-9) - 1 + more
        return [Row(attitude, low + (high - low) * i / (count - 1)) for i in range(count)]

    # -- what they see ---------------------------------------------------------------------------------------------

    def _look(self, row: Row) -> tuple[Stations, Window, Runs]:
        """Positions, window and the runs of places (first, last) where this row can be flown."""
        if row in self._seen:
            return self._seen[row]
        standoff = self.mission.standoff_m
        limit = {"level": 0.0, "tilted": self.rig.tilt_rad, "up": math.pi / 2.0}[row.attitude]
        if row.attitude == "level":
            at = self.lattice.abreast(row.value, standoff)
        else:
            at = self.lattice.square_to(row.value, standoff, limit)
        fit = at.lean <= (MAX_TILT_RAD if row.attitude != "up" else math.radians(10.0)) + 1e-9
        depth = self.surface.draught_m - at.position[:, 2]
        for box in self.nogo:
            fit &= ~box.holds(at.position[:, 0], at.position[:, 1], depth)
        fit &= depth >= MIN_LANE_DEPTH_M - 1e-9
        if row.attitude == "level":
            beams = self.lattice.sight(at, self.rig.dvl_mount_m)
            fit &= self.lattice.met(beams, self.rig.dvl_beam_angle_rad + BEAM_SPARE_RAD, BEAM_INCIDENCE_RAD)
        if self.curved:
            for first, last in _runs(fit):
                fit[first : last + 1] = self.lattice.places[last] - self.lattice.places[first] >= MIN_RUN_M
        half = math.atan(math.tan(self.camera.vfov_rad / 2.0) * (1.0 - 2.0 * IMAGE_MARGIN))
        seen = self.lattice.window(self.lattice.sight(at, self.camera.mount_m), half, MAX_TILT_RAD + half)
        window = Window(seen.x, np.where(fit, seen.low + GUARD_M, np.nan), np.where(fit, seen.high - GUARD_M, np.nan))
        self._seen[row] = at, window, _runs(fit)
        return self._seen[row]

    def _missed(self, cells: Cells, rows: list[Row]) -> Bools:
        if not len(cells):
            return np.zeros(0, dtype=bool)
        col, row = cells.col, cells.row
        first, count = int(col.min()), int(col.max() - col.min()) + 1
        x = (first + np.arange(count) + 0.5) * CELL_M
        edges = np.zeros((count, int(row.max()) + 2), dtype=np.int32)
        for candidate in rows:
            _at, window, runs = self._look(candidate)
            low, high = (np.interp(x, window.x, side) for side in (window.low, window.high))
            within = np.zeros(count, dtype=bool)
            for start, stop in (self._extent(run) for run in runs):
                within |= (x >= start + self.run_in - 1e-9) & (x <= stop - self.run_in + 1e-9)
            ok = within & np.isfinite(low) & np.isfinite(high)
            top = edges.shape[1] - 1
            begin = np.clip(np.ceil(low[ok] / CELL_M - 1e-6), 0, top).astype(np.intp)
            end = np.clip(np.floor(high[ok] / CELL_M + 1e-6), 0, top).astype(np.intp)
            use = end > begin
            where = np.flatnonzero(ok)[use]
            np.add.at(edges, (where, begin[use]), 1)
            np.add.at(edges, (where, end[use]), -1)
        return np.asarray(np.cumsum(edges, axis=1)[col - first, row] <= 0)

    def _extent(self, run: tuple[int, int]) -> tuple[float, float]:
        """Where a lane over a run of places starts and stops: beyond the zone's ends, so that these stay in view long enough
        wherever within ``doubt_m`` of its belief the vehicle is, never past the ship's ends."""
        places = self.lattice.places
        low, high = float(self.surface.stations[0]) + END_M, float(self.surface.stations[-1]) - END_M
        start = float(places[run[0]]) - (self.run_in if run[0] == 0 else 0.0)
        stop = float(places[run[1]]) + (self.run_in if run[1] == len(places) - 1 else 0.0)
        start, stop = max(start, low), min(stop, high)
        return (start, stop) if start < stop else ((start + stop) / 2.0, (start + stop) / 2.0)

    # -- what comes out --------------------------------------------------------------------------------------------

    def _lanes(self, rows: list[Row], x_m: float, depth_m: float) -> list[Lane]:
        rows = [row for row in rows if self._look(row)[2]]
        if rows and abs(rows[-1].value - depth_m) < abs(rows[0].value - depth_m):
            rows = rows[::-1]
        forward = abs(self.zone.x_m[0] - x_m) <= abs(self.zone.x_m[1] - x_m)
        lanes: list[Lane] = []
        for i, row in enumerate(rows):
            at, _window, runs = self._look(row)
            along = [self._lane(row, at, run) for run in runs]
            if forward != (i % 2 == 0):
                along = [lane._replace(x_from_m=lane.x_to_m, x_to_m=lane.x_from_m) for lane in along[::-1]]
            lanes += [lane for lane in along if lane.length_m > 0.0 or len(runs) == 1]
        return lanes

    def _lane(self, row: Row, at: Stations, run: tuple[int, int]) -> Lane:
        start, stop = self._extent(run)
        if row.attitude == "level":
            depth, s, tilt = row.value, self.surface.girth_at_depth((start + stop) / 2.0, row.value), 0.0
        else:
            k = (run[0] + run[1]) // 2
            depth, s = self.surface.draught_m - float(at.position[k, 2]), row.value
            tilt = math.asin(min(1.0, max(-1.0, float(at.look[k, 2]))))
        numbers = (round(depth, 3), round(start, 3), round(stop, 3), round(s, 3))
        return Lane("P", *numbers, self.zone.name, row.attitude, round(tilt, 3))

    def _reasons(self, missed: Cells) -> list[tuple[str, Cells]]:
        """Splits the cells by the first reason that applies."""
        out = []
        for reason, applies in _why(self):
            if not len(missed):
                break
            mask = applies(missed)
            if mask.any():
                out.append((reason, missed.where(mask)))
                missed = missed.where(~mask)
        return out


def _why(cover: Cover) -> list[tuple[str, Callable[[Cells], Bools]]]:
    lattice, mission, rig = cover.lattice, cover.mission, cover.rig
    first, last = float(cover.surface.stations[0]), float(cover.surface.stations[-1])
    reach = END_M + cover.run_in

    def sample(cells: Cells, field: Vec) -> Vec:
        x, s = (cells.col + 0.5) * CELL_M, (cells.row + 0.5) * CELL_M
        i = np.clip(np.rint(np.interp(x, lattice.places, np.arange(len(lattice.places)))), 0, len(field) - 1).astype(np.intp)
        k: NDArray[np.intp] = np.clip(np.rint(s / STEP_M), 0, field.shape[1] - 1).astype(np.intp)
        return np.asarray(field[i, k])

    def leaning(cells: Cells) -> Bools:
        return np.asarray(sample(cells, lattice.lean) > MAX_TILT_RAD + rig.tilt_rad)

    def below(cells: Cells) -> Bools:
        reach = (mission.standoff_m - rig.dvl_mount_m[0]) * math.tan(rig.dvl_beam_angle_rad + BEAM_SPARE_RAD) + rig.dvl_mount_m[2]
        return np.asarray(sample(cells, lattice.depth) > cover.surface.draught_m - reach - cover.view.height_m / 2.0)

    def at_ends(cells: Cells) -> Bools:
        x = (cells.col + 0.5) * CELL_M
        return np.asarray((x < first + reach) | (x > last - reach))

    def in_box(box: NoGo) -> Callable[[Cells], Bools]:
        def inside(cells: Cells) -> Bools:
            off = np.asarray(lattice.point + mission.standoff_m * lattice.normal, dtype=np.float64)
            y, depth = (sample(cells, field) for field in (off[:, :, 1], cover.surface.draught_m - off[:, :, 2]))
            return box.holds(np.asarray((cells.col + 0.5) * CELL_M, dtype=np.float64), y, depth)

        return inside

    def everything(cells: Cells) -> Bools:
        return np.ones(len(cells), dtype=bool)

    shallow = MIN_LANE_DEPTH_M - cover.view.height_m / 2.0
    tilt = math.degrees(MAX_TILT_RAD + rig.tilt_rad)
    how = "a level camera" if rig.tilt_rad == 0.0 else "this camera's tilt"
    return [
        *((f"no-go: {box.name}", in_box(box)) for box in cover.nogo),
        (f"plating leans more than {tilt:.0f} degrees, too much for {how}", leaning),
        ("the DVL's lower beams pass below the keel", below),
        ("the ship's end: no room for a lane to run in", at_ends),
        ("too near the surface for a lane", lambda cells: np.asarray(sample(cells, lattice.depth) < shallow + 0.1)),
        ("in no lane's view", everything),
    ]


def _runs(fit: Bools) -> Runs:
    """(first, last) of each stretch of true places."""
    padded = np.concatenate([[False], fit, [False]])
    change = np.flatnonzero(padded[1:] != padded[:-1])
    return [(int(a), int(b) - 1) for a, b in zip(change[::2], change[1::2], strict=True)]
