"""Sticks: MANUAL_CONTROL and RC override to RC channels, RC channels to what each mode asks of the loops (FACTS 3.1, 3.4)."""

from sim.autopilot import layout as a
from sim.autopilot import modes
from sim.autopilot.core import NEUTRAL, Core

BUTTON_MODES: dict[int, int] = {5: 19, 6: 0, 7: 2, 8: 16, 9: 3, 10: 7, 11: 4, 12: 1, 13: 21}
PITCH, ROLL, THROTTLE, YAW, FORWARD, LATERAL = range(6)


def clamp_pwm(value: float) -> int:
    """To 1100 … 1900, truncated as the firmware's int16 does."""
    return int(min(max(value, 1100.0), 1900.0))


def manual_control(core: Core, x: int, y: int, z: int, r: int, buttons: int) -> None:
    """Full stick is scaled by PilotGain; 500 is neutral for ``z``; 32767 is full stick, not "ignore"."""
    press_buttons(core, buttons)
    scale = 0.4 * core.gain
    throttle = 0.8 * core.gain * core.params["JS_THR_GAIN"]
    core.rc[THROTTLE] = clamp_pwm(1500 - 500 * throttle + z * throttle)
    core.rc[YAW] = clamp_pwm(1500 + r * scale)
    core.rc[FORWARD] = clamp_pwm(1500 + x * scale)
    core.rc[LATERAL] = clamp_pwm(1500 + y * scale)
    core.last_pilot_t = core.t
    core.last_gcs_t = core.t


def rc_override(core: Core, channels: list[int]) -> None:
    """Sets channels; 0 and 65535 leave one as it is. PilotGain does not apply."""
    for i, value in enumerate(channels[:8]):
        if value not in (0, 65535):
            core.rc[i] = value
    core.last_pilot_t = core.t


def press_buttons(core: Core, buttons: int) -> None:
    """Acts on buttons newly down."""
    fresh = buttons & ~core.buttons
    core.buttons = buttons
    for i in range(16):
        if fresh >> i & 1:
            act(core, int(core.params[f"BTN{i}_FUNCTION"]))


def act(core: Core, function: int) -> None:
    """The button functions that matter here: arm 3, disarm 4, arm toggle 2, modes 5 … 13, gain 42 and 43."""
    if function == 3 or (function == 2 and not core.armed):
        modes.arm(core, force=False)
    elif function in (2, 4):
        modes.disarm(core)
    elif function in BUTTON_MODES:
        modes.set_mode(core, BUTTON_MODES[function])
    elif function in (42, 43):
        change_gain(core, 1 if function == 42 else -1)


def change_gain(core: Core, direction: int) -> None:
    """One of JS_GAIN_STEPS up or down between JS_GAIN_MIN and JS_GAIN_MAX."""
    low, high = core.params["JS_GAIN_MIN"], core.params["JS_GAIN_MAX"]
    steps = max(int(core.params["JS_GAIN_STEPS"]), 2)
    core.gain = min(max(core.gain + direction * (high - low) / (steps - 1), low), high)
    core.say(6, f"#Gain is {core.gain * 100:.0f}%")


def norm(pwm: int) -> float:
    """−1 … 1 about 1500."""
    return min(max((pwm - NEUTRAL) / 400.0, -1.0), 1.0)


def _of_1000(core: Core, pwm: int) -> int:
    """Channel 3 as ArduSub counts it, 0 … 1000 from RC3_DZ above its lower end."""
    low = 1100 + core.params["RC3_DZ"]
    return int(1000.0 * (pwm - low) / (1900.0 - low))


def climb_rate(core: Core) -> float:
    """Stick heave to m/s, up positive, with the dead band THR_DZ scaled by the gain.

    RC3_DZ is cut off the channel's lower end, so neutral is 480 of 1000 and the same stick is faster down than up (recorded: 0.98
    and 0.89 m/s).
    """
    if core.flags.pilot_input:
        return 0.0
    zone = core.params["THR_DZ"] * core.gain
    middle, stick = _of_1000(core, NEUTRAL), min(max(_of_1000(core, core.rc[THROTTLE]), 0), 1000)
    top, bottom = middle + zone, middle - zone
    up = core.params["PILOT_SPEED_UP"] * 0.01
    down = (core.params["PILOT_SPEED_DN"] or core.params["PILOT_SPEED_UP"]) * 0.01
    if stick < bottom:
        return down * (stick - bottom) / bottom
    if stick > top:
        return up * (stick - top) / (1000.0 - top)
    return 0.0


def yaw_rate(core: Core) -> float:
    """Stick yaw to rad/s, with RC4_DZ scaled by the gain: 45 degrees of stick times ACRO_YAW_P."""
    zone = core.params["RC4_DZ"] * core.gain
    off = core.rc[YAW] - NEUTRAL
    if abs(off) <= zone:
        return 0.0
    reach = (abs(off) - zone) / (400.0 - zone)
    degrees = 45.0 * min(reach, 1.0) * core.params["ACRO_YAW_P"]
    return degrees * (1 if off > 0 else -1) * 0.017453292519943295


def command_loops(core: Core) -> None:
    """Writes what the present mode wants into the control array."""
    c, mode = core.c, modes.MODES[core.mode]
    c[a.ARMED] = 1.0 if core.armed else 0.0
    c[a.STABILISED] = 1.0 if mode.stabilised else 0.0
    c[a.DEPTH_HELD] = 1.0 if mode.depth_held else 0.0
    c[a.FORWARD] = norm(core.rc[FORWARD])
    c[a.LATERAL] = norm(core.rc[LATERAL])
    c[a.THROTTLE] = norm(core.rc[THROTTLE])
    c[a.ROLL_STICK] = norm(core.rc[ROLL])
    c[a.YAW_STICK] = norm(core.rc[YAW]) * core.params["ACRO_YAW_P"] / 3.375
    c[a.YAW_RATE_TARGET] = yaw_rate(core)
    c[a.CLIMB_TARGET] = climb_rate(core)
    if core.mode == modes.MOTOR_DETECT:
        c[a.FORWARD] = c[a.LATERAL] = c[a.THROTTLE] = c[a.ROLL_STICK] = c[a.YAW_STICK] = 0.0
    if core.mode == modes.SURFACE:
        c[a.CLIMB_TARGET] = min(core.params["WPNAV_SPEED_UP"], core.params["PILOT_SPEED_UP"]) * 0.01
        if c[a.AT_SURFACE] != 0.0 and core.armed:
            modes.set_mode(core, modes.ALT_HOLD)
