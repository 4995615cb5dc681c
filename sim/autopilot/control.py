"""ArduSub's inner loops at 400 Hz: heading, roll, pitch, depth and the vectored mixers. Structure and gains follow the firmware.

Pitch has no actuator on the six-thruster frame: its mixer column is zero and buoyancy levels the vehicle.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.autopilot import layout as a
from sim.autopilot.estimator import wrap
from sim.dynamics import STEP_S

Vec = NDArray[np.float64]

ERROR_FILTER = STEP_S / (STEP_S + 1.0 / (2.0 * math.pi * 20.0))  # PSC_ACCZ_FLTE
JERK_BY_FILTER = 2.0 * math.pi * 20.0 / 5.0  # per s of PILOT_ACCEL_Z: no more than PSC_ACCZ_FLTE lets through
THROTTLE_FILTER = STEP_S / (STEP_S + 1.0 / (2.0 * math.pi * 2.0))  # POSCONTROL_THROTTLE_CUTOFF_FREQ_HZ
YAW_FILTER = STEP_S / (STEP_S + 1.0 / (2.0 * math.pi * 5.0))  # ATC_RAT_YAW_FLTT
INPUT_TC = 0.15
YAW_SETTLE_S = 0.25
MOST_YAW_LEAD = math.radians(45.0)
MOST_YAW_CORRECTION = math.radians(120.0)  # rad/s2, of the heading error

# roll, pitch, yaw, throttle, forward, lateral factors of FRAME_CONFIG 1 and 2; the first has no say in pitch.
_HORIZONTAL = [
    [0.0, 0.0, 1.0, 0.0, -1.0, 1.0],
    [0.0, 0.0, -1.0, 0.0, -1.0, -1.0],
    [0.0, 0.0, -1.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, 1.0, 0.0, 1.0, -1.0],
]
MIXES: dict[str, Vec] = {
    "vectored": np.array([*_HORIZONTAL, [1.0, 0.0, 0.0, -1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, -1.0, 0.0, 0.0]]),
    "vectored_6dof": np.array(
        [
            *_HORIZONTAL,
            [1.0, -1.0, 0.0, -1.0, 0.0, 0.0],
            [-1.0, -1.0, 0.0, -1.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, -1.0, 0.0, 0.0],
            [-1.0, 1.0, 0.0, -1.0, 0.0, 0.0],
        ]
    ),
}


def set_frame(c: Vec, frame: str) -> None:
    """Writes the mixer of ``frame`` (`MIXES`) into the control array, thrusters neutral and whole."""
    mix = MIXES[frame]
    c[a.THRUSTERS] = len(mix)
    c[a.MIX : a.MIX + mix.size] = mix.ravel()
    c[a.THRUSTER_GAIN : a.THRUSTER_GAIN + 8] = 1.0
    c[a.PWM : a.PWM + 8] = 1500.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _clip(x: float, limit: float) -> float:
    return min(max(x, -limit), limit)


@njit(cache=True)  # type: ignore[untyped-decorator]
def sqrt_controller(error: float, p: float, accel: float) -> float:
    """P near zero, deceleration-limited further out, as AC_Math's."""
    if accel <= 0.0 or p <= 0.0:
        return error * p
    linear = accel / (p * p)
    if abs(error) <= linear:
        return error * p
    speed = math.sqrt(2.0 * accel * (abs(error) - 0.5 * linear))
    return speed if error > 0.0 else -speed


@njit(cache=True)  # type: ignore[untyped-decorator]
def _shaped(rate: float, wanted: float, accel: float) -> float:
    """``rate`` slewed towards ``wanted`` within one step; no limit where ``accel`` is zero."""
    return wanted if accel <= 0.0 else rate + _clip(wanted - rate, accel * STEP_S)


