"""Whether a plan can be flown at all: every reason against it, before it leaves the surface; and the limits under way."""

import math

from missions.mission import Mission
from missions.outlet import Ended
from missions.planner import Plan
from wire.messages import VehicleState

ENDURANCE_S = 5400.0
"""A full battery at light load: Blue Robotics names 2-3 h of light use for a BlueROV2 with one 18 Ah battery (data sheet,
"battery life: 2-3 hours (normal use)"); 1.5 h assumed here, for a cold battery and thrusters that never rest."""
SLACK = 1.1
"""Assumption: 10 % more tether than the straight way."""
MAX_UNREACHED = 0.2
SPARE_BATTERY = 0.03
"""The survey turns back this much above the fraction at which rov's ladder takes over."""


def refusals(mission: Mission, plan: Plan) -> list[str]:
    """Reasons not to start; none means go."""
    return [*_zones(plan), *_time(mission, plan), *_reach(mission, plan)]


def _zones(plan: Plan) -> list[str]:
    out = [
        f"zone {zone.name}: bottom zones need an upward-looking mode, which this version does not have; expected side P or S"
        for zone in plan.zones
        if zone.side == "bottom"
    ]
    if not plan.cells:
        out.append("no coverage cell lies in the zones; expected zones larger than 0.1 m each way")
    elif not plan.lanes and not out:
        seen = f"{plan.footprint.width_m:.2f} x {plan.footprint.height_m:.2f} m"
        out.append(f"standoff_m: the camera's usable view is {seen}; expected at least 0.2 x 0.2 m (stand farther off)")
    elif plan.lanes and len(plan.unreachable) > MAX_UNREACHED * len(plan.cells):
        share = len(plan.unreachable) / len(plan.cells)
        out.append(f"{share:.0%} of the planned cells lie in no lane's view; expected at most {MAX_UNREACHED:.0%}")
    return out


def _time(mission: Mission, plan: Plan) -> list[str]:
    limits, out = mission.limits, []
    if plan.time_s > limits.max_duration_s:
        out.append(f"about {plan.time_s:.0f} s needed; expected at most limits.max_duration_s, {limits.max_duration_s:.0f} s")
    usable = ENDURANCE_S * (1.0 - limits.min_battery_fraction)
    if plan.time_s > usable:
        left = f"{limits.min_battery_fraction:.0%}"
        out.append(f"about {plan.time_s:.0f} s needed; a full battery lasts {usable:.0f} s down to {left} (min_battery_fraction)")
    return out


def _reach(mission: Mission, plan: Plan) -> list[str]:
    limits, out = mission.limits, []
    ends = [(x, lane.depth_m) for lane in plan.lanes for x in (lane.x_from_m, lane.x_to_m)]
    ends += [(visit.x_m, visit.depth_m) for visit in plan.visits]
    far = max((tether_m(mission, plan.launch_x_m, x, depth) for x, depth in ends), default=0.0)
    if far > limits.max_tether_m:
        out.append(f"{far:.0f} m of tether needed; expected at most limits.max_tether_m, {limits.max_tether_m:.0f} m")
    deepest = max((depth for _x, depth in ends), default=0.0)
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
        out = tether_m(mission, plan.launch_x_m, state.pose.x_m, state.depth_m)
        if out > limits.max_tether_m:
            return "aborted", f"{out:.0f} m of tether out, more than max_tether_m, {limits.max_tether_m:.0f} m"
    return "", ""


def tether_m(mission: Mission, launch_x_m: float, x_m: float, depth_m: float) -> float:
    """Tether [m] from the launch to a place beside the hull, with `SLACK`."""
    return SLACK * math.hypot(x_m - launch_x_m, mission.launch.offset_m, depth_m)
