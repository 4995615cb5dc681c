"""Who is listened to, how commands are repeated, rates renewed, garbage survived, everything logged."""

import io
import math
import random
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov import codec
from rov.link import RATE_WINDOW_S, TRIES, Link, RateWanted
from tests.rov.fakes import FakeAutopilot

ARM = mavlink.MAV_CMD_COMPONENT_ARM_DISARM
RATE = mavlink.MAV_CMD_SET_MESSAGE_INTERVAL


def connected(tlog: io.BytesIO | None = None) -> tuple[Link, FakeAutopilot]:
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 1.7e9, tlog)
    autopilot.heartbeat()
    link.receive(0.0)
    return link, autopilot


def run(link: Link, since: float, seconds: float) -> float:
    for k in range(round(seconds / 0.05)):
        link.tick(since + 0.05 * k)
    return since + seconds


def test_locks_on_to_the_autopilot_not_to_companions() -> None:
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 0.0)
    autopilot.heartbeat(component=191)
    autopilot.heartbeat(system=9, autopilot=8)
    assert link.receive(0.0) == []
    assert (link.target, link.foreign) == (0, 2)
    autopilot.heartbeat(armed=True, component=191, system=3)
    autopilot.heartbeat(system=3)
    assert link.receive(0.0) == [codec.Heartbeat(False, "ALT_HOLD", 4)]
    assert link.target == 3
    autopilot.heartbeat(armed=True, system=4)
    assert link.receive(0.0) == []


def test_says_nothing_but_heartbeats_before_an_autopilot_is_known() -> None:
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 0.0)
    link.send(codec.heartbeat())
    link.send(codec.manual_control(0, (0, 0, 500, 0)))
    (only,) = autopilot.heard()
    assert (only.get_type(), only.get_srcSystem(), only.get_srcComponent(), only.type) == ("HEARTBEAT", 255, 191, 18)


def test_a_command_is_repeated_until_answered() -> None:
    link, autopilot = connected()
    link.command(ARM, 1.0)
    link.command(ARM, 1.0)
    run(link, 0.0, 1.2)
    assert len(autopilot.heard("COMMAND_LONG")) == 3
    autopilot.ack(ARM)
    link.receive(1.2)
    run(link, 1.2, 3.0)
    assert autopilot.heard("COMMAND_LONG") == []
    assert link.results[ARM] == 0


def test_in_progress_is_no_answer_and_repeating_ends() -> None:
    link, autopilot = connected()
    link.command(ARM, 1.0)
    link.tick(0.0)
    autopilot.ack(ARM, 5)
    link.receive(0.1)
    run(link, 0.1, 20.0)
    assert len(autopilot.heard("COMMAND_LONG")) == TRIES


def test_commands_wait_for_one_another() -> None:
    link, autopilot = connected()
    link.command(RATE, 30.0, 50000.0)
    link.command(RATE, 33.0, 50000.0)
    run(link, 0.0, 0.3)
    assert [m.param1 for m in autopilot.heard("COMMAND_LONG")] == [30.0]
    autopilot.ack(RATE)
    link.receive(0.3)
    run(link, 0.3, 0.1)
    assert [m.param1 for m in autopilot.heard("COMMAND_LONG")] == [33.0]


def test_disarm_overtakes_and_replaces_arm() -> None:
    link, autopilot = connected()
    for stream in (30.0, 33.0, 132.0):
        link.command(RATE, stream, 50000.0)
    link.tick(0.0)
    link.command(ARM, 1.0)
    link.tick(0.05)
    link.command(ARM, 0.0)
    link.tick(0.1)
    run(link, 0.15, 4.0)
    sent = [(m.command, m.param1) for m in autopilot.heard("COMMAND_LONG")]
    assert sent[:3] == [(RATE, 30.0), (ARM, 1.0), (ARM, 0.0)]
    assert (ARM, 1.0) not in sent[3:]


def test_a_slow_stream_is_asked_for_again() -> None:
    link, autopilot = connected()
    link.want_rates((RateWanted(mavlink.MAVLINK_MSG_ID_ATTITUDE, "ATTITUDE", 20.0),), 0.0)
    link.tick(0.0)
    autopilot.ack(RATE)
    for k in range(1, round(RATE_WINDOW_S / 0.05) + 2):
        now = 0.05 * k
        if k % 2:
            autopilot.say(mavlink.MAVLink_attitude_message(0, *[0.0] * 6))
        link.receive(now)
        link.tick(now)
    assert len(autopilot.heard("COMMAND_LONG")) == 1, "10 of 20 Hz is just enough"
    run(link, RATE_WINDOW_S + 0.1, RATE_WINDOW_S + 0.1)
    again = autopilot.heard("COMMAND_LONG")
    assert again and again[0].param1 == mavlink.MAVLINK_MSG_ID_ATTITUDE and again[0].param2 == 50000


def test_not_finite_is_counted_and_dropped() -> None:
    link, autopilot = connected()
    autopilot.say(mavlink.MAVLink_attitude_message(0, math.nan, *[0.0] * 5))
    assert link.receive(0.1) == []
    assert link.not_finite == 1


def test_somebody_elses_sticks_are_noticed() -> None:
    link, autopilot = connected()
    autopilot.say(codec.manual_control(1, (0, 0, 500, 0)), system=254, component=190)
    link.receive(7.0)
    assert link.others_sticks_t == 7.0


def test_garbage_raises_nothing_and_telemetry_comes_back() -> None:
    link, autopilot = connected()
    noise = random.Random(1)
    beat: Any = mavlink.MAVLink_heartbeat_message(12, 3, 81, 2, 4, 3)
    packet = bytes(beat.pack(mavlink.MAVLink(None, 1, 1)))
    good = 0
    for k in range(300):
        kind = k % 4
        junk = noise.randbytes(noise.randrange(1, 300))
        damaged = bytearray(packet)
        damaged[noise.randrange(len(packet))] ^= 1 << noise.randrange(8)
        autopilot.say_bytes((junk, bytes(damaged), packet[: noise.randrange(1, len(packet))], packet * 30)[kind])
        good += len(link.receive(0.05 * k))
    assert good > 1000
    assert link.bad_packets > 0


def test_tlog_holds_both_directions_as_mavlogdump_reads_them() -> None:
    tlog = io.BytesIO()
    link, _autopilot = connected(tlog)
    link.tick(2.0)
    link.send(codec.heartbeat())
    data = tlog.getvalue()
    parts, at = [], 0
    while at < len(data):
        length = 12 + data[at + 9]
        (message,) = mavlink.MAVLink(None).parse_buffer(data[at + 8 : at + 8 + length])
        parts.append((int.from_bytes(data[at : at + 8], "big"), message.get_srcSystem()))
        at += 8 + length
    assert parts == [(1_700_000_000_000_000, 1), (1_700_000_002_000_000, 255)]
