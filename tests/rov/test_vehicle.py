"""Start-up, parameters with retries, what is sent each tick."""

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov.link import Link
from rov.vehicle import NEUTRAL, PARAM_TRIES, ArduSub
from tests.rov.fakes import FakeAutopilot


def connected(*parameters: str) -> tuple[ArduSub, FakeAutopilot]:
    autopilot = FakeAutopilot()
    vehicle = ArduSub(Link(autopilot.end, 0.0), parameters)
    autopilot.heartbeat()
    vehicle.receive(0.0)
    return vehicle, autopilot


def param(name: str, value: float) -> mavlink.MAVLink_message:
    return mavlink.MAVLink_param_value_message(name.encode(), value, 9, 1386, 65535)


def test_parameters_are_asked_for_until_they_come_or_are_given_up() -> None:
    vehicle, autopilot = connected("FS_PILOT_INPUT", "SYSID_MYGCS")
    assert not vehicle.ready
    autopilot.say(param("FS_PILOT_INPUT", 2.0))
    asked = []
    for k in range(1, 100):
        vehicle.receive(0.05 * k)
        asked += [m.param_id for m in autopilot.heard("PARAM_REQUEST_READ")]
    assert vehicle.ready
    assert vehicle.values == {"FS_PILOT_INPUT": 2.0} and vehicle.unknown == {"SYSID_MYGCS"}
    assert asked.count("SYSID_MYGCS") == PARAM_TRIES and asked.count("FS_PILOT_INPUT") == 1


def test_sticks_every_tick_heartbeat_each_second_depth_ten_times_a_second() -> None:
    vehicle, autopilot = connected()
    for k in range(40):
        vehicle.transmit(0.05 * k, (10, -20, 500, 30), -1.5)
    heard = autopilot.heard()
    count = {kind: sum(1 for m in heard if m.get_type() == kind) for kind in {m.get_type() for m in heard}}
    assert count["MANUAL_CONTROL"] == 40 and count["HEARTBEAT"] == 2 and count["SET_POSITION_TARGET_GLOBAL_INT"] == 20


def test_no_depth_target_unless_asked_and_no_sticks_to_stay_alive() -> None:
    vehicle, autopilot = connected()
    vehicle.transmit(0.0, NEUTRAL, None)
    assert autopilot.heard("SET_POSITION_TARGET_GLOBAL_INT") == []
    vehicle.keep_alive(1.0)
    assert {m.get_type() for m in autopilot.heard()} <= {"HEARTBEAT", "COMMAND_LONG"}


def test_pilot_gain_leak_and_ranges_are_kept() -> None:
    vehicle, autopilot = connected()
    autopilot.say(mavlink.MAVLink_named_value_float_message(0, b"PilotGain", 0.75))
    autopilot.say(mavlink.MAVLink_named_value_float_message(0, b"PilotGain", 99.0))
    autopilot.say(mavlink.MAVLink_statustext_message(2, b"Leak Detected"))
    for orientation, cm in ((0, 120), (24, 340), (25, 700)):
        autopilot.say(mavlink.MAVLink_distance_sensor_message(0, 30, 1000, cm, 0, 0, orientation, 0))
    vehicle.receive(1.0)
    r = vehicle.reported
    assert (r.pilot_gain, r.leak, r.forward_m, r.up_m, r.forward_t) == (0.75, True, 1.2, 3.4, 1.0)


def test_mode_and_arming_are_commands() -> None:
    vehicle, autopilot = connected()
    autopilot.heard()
    vehicle.set_mode("ALT_HOLD")
    vehicle.transmit(0.0, NEUTRAL, None)
    (sent,) = autopilot.heard("COMMAND_LONG")
    assert (sent.command, sent.param1, sent.param2) == (176, 1.0, 2.0)
    autopilot.ack(176)
    autopilot.ack(400, 4)
    vehicle.arm()
    vehicle.transmit(0.05, NEUTRAL, None)
    vehicle.receive(0.1)
    vehicle.transmit(0.1, NEUTRAL, None)
    assert vehicle.result_of_arming() == 4
