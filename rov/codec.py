"""MAVLink messages <-> small values. Pure: no I/O, no state. What is not finite never gets past here.

Names and numbers: MAVLink common.xml and ardupilotmega.xml; ArduSub's habits as measured on the real firmware.
"""

import math
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

AUTOPILOT_COMPONENT = 1
FORWARD, UPWARD = 0, 24  # MAV_SENSOR_ORIENTATION: NONE (forward), PITCH_90 (up)
MODES = {
    0: "STABILIZE",
    1: "ACRO",
    2: "ALT_HOLD",
    3: "AUTO",
    4: "GUIDED",
    7: "CIRCLE",
    9: "SURFACE",
    16: "POSHOLD",
    19: "MANUAL",
    20: "MOTOR_DETECT",
    21: "SURFTRAK",
}
MODE_NUMBERS = {name: number for number, name in MODES.items()}
LEAK_BIT = 0x20000000  # MAV_SYS_STATUS_EXTENSION_USED..: leak reported unhealthy
ALT_ONLY_MASK = 0xDFB  # every field ignored but z; ArduSub looks at the Z_IGNORE bit alone
ALT_FRAME = mavlink.MAV_FRAME_GLOBAL_INT


class Heartbeat(NamedTuple):
    """``status``: MAV_STATE (3 standby, 4 active, 5 critical: some failsafe is active)."""

    armed: bool
    mode: str
    status: int


class Attitude(NamedTuple):
    """NED/FRD [rad, rad/s]; ``yaw`` is magnetic."""

    roll: float
    pitch: float
    yaw: float
    yaw_rate: float


class Depth(NamedTuple):
    """``depth_m`` below the surface where the autopilot booted; ``climb_mps`` up."""

    depth_m: float
    climb_mps: float


class Pressure(NamedTuple):
    """Absolute, of the water, as the sensor says it: the autopilot's depth zero is not in it."""

    pascal: float


class Distance(NamedTuple):
    """``orientation``: MAV_SENSOR_ORIENTATION."""

    orientation: int
    distance_m: float
    valid: bool


class Power(NamedTuple):
    """``fraction`` remaining 0..1, or -1 when the autopilot does not say."""

    volts: float
    fraction: float


class Leak(NamedTuple):
    wet: bool


class Text(NamedTuple):
    severity: int
    text: str


class CommandAck(NamedTuple):
    command: int
    result: int


class Param(NamedTuple):
    name: str
    value: float


class Named(NamedTuple):
    name: str
    value: float


Telemetry = Heartbeat | Attitude | Depth | Pressure | Distance | Power | Leak | Text | CommandAck | Param | Named


def is_finite(message: Any) -> bool:
    """False when any float field is NaN or infinite."""
    return all(math.isfinite(v) for v in (getattr(message, name) for name in message.fieldnames) if isinstance(v, float))


def decode(message: Any) -> list[Telemetry]:
    """What a pymavlink message says, as values; [] for types that hullscan does not use or numbers that are not finite."""
    reader = _READERS.get(message.get_type())
    if reader is None or not is_finite(message):
        return []
    return reader(message)


def _heartbeat(m: Any) -> list[Telemetry]:
    armed = bool(m.base_mode & mavlink.MAV_MODE_FLAG_SAFETY_ARMED)
    return [Heartbeat(armed, MODES.get(m.custom_mode, f"mode {m.custom_mode}"), m.system_status)]


def _attitude(m: Any) -> list[Telemetry]:
    return [Attitude(m.roll, m.pitch, m.yaw, m.yawspeed)]


def _position(m: Any) -> list[Telemetry]:
    return [Depth(-m.relative_alt / 1000.0, -m.vz / 100.0)]


def _pressure(m: Any) -> list[Telemetry]:
    return [Pressure(100.0 * m.press_abs)]


def _distance(m: Any) -> list[Telemetry]:
    inside = m.min_distance < m.current_distance < m.max_distance
    return [Distance(m.orientation, m.current_distance / 100.0, inside and m.signal_quality != 1)]


