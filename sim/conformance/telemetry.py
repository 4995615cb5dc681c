"""Rows on what the autopilot sends, on parameters and on clients (FACTS 1, 9, 11)."""

import random

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.conformance.driver import Driver, expect, expect_in, expect_near
from sim.conformance.row import Check, Row

NAMED = {"CamTilt", "CamPan", "TetherTrn", "Lights1", "Lights2", "PilotGain", "InputHold", "RollPitch", "RFTarget"}
RATES: tuple[tuple[str, float], ...] = (
    ("HEARTBEAT", 1.0), ("ATTITUDE", 10.0), ("VFR_HUD", 10.0), ("GLOBAL_POSITION_INT", 3.0), ("EKF_STATUS_REPORT", 3.0),
    ("BATTERY_STATUS", 3.0), ("SYSTEM_TIME", 3.0), ("SYS_STATUS", 2.0), ("SERVO_OUTPUT_RAW", 2.0), ("RC_CHANNELS", 2.0),
    ("RAW_IMU", 2.0), ("SCALED_PRESSURE", 2.0), ("SCALED_PRESSURE2", 2.0), ("NAV_CONTROLLER_OUTPUT", 2.0),
)  # fmt: skip
SECONDS = 12.0


def _rate(kind: str, hz: float) -> Check:
    def check(d: Driver) -> None:
        d.boot()
        since = d.t
        d.run(SECONDS)
        expect_near("messages", len(d.heard(kind, since)), hz * SECONDS, max(0.03 * hz * SECONDS, 1.0))

    return check


def _heartbeat(d: Driver) -> None:
    d.boot()
    b = d.last("HEARTBEAT")
    expect("type, autopilot, base_mode, mode, version", (b.type, b.autopilot, b.base_mode, b.custom_mode, b.mavlink_version),
           (12, 3, 81, 19, 3))  # fmt: skip
    expect("status", b.system_status, 3)


def _heartbeat_armed(d: Driver) -> None:
    d.boot()
    d.arm()
    d.run(1.2)
    b = d.last("HEARTBEAT")
    expect("base_mode, status", (b.base_mode, b.system_status), (209, 4))


def _heartbeat_at_once(d: Driver) -> None:
    d.boot()
    d.until(lambda: bool(d.heard("HEARTBEAT", d.t - 0.06)), 2.0)
    d.run(0.3)
    since = d.t
    d.mode(2)
    d.run(0.1)
    expect("a heartbeat within 0.2 s, mode", [m.custom_mode for m in d.heard("HEARTBEAT", since)][:1], [2])


def _absent(d: Driver) -> None:
    d.boot()
    d.run(5.0)
    expect("LOCAL_POSITION_NED", len(d.heard("LOCAL_POSITION_NED")), 0)


def _named(d: Driver) -> None:
    d.boot()
    d.run(3.0)
    expect("names", {m.name for m in d.heard("NAMED_VALUE_FLOAT")} >= NAMED, True)
    gain = next(m for m in reversed(d.heard("NAMED_VALUE_FLOAT")) if m.name == "PilotGain")
    expect_near("PilotGain", gain.value, 0.5, 0.001)


def _version(d: Driver) -> None:
    d.boot()
    expect("result", d.command(512, 148), 0)
    v = d.last("AUTOPILOT_VERSION")
    expect("version, capabilities", (v.flight_sw_version, v.capabilities), (67567616, 63975))


def _flags(d: Driver) -> None:
    d.boot()
    d.run(20.0)
    expect("flags", hex(d.last("EKF_STATUS_REPORT").flags), "0xa7")


def _distance(d: Driver) -> None:
    d.boot()
    d.run(2.0)
    expect("orientations", {m.orientation for m in d.heard("DISTANCE_SENSOR")}, {0, 24})


