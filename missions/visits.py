"""Landmarks to look at before the lanes: by risk, then along the ship."""

import math
from typing import NamedTuple

import numpy as np

from hull.landmarks import Landmark, landmarks
from hull.surface import HullSurface
from hull.vessel import CENTRELINE, FittingKind, Vessel
from missions.lanes import END_M, MIN_LANE_DEPTH_M
from missions.mission import MAX_TILT_RAD, Mission
from missions.nogo import NoGo
from wire.messages import Side

RISK: tuple[tuple[FittingKind, ...], ...] = (
    ("sea_chest_grating",),
    ("thruster_tunnel",),
    ("bilge_keel", "rudder", "propeller", "skeg", "bulb"),
    ("anode", "weld_seam", "draught_mark"),
)
"""Kinds from the riskiest on: both Korean seizures were in sea chests (DESIGN.md); then what hides things; then marks that only
tell where the vehicle is."""


FINDABLE: FittingKind = "sea_chest_grating"


class Visit(NamedTuple):
    """A landmark to look at for ``dwell_s``. ``findable``: vision knows its kind and can correct x by it."""

    name: str
    side: Side
    x_m: float
    depth_m: float
    dwell_s: float
    findable: bool = True


def visits(
    mission: Mission, vessel: Vessel, surface: HullSurface, nogo: tuple[NoGo, ...]
) -> tuple[tuple[Visit, ...], tuple[tuple[str, str], ...]]:
    """The landmarks in order, the launch side first, and (name, reason) of those that this vehicle cannot look at."""
    known = {mark.name: mark for mark in landmarks(vessel, surface)}
    wanted = [(known[spec.fitting], spec.dwell_s) for spec in mission.landmarks]
    reasons = {mark.name: _reason(mark, mission, surface, nogo) for mark, _dwell_s in wanted}
    x = vessel.frame_to_x(mission.launch.frame)
    out: list[Visit] = []
    for side in _sides(mission.launch.side):
        for kinds in RISK:
            found = [
                Visit(mark.name, mark.side, mark.x_m, mark.depth_m, dwell_s, mark.kind == FINDABLE)
                for mark, dwell_s in wanted
                if mark.side == side and mark.kind in kinds and not reasons[mark.name]
            ]
            out += _along(found, x)
            x = out[-1].x_m if out else x
    return tuple(out), tuple((name, reason) for name, reason in reasons.items() if reason)


def _sides(first: Side) -> tuple[Side, Side]:
    return ("S", "P") if first == "S" else ("P", "S")


def _along(found: list[Visit], x_m: float) -> list[Visit]:
    """In order of x, from the end nearer to ``x_m``: the shortest way."""
    out = sorted(found, key=lambda v: (v.x_m, v.depth_m, v.name))
    if out and abs(out[-1].x_m - x_m) < abs(out[0].x_m - x_m):
        out.reverse()
    return out


def _reason(mark: Landmark, mission: Mission, surface: HullSurface, nogo: tuple[NoGo, ...]) -> str:
    first, last = float(surface.stations[0]) + END_M, float(surface.stations[-1]) - END_M
    if mark.kind in ("propeller", "rudder"):
        return "hangs clear of the plating, which this vehicle steers by; and no tether goes there"
    if mark.kind in CENTRELINE:
        return "stands on the centreline, clear of the plating that this vehicle steers by"
    if not first <= mark.x_m <= last:
        return "lies beyond the plating"
    if mission.rig == "up":
        return "a camera that looks up does not see the ship's side"
    normal = surface.normal(mark.side, mark.x_m, mark.s_m)
    if abs(float(normal[2])) > math.sin(MAX_TILT_RAD):
        return "sits on plating that leans too much for a level camera"
    depth = max(mark.depth_m, MIN_LANE_DEPTH_M)
    place = surface.point(mark.side, mark.x_m, mark.s_m) + mission.standoff_m * normal
    for box in nogo:
        if box.name != mark.name and box.holds(place[0:1], place[1:2], np.array([depth])).any():
            return f"no-go: {box.name}"
    return ""
