"""What the stand-in sends on its own: message builders and default rates (FACTS 1.1, 1.3)."""

import math
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.autopilot import layout as a
from sim.autopilot.core import Core, Range
from sim.autopilot.modes import MODES

Message = Any  # pymavlink has no types
Builder = Callable[[Core], list[Message]]

CAPABILITIES = 63975
VERSION = 67567616
ATTITUDE_READY_S = 5.3
EKF_READY_S = 3.76
# 3D gyro, accelerometer, magnetometer, absolute pressure, rate and attitude control, motor outputs, AHRS, battery.
SENSORS = 0x01 | 0x02 | 0x04 | 0x08 | 0x400 | 0x800 | 0x8000 | 0x200000 | 0x2000000


def _ms(core: Core) -> int:
    return int(core.t * 1000.0)


def heartbeat(core: Core) -> list[Message]:
    base = 81 | (128 if core.armed else 0) | (8 if MODES[core.mode].needs_position else 0)
    status = 5 if core.flags.any() or core.t < 0.5 else 4 if core.armed else 3
    return [mavlink.MAVLink_heartbeat_message(12, 3, base, core.mode, status, 3)]


def attitude(core: Core) -> list[Message]:
    c = core.c
    return [
        mavlink.MAVLink_attitude_message(
            _ms(core), c[a.EST_ROLL], c[a.EST_PITCH], c[a.EST_YAW], c[a.EST_RATE], c[a.EST_RATE + 1], c[a.EST_RATE + 2]
        )
    ]


def banner(core: Core) -> tuple[str, str]:
    """What it says of itself when asked for its parameters."""
    frame = "VECTORED_6DOF" if core.params["FRAME_CONFIG"] == 2.0 else "VECTORED"
    return "ArduSub V4.7.0-dev (90700977)", f"Frame: {frame}"


def heading_deg(core: Core) -> float:
    """Estimated heading, 0 … 360."""
    return math.degrees(core.c[a.EST_YAW]) % 360.0


def vfr_hud(core: Core) -> list[Message]:
    c = core.c
    throttle = int(abs(c[a.THROTTLE_FILTERED]) * 100.0) if core.armed else 0
    return [mavlink.MAVLink_vfr_hud_message(0.0, 0.0, int(heading_deg(core)) % 360, throttle, c[a.EST_Z], c[a.EST_CLIMB])]


def global_position(core: Core) -> list[Message]:
    millimetres, climb = int(core.c[a.EST_Z] * 1000.0), int(core.c[a.EST_CLIMB] * 100.0)
    hundredths = int(heading_deg(core) * 100.0) % 36000
    return [mavlink.MAVLink_global_position_int_message(_ms(core), 0, 0, millimetres, millimetres, 0, 0, -climb, hundredths)]


def pressure(core: Core) -> list[Message]:
    return [
        mavlink.MAVLink_scaled_pressure_message(
            _ms(core), core.sensed.pressure_pa / 100.0, (core.sensed.pressure_pa - core.ground_pa) / 100.0, 2500
        )
    ]


def pressure2(core: Core) -> list[Message]:
    temperature = int(core.sensed.temperature_c * 100.0)
    return [
        mavlink.MAVLink_scaled_pressure2_message(
            _ms(core), core.sensed.pressure_pa / 100.0, (core.sensed.pressure_pa - core.ground_pa) / 100.0, temperature
        )
    ]


def sys_status(core: Core) -> list[Message]:
    s = core.sensed
    return [
        mavlink.MAVLink_sys_status_message(
            SENSORS, SENSORS, SENSORS, 100, int(s.volts * 1000.0), int(s.amps * 100.0), round(s.battery_fraction * 100.0),
            0, 0, 0, 0, 0, 0,
        )
    ]  # fmt: skip


def battery_status(core: Core) -> list[Message]:
    s = core.sensed
    cells = [int(s.volts * 1000.0)] + [65535] * 9
    remaining = round(s.battery_fraction * 100.0)
    return [
        mavlink.MAVLink_battery_status_message(0, 0, 0, 32767, cells, int(s.amps * 100.0), int(s.consumed_mah), -1, remaining)
    ]


def servo_output(core: Core) -> list[Message]:
    pwm = [int(p) for p in core.c[a.PWM : a.PWM + 8]]
    if core.c[a.THRUSTERS] == 6:
        pwm[6:] = 0, 1500
    return [mavlink.MAVLink_servo_output_raw_message(int(core.t * 1e6) & 0xFFFFFFFF, 0, *pwm)]


def rc_channels(core: Core) -> list[Message]:
    return [mavlink.MAVLink_rc_channels_message(_ms(core), 16, *core.rc, *([0] * 10), 0)]


def _distance(core: Core, index: int, reading: Range) -> Message:
    name = f"RNGFND{index + 1}_"
    least, most = core.params[name + "MIN"], core.params[name + "MAX"]
    metres = most + 1.0 if reading.metres is None else reading.metres
    quality = 1 if reading.metres is None else 100
    return mavlink.MAVLink_distance_sensor_message(
        _ms(core), int(least * 100), int(most * 100), min(round(metres * 100.0), 65535), 2, index, reading.orientation, 0,
        signal_quality=quality,
    )  # fmt: skip


def distance_sensor(core: Core) -> list[Message]:
    return [_distance(core, i, reading) for i, reading in enumerate(core.sensed.ranges)]