def _stream(d: Driver) -> None:
    d.boot()
    d.send(mavlink.MAVLink_request_data_stream_message(1, 1, 10, 25, 1))
    d.run(1.0)
    since = d.t
    d.run(4.0)
    expect_near("ATTITUDE", len(d.heard("ATTITUDE", since)), 100, 2)
    values = [m.param_value for m in d.read_param("MAV1_EXTRA1")]
    expect("MAV1_EXTRA1", values, [25.0])


def _timesync(d: Driver) -> None:
    d.boot()
    d.send(mavlink.MAVLink_timesync_message(0, 123456789))
    d.run(0.3)
    expect("ts1 returned", 123456789 in {m.ts1 for m in d.heard("TIMESYNC")}, True)


def _list(d: Driver) -> None:
    d.boot()
    d.send(mavlink.MAVLink_param_request_list_message(1, 1))
    d.run(20.0)
    found = d.heard("PARAM_VALUE")
    count = found[-1].param_count
    expect("indices", {m.param_index for m in found} >= set(range(count)), True)
    expect_in("banner", "Frame: VECTORED", d.texts())


def _unknown_param(d: Driver) -> None:
    d.boot()
    expect("answers to a read", len(d.read_param("NO_SUCH_THING")), 0)
    expect("answers to a set", len(d.set_param("NO_SUCH_THING", 1.0)), 0)
    expect("answers beyond the end", len(d.read_param("", 30000)), 0)


def _param_case(d: Driver) -> None:
    d.boot()
    found = d.read_param("fs_gcs_enable")
    expect("name and index", [(m.param_id, m.param_index) for m in found], [("fs_gcs_enable", 65535)])


def _param_index(d: Driver) -> None:
    d.boot()
    found = d.read_param("", 7)
    expect("index", [m.param_index for m in found], [7])


def _set(name: str, sent: float, kind: int, stored: float) -> Check:
    def check(d: Driver) -> None:
        d.boot()
        expect("answer", [round(m.param_value, 4) for m in d.set_param(name, sent, kind)], [stored])
        expect("read back", [round(m.param_value, 4) for m in d.read_param(name)], [stored])

    return check


def _set_not_finite(d: Driver) -> None:
    d.boot()
    before = d.read_param("FS_GCS_TIMEOUT")[0].param_value
    expect("answers to NaN", len(d.set_param("FS_GCS_TIMEOUT", float("nan"))), 0)
    expect("answers to Inf", len(d.set_param("FS_GCS_TIMEOUT", float("inf"))), 0)
    expect("value", d.read_param("FS_GCS_TIMEOUT")[0].param_value, before)


def _two_clients(d: Driver) -> None:
    other = d.second(255)
    d.boot()
    other.send(mavlink.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))  # only who has spoken hears of sets
    d.run(0.3)
    since = d.t
    d.read_param("JS_GAIN_DEFAULT")
    d.command(400, 0)
    reads = [m for m in other.heard("PARAM_VALUE", since) if m.param_id == "JS_GAIN_DEFAULT"]
    expect("the other's reads and ACKs", (len(reads), len(other.heard("COMMAND_ACK", since))), (0, 0))
    d.set_param("FS_GCS_TIMEOUT", 6.0)
    news = [m.param_value for m in other.heard("PARAM_VALUE", since) if m.param_id == "FS_GCS_TIMEOUT"]
    expect("the other's news of a set", news, [6.0])


def _second_stream(d: Driver) -> None:
    other = d.second(255)
    d.boot()
    d.run(3.0)
    expect("ATTITUDE on the second client", len(other.heard("ATTITUDE")) > 10, True)


def _other_system(d: Driver) -> None:
    other = d.second(254)
    d.boot()
    d.sticks = None
    other.send(mavlink.MAVLink_manual_control_message(1, 1000, 0, 500, 0, 0))
    expect("arming by 254", d.command(400, 1, by=other), 0)
    d.run(0.6)
    expect("channel 5", d.last("RC_CHANNELS").chan5_raw, 1500)


