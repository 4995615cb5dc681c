"""Whether a plan can be flown at all: every reason against it, before it leaves the surface; and the limits under way."""

import math

from missions.drag import FORCE_N, endurance_s, holding_n, max_current_mps
from missions.mission import Mission
from missions.outlet import Ended
from missions.planner import Plan
from missions.tether import SLACK
from wire.messages import VehicleState
from wire.rig import CameraRig, Rig

SPARE_BATTERY = 0.03
"""The survey turns back this much above the fraction at which rov's ladder takes over."""
MAX_FRAME_STD_M = 0.5
"""`missions.looks` takes no look that is placed worse than 0.6 m; some is lost under way."""
MAX_OPTICAL_DEPTH = 2.5
MAX_RANGE_M = 2.0
MIN_PX_PER_CM = 2.5
"""What vision calls usable (`vision.config.Limits`)."""
PX_ACROSS = 40.0
"""Pixels that the smallest target must measure across: at 16 cm and `MIN_PX_PER_CM` the detector still finds it."""


def refusals(mission: Mission, plan: Plan) -> list[str]:
    """Reasons not to start; none means go."""
    if mission.in_parts:
        return ["in_parts: too much for one dive; `hullscan plan split` makes a mission of each dive, expected one of those"]
    parts = (
        _place(mission, plan),
        _zones(mission, plan),
        _sight(mission, plan),
        _water(mission),
        _time(mission, plan),
        _reach(mission, plan),
    )
    return [reason for part in parts for reason in part]


def _place(mission: Mission, plan: Plan) -> list[str]:
    if any(visit.findable for visit in plan.visits) or mission.launch.frame_std_m <= MAX_FRAME_STD_M:
        return []
    why = "without a sea-chest grating among the landmarks x stays as uncertain, and beyond 0.6 m no cell counts"
    return [f"launch.frame_std_m: got {mission.launch.frame_std_m:.2f} m; {why}; expected at most {MAX_FRAME_STD_M} m"]


def _zones(mission: Mission, plan: Plan) -> list[str]:
    out = []
    bottom = [zone.name for zone in plan.zones if zone.side == "bottom"]
    if mission.rig == "up":
        fitted = plan.rig.camera_up is not None
        why = "rov does not fly the upward mode yet" if fitted else f"the rig {plan.rig.name} has no camera that looks up"
        out.append(f"rig: got up, but {why}; expected side")
    elif bottom:
        out.append(f"zone {bottom[0]}: the flat bottom needs a camera that looks up (rig: up); expected side P or S")
    if any(lane.attitude == "tilted" for lane in plan.lanes):
        out.append("rig: lanes on the turn of the bilge need the camera turned up, which rov does not do yet; expected tilt 0")
    if not plan.cells:
        out.append("no coverage cell lies in the zones; expected zones larger than 0.1 m each way")
    elif not plan.lanes and not out:
        seen = f"{plan.footprint.width_m:.2f} x {plan.footprint.height_m:.2f} m"
        out.append(f"standoff_m: the camera's usable view is {seen}; expected at least 0.2 x 0.2 m (stand farther off)")
    elif plan.lanes and len(plan.unreachable) > mission.limits.max_unreachable * len(plan.cells):
        share = len(plan.unreachable) / len(plan.cells)
        why = "; ".join(f"{len(cells) / len(plan.cells):.0%} {reason}" for reason, cells in plan.missed)
        expected = f"expected at most {mission.limits.max_unreachable:.0%} (limits.max_unreachable)"
        out.append(f"{share:.0%} of the planned cells lie in no lane's view ({why}); {expected}")
    return out


def camera_of(mission: Mission, rig: Rig) -> CameraRig:
    """The camera that is judged."""
    return rig.camera_up if mission.rig == "up" and rig.camera_up is not None else rig.camera


def px_per_cm(mission: Mission, rig: Rig, range_m: float) -> float:
    """On square plating at ``range_m`` from the camera."""
    return camera_of(mission, rig).fx / (100.0 * range_m)


def optical_depth(mission: Mission, range_m: float) -> float | None:
    """c · range with what the mission says of the water; None when it says nothing."""
    c = mission.water.attenuation_per_m
    return None if c is None else c * range_m


