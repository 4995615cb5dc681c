import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ardusub.json_link import Servos, encode_servos, encode_state, parse_servos

PWM = tuple(range(1100, 1116))


def state(t: float = 1.25, **update: object) -> bytes:
    fields = {
        "gyro": (0.1, -0.2, 0.3), "specific_force": (0.0, 0.5, -9.80665), "position": (12.5, -3.25, 1.5),
        "quaternion": (1.0, 0.0, 0.0, 0.0), "velocity": (0.25, 0.0, -0.125), "ranges_m": (0.8, 51.0),
    }  # fmt: skip
    return encode_state(t, **(fields | update))  # type: ignore[arg-type]


def test_servo_packet_is_the_documented_40_bytes() -> None:
    data = encode_servos(Servos(400, 7, PWM))
    assert len(data) == 40 and data[:8] == bytes([0x1A, 0x48, 0x90, 0x01, 7, 0, 0, 0])
    assert parse_servos(data) == Servos(400, 7, PWM)


def test_32_outputs_have_their_own_magic() -> None:
    servos = Servos(400, 9, tuple(range(1000, 1032)))
    data = encode_servos(servos)
    assert len(data) == 72 and parse_servos(data) == servos


@pytest.mark.parametrize("data", [b"", b"x", bytes(40), bytes(72), encode_servos(Servos(1, 1, PWM))[:-1]])
def test_what_is_no_servo_packet_is_none(data: bytes) -> None:
    assert parse_servos(data) is None


@given(st.binary(max_size=100))
def test_any_bytes_are_survived(data: bytes) -> None:
    parsed = parse_servos(data)
    assert parsed is None or len(parsed.pwm) in (16, 32)


def test_state_is_one_line_of_json_with_every_required_key() -> None:
    data = state()
    assert data[:1] == b"\n" and data[-1:] == b"\n" and data.count(b"\n") == 2
    said = json.loads(data)
    assert said["imu"] == {"gyro": [0.1, -0.2, 0.3], "accel_body": [0.0, 0.5, -9.80665]}
    assert (said["position"], said["velocity"]) == ([12.5, -3.25, 1.5], [0.25, 0.0, -0.125])
    assert (said["quaternion"], said["rng_1"], said["rng_2"]) == ([1.0, 0.0, 0.0, 0.0], 0.8, 51.0)


def test_no_space_stands_behind_a_colon() -> None:
    assert b" " not in state()


def test_every_step_is_at_least_2500_whole_microseconds() -> None:
    clock, last = 0, 0.0
    for step in range(1, 400_000):
        t = json.loads(state(step * 0.0025))["timestamp"] if step % 5000 == 0 else step * 0.0025 * (1 + 1e-9)
        clock = int(clock + (t - last) * 1e6)  # as the firmware adds it up
        last = t
    assert clock == 399_999 * 2500


def test_numbers_keep_their_precision() -> None:
    assert json.loads(state(position=(123.456789, math.pi, 0.001)))["position"] == pytest.approx(
        (123.456789, math.pi, 0.001), abs=1e-6
    )
