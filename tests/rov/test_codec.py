"""Messages to values and back; nothing that is not finite passes either way."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov import codec


def wire(message: Any) -> Any:
    """As it arrives: packed and parsed."""
    return mavlink.MAVLink(None).parse_buffer(message.pack(mavlink.MAVLink(None, 1, 1)))[0]


def distance(cm: int, orientation: int = 0, quality: int = 0) -> Any:
    return mavlink.MAVLink_distance_sensor_message(
        0, 30, 1000, cm, 0, 0, orientation, 0, 0.0, 0.0, (0.0, 0.0, 0.0, 0.0), quality
    )  # fmt: skip


def test_heartbeat_names_the_mode() -> None:
    assert codec.decode(wire(mavlink.MAVLink_heartbeat_message(12, 3, 209, 2, 4, 3))) == [codec.Heartbeat(True, "ALT_HOLD", 4)]
    assert codec.decode(wire(mavlink.MAVLink_heartbeat_message(12, 3, 81, 77, 3, 3))) == [codec.Heartbeat(False, "mode 77", 3)]


def test_depth_is_positive_down() -> None:
    message = mavlink.MAVLink_global_position_int_message(0, 0, 0, 0, -1500, 0, 0, 20, 0)
    assert codec.decode(wire(message)) == [codec.Depth(1.5, -0.2)]


@pytest.mark.parametrize(
    ("cm", "quality", "valid"), [(30, 0, False), (31, 0, True), (1000, 0, False), (80, 1, False), (80, 100, True)]
)
def test_range_is_valid_only_inside_the_sensors_limits(cm: int, quality: int, valid: bool) -> None:
    assert codec.decode(wire(distance(cm, 24, quality))) == [codec.Distance(24, cm / 100, valid)]


def sys_status(volts_mv: int, remaining: int, enabled: int, healthy: int) -> Any:
    return mavlink.MAVLink_sys_status_message(0, enabled, healthy, 0, volts_mv, 0, remaining, 0, 0, 0, 0, 0, 0)


def test_leak_and_battery_from_sys_status() -> None:
    leak = codec.LEAK_BIT
    assert codec.decode(wire(sys_status(15200, 80, leak, 0))) == [codec.Leak(True), codec.Power(15.2, 0.8)]
    assert codec.decode(wire(sys_status(15200, -1, leak, leak))) == [codec.Leak(False), codec.Power(15.2, -1.0)]
    assert codec.decode(wire(sys_status(65535, -1, 0, 0))) == [codec.Leak(False)]


def test_leak_from_text() -> None:
    assert codec.decode(wire(mavlink.MAVLink_statustext_message(2, b"Leak Detected"))) == [
        codec.Text(2, "Leak Detected"),
        codec.Leak(True),
    ]


def test_unused_messages_say_nothing() -> None:
    assert codec.decode(wire(mavlink.MAVLink_system_time_message(0, 0))) == []


@given(st.sampled_from([math.nan, math.inf, -math.inf]), st.integers(0, 5))
def test_what_is_not_finite_is_dropped(bad: float, place: int) -> None:
    numbers = [0.1] * 6
    numbers[place] = bad
    message = mavlink.MAVLink_attitude_message(0, *numbers)
    assert codec.decode(wire(message)) == []
    assert not codec.is_finite(wire(message))


@given(st.tuples(*[st.integers(-40000, 40000)] * 4))
def test_sticks_go_out_in_range_or_not_at_all(sticks: tuple[int, int, int, int]) -> None:
    x, y, z, r = sticks
    if max(abs(x), abs(y), abs(r)) <= 1000 and 0 <= z <= 1000:
        message = wire(codec.manual_control(1, sticks))
        assert (message.x, message.y, message.z, message.r, message.buttons, message.target) == (*sticks, 0, 1)
    else:
        with pytest.raises(ValueError, match="sticks"):
            codec.manual_control(1, sticks)


def test_depth_target_ignores_all_but_altitude() -> None:
    message = wire(codec.depth_target(1, -1.5))
    assert (message.alt, message.type_mask, message.coordinate_frame) == (-1.5, 0b110111111011, 5)
    assert codec.is_finite(message)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e9, 0.6, -301.0])
def test_depth_target_refuses(bad: float) -> None:
    with pytest.raises(ValueError, match="altitude_m"):
        codec.depth_target(1, bad)


def test_commands_and_parameters_refuse_nan() -> None:
    with pytest.raises(ValueError, match="params"):
        codec.command_long(1, 400, (math.nan,))
    with pytest.raises(ValueError, match="FS_LEAK_ENABLE"):
        codec.param_set(1, "FS_LEAK_ENABLE", math.nan)
    assert wire(codec.param_set(1, "FS_LEAK_ENABLE", 1.0)).param_value == 1.0
    assert wire(codec.param_read(1, "FS_LEAK_ENABLE")).param_id == "FS_LEAK_ENABLE"
    assert wire(codec.command_long(1, 400, (1.0,))).param1 == 1.0
