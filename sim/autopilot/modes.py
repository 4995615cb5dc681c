"""Flight modes: numbers, names, what each needs (FACTS 1.5, 2.1), and arming (FACTS 2.3, 2.4)."""

from typing import NamedTuple

from sim.autopilot import layout as a
from sim.autopilot.core import Core

ACCEPTED, TEMPORARILY_REJECTED, DENIED, UNSUPPORTED, FAILED = 0, 1, 2, 3, 4
MAGIC_FORCE = 2989
READY_S = 1.65


class Mode(NamedTuple):
    name: str
    stabilised: bool
    depth_held: bool
    needs_position: bool = False


MODES: dict[int, Mode] = {
    0: Mode("STABILIZE", True, False),
    1: Mode("ACRO", False, False),
    2: Mode("ALT_HOLD", True, True),
    3: Mode("AUTO", True, True, True),
    4: Mode("GUIDED", True, True, True),
    7: Mode("CIRCLE", True, True, True),
    9: Mode("SURFACE", True, True),
    16: Mode("POSHOLD", True, True, True),
    19: Mode("MANUAL", False, False),
    20: Mode("MOTOR_DETECT", False, False),
    21: Mode("SURFTRAK", True, True),
}
ALT_HOLD, SURFACE, MANUAL, MOTOR_DETECT, SURFTRAK = 2, 9, 19, 20, 21


def set_mode(core: Core, number: int) -> bool:
    """Changes mode; False with a warning text when refused. This vehicle has no position estimate: no GPS, no external one."""
    mode = MODES.get(number)
    if mode is None:
        core.say(4, f"No such mode {number}")
        return False
    if mode.needs_position:
        core.say(4, f"Mode change failed: {mode.name} requires position")
        return False
    if number == SURFTRAK:
        core.say(6, "waiting for a rangefinder reading")
    if number != core.mode:
        core.mode = number
        core.mode_changed = True
        if number == MANUAL:
            core.neutral_sticks()
        start_depth_hold(core)
    return True


def start_depth_hold(core: Core) -> None:
    """Takes the present depth, climb rate and heading as the ones to hold."""
    c = core.c
    c[a.Z_DESIRED] = c[a.EST_Z]
    c[a.CLIMB_DESIRED] = c[a.EST_CLIMB]
    c[a.ACCZ_SUM] = c[a.ACCZ_ERR] = c[a.CLIMB_ACCEL] = 0.0
    c[a.SINCE_YAW] = 10.0
    c[a.HEADING] = c[a.PILOT_HEADING] = c[a.EST_YAW]


def arm(core: Core, force: bool) -> bool:
    """Arms unless a check refuses (two-chunk text for the missing button, as the firmware sends it)."""
    if core.armed:
        return True
    if not force:
        reason = prearm_failure(core)
        if reason is not None:
            core.say(2, f"Arm: {reason}")
            return False
    core.armed = True
    core.say(6, "Arming motors")
    core.say(4, "Backup location parameters are missing or zero")
    start_depth_hold(core)
    return True


def prearm_failure(core: Core) -> str | None:
    """Why arming would be refused, or None."""
    if core.t < READY_S:
        return "System not initialised"
    functions = {int(core.params[f"BTN{i}_FUNCTION"]) for i in range(16)}
    if not functions & {2, 4}:
        return "Must assign a disarm or arm_toggle button or disarm aux function"
    if core.flags.battery_low or core.flags.battery_critical:
        return "Battery 1 low voltage failsafe"
    return None


def disarm(core: Core) -> bool:
    """Always possible."""
    if core.armed:
        core.armed = False
        core.say(6, "Disarming motors")
    return True
