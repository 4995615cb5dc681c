"""What the real firmware said, through codec and link; and what the link logs, read back by pymavlink."""

import io
import itertools
import lzma
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymavlink import mavutil
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov import codec
from rov.link import Link
from rov.vehicle import ArduSub
from wire.channel import pipe

TRACES = Path(__file__).parents[1] / "data" / "traces"


def packets(name: str) -> Iterator[tuple[float, bytes]]:
    """(seconds since the first, packet), both directions, of a piece with some message types left out."""
    data, at, first = lzma.decompress((TRACES / name).read_bytes()), 0, None
    while at < len(data):
        stamp = struct.unpack_from(">Q", data, at)[0] / 1e6
        first = stamp if first is None else first
        length = 12 + data[at + 9] + (13 if data[at + 10] & 1 else 0)
        yield stamp - first, data[at + 8 : at + 8 + length]
        at += 8 + length


def hear(name: str, tlog: io.BytesIO | None = None) -> tuple[Link, list[tuple[float, codec.Telemetry]]]:
    mine, theirs = pipe()
    link = Link(mine, 1.7e9, tlog)
    heard: list[tuple[float, codec.Telemetry]] = []
    for t, packet in packets(name):
        theirs.send(packet)
        heard += [(t, value) for value in link.receive(t)]
    assert link.target == 1 and link.bad_packets == 0
    return link, heard


def changes(heard: list[tuple[float, codec.Telemetry]]) -> list[tuple[bool, str]]:
    states = [(value.armed, value.mode) for _t, value in heard if isinstance(value, codec.Heartbeat)]
    return [key for key, _ in itertools.groupby(states)]


def test_every_mode_and_arming_in_each() -> None:
    link, heard = hear("modes_arm.tlog.xz")
    seen = changes(heard)
    # boot in MANUAL, ALT_HOLD before the EKF runs, armed there, MANUAL, disarmed: FACTS 2.1, 2.3
    assert seen[:5] == [(False, "MANUAL"), (False, "ALT_HOLD"), (True, "ALT_HOLD"), (True, "MANUAL"), (False, "MANUAL")]
    disarmed = {mode for armed, mode in seen if not armed}
    assert disarmed == set(codec.MODE_NUMBERS) - {"AUTO"}
    assert {"STABILIZE", "ACRO", "ALT_HOLD", "GUIDED", "CIRCLE", "SURFACE", "POSHOLD"} <= {mode for armed, mode in seen if armed}
    assert link.foreign > 100  # the recording station


def test_boot_status() -> None:
    _link, heard = hear("boot_first_12s.tlog.xz")
    beats = [(t, value.status) for t, value in heard if isinstance(value, codec.Heartbeat)]
    assert beats[0][1] == 5 and beats[-1][1] == 3 and all(not v.armed for _t, v in heard if isinstance(v, codec.Heartbeat))
    assert max(b - a for (a, _), (b, _) in itertools.pairwise(beats)) < 2.5
    texts = [value.text for _t, value in heard if isinstance(value, codec.Text)]
    assert {"Barometer 1 calibration complete", "ArduPilot Ready", "EKF3 IMU0 initialised"} <= set(texts)
    gains = {value.value for _t, value in heard if isinstance(value, codec.Named) and value.name == "PilotGain"}
    assert gains == {0.5}
    assert not any(value.wet for _t, value in heard if isinstance(value, codec.Leak))
    volts = [value.volts for _t, value in heard if isinstance(value, codec.Power)]
    assert volts and all(10.0 < v < 17.0 for v in volts)


@pytest.mark.parametrize(("name", "results"), [("modes_arm.tlog.xz", {0, 1, 3, 4}), ("acks.tlog.xz", {0, 2, 4})])
def test_every_ack_result(name: str, results: set[int]) -> None:
    link, heard = hear(name)
    acks = [value for _t, value in heard if isinstance(value, codec.CommandAck)]
    assert {ack.result for ack in acks} == results
    assert link.results == {ack.command: ack.result for ack in acks}


def test_parameters_are_decoded_by_name() -> None:
    _link, heard = hear("acks.tlog.xz")
    values = {(value.name, round(value.value, 3)) for _t, value in heard if isinstance(value, codec.Param)}
    assert {("FS_GCS_ENABLE", 2.0), ("JS_GAIN_DEFAULT", 0.6), ("JS_GAIN_DEFAULT", 55.0), ("fs_gcs_enable", 2.0)} <= values


def test_depth_and_attitude_of_a_dive() -> None:
    _link, heard = hear("surftrak.tlog.xz")
    depths = [(t, value) for t, value in heard if isinstance(value, codec.Depth)]
    quiet = [d.depth_m for t, d in depths if 25.0 < t < 40.0]
    assert min(quiet) > -0.2 and max(quiet) < 0.3
    (t0, _before), (t1, after) = depths[0], depths[-1]
    assert t1 - t0 > 50.0 and after.depth_m > 7.0
    dive = [(t, d) for t, d in depths if d.depth_m > 3.0]
    for (ta, a), (tb, b) in itertools.pairwise(dive):
        assert -1.4 < b.climb_mps < 0.2
        assert abs((b.depth_m - a.depth_m) + 0.5 * (a.climb_mps + b.climb_mps) * (tb - ta)) < 0.12
    turns = [value for t, value in heard if isinstance(value, codec.Attitude) and t > 20.0]
    assert len(turns) > 300 and max(abs(v.roll) + abs(v.pitch) for v in turns) < 0.1
    assert {value.orientation for _t, value in heard if isinstance(value, codec.Distance)} == {25}


def test_the_vehicle_survives_a_boot() -> None:
    mine, theirs = pipe()
    vehicle = ArduSub(Link(mine, 0.0), ("FS_GCS_ENABLE", "NO_SUCH_NAME"))
    for t, packet in packets("boot_first_12s.tlog.xz"):
        theirs.send(packet)
        vehicle.receive(t)
        vehicle.transmit(t, (0, 0, 500, 0), None)
    assert vehicle.reported.mode == "MANUAL" and vehicle.unknown == {"FS_GCS_ENABLE", "NO_SUCH_NAME"} - vehicle.values.keys()
    assert vehicle.ready


def test_what_the_link_logs_pymavlink_reads(tmp_path: Path) -> None:
    tlog = io.BytesIO()
    link, _heard = hear("modes_arm.tlog.xz", tlog)
    link.send(codec.manual_control(1, (1, -2, 500, 3)))
    link.send(codec.heartbeat())
    path = tmp_path / "back.tlog"
    path.write_bytes(tlog.getvalue())
    reader: Any = mavutil.mavlink_connection(str(path), dialect="ardupilotmega")
    back = []
    while (message := reader.recv_msg()) is not None:
        back.append((message._timestamp, bytes(message.get_msgbuf())))
    reader.close()
    sent = [packet for _t, packet in packets("modes_arm.tlog.xz")]
    assert [packet for _t, packet in back[:-2]] == sent
    stamps = [t for t, _ in back]
    assert stamps == sorted(stamps) and stamps[0] == pytest.approx(1.7e9) and 85.0 < stamps[-1] - stamps[0] < 90.0
    ours = mavlink.MAVLink(None).parse_buffer(back[-2][1])[0]
    assert (ours.get_type(), ours.x, ours.y, ours.r, ours.get_srcSystem()) == ("MANUAL_CONTROL", 1, -2, 3, 255)