def ekf_flags(core: Core) -> int:
    """0 before the filter runs; then attitude, velocities, height, constant position (no GPS): 0xa7."""
    if core.t < EKF_READY_S:
        return 0
    return 0xA7 if core.t >= ATTITUDE_READY_S else 0x400


def ekf_status(core: Core) -> list[Message]:
    variance = min(abs(math.sin(0.5 * (core.sensed.mag_yaw_rad - core.c[a.EST_YAW]))), 1.0)
    return [mavlink.MAVLink_ekf_status_report_message(ekf_flags(core), 0.0, 0.0, 0.02, variance, 0.0)]


def named_values(core: Core) -> list[Message]:
    values = {
        "CamTilt": 0.5, "CamPan": 0.5, "TetherTrn": 0.0, "Lights1": 0.0, "Lights2": 0.0,
        "PilotGain": core.gain, "InputHold": 0.0, "RollPitch": 0.0, "RFTarget": -0.01,
    }  # fmt: skip
    return [mavlink.MAVLink_named_value_float_message(_ms(core), name.encode(), value) for name, value in values.items()]


def autopilot_version(core: Core) -> list[Message]:
    custom = list(b"90700977")
    return [mavlink.MAVLink_autopilot_version_message(CAPABILITIES, VERSION, 0, 0, 0, custom, [0] * 8, [0] * 8, 0, 0, 0)]


def system_time(core: Core) -> list[Message]:
    return [mavlink.MAVLink_system_time_message(0, _ms(core))]


def nav_controller(core: Core) -> list[Message]:
    target = int(math.degrees(core.c[a.HEADING])) % 360
    error = core.c[a.Z_DESIRED] - core.c[a.EST_Z]
    return [mavlink.MAVLink_nav_controller_output_message(0.0, 0.0, target, target, 0, error, 0.0, 0.0)]


def raw_imu(core: Core) -> list[Message]:
    c = core.c
    acc = [int(c[a.EST_FORCE + i] / 9.80665 * 1000.0) for i in range(3)]
    gyro = [int(c[a.EST_RATE + i] * 1000.0) for i in range(3)]
    yaw = core.sensed.mag_yaw_rad
    mag = [int(200.0 * math.cos(yaw)), int(-200.0 * math.sin(yaw)), 430]
    return [mavlink.MAVLink_raw_imu_message(int(core.t * 1e6), *acc, *gyro, *mag)]


BUILDERS: dict[int, tuple[Builder, float]] = {
    # message id: (builder, default rate Hz; 0 = only on request)
    mavlink.MAVLINK_MSG_ID_HEARTBEAT: (heartbeat, 1.0),
    mavlink.MAVLINK_MSG_ID_ATTITUDE: (attitude, 10.0),
    mavlink.MAVLINK_MSG_ID_VFR_HUD: (vfr_hud, 10.0),
    mavlink.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: (global_position, 3.0),
    mavlink.MAVLINK_MSG_ID_DISTANCE_SENSOR: (distance_sensor, 3.0),
    mavlink.MAVLINK_MSG_ID_EKF_STATUS_REPORT: (ekf_status, 3.0),
    mavlink.MAVLINK_MSG_ID_BATTERY_STATUS: (battery_status, 3.0),
    mavlink.MAVLINK_MSG_ID_SYSTEM_TIME: (system_time, 3.0),
    mavlink.MAVLINK_MSG_ID_SYS_STATUS: (sys_status, 2.0),
    mavlink.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: (servo_output, 2.0),
    mavlink.MAVLINK_MSG_ID_RC_CHANNELS: (rc_channels, 2.0),
    mavlink.MAVLINK_MSG_ID_RAW_IMU: (raw_imu, 2.0),
    mavlink.MAVLINK_MSG_ID_SCALED_PRESSURE: (pressure, 2.0),
    mavlink.MAVLINK_MSG_ID_SCALED_PRESSURE2: (pressure2, 2.0),
    mavlink.MAVLINK_MSG_ID_NAV_CONTROLLER_OUTPUT: (nav_controller, 2.0),
    mavlink.MAVLINK_MSG_ID_NAMED_VALUE_FLOAT: (named_values, 2.0),
    mavlink.MAVLINK_MSG_ID_AUTOPILOT_VERSION: (autopilot_version, 0.0),
}
DEFAULT_INTERVALS: dict[int, int] = {i: int(1e6 / hz) for i, (_, hz) in BUILDERS.items() if hz > 0.0}


BOOT_TEXTS: tuple[tuple[float, int, str], ...] = (
    (0.05, 6, "Calibrating barometer"),
    (1.65, 6, "Barometer 1 calibration complete"),
    (1.65, 6, "Barometer 2 calibration complete"),
    (1.65, 6, "ArduPilot Ready"),
    (1.65, 6, "AHRS: DCM active"),
    (3.76, 6, "EKF3 IMU0 initialised"),
    (3.76, 6, "EKF3 IMU1 initialised"),
    (3.76, 6, "AHRS: EKF3 active"),
    (5.3, 6, "EKF3 IMU0 tilt alignment complete"),
    (5.3, 6, "EKF3 IMU1 tilt alignment complete"),
    (5.4, 6, "EKF3 IMU0 MAG0 initial yaw alignment complete"),
    (5.4, 6, "EKF3 IMU1 MAG0 initial yaw alignment complete"),
)
