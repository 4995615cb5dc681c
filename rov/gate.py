"""The gate: the one place every actuator command passes. Default-deny; what it does not understand becomes neutral.

Theory of operation. The planner, the controller and the ladder say what they wish; the gate knows only limits. It returns the
wish unchanged, the wish with single axes taken back (towards the hull, along an unseen hull, deeper), or neutral sticks with a
reason. It keeps no state, so that what it lets through depends on nothing but its arguments. Neutral is (0, 0, 500, 0): z 500 is
"no heave".

Towards the hull: with stand-off d, closing speed v and braking a (less in a current that presses towards the hull, as the
controller has learnt), the vehicle needs d >= d_min + v^2 / 2a + v t_react to stop.
"""

import math
from typing import NamedTuple

from rov.vehicle import NEUTRAL

BRAKING_MPS2 = 0.25
REACTION_S = 0.3
LINK_FRESH_S = 1.5
WISH_FRESH_S = 0.5
BLIND_STICK = 400
HIGHEST_M = 0.5
MODE = "ALT_HOLD"


class Limits(NamedTuple):
    """The envelope, from the mission [m, m/s]."""

    min_standoff_m: float
    max_depth_m: float
    max_speed_mps: float


class Facts(NamedTuple):
    """What the gate judges by. ``standoff_m`` None: the hull is not seen. Ages in seconds. ``owner``: rov holds the lease."""

    armed: bool
    mode: str
    owner: bool
    link_age_s: float
    wish_age_s: float
    depth_m: float
    standoff_m: float | None
    closing_mps: float
    speed_mps: float
    braking_mps2: float = BRAKING_MPS2


class Verdict(NamedTuple):
    """What may go out. ``reason`` is "" when nothing was changed."""

    sticks: tuple[int, int, int, int]
    altitude_m: float | None
    reason: str


def judge(sticks: tuple[int, int, int, int], altitude_m: float | None, facts: Facts, limits: Limits) -> Verdict:
    """Lets a wish through, takes parts of it back, or denies it."""
    denied = _denied(sticks, altitude_m, facts)
    if denied:
        return Verdict(NEUTRAL, None, denied)
    x, y, z, r = sticks
    reasons = []
    if facts.standoff_m is None and (x > BLIND_STICK or y != 0):
        x, y = min(x, BLIND_STICK), 0
        reasons.append("hull not seen: creeping only")
    if (
        x > 0
        and facts.standoff_m is not None
        and facts.standoff_m < stopping_standoff(facts.closing_mps, limits, facts.braking_mps2)
    ):
        x = 0
        reasons.append("too close to the hull to close in")
    if facts.speed_mps > 1.5 * limits.max_speed_mps:
        x, y = min(x, 0), 0
        reasons.append("faster than the envelope")
    if altitude_m is not None and altitude_m < -limits.max_depth_m:
        altitude_m = -limits.max_depth_m
        reasons.append("deeper than the envelope")
    return Verdict((x, y, z, r), altitude_m, "; ".join(reasons))


def stopping_standoff(closing_mps: float, limits: Limits, braking_mps2: float = BRAKING_MPS2) -> float:
    """The least stand-off [m] at which one may still push towards the hull at this closing speed, with this braking [m/s2]."""
    v = max(closing_mps, 0.0)
    return limits.min_standoff_m + v * v / (2.0 * braking_mps2) + v * REACTION_S


def _denied(sticks: tuple[int, int, int, int], altitude_m: float | None, facts: Facts) -> str:
    x, y, z, r = sticks
    if not all(type(v) is int for v in sticks) or not all(-1000 <= v <= 1000 for v in (x, y, r)):
        return "sticks out of range"
    if z != NEUTRAL[2]:
        return "heave is commanded by depth target only"
    if altitude_m is not None and not math.isfinite(altitude_m):
        return "depth target is not a number"
    if altitude_m is not None and altitude_m > HIGHEST_M:
        return "depth target above the water"
    values = (facts.link_age_s, facts.wish_age_s, facts.depth_m, facts.closing_mps, facts.speed_mps, facts.standoff_m or 0.0)
    if not all(math.isfinite(v) for v in values):
        return "state is not a number"
    if not 0.0 < facts.braking_mps2 < math.inf:
        return "no braking"
    if not facts.owner:
        return "no lease"
    if facts.link_age_s > LINK_FRESH_S:
        return "autopilot silent"
    if facts.wish_age_s > WISH_FRESH_S:
        return "wish too old"
    if not facts.armed:
        return "not armed"
    if facts.mode != MODE:
        return f"autopilot in {facts.mode or 'no mode'}, not {MODE}"
    return ""