@njit(cache=True)  # type: ignore[untyped-decorator]
def heading_loop(c: Vec) -> float:
    """Yaw thrust −1 … 1.

    The target turns at the stick's rate, whatever the vehicle does, at most 45 degrees ahead of it; the vehicle's rate is to be
    the target's plus what closes the gap. The heading held is the one measured 250 ms after the stick came back; the target,
    which stopped ahead of the vehicle, goes there at no more than ATC_SLEW_YAW.
    """
    wanted, accel = _clip(c[a.YAW_RATE_TARGET], c[a.RATE_YAW_MAX]), c[a.ACCEL_YAW_MAX]
    c[a.SINCE_YAW] = 0.0 if wanted != 0.0 else c[a.SINCE_YAW] + STEP_S
    if c[a.SINCE_YAW] < YAW_SETTLE_S:
        c[a.PILOT_HEADING] = c[a.EST_YAW]
    else:
        wanted = sqrt_controller(wrap(c[a.PILOT_HEADING] - c[a.HEADING]), 1.0 / INPUT_TC, accel)
        wanted = _clip(wanted, min(c[a.SLEW_YAW], c[a.RATE_YAW_MAX]))
    c[a.YAW_RATE_SHAPED] = _shaped(c[a.YAW_RATE_SHAPED], wanted, accel)
    lead = _clip(wrap(c[a.HEADING] + c[a.YAW_RATE_SHAPED] * STEP_S - c[a.EST_YAW]), MOST_YAW_LEAD)
    c[a.HEADING] = wrap(c[a.EST_YAW] + lead)
    correction = sqrt_controller(lead, c[a.ANG_YAW_P], min(0.5 * accel, MOST_YAW_CORRECTION))
    rate = _clip(correction, c[a.RATE_YAW_MAX]) + c[a.YAW_RATE_SHAPED]
    c[a.YAW_WANTED] += YAW_FILTER * (rate - c[a.YAW_WANTED])
    error = c[a.YAW_WANTED] - c[a.EST_RATE + 2]
    c[a.YAW_SUM] = _clip(c[a.YAW_SUM] + error * c[a.RATE_YAW_I] * STEP_S, c[a.RATE_YAW_IMAX])
    return float(_clip(error * c[a.RATE_YAW_P] + c[a.YAW_SUM], 1.0))


@njit(cache=True)  # type: ignore[untyped-decorator]
def roll_loop(c: Vec) -> float:
    """Roll thrust −1 … 1, towards level."""
    rate = -c[a.ANG_RLL_P] * c[a.EST_ROLL]
    error = rate - c[a.EST_RATE]
    c[a.ROLL_SUM] = _clip(c[a.ROLL_SUM] + error * c[a.RATE_RLL_I] * STEP_S, 0.444)
    return float(_clip(error * c[a.RATE_RLL_P] + c[a.ROLL_SUM], 1.0))


@njit(cache=True)  # type: ignore[untyped-decorator]
def pitch_loop(c: Vec) -> float:
    """Pitch thrust −1 … 1, towards level; a frame without a say in pitch leaves it unused."""
    rate = -c[a.ANG_PIT_P] * c[a.EST_PITCH]
    error = rate - c[a.EST_RATE + 1]
    c[a.PITCH_SUM] = _clip(c[a.PITCH_SUM] + error * c[a.RATE_PIT_I] * STEP_S, 0.444)
    return float(_clip(error * c[a.RATE_PIT_P] + c[a.PITCH_SUM], 1.0))


@njit(cache=True)  # type: ignore[untyped-decorator]
def depth_loop(c: Vec) -> float:
    """Throttle −1 … 1 (up positive): position, velocity, acceleration loops in series, cm inside as in AC_PosControl."""
    jerk = max(min(c[a.JERK_Z], JERK_BY_FILTER * c[a.ACCEL_Z]), 1e-3)
    wanted = sqrt_controller(c[a.CLIMB_TARGET] - c[a.CLIMB_DESIRED], jerk / c[a.ACCEL_Z], jerk)
    c[a.CLIMB_ACCEL] = _shaped(c[a.CLIMB_ACCEL], _clip(wanted, c[a.ACCEL_Z]), jerk)
    c[a.CLIMB_DESIRED] += c[a.CLIMB_ACCEL] * STEP_S
    if c[a.CLIMB_TARGET] == 0.0 and c[a.AT_SURFACE] != 0.0:
        c[a.Z_DESIRED] = min(c[a.Z_DESIRED], c[a.SURFACE_Z])
    error = c[a.Z_DESIRED] - c[a.EST_Z]
    held_back = c[a.THROTTLE_LIMITED] * c[a.CLIMB_DESIRED] > 0.0 and error * c[a.CLIMB_DESIRED] > 0.0
    if not held_back:
        c[a.Z_DESIRED] += c[a.CLIMB_DESIRED] * STEP_S
    climb = sqrt_controller(error, c[a.POSZ_P], c[a.ACCEL_Z])
    climb = min(max(climb, -c[a.SPEED_DN]), c[a.SPEED_UP]) + c[a.CLIMB_DESIRED]
    accel = c[a.VELZ_P] * (climb - c[a.EST_CLIMB]) + c[a.CLIMB_ACCEL]
    c[a.ACCZ_ERR] += ERROR_FILTER * (100.0 * (accel - c[a.EST_ACCEL_UP]) - c[a.ACCZ_ERR])
    e = c[a.ACCZ_ERR]
    if c[a.THROTTLE_LIMITED] * e <= 0.0:
        c[a.ACCZ_SUM] = _clip(c[a.ACCZ_SUM] + e * c[a.ACCZ_I] * STEP_S, c[a.ACCZ_IMAX])
    out = 0.001 * (c[a.ACCZ_P] * e + c[a.ACCZ_SUM] + c[a.ACCZ_FF] * 100.0 * accel)
    return float(2.0 * _clip(out, 0.5))