def max_standoff_m(mission: Mission, rig: Rig) -> float:
    """The farthest [m] from which the smallest target is judged in that water."""
    camera, c = camera_of(mission, rig), mission.water.attenuation_per_m
    needed = max(MIN_PX_PER_CM, PX_ACROSS / (100.0 * mission.smallest_m))
    ranges = [MAX_RANGE_M, camera.fx / (100.0 * needed)] + ([] if c is None else [MAX_OPTICAL_DEPTH / c])
    return camera.mount_m[0] + min(ranges)


def _sight(mission: Mission, plan: Plan) -> list[str]:
    farthest = max_standoff_m(mission, plan.rig)
    if mission.standoff_m <= farthest + 1e-9:
        return []
    range_m = plan.footprint.range_m
    depth = optical_depth(mission, range_m)
    water = "" if depth is None else f" and optical depth {depth:.1f} of at most {MAX_OPTICAL_DEPTH}"
    seen = f"{px_per_cm(mission, plan.rig, range_m):.1f} px/cm for a target of {mission.smallest_m:.2f} m{water}"
    return [f"standoff_m: {mission.standoff_m:.2f} m gives {seen}; expected at most {math.floor(farthest * 100) / 100:.2f} m"]


def _water(mission: Mission) -> list[str]:
    current, most = mission.water.current_mps, max_current_mps()
    if current <= most:
        return []
    force = f"a heavy vehicle takes {holding_n(current):.0f} N to stand still in it, of {FORCE_N:.0f} N"
    return [f"water.current_mps: got {current:.2f} m/s; {force}; expected at most {most:.2f} m/s (wait for slack water)"]


def usable_s(mission: Mission) -> float:
    """Diving time [s] of a full battery down to the mission's limit."""
    return endurance_s(mission.water.current_mps) * (1.0 - mission.limits.min_battery_fraction)


def _time(mission: Mission, plan: Plan) -> list[str]:
    limits, out = mission.limits, []
    if plan.time_s > limits.max_duration_s:
        out.append(f"about {plan.time_s:.0f} s needed; expected at most limits.max_duration_s, {limits.max_duration_s:.0f} s")
    usable = usable_s(mission)
    if plan.time_s > usable:
        left = f"{limits.min_battery_fraction:.0%}"
        out.append(f"about {plan.time_s:.0f} s needed; a full battery lasts {usable:.0f} s down to {left} (min_battery_fraction)")
    return out


def _reach(mission: Mission, plan: Plan) -> list[str]:
    limits, out = mission.limits, []
    far, turned = plan.tether_m, plan.turns
    if plan.blocked:
        out.append(
            f"{', '.join(plan.blocked)}: the tether would touch the hull, the propeller or the rudder; expected a clear way"
        )
    if far > limits.max_tether_m:
        out.append(f"{far:.0f} m of tether needed; expected at most limits.max_tether_m, {limits.max_tether_m:.0f} m")
    if turned > limits.max_tether_turns:
        out.append(f"{turned:.1f} turns of the tether; expected at most limits.max_tether_turns, {limits.max_tether_turns:.1f}")
    deepest = max([lane.depth_m for lane in plan.lanes] + [visit.depth_m for visit in plan.visits], default=0.0)
    if deepest > limits.max_depth_m:
        out.append(f"the vehicle would go to {deepest:.2f} m; expected at most limits.max_depth_m, {limits.max_depth_m:.2f} m")
    return out


def limit_reached(mission: Mission, plan: Plan, state: VehicleState, flown_s: float) -> tuple[Ended, str]:
    """How a survey under way for ``flown_s`` [s] has to end, and why; the reason is empty while it may go on."""
    limits = mission.limits
    low = limits.min_battery_fraction + SPARE_BATTERY
    if flown_s > limits.max_duration_s:
        return "failed", f"longer than max_duration_s, {limits.max_duration_s:.0f} s"
    if 0.0 <= state.battery_fraction < low:
        return "aborted", f"battery at {state.battery_fraction:.0%}, turns back at {low:.0%}"
    if state.pose is not None:
        out = SLACK * math.hypot(state.pose.x_m - plan.launch_x_m, mission.launch.offset_m, state.depth_m)
        if out > limits.max_tether_m:
            return "aborted", f"{out:.0f} m of tether out, more than max_tether_m, {limits.max_tether_m:.0f} m"
    return "", ""
