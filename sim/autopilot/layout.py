"""Where each number of the control array ``c`` stands. Python writes commands and gains; the kernels own the rest.

Angles rad, lengths m, up positive for altitude ``Z`` (as in ArduSub's position controller), thrust commands −1 … 1.
"""

from itertools import count

_n = count()


def _next(width: int = 1) -> int:
    first = next(_n)
    for _ in range(width - 1):
        next(_n)
    return first


# Commands
ARMED = _next()
STABILISED = _next()  # 1: attitude and heading are controlled; 0: sticks go straight to the mixer
DEPTH_HELD = _next()  # 1: depth is controlled; 0: THROTTLE goes to the mixer
THROTTLE = _next()
ROLL_STICK = _next()
PITCH_STICK = _next()
YAW_STICK = _next()
FORWARD = _next()
LATERAL = _next()
CLIMB_TARGET = _next()  # m/s up
YAW_RATE_TARGET = _next()  # rad/s; 0 holds the heading
SURFACE_Z = _next()
SURFACE_MAX = _next()
AT_SURFACE = _next()
VOLTS = _next()
THRUSTER_GAIN = _next(8)
THRUSTERS = _next()  # how many the frame has
MIX = _next(48)  # a row of six factors a thruster: roll, pitch, yaw, throttle, forward, lateral
# Measurements from the slow sensors
BARO_Z = _next()
MAG_YAW = _next()
GYRO_BIAS = _next(3)
GYRO_STD = _next()
ACCEL_STD = _next()
# Gains
POSZ_P = _next()
VELZ_P = _next()
ACCZ_P = _next()
ACCZ_I = _next()
ACCZ_FF = _next()
ACCZ_IMAX = _next()
ACCEL_Z = _next()
JERK_Z = _next()
SPEED_UP = _next()
SPEED_DN = _next()
ANG_RLL_P = _next()
ANG_PIT_P = _next()
ANG_YAW_P = _next()
RATE_RLL_P = _next()
RATE_RLL_I = _next()
RATE_PIT_P = _next()
RATE_PIT_I = _next()
RATE_YAW_P = _next()
RATE_YAW_I = _next()
RATE_YAW_IMAX = _next()
RATE_YAW_MAX = _next()
ACCEL_YAW_MAX = _next()
SLEW_YAW = _next()
COUPLING = _next()
# Estimate
EST_Q = _next(4)
EST_ROLL = _next()
EST_PITCH = _next()
EST_YAW = _next()
EST_RATE = _next(3)
EST_Z = _next()
EST_CLIMB = _next()
EST_ACCEL_UP = _next()
EST_FORCE = _next(3)
# Controller state
Z_DESIRED = _next()
CLIMB_DESIRED = _next()
CLIMB_ACCEL = _next()
ACCZ_SUM = _next()
ACCZ_ERR = _next()
THROTTLE_FILTERED = _next()
THROTTLE_LIMITED = _next()
HEADING = _next()  # the attitude target's yaw; it runs ahead of the vehicle while the stick turns it
PILOT_HEADING = _next()  # the heading to hold
SINCE_YAW = _next()
YAW_RATE_SHAPED = _next()
YAW_SUM = _next()
YAW_WANTED = _next()
ROLL_SUM = _next()
PITCH_SUM = _next()
# Outputs
PWM = _next(8)
AMPS = _next()
SIZE = next(_n)
