"""The mission file: which parts of which ship to inspect, how, and within which limits."""

import math
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from hull.document import Strict, fail, load_document, resolve_inside
from hull.shell import load_ship
from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import Zone
from wire.messages import Side

MAX_TILT_RAD = 0.5
"""Plating leaning more than this from the vertical is bottom or turn of bilge: a camera that looks level cannot judge it."""

SECCHI_C = 5.1
"""Beam attenuation times Secchi depth: Busan's 3.2 m and 1.6 /m (DESIGN.md)."""

Frame = Annotated[float, Field(ge=-50.0, le=1000.0)]
Depth = Annotated[float, Field(ge=0.0, le=30.0)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Column = Annotated[int, Field(ge=-10_000, le=1_000_000)]
CellRun = tuple[Side, Annotated[int, Field(ge=0, le=100_000)], Column, Column]
"""Side, row, first column and last column of neighbouring coverage cells (`hull.coverage`)."""


class Launch(Strict):
    """Where the vehicle goes into the water: abeam of ``frame`` on ``side``, ``offset_m`` off the plating.

    ``frame_std_m``: 1 sigma [m] of its place along the hull."""

    side: Side
    frame: Frame
    offset_m: float = Field(default=3.0, ge=0.6, le=30.0)
    frame_std_m: float = Field(default=0.5, ge=0.0, le=10.0)


class ZoneSpec(Strict):
    """An area to cover. ``frames``: aft, forward. ``depth_m``: upper, lower edge below the water; not used for the bottom.

    ``curved``: also takes plating that leans more than `MAX_TILT_RAD`, down to the flat bottom and at the ship's ends; what of
    it this vehicle cannot see is told as not reachable."""

    name: Name
    side: Literal["P", "S", "bottom"]
    frames: tuple[Frame, Frame]
    depth_m: tuple[Depth, Depth] = (0.0, 0.0)
    curved: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.frames[0] >= self.frames[1]:
            raise ValueError(f"frames as [aft, forward], the first less than the second, not {list(self.frames)}")
        if self.side != "bottom" and self.depth_m[0] >= self.depth_m[1]:
            raise ValueError(f"depth_m as [upper, lower], the first less than the second, not {list(self.depth_m)}")
        return self


class LandmarkSpec(Strict):
    """A fitting of the vessel, by name, to look at for ``dwell_s`` before the lanes."""

    fitting: Name
    dwell_s: float = Field(default=3.0, ge=0.0, le=120.0)


class Water(Strict):
    """What is expected of the water that day. ``secchi_m``: depth at which a Secchi disc vanishes; ``beam_attenuation_per_m``:
    measured, and then taken before it. ``current_mps``: the greatest along the ship while it lasts."""

    secchi_m: float | None = Field(default=None, ge=0.1, le=40.0)
    beam_attenuation_per_m: float | None = Field(default=None, ge=0.02, le=20.0)
    current_mps: float = Field(default=0.0, ge=0.0, le=3.0)

    @property
    def attenuation_per_m(self) -> float | None:
        """Beam attenuation c [1/m]; None when nothing is known."""
        if self.beam_attenuation_per_m is not None:
            return self.beam_attenuation_per_m
        return SECCHI_C / self.secchi_m if self.secchi_m is not None else None


class Limits(Strict):
    """What the survey never exceeds. ``max_unreachable``: share of the planned cells that may lie in no lane's view;
    ``max_tether_turns``: of the vehicle about itself."""

    max_depth_m: float = Field(default=10.0, gt=0.3, le=100.0)
    min_standoff_m: float = Field(default=0.5, ge=0.3, le=2.5)
    min_battery_fraction: float = Field(default=0.3, ge=0.1, le=0.9)
    max_duration_s: float = Field(default=2700.0, ge=60.0, le=14400.0)
    max_tether_m: float = Field(default=60.0, ge=3.0, le=500.0)
    max_tether_turns: float = Field(default=1.0, ge=0.3, le=5.0)
    max_unreachable: float = Field(default=0.2, ge=0.0, le=1.0)


class Abort(Strict):
    """``outboard_m``: how far off the plating counts as clear for ascending."""

    outboard_m: float = Field(default=2.5, ge=1.0, le=20.0)


class Mission(Strict):
    """One survey. ``standoff_m``: vehicle's reference point to plating. ``overlap``: share of a lane's view that the next sees
    again. ``speed_mps``: along the hull. ``rig``: the camera that is judged, the one that looks ahead or one that looks up.
    ``smallest_m``: the smallest target to be found, its lesser extent along the plating. ``in_parts``: too much for one dive, or
    both sides; it is planned as a whole and `missions.dives` makes a mission of each dive. ``inspected``: cells that an earlier
    survey inspected, not to be flown again (`hullscan plan rest` writes them)."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    vessel: Annotated[str, Field(min_length=1, max_length=255)]
    launch: Launch
    zones: Annotated[tuple[ZoneSpec, ...], Field(min_length=1, max_length=20)]
    landmarks: Annotated[tuple[LandmarkSpec, ...], Field(max_length=50)] = ()
    standoff_m: float = Field(default=0.8, ge=0.4, le=3.0)
    overlap: float = Field(default=0.35, ge=0.0, le=0.8)
    speed_mps: float = Field(default=0.3, ge=0.05, le=0.5)
    rig: Literal["side", "up"] = "side"
    smallest_m: float = Field(default=0.16, ge=0.02, le=2.0)
    water: Water = Water()
    in_parts: bool = False
    inspected: Annotated[tuple[CellRun, ...], Field(max_length=50_000)] = ()
    limits: Limits = Limits()
    abort: Abort = Abort()
    notes: str = Field(default="", max_length=4000)


class Problem(NamedTuple):
    """Something in a mission that does not fit the ship: ``field`` as in the file."""

    field: str
    value: object
    expected: str


def load_mission(path: Path) -> Mission:
    """Reads a mission file by itself. Raises hull.document.DocumentError."""
    return load_document(path, Mission)


def load_mission_with_ship(path: Path) -> tuple[Mission, Vessel, HullSurface, Path]:
    """The mission, its ship and the vessel file, which must lie in the mission file's folder; checked against each other.

    Raises:
        hull.document.DocumentError: either file is wrong, or they do not fit each other.
    """
    path = Path(path)
    mission = load_mission(path)
    file = resolve_inside(path, mission.vessel, path.resolve().parent, "vessel")
    vessel, surface = load_ship(file)
    for problem in check_against(mission, vessel, surface):
        raise fail(path, *problem)
    return mission, vessel, surface, file


def planned_zones(mission: Mission, vessel: Vessel) -> tuple[Zone, ...]:
    """The mission's zones in ship metres, in the file's order."""
    return tuple(
        Zone(z.name, z.side, (vessel.frame_to_x(z.frames[0]), vessel.frame_to_x(z.frames[1])), z.depth_m) for z in mission.zones
    )


def check_against(mission: Mission, vessel: Vessel, surface: HullSurface) -> list[Problem]:
    """What in the mission does not fit the ship."""
    first, last = (vessel.x_to_frame(float(x)) for x in (surface.stations[0], surface.stations[-1]))
    on_ship = f"a frame on the ship, {first:.1f} to {last:.1f}"
    problems = _check_numbers(mission)
    if not first <= mission.launch.frame <= last:
        problems.append(Problem("launch.frame", mission.launch.frame, on_ship))
    for i, zone in enumerate(mission.zones):
        if zone.frames[0] < first - 1e-9 or zone.frames[1] > last + 1e-9:
            expected = f"two frames on the ship, {first:.1f} to {last:.1f}"
            problems.append(Problem(f"zones[{i}].frames", list(zone.frames), expected))
        elif zone.side != "bottom":
            if zone.side != mission.launch.side and not mission.in_parts:
                problems.append(Problem(f"zones[{i}].side", zone.side, f"the launch side, {mission.launch.side}"))
            if not zone.curved:
                problems += _check_depths(f"zones[{i}].depth_m", zone, vessel, surface)
            elif zone.depth_m[1] > vessel.draught_m:
                problems.append(Problem(f"zones[{i}].depth_m", list(zone.depth_m), _within_draught(vessel)))
    fittings = {fitting.name: fitting for fitting in vessel.fittings}
    for i, mark in enumerate(mission.landmarks):
        field = f"landmarks[{i}].fitting"
        if mark.fitting not in fittings:
            problems.append(Problem(field, mark.fitting, f"a fitting of the vessel: {', '.join(fittings) or 'it has none'}"))
        elif fittings[mark.fitting].side != mission.launch.side and not mission.in_parts:
            problems.append(Problem(field, mark.fitting, f"a fitting on the launch side, {mission.launch.side}"))
    return problems


def _check_numbers(mission: Mission) -> list[Problem]:
    """What needs no ship but two fields."""
    problems = []
    if mission.limits.min_standoff_m >= mission.standoff_m:
        expected = f"less than standoff_m, {mission.standoff_m}"
        problems.append(Problem("limits.min_standoff_m", mission.limits.min_standoff_m, expected))
    if mission.abort.outboard_m <= mission.standoff_m:
        problems.append(Problem("abort.outboard_m", mission.abort.outboard_m, f"more than standoff_m, {mission.standoff_m}"))
    names = [zone.name for zone in mission.zones]
    for i, name in enumerate(names):
        if name in names[:i]:
            problems.append(Problem(f"zones[{i}].name", name, "a name no other zone has"))
    return problems


def _within_draught(vessel: Vessel) -> str:
    return f"depths within the draught, {vessel.draught_m} m"


def _check_depths(field: str, zone: ZoneSpec, vessel: Vessel, surface: HullSurface) -> list[Problem]:
    upper, lower = zone.depth_m
    if lower > vessel.draught_m:
        return [Problem(field, list(zone.depth_m), _within_draught(vessel))]
    x0, x1 = (vessel.frame_to_x(frame) for frame in zone.frames)
    limit, where = lower, x0
    for i in range(25):
        x = x0 + (x1 - x0) * i / 24
        good = steepest_depth(surface, x, upper, lower)
        if good < limit - 1e-9:
            limit, where = good, x
    if limit >= lower - 1e-9:
        return []
    at = f"at frame {vessel.x_to_frame(where):.1f}"
    if limit <= upper:
        expected = f"plating that stands within {math.degrees(MAX_TILT_RAD):.0f}° of vertical; {at} it does not"
        return [Problem(field, list(zone.depth_m), expected)]
    expected = f"a lower edge of at most {math.floor(limit * 100) / 100} m, above the turn of the bilge {at}"
    return [Problem(field, list(zone.depth_m), expected)]


def steepest_depth(surface: HullSurface, x_m: float, upper_m: float, lower_m: float) -> float:
    """The depth [m] down to which the section at ``x_m`` stands within `MAX_TILT_RAD` of vertical, from ``upper_m`` on."""
    steps = max(2, math.ceil((lower_m - upper_m) / 0.05) + 1)
    good = upper_m
    for k in range(steps):
        depth = upper_m + (lower_m - upper_m) * k / (steps - 1)
        normal = surface.normal("P", x_m, surface.girth_at_depth(x_m, depth))
        if abs(float(normal[2])) > math.sin(MAX_TILT_RAD):
            return good
        good = depth
    return lower_m
