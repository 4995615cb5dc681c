"""Pieces of the real firmware's telemetry through the link, the vehicle and the ladder's eyes."""

from rov import codec
from rov.link import Link
from rov.vehicle import ArduSub
from tests.rov.fakes import TRACES, FakeAutopilot, trace_packets


def replay(name: str) -> tuple[ArduSub, Link, list[tuple[float, bool, str]]]:
    """The vehicle after it, and every change of (time [s], armed, mode)."""
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 0.0)
    vehicle, changes = ArduSub(link, ()), []
    packets = trace_packets(name)
    began = packets[0][0]
    for stamp, packet in packets:
        autopilot.say_bytes(packet)
        now = (stamp - began) / 1e6
        vehicle.receive(now)
        state = (vehicle.reported.armed, vehicle.reported.mode)
        if not changes or changes[-1][1:] != state:
            changes.append((now, *state))
    return vehicle, link, changes


def texts(vehicle: ArduSub) -> list[str]:
    return [text for _t, _severity, text in vehicle.reported.texts]


def test_every_trace_is_read_without_damage() -> None:
    names = sorted(path.name for path in TRACES.glob("*.tlog"))
    assert len(names) == 5
    for name in names:
        vehicle, link, _changes = replay(name)
        assert (link.target, link.bad_packets) == (1, 0)
        assert vehicle.reported.pilot_gain == 0.5


def test_boot_and_arming() -> None:
    vehicle, link, changes = replay("boot_arm_nogps.tlog")
    assert [state[1:] for state in changes if state[2]] == [(False, "MANUAL"), (True, "MANUAL"), (True, "STABILIZE")]
    assert link.results[400] == 0
    assert "Arming motors" in texts(vehicle)
    assert 10.0 < vehicle.reported.volts < 17.0 and not vehicle.reported.leak


def test_refused_modes_leave_the_mode_alone() -> None:
    vehicle, _link, changes = replay("modes_refused.tlog")
    assert [state[1:] for state in changes if state[2]] == [(True, "MANUAL")]
    refused = [text for text in texts(vehicle) if text.startswith(("Mode change failed", "No such mode"))]
    assert len(refused) == 4 and "Mode change failed: GUIDED requires position" in refused


def test_pilot_failsafe_disarms_and_leaves_the_mode() -> None:
    vehicle, _link, changes = replay("pilot_failsafe.tlog")
    assert [state[1:] for state in changes if state[2]] == [(True, "ALT_HOLD"), (False, "ALT_HOLD")]
    assert vehicle.reported.status == 5
    assert "Lost manual control" in texts(vehicle)
    assert 5.0 < vehicle.reported.depth_m < 6.0


def test_a_leak_stays_known_after_the_firmware_stops_saying_it() -> None:
    vehicle, _link, _changes = replay("leak.tlog")
    assert vehicle.reported.leak


def test_a_lost_depth_sensor_shows_as_a_mode_nobody_asked_for() -> None:
    _vehicle, _link, changes = replay("depth_sensor_lost.tlog")
    assert [state[1:] for state in changes if state[2]] == [(True, "ALT_HOLD"), (True, "MANUAL")]


def test_the_ground_stations_packets_in_a_log_are_not_the_autopilots() -> None:
    autopilot = FakeAutopilot()
    link = Link(autopilot.end, 0.0)
    for _stamp, packet in trace_packets("pilot_failsafe.tlog"):
        autopilot.say_bytes(packet)
    assert sum(isinstance(value, codec.Heartbeat) for value in link.receive(0.0)) == 18
    assert link.foreign == 3


def test_a_gimbal_that_reports_nan_is_counted_and_harms_nothing() -> None:
    _vehicle, link, _changes = replay("modes_refused.tlog")
    assert link.not_finite == 17  # an eighteenth comes before the first heartbeat