def _garbage(d: Driver) -> None:
    d.boot()
    noise = random.Random(11)
    whole = mavlink.MAVLink_command_long_message(1, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0).pack(d.tx)
    spoilt = whole[:-1] + bytes([whole[-1] ^ 0xFF])
    for block in (noise.randbytes(20_000), whole[:9], spoilt, b"\xfd" * 3000, noise.randbytes(100_000)):
        d.send_bytes(block)
        d.run(0.3)
    since = d.t
    d.run(2.0)
    expect("telemetry goes on", len(d.heard("ATTITUDE", since)) > 10, True)
    answers = [d.command(400, 0) for _ in range(8)]
    expect("a resent command is answered", 0 in answers, True)


def _mavlink1(d: Driver) -> None:
    d.boot()
    since = d.t
    d.send(mavlink.MAVLink_command_long_message(1, 1, 400, 0, 0, 0, 0, 0, 0, 0, 0), force_mavlink1=True)
    d.run(0.5)
    ack = d.last("COMMAND_ACK", since)
    expect("answer's first byte", hex(ack.get_msgbuf()[0]), "0xfd")


ROWS: tuple[Row, ...] = (
    Row("1.1", "HEARTBEAT, disarmed", "12, 3, 81, 19, 3; STANDBY", _heartbeat),
    Row("1.1", "HEARTBEAT, armed", "base_mode 209, ACTIVE", _heartbeat_armed),
    Row("1.1", "HEARTBEAT at a mode change", "at once", _heartbeat_at_once),
    *(Row("1.3", f"{kind} unasked", f"{hz:g} Hz", _rate(kind, hz)) for kind, hz in RATES),
    Row("1.3", "NAMED_VALUE_FLOAT", "nine names, PilotGain 0.5", _named),
    Row("1.3", "LOCAL_POSITION_NED without a position", "never sent", _absent),
    Row("1.3", "DISTANCE_SENSOR", "ahead and up, as set", _distance),
    Row("6.4", "EKF_STATUS_REPORT without GPS", "0xa7", _flags),
    Row("1.4", "AUTOPILOT_VERSION", "67567616, 63975", _version),
    Row("1.8", "REQUEST_DATA_STREAM EXTRA1 at 25 Hz", "25 Hz, MAV1_EXTRA1 = 25", _stream),
    Row("1.3", "TIMESYNC request", "answered", _timesync),
    Row("1.6", "PARAM_REQUEST_LIST", "every index, banner with the frame", _list),
    Row("9.1", "unknown parameter, index beyond the end", "no answer", _unknown_param),
    Row("9.1", "read in lower case", "echoed as sent, index 65535", _param_case),
    Row("9.1", "read by index", "that index", _param_index),
    Row("9.2", "set FS_PILOT_TIMEOUT 2.5 as a wrong type", "2.5", _set("FS_PILOT_TIMEOUT", 2.5, 2, 2.5)),
    Row("9.2", "set FS_GCS_ENABLE (int8) 1.6", "1", _set("FS_GCS_ENABLE", 1.6, 9, 1.0)),
    Row("9.2", "set FS_GCS_ENABLE (int8) 300", "127", _set("FS_GCS_ENABLE", 300.0, 9, 127.0)),
    Row("9.2", "set JS_GAIN_DEFAULT 55", "55, no range check", _set("JS_GAIN_DEFAULT", 55.0, 9, 55.0)),
    Row("9.2", "set NaN, Inf", "no answer, value kept", _set_not_finite),
    Row("9.3", "two clients: read, ACK, set", "asker alone, asker alone, both", _two_clients),
    Row("11.3", "second client unasked", "gets a stream", _second_stream),
    Row("11.4", "system 254: sticks, arm", "ignored, ACCEPTED", _other_system),
    Row("11.1", "garbage, truncation, bad CRC", "survives, answers resent commands", _garbage),
    Row("11.1", "a MAVLink 1 command", "answered in MAVLink 2", _mavlink1),
)
