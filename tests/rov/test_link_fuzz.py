"""Whatever arrives, the link raises nothing, believes nothing that is not finite, and hears the autopilot again afterwards."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov.link import RATE_WINDOW_S, Link, RateWanted
from rov.vehicle import ArduSub
from tests.rov.fakes import FakeAutopilot

BITS = {"flips": st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 7)), max_size=12)}


def stream() -> bytes:
    """One second of an autopilot: every message that rov reads."""
    tx: Any = mavlink.MAVLink(None, 1, 1)
    messages = [
        mavlink.MAVLink_heartbeat_message(12, 3, 209, 2, 4, 3),
        mavlink.MAVLink_attitude_message(1, 0.1, 0.2, 0.3, 0.0, 0.0, 0.1),
        mavlink.MAVLink_global_position_int_message(1, 0, 0, 0, -1500, 0, 0, 20, 9000),
        mavlink.MAVLink_distance_sensor_message(1, 20, 5000, 120, 0, 1, 0, 0),
        mavlink.MAVLink_sys_status_message(0, 0x20000000, 0x20000000, 0, 15800, 0, 80, 0, 0, 0, 0, 0, 0),
        mavlink.MAVLink_statustext_message(4, b"a text"),
        mavlink.MAVLink_command_ack_message(400, 0),
        mavlink.MAVLink_param_value_message(b"FS_GCS_ENABLE", 2.0, 2, 1, 0),
        mavlink.MAVLink_named_value_float_message(1, b"PilotGain", 0.5),
    ]
    return b"".join(bytes(message.pack(tx)) for message in messages)


def finite(vehicle: ArduSub) -> bool:
    r = vehicle.reported
    numbers = (*r.attitude, r.depth_m, r.climb_mps, r.forward_m, r.up_m, r.volts, r.battery_fraction, r.pilot_gain)
    return all(math.isfinite(v) for v in (*numbers, *vehicle.values.values()))


@settings(max_examples=60, deadline=None)
@given(noise=st.lists(st.binary(max_size=300), max_size=6), cut=st.integers(0, 400), **BITS)
def test_garbage_flipped_bits_and_pieces(noise: list[bytes], cut: int, flips: list[tuple[int, int]]) -> None:
    autopilot = FakeAutopilot()
    vehicle = ArduSub(Link(autopilot.end, 0.0), ("FS_GCS_ENABLE",))
    autopilot.say_bytes(stream())
    vehicle.receive(0.0)
    spoilt = bytearray(stream() * 2)
    for place, bit in flips:
        spoilt[place % len(spoilt)] ^= 1 << bit
    pieces = [*noise, bytes(spoilt[:cut]), *noise, bytes(spoilt[cut:])]
    for k, piece in enumerate(pieces):
        autopilot.say_bytes(piece)
        vehicle.receive(0.05 * k)
        vehicle.transmit(0.05 * k, (0, 0, 500, 0), -1.0)
        assert finite(vehicle)
    # a stray header swallows up to one packet's length of what follows (FACTS 11.1)
    for _ in range(6):
        autopilot.say_bytes(stream())
        vehicle.receive(9.0)
    assert vehicle.reported.heartbeat_t == 9.0 and vehicle.link.target == 1


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.sampled_from([math.nan, math.inf, -math.inf, 1e30, 0.0]), min_size=6, max_size=6))
def test_numbers_that_are_not_finite(values: list[float]) -> None:
    autopilot = FakeAutopilot()
    vehicle = ArduSub(Link(autopilot.end, 0.0), ())
    autopilot.say_bytes(stream())
    vehicle.receive(0.0)
    before = vehicle.link.not_finite
    autopilot.say(mavlink.MAVLink_attitude_message(1, *values))
    autopilot.say(mavlink.MAVLink_param_value_message(b"X", values[0], 9, 1, 0))
    autopilot.say(mavlink.MAVLink_named_value_float_message(1, b"PilotGain", values[1]))
    vehicle.receive(1.0)
    bad = [any(not math.isfinite(v) for v in values), not math.isfinite(values[0]), not math.isfinite(values[1])]
    assert vehicle.link.not_finite - before == sum(bad) and finite(vehicle) and vehicle.reported.pilot_gain == 0.5


def test_random_bytes_are_counted() -> None:
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 0.0)
    autopilot.say_bytes(bytes(range(256)) * 8)
    assert link.receive(0.0) == [] and link.bad_packets > 0 and link.target == 0


def test_a_restarted_autopilot_is_asked_for_its_streams_again() -> None:
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 0.0)
    autopilot.heartbeat()
    link.receive(0.0)
    link.want_rates((RateWanted(30, "ATTITUDE", 20.0),), 0.0)
    link.tick(0.0)
    autopilot.ack(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL)
    link.receive(0.0)
    autopilot.heard()
    now = 0.0
    for rate, asks in ((20, 0), (4, 1)):  # as asked for; then restarted, back at its own rate
        for k in range(round((RATE_WINDOW_S + 0.1) * 20)):
            now += 0.05
            if k % (20 // rate) == 0:
                autopilot.say(mavlink.MAVLink_attitude_message(1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
            link.receive(now)
            link.tick(now)
        wanted = [m for m in autopilot.heard("COMMAND_LONG") if (m.param1, m.param2) == (30.0, 50000.0)]
        assert bool(wanted) == bool(asks)