@njit(cache=True)  # type: ignore[untyped-decorator]
def limit_throttle(c: Vec, throttle: float) -> float:
    """Filters the throttle and holds it below the surface's limit; marks saturation for the integrators."""
    c[a.THROTTLE_FILTERED] += THROTTLE_FILTER * (throttle - c[a.THROTTLE_FILTERED])
    room = min(max(c[a.SURFACE_Z] - c[a.EST_Z], 0.0), 1.0)
    most = c[a.SURFACE_MAX] + (1.0 - c[a.SURFACE_MAX]) * room
    c[a.THROTTLE_LIMITED] = 0.0
    if c[a.THROTTLE_FILTERED] >= most:
        c[a.THROTTLE_LIMITED] = 1.0
    elif c[a.THROTTLE_FILTERED] <= -most:
        c[a.THROTTLE_LIMITED] = -1.0
    return float(_clip(c[a.THROTTLE_FILTERED], most))


@njit(cache=True)  # type: ignore[untyped-decorator]
def mix(c: Vec, roll: float, pitch: float, yaw: float, throttle: float) -> None:
    """AP_Motors6DOF's vectored mixers: sums, coupling limit of the rear thrusters, clamp, 400 us a side."""
    room = max(1.0 - c[a.COUPLING] * abs(throttle), 0.0)
    for i in range(int(c[a.THRUSTERS])):
        forward = c[a.FORWARD]
        rear = (i < 2 and forward < 0.0) or (1 < i < 4 and forward > 0.0)
        if rear:
            forward = _clip(forward, room)
        m = a.MIX + 6 * i
        total = (
            roll * c[m] + pitch * c[m + 1] + yaw * c[m + 2] + throttle * c[m + 3] + forward * c[m + 4] + c[a.LATERAL] * c[m + 5]
        )
        c[a.PWM + i] = math.floor(1500.0 + 400.0 * _clip(total, 1.0))


@njit(cache=True)  # type: ignore[untyped-decorator]
def relax(c: Vec) -> None:
    """Disarmed: neutral outputs, targets follow the vehicle, integrators empty."""
    for i in range(8):
        c[a.PWM + i] = 1500.0
    c[a.HEADING] = c[a.PILOT_HEADING] = c[a.EST_YAW]
    c[a.Z_DESIRED] = c[a.EST_Z]
    for i in (a.CLIMB_DESIRED, a.CLIMB_ACCEL, a.ACCZ_SUM, a.ACCZ_ERR, a.THROTTLE_FILTERED, a.THROTTLE_LIMITED):
        c[i] = 0.0
    for i in (a.YAW_RATE_SHAPED, a.YAW_SUM, a.YAW_WANTED, a.ROLL_SUM, a.PITCH_SUM):
        c[i] = 0.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def control(c: Vec) -> None:
    """One step of the loops that the commands in ``c`` select; leaves PWM in ``c``."""
    if c[a.ARMED] == 0.0:
        relax(c)
        return
    if c[a.STABILISED] != 0.0:
        roll, pitch, yaw = roll_loop(c), pitch_loop(c), heading_loop(c)
    else:
        roll, pitch, yaw = c[a.ROLL_STICK], c[a.PITCH_STICK], c[a.YAW_STICK]
        c[a.HEADING] = c[a.PILOT_HEADING] = c[a.EST_YAW]
    throttle = limit_throttle(c, depth_loop(c)) if c[a.DEPTH_HELD] != 0.0 else c[a.THROTTLE]
    mix(c, roll, pitch, yaw, throttle)