def _sys_status(m: Any) -> list[Telemetry]:
    enabled, healthy = m.onboard_control_sensors_enabled, m.onboard_control_sensors_health
    out: list[Telemetry] = [Leak(bool(enabled & LEAK_BIT) and not healthy & LEAK_BIT)]
    if m.voltage_battery not in (0, 65535):
        out.append(Power(m.voltage_battery / 1000.0, m.battery_remaining / 100.0 if m.battery_remaining >= 0 else -1.0))
    return out


def _text(m: Any) -> list[Telemetry]:
    out: list[Telemetry] = [Text(m.severity, m.text)]
    if "leak detected" in m.text.lower():
        out.append(Leak(True))
    return out


def _ack(m: Any) -> list[Telemetry]:
    return [CommandAck(m.command, m.result)]


def _param(m: Any) -> list[Telemetry]:
    return [Param(m.param_id, m.param_value)]


def _named(m: Any) -> list[Telemetry]:
    return [Named(m.name, m.value)]


_READERS = {
    "HEARTBEAT": _heartbeat,
    "ATTITUDE": _attitude,
    "GLOBAL_POSITION_INT": _position,
    "SCALED_PRESSURE2": _pressure,
    "DISTANCE_SENSOR": _distance,
    "SYS_STATUS": _sys_status,
    "STATUSTEXT": _text,
    "COMMAND_ACK": _ack,
    "PARAM_VALUE": _param,
    "NAMED_VALUE_FLOAT": _named,
}


def heartbeat() -> Any:
    """Ours: an onboard controller, no autopilot."""
    return mavlink.MAVLink_heartbeat_message(
        mavlink.MAV_TYPE_ONBOARD_CONTROLLER, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, mavlink.MAV_STATE_ACTIVE, 3
    )


def manual_control(target: int, sticks: tuple[int, int, int, int]) -> Any:
    """``sticks``: x forward, y right, r yaw right in -1000..1000; z up in 0..1000 with 500 neutral. No buttons, ever.

    Raises:
        ValueError: a stick out of range (32767 would be full stick, not "ignore").
    """
    x, y, z, r = sticks
    if not (all(-1000 <= v <= 1000 for v in (x, y, r)) and 0 <= z <= 1000):
        raise ValueError(f"sticks: got {sticks}, expected x, y, r in -1000..1000 and z in 0..1000")
    return mavlink.MAVLink_manual_control_message(target, x, y, z, r, 0)


def depth_target(target: int, altitude_m: float) -> Any:
    """Hold this altitude (negative below the surface). ArduSub obeys it in ALT_HOLD; it moves at most about 1.1 m a message.

    Raises:
        ValueError: not finite, or not between the surface and 300 m.
    """
    if not (math.isfinite(altitude_m) and -300.0 <= altitude_m <= 0.5):
        raise ValueError(f"altitude_m: got {altitude_m}, expected -300..0.5")
    return mavlink.MAVLink_set_position_target_global_int_message(
        0, target, AUTOPILOT_COMPONENT, ALT_FRAME, ALT_ONLY_MASK, 0, 0, altitude_m, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    )


def command_long(target: int, command: int, params: tuple[float, ...]) -> Any:
    """COMMAND_LONG; missing parameters are 0.

    Raises:
        ValueError: a parameter is not finite (NaN aborts the SITL firmware).
    """
    if not all(math.isfinite(p) for p in params):
        raise ValueError(f"params: got {params}, expected finite numbers")
    filled = (*params, *([0.0] * (7 - len(params))))
    return mavlink.MAVLink_command_long_message(target, AUTOPILOT_COMPONENT, command, 0, *filled)


def param_read(target: int, name: str) -> Any:
    return mavlink.MAVLink_param_request_read_message(target, AUTOPILOT_COMPONENT, name.encode("ascii"), -1)


def param_set(target: int, name: str, value: float) -> Any:
    """Raises ValueError when ``value`` is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"{name}: got {value}, expected a finite number")
    return mavlink.MAVLink_param_set_message(
        target, AUTOPILOT_COMPONENT, name.encode("ascii"), value, mavlink.MAV_PARAM_TYPE_REAL32
    )
