"""From a mission to lanes on the unrolled hull. Pure: the same mission, ship and rig give the same plan."""

from collections.abc import Iterable
from typing import NamedTuple

from hull.cells import SIDES, Cells, union
from hull.coverage import CELL_M, CELL_M2, CellKey
from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import Zone, zone_block
from missions.drag import ground_speed
from missions.gaps import gap_lanes
from missions.lanes import Cover, Covered, Footprint, Lane, view_of
from missions.looks import SIGMAS
from missions.mission import CellRun, Mission, planned_zones
from missions.nogo import NoGo, no_go
from missions.tether import Tether, longest, turns
from missions.visits import Visit, visits
from wire.messages import Side
from wire.rig import Rig

APPROACH_S, LEAVE_S, CHANGE_S, CLIMB_MPS = 25.0, 20.0, 2.5, 0.15
SWEEP_S = 22.0
"""Finding a landmark, crossing it slowly and coming back: measured, `bench.blind_survey`."""
GAP_ALLOWANCE = 0.15
"""Seconds and metres a second of the time estimate; the allowance is the share of the lanes that is flown again."""


class Plan(NamedTuple):
    """``cells``: all planned, in order. ``missed``: those that no lane has wholly in its inner view, by why.

    ``left_out``: (landmark, reason) that the vehicle cannot look at. ``nogo``: where it never goes. ``tether_m``: the longest
    needed. ``blocked``: lanes and landmarks that no tether reaches clear of the ship. ``turns``: of the vehicle about itself."""

    zones: tuple[Zone, ...]
    lanes: tuple[Lane, ...]
    visits: tuple[Visit, ...]
    cells: Cells
    missed: tuple[tuple[str, Cells], ...]
    left_out: tuple[tuple[str, str], ...]
    nogo: tuple[NoGo, ...]
    footprint: Footprint
    launch_x_m: float
    length_m: float
    time_s: float
    tether_m: float
    blocked: tuple[str, ...]
    turns: float
    rig: Rig

    @property
    def planned_m2(self) -> float:
        return len(self.cells) * CELL_M2

    @property
    def unreachable(self) -> Cells:
        """Those that no lane has wholly in its inner view."""
        return union(cells for _reason, cells in self.missed)


def plan(mission: Mission, vessel: Vessel, surface: HullSurface, rig: Rig) -> Plan:
    """Landmark visits, then boustrophedon lanes: the launch side's zones first, each from its corner nearest to where the vehicle
    is by then.

    What no lane sees is in ``missed``; `missions.feasibility` says whether the plan may be flown.
    """
    camera = rig.camera_up if mission.rig == "up" and rig.camera_up is not None else rig.camera
    view = view_of(camera, mission.standoff_m)
    zones = planned_zones(mission, vessel)
    nogo = no_go(vessel, surface, rig, mission.standoff_m)
    launch_x = vessel.frame_to_x(mission.launch.frame)
    marks, left_out = visits(mission, vessel, surface, nogo)
    lanes, cells, missed = _lanes(mission, surface, rig, zones, nogo, marks, launch_x)
    length = sum(lane.length_m for lane in lanes)
    time_s = timetable(mission, lanes, marks, launch_x).total_s
    tether = Tether(mission.launch.side, launch_x, mission.launch.offset_m, surface, nogo)
    far, blocked = longest(tether, lanes, marks, mission.standoff_m)
    turned = turns(tuple(lane for lane in lanes if lane.side == mission.launch.side), surface)
    return Plan(
        zones, tuple(lanes), marks, cells, missed, left_out, nogo, view, launch_x, length, time_s, far, blocked, turned, rig
    )  # fmt: skip


def _lanes(
    mission: Mission,
    surface: HullSurface,
    rig: Rig,
    zones: tuple[Zone, ...],
    nogo: tuple[NoGo, ...],
    marks: tuple[Visit, ...],
    launch_x: float,
) -> tuple[list[Lane], Cells, tuple[tuple[str, Cells], ...]]:
    curved = {spec.name: spec.curved for spec in mission.zones}
    covers: dict[object, Cover] = {}
    blocks = {zone.name: zone_block(zone, surface) for zone in zones}
    done = cells_of(mission.inspected)
    lanes: list[Lane] = []
    planned: list[Cells] = []
    missed: list[tuple[str, Cells]] = []
    seen: list[Cells] = []
    for side in ("S", "P") if mission.launch.side == "S" else ("P", "S"):
        own = [mark for mark in marks if mark.side == side]
        doubt = doubt_m(mission, own)
        x, depth = (own[-1].x_m, own[-1].depth_m) if own else (launch_x, 0.0)
        waiting = [zone for zone in zones if zone.side in (side, "bottom")]
        while waiting:
            zone = min(waiting, key=lambda z: (z.side == "bottom", min(abs(z.x_m[0] - x), abs(z.x_m[1] - x)), z.name))
            waiting.remove(zone)
            block = blocks[zone.name]
            cells = block.where(block.side == SIDES.index(side)).minus(done)
            planned.append(cells)
            refused = _not_flown(mission, zone, side, rig)
            if refused:
                missed.append((refused, cells))
                continue
            shape = zone.side == "bottom", zone.x_m, zone.depth_m, curved[zone.name], doubt
            if shape not in covers:  # port and starboard are each other's image
                covers[shape] = Cover(zone, curved[zone.name], mission, surface, rig, nogo, doubt)
            found = covers[shape].result(side, zone.name, cells, x, depth)
            ways = found.lanes if not len(done) else _rest(mission, surface, rig, cells, found, zone, x, doubt)
            lanes += ways
            missed += found.missed
            seen.append(cells.minus(union(unseen for _reason, unseen in found.missed)))
            if ways:
                x, depth = ways[-1].x_to_m, ways[-1].depth_m
    return lanes, union(planned), _merged(missed, union(seen))


