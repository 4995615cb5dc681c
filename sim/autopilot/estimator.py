"""Attitude and height estimate at 400 Hz: a complementary filter in place of EKF3.

Gyros carry attitude; the accelerometer pulls roll and pitch with 10 s, the compass pulls yaw with 4 s (so a swinging compass
drags the heading, as it does on the real vehicle). Height: accelerometer and depth sensor, about 1 rad/s. EKF3 takes the depth
sensor to be 60 ms late (EK3_HGT_DELAY), which it is less, so its depth runs ahead of a moving vehicle; a stop looks shorter to it
than it is. The three numbers are fitted to the recorded flight steps_vec: its EKF's depth and climb from its true ones, 5 mm rms.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.autopilot import layout as a
from sim.dynamics import S_ACCEL, S_RATE, STEP_S, rotate, rotate_back

Vec = NDArray[np.float64]

TILT_GAIN = 0.1
YAW_GAIN = 0.25
HEIGHT_GAIN = 1.37
CLIMB_GAIN = 1.11
DEPTH_LEAD_S = 0.053  # 44 ms, and 9 ms of the steps between two readings
GRAVITY = 9.80665


@njit(cache=True)  # type: ignore[untyped-decorator]
def wrap(angle: float) -> float:
    """To −π … π."""
    return math.atan2(math.sin(angle), math.cos(angle))


@njit(cache=True)  # type: ignore[untyped-decorator]
def euler(q: Vec) -> tuple[float, float, float]:
    """Roll, pitch, yaw of a body→NED quaternion."""
    w, x, y, z = q[0], q[1], q[2], q[3]
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = math.asin(min(max(2 * (w * y - z * x), -1.0), 1.0))
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return roll, pitch, yaw


@njit(cache=True)  # type: ignore[untyped-decorator]
def estimate(s: Vec, c: Vec, noise: Vec) -> None:
    """One step. ``noise``: six standard normals (gyro, accelerometer)."""
    q = c[a.EST_Q : a.EST_Q + 4]
    for i in range(3):
        c[a.EST_RATE + i] = s[S_RATE + i] + c[a.GYRO_BIAS + i] + c[a.GYRO_STD] * noise[i]
        c[a.EST_FORCE + i] = s[S_ACCEL + i] + c[a.ACCEL_STD] * noise[3 + i]
    f0, f1, f2 = c[a.EST_FORCE], c[a.EST_FORCE + 1], c[a.EST_FORCE + 2]
    norm = max(math.sqrt(f0 * f0 + f1 * f1 + f2 * f2), 1e-6)
    up0, up1, up2 = rotate_back(q, 0.0, 0.0, -1.0)
    m0, m1, m2 = f0 / norm, f1 / norm, f2 / norm
    yaw_error = wrap(c[a.MAG_YAW] - c[a.EST_YAW])
    z0, z1, z2 = -up0, -up1, -up2
    p = c[a.EST_RATE] + TILT_GAIN * (m1 * up2 - m2 * up1) + YAW_GAIN * yaw_error * z0
    r = c[a.EST_RATE + 1] + TILT_GAIN * (m2 * up0 - m0 * up2) + YAW_GAIN * yaw_error * z1
    y = c[a.EST_RATE + 2] + TILT_GAIN * (m0 * up1 - m1 * up0) + YAW_GAIN * yaw_error * z2
    h = 0.5 * STEP_S
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    q[0] += h * (-q1 * p - q2 * r - q3 * y)
    q[1] += h * (q0 * p + q2 * y - q3 * r)
    q[2] += h * (q0 * r - q1 * y + q3 * p)
    q[3] += h * (q0 * y + q1 * r - q2 * p)
    norm = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    for i in range(4):
        q[i] /= norm
    c[a.EST_ROLL], c[a.EST_PITCH], c[a.EST_YAW] = euler(q)
    _, _, down = rotate(q, f0, f1, f2)
    c[a.EST_ACCEL_UP] = -(down + GRAVITY)
    error = c[a.BARO_Z] + DEPTH_LEAD_S * c[a.EST_CLIMB] - c[a.EST_Z]
    c[a.EST_Z] += STEP_S * (c[a.EST_CLIMB] + HEIGHT_GAIN * error)
    c[a.EST_CLIMB] += STEP_S * (c[a.EST_ACCEL_UP] + CLIMB_GAIN * error)


def align(c: Vec, roll: float, pitch: float, yaw: float, z: float) -> None:
    """Starts the estimate at an attitude and height (up), as tilt and yaw alignment do at boot."""
    cr, sr = math.cos(roll / 2), math.sin(roll / 2)
    cp, sp = math.cos(pitch / 2), math.sin(pitch / 2)
    cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
    c[a.EST_Q : a.EST_Q + 4] = (
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    )
    c[a.EST_ROLL], c[a.EST_PITCH], c[a.EST_YAW] = roll, pitch, yaw
    c[a.EST_Z], c[a.EST_CLIMB] = z, 0.0