def _rest(
    mission: Mission, surface: HullSurface, rig: Rig, cells: Cells, found: Covered, zone: Zone, x_m: float, doubt: float
) -> list[Lane]:
    """Passes over what an earlier survey left of a zone, from its end nearest to ``x_m``."""
    open_cells = cells.minus(union(missed for _reason, missed in found.missed))
    deepest = max((lane.depth_m for lane in found.lanes), default=mission.limits.max_depth_m)
    passes = gap_lanes(list(open_cells), surface, view_of(rig.camera, mission.standoff_m), deepest, x_m, doubt)
    return [lane._replace(zone=zone.name) for lane in passes]


def doubt_m(mission: Mission, marks: list[Visit]) -> float:
    """How far along x the vehicle may be from where it believes to be, as `missions.looks` counts it: without a landmark that
    vision can find, that stays what the launch left open."""
    return 0.0 if any(mark.findable for mark in marks) else SIGMAS * mission.launch.frame_std_m


def cells_of(runs: Iterable[CellRun]) -> Cells:
    """The cells of such runs."""
    return Cells.of(CellKey(side, col, row) for side, row, first, last in runs for col in range(first, last + 1))


def _not_flown(mission: Mission, zone: Zone, side: Side, rig: Rig) -> str:
    """Why nothing of a zone can be flown at all."""
    view = view_of(rig.camera, mission.standoff_m)
    if min(view.width_m, view.height_m) < 2.0 * CELL_M:
        return "the camera's usable view is smaller than two cells"
    if mission.rig == "up" and zone.side != "bottom":
        return "a camera that looks up does not see the ship's side"
    if mission.rig == "up" and rig.camera_up is None:
        return "the flat bottom needs a camera that looks up; this rig has none"
    if mission.rig == "side" and zone.side == "bottom":
        return "the flat bottom needs a camera that looks up (mission field rig: up)"
    if zone.side == "bottom" and side != mission.launch.side and not mission.in_parts:
        return f"beyond the keel from side {mission.launch.side}: the tether would go round it"
    return ""


def _merged(parts: list[tuple[str, Cells]], seen: Cells) -> tuple[tuple[str, Cells], ...]:
    """One entry a reason, in order of first appearance; zones may overlap: a cell that another zone's lanes see is not
    missed, and every other one has one reason."""
    out: list[tuple[str, Cells]] = []
    for reason in dict.fromkeys(reason for reason, _cells in parts):
        cells = union(cells for why, cells in parts if why == reason).minus(seen)
        seen = union((seen, cells))
        if len(cells):
            out.append((reason, cells))
    return tuple(out)


class Timed(NamedTuple):
    """``starts_s``: when each landmark, then each lane begins; ``total_s``: all, to the surface."""

    starts_s: tuple[float, ...]
    total_s: float


def timetable(mission: Mission, lanes: Iterable[Lane], marks: tuple[Visit, ...], launch_x_m: float) -> Timed:
    """From launch to surface, with an allowance for gaps and for a current that is against every other lane."""
    speed, against = mission.speed_mps, ground_speed(mission.speed_mps, mission.water.current_mps)
    speed = 2.0 / (1.0 / speed + 1.0 / against) if against > 0.0 else 1e-3
    t, x, depth, starts = APPROACH_S, launch_x_m, 0.0, []
    for visit in marks:
        t += abs(visit.x_m - x) / speed + abs(visit.depth_m - depth) / CLIMB_MPS
        starts.append(t)
        t += SWEEP_S + visit.dwell_s
        x, depth = visit.x_m, visit.depth_m
    flown = 0.0
    for lane in lanes:
        t += abs(lane.x_from_m - x) / speed + abs(lane.depth_m - depth) / CLIMB_MPS + CHANGE_S
        starts.append(t)
        t += lane.length_m / speed
        flown += lane.length_m / speed
        x, depth = lane.x_to_m, lane.depth_m
    return Timed(tuple(starts), t + GAP_ALLOWANCE * flown + LEAVE_S)
