"""The stand-in against FACTS.md; the number in each name or id is the fact's."""

import math
import random

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.autopilot import layout as a
from sim.autopilot import pilot
from sim.autopilot.autopilot import Autopilot
from sim.autopilot.params import Parameters


def test_facts_1_1_heartbeat(ground) -> None:
    ground.run(4.0)
    beat = ground.last("HEARTBEAT")
    assert (beat.type, beat.autopilot, beat.base_mode, beat.custom_mode, beat.system_status, beat.mavlink_version) == (
        12,
        3,
        81,
        19,
        3,
        3,
    )
    first = next(m for _, m in ground.log if m.get_type() == "HEARTBEAT")
    assert first.system_status == 5
    assert ground.command(400, 1) == 0
    ground.run(1.0)
    assert (ground.last("HEARTBEAT").base_mode, ground.last("HEARTBEAT").system_status) == (209, 4)


def test_facts_1_2_boot_texts(ground) -> None:
    ground.run(6.0)
    assert ground.texts()[0] == "Calibrating barometer"
    assert {"ArduPilot Ready", "AHRS: EKF3 active", "EKF3 IMU0 MAG0 initial yaw alignment complete"} <= set(ground.texts())


RATES = [
    ("ATTITUDE", 100), ("VFR_HUD", 100), ("GLOBAL_POSITION_INT", 30), ("EKF_STATUS_REPORT", 30), ("BATTERY_STATUS", 30),
    ("SYSTEM_TIME", 30), ("SYS_STATUS", 20), ("SERVO_OUTPUT_RAW", 20), ("RC_CHANNELS", 20), ("RAW_IMU", 20),
    ("SCALED_PRESSURE", 20), ("SCALED_PRESSURE2", 20), ("NAV_CONTROLLER_OUTPUT", 20), ("NAMED_VALUE_FLOAT", 180),
    ("DISTANCE_SENSOR", 60), ("HEARTBEAT", 10), ("LOCAL_POSITION_NED", 0),
]  # fmt: skip


def test_facts_1_3_default_streams(ground) -> None:
    ground.sticks, ground.heartbeats = None, False
    ground.run(2.0)
    ground.run(10.0)
    got = {name: ground.count(name, 2.0) for name, _ in RATES}
    wrong = {name: (got[name], wanted) for name, wanted in RATES if abs(got[name] - wanted) > max(0.02 * wanted, 1)}
    assert not wrong
    names = {m.name for _, m in ground.log if m.get_type() == "NAMED_VALUE_FLOAT"}
    assert names == {"CamTilt", "CamPan", "TetherTrn", "Lights1", "Lights2", "PilotGain", "InputHold", "RollPitch", "RFTarget"}


def test_facts_1_4_version(ground) -> None:
    ground.run(1.0)
    assert ground.command(512, 148) == 0
    version = ground.last("AUTOPILOT_VERSION")
    assert (version.flight_sw_version, version.capabilities) == (67567616, 63975)
    assert bytes(version.flight_custom_version) == b"90700977"


@pytest.mark.parametrize(
    ("number", "params", "result"),
    [
        pytest.param(31000, (), 3, id="1.7-unknown"),
        pytest.param(512, (300,), 4, id="1.7-request-never-sent"),
        pytest.param(511, (65000, 20000), 2, id="1.7-interval-bad-id"),
        pytest.param(511, (30, 1), 2, id="1.7-interval-too-fast"),
        pytest.param(511, (30, 20000), 0, id="1.7-interval-ok"),
        pytest.param(176, (1, 0), 0, id="2.1-stabilize"),
        pytest.param(176, (1, 1), 0, id="2.1-acro"),
        pytest.param(176, (1, 2), 0, id="2.1-alt-hold"),
        pytest.param(176, (1, 9), 0, id="2.1-surface"),
        pytest.param(176, (1, 19), 0, id="2.1-manual"),
        pytest.param(176, (1, 20), 0, id="2.1-motor-detect"),
        pytest.param(176, (1, 21), 0, id="2.1-surftrak"),
        pytest.param(176, (1, 4), 4, id="2.1-guided-refused"),
        pytest.param(176, (1, 3), 4, id="2.1-auto-refused"),
        pytest.param(176, (1, 16), 4, id="2.1-poshold-refused"),
        pytest.param(176, (1, 7), 4, id="2.1-circle-refused"),
        pytest.param(176, (1, 99), 4, id="2.1-unknown-mode"),
        pytest.param(176, (1, math.nan), 2, id="11.2-nan-mode"),
        pytest.param(400, (1,), 0, id="2.3-arm"),
        pytest.param(400, (0,), 0, id="2.3-disarm-disarmed"),
        pytest.param(400, (2,), 3, id="2.3-arm-2"),
        pytest.param(400, (0.5,), 3, id="2.3-arm-half"),
        pytest.param(185, (1,), 0, id="4.12-termination"),
    ],
)
def test_command_results(ground, number: int, params: tuple[float, ...], result: int) -> None:
    ground.run(2.0)
    assert ground.command(number, *params) == result


def test_facts_1_7_targets_and_rate(ground) -> None:
    ground.run(2.0)
    assert ground.command(400, 1, target=(9, 1)) is None
    assert ground.command(400, 1, target=(1, 99)) == 0
    assert ground.command(400, 0, target=(0, 0)) == 0
    assert ground.command(511, 30, 20000) == 0
    since = ground.world.t
    ground.run(4.0)
    assert ground.count("ATTITUDE", since) == 200


def test_facts_2_1_refusal_texts_and_mode_kept(ground) -> None:
    ground.run(2.0)
    for number in (4, 99):
        ground.command(176, 1, number)
    assert "Mode change failed: GUIDED requires position" in ground.texts()
    assert "No such mode 99" in ground.texts()
    assert ground.last("HEARTBEAT").custom_mode == 19


def test_facts_2_2_set_mode_has_no_ack(ground) -> None:
    ground.run(2.0)
    ground.send(mavlink.MAVLink_set_mode_message(1, 1, 2))
    ground.run(1.1)
    assert ground.last("HEARTBEAT").custom_mode == 2
    assert ground.count("COMMAND_ACK", 0.0) == 0


def test_facts_2_4_arm_refused_without_disarm_button(ground) -> None:
    ground.run(2.0)
    ground.send(mavlink.MAVLink_param_set_message(1, 1, b"BTN4_FUNCTION", 0.0, 2))
    assert ground.command(400, 1) == 4
    chunks = [m for _, m in ground.log if m.get_type() == "STATUSTEXT" and m.severity == 2]
    assert [c.text for c in chunks] == ["Arm: Must assign a disarm or arm_toggle button or ", "disarm aux function"]
    assert len({c.id for c in chunks}) == 1 and [c.chunk_seq for c in chunks] == [0, 1]
    assert ground.command(400, 1, 2989) == 0


@pytest.mark.parametrize(
    ("sticks", "channel", "pwm"),
    [
        ((1000, 0, 500, 0), 5, 1700), ((-1000, 0, 500, 0), 5, 1300), ((500, 0, 500, 0), 5, 1600), ((0, 1000, 500, 0), 6, 1700),
        ((0, 0, 1000, 0), 3, 1700), ((0, 0, 0, 0), 3, 1300), ((0, 0, 500, 1000), 4, 1700), ((32767, 0, 500, 0), 5, 1900),
        ((2000, 0, 500, 0), 5, 1900), ((-32768, 0, 500, 0), 5, 1100), ((0, 0, 32767, 0), 3, 1900), ((0, 0, 500, 0), 3, 1500),
    ],
)  # fmt: skip
def test_facts_3_1_stick_law(ground, sticks: tuple[int, int, int, int], channel: int, pwm: int) -> None:
    ground.sticks = sticks
    ground.run(1.1)
    assert getattr(ground.last("RC_CHANNELS"), f"chan{channel}_raw") == pwm


def test_facts_11_4_only_255_steers_but_others_may_arm(ground) -> None:
    ground.run(2.0)
    ground.sticks = None
    ground._tx.srcSystem = 254
    ground.send(mavlink.MAVLink_manual_control_message(1, 1000, 0, 500, 0, 0))
    assert ground.command(400, 1) == 0
    ground.run(0.6)
    assert ground.last("RC_CHANNELS").chan5_raw == 1500


@pytest.mark.parametrize(
    ("stick", "low", "high"), [((1000, 0, 500, 0), 0.4, 1.1), ((500, 0, 500, 0), 0.15, 0.55), ((0, 1000, 500, 0), 0.35, 1.1)]
)
def test_facts_3_2_speed_order_at_gain_half(ground, stick: tuple[int, int, int, int], low: float, high: float) -> None:
    ground.dive()
    ground.sticks = stick
    ground.run(5.0)
    speed = math.hypot(*ground.world.vehicle_truth().velocity[:2])
    assert low < speed < high
    assert abs(ground.world.vehicle_truth().position[2] - 2.0) < 0.25


def test_facts_3_4_heave_dead_band_and_direction(ground) -> None:
    ground.dive()
    ground.run(6.0)
    start = ground.world.vehicle_truth().position[2]
    ground.sticks = (0, 0, 450, 0)
    ground.run(4.0)
    assert abs(ground.world.vehicle_truth().position[2] - start) < 0.08
    ground.sticks = (0, 0, 250, 0)
    ground.run(4.0)
    assert 0.1 < ground.world.vehicle_truth().velocity[2] < 0.3
    ground.sticks = (0, 0, 500, 0)
    ground.run(5.0)
    held = ground.world.vehicle_truth().position[2]
    ground.run(5.0)
    assert abs(ground.world.vehicle_truth().position[2] - held) < 0.08


@pytest.mark.parametrize(("stick", "wanted"), [(250, -0.372), (0, -0.977), (750, 0.340), (1000, 0.894), (450, 0.0)])
def test_heave_stick_is_faster_down_than_up(stick: int, wanted: float) -> None:
    """What the recorded firmware's own filter says after BARO_SPEC_GRAV: 0.369, 0.979 down, 0.340, 0.893 up (trace steps_vec)."""
    core = Autopilot(np.zeros(a.SIZE)).core
    core.params.set("PILOT_SPEED_UP", 200.0)
    pilot.manual_control(core, 0, 0, stick, 0, 0)
    assert pilot.climb_rate(core) == pytest.approx(wanted, abs=0.001)


def test_depth_counts_by_baro_spec_grav() -> None:
    core = Autopilot(np.zeros(a.SIZE), density=1024.0).core
    core.sensed.pressure_pa = core.ground_pa + 1024.0 * 9.80665 * 5.0
    assert core.altitude_m == pytest.approx(-5.0)
    core.params.set("BARO_SPEC_GRAV", 1.0)
    assert core.altitude_m == pytest.approx(-5.0 * 1024.0 * 9.80665 / 9800.0)


def test_depth_target_in_alt_hold_only_z_counts_and_nan_is_dropped(ground) -> None:
    ground.dive(1.5)
    assert ground.world.vehicle_truth().position[2] == pytest.approx(1.5, abs=0.1)
    ground.depth(math.nan)
    ground.depth(-2.5)
    ground.run(6.0)
    assert ground.world.vehicle_truth().position[2] == pytest.approx(2.5, abs=0.1)


def test_yaw_stick_turns_right_and_heading_holds(ground) -> None:
    ground.dive()
    before = ground.last("ATTITUDE").yaw
    ground.sticks = (0, 0, 500, 500)
    ground.run(2.0)
    ground.sticks = (0, 0, 500, 0)
    ground.run(3.0)
    turned = (ground.last("ATTITUDE").yaw - before + math.pi) % (2 * math.pi) - math.pi
    assert 0.3 < turned < 2.5
    held = ground.last("ATTITUDE").yaw
    ground.run(5.0)
    # The ESC dead band leaves 3 degrees without torque on either side.
    assert abs(ground.last("ATTITUDE").yaw - held) < math.radians(6)


@pytest.mark.parametrize(("stick", "wanted"), [(300, 16.0), (500, 33.4), (1000, 69.3)])
def test_facts_3_3_yaw_rate(ground, stick: int, wanted: float) -> None:
    ground.dive()
    ground.sticks = (0, 0, 500, stick)
    ground.run(3.0)
    before = ground.last("ATTITUDE").yaw
    ground.run(1.0)
    turned = (ground.last("ATTITUDE").yaw - before + math.pi) % (2 * math.pi) - math.pi
    assert math.degrees(turned) == pytest.approx(wanted, rel=0.15)


def test_facts_4_1_defaults() -> None:
    p = Parameters()
    wanted = {
        "FS_PILOT_INPUT": 2, "FS_PILOT_TIMEOUT": 3, "FS_GCS_ENABLE": 2, "FS_GCS_TIMEOUT": 5, "FS_LEAK_ENABLE": 1,
        "FS_CRASH_CHECK": 0,
        "FS_EKF_ACTION": 0, "RC_OVERRIDE_TIME": 3, "RC_PROTOCOLS": 0, "FRAME_CONFIG": 1, "JS_GAIN_DEFAULT": 0.5, "THR_DZ": 100,
        "PILOT_SPEED_UP": 100, "ATC_ANG_YAW_P": 6, "EK3_SRC1_POSXY": 3, "EK3_SRC1_YAW": 1, "SURFACE_DEPTH": -10, "MAV_SYSID": 1,
        "MAV_GCS_SYSID": 255, "SCHED_LOOP_RATE": 400, "VISO_TYPE": 0,
    }  # fmt: skip
    assert {name: p[name] for name in wanted} == wanted


def test_facts_4_3_pilot_failsafe(ground) -> None:
    ground.dive()
    ground.run(1.0)
    ground.sticks, stop = None, ground.world.t
    ground.run(2.8)
    assert ground.world.autopilot.core.armed
    ground.run(0.4)
    assert not ground.world.autopilot.core.armed
    assert ground.texts(stop) == ["Lost manual control", "Disarming motors"]
    ground.run(1.0)
    beat = ground.last("HEARTBEAT")
    assert (beat.custom_mode, beat.base_mode, beat.system_status) == (2, 81, 5)


def test_facts_4_3_failsafe_off_latches_the_last_stick(ground) -> None:
    ground.dive()
    ground.send(mavlink.MAVLink_param_set_message(1, 1, b"FS_PILOT_INPUT", 0.0, 2))
    ground.sticks = (1000, 0, 500, 0)
    ground.run(1.0)
    ground.sticks = None
    ground.run(6.0)
    assert ground.world.autopilot.core.armed
    assert ground.last("RC_CHANNELS").chan5_raw == 1700


def test_facts_4_5_arming_without_sticks_is_never_disarmed(ground) -> None:
    ground.sticks = None
    ground.run(4.0)
    assert ground.command(400, 1) == 0
    ground.run(6.0)
    assert ground.world.autopilot.core.armed
    assert ground.last("HEARTBEAT").system_status == 5


def test_facts_4_6_gcs_failsafe(ground) -> None:
    ground.send(mavlink.MAVLink_param_set_message(1, 1, b"FS_PILOT_INPUT", 0.0, 2))
    ground.dive()
    ground.heartbeats = False
    ground.run(8.0)
    assert ground.world.autopilot.core.armed, "MANUAL_CONTROL alone counts as heartbeat"
    ground.sticks = None
    ground.run(4.9)
    assert ground.world.autopilot.core.armed
    ground.run(0.4)
    assert not ground.world.autopilot.core.armed
    assert "MYGCS: 255, heartbeat lost" in ground.texts()
    ground.heartbeats = True
    ground.run(1.2)
    assert "GCS Failsafe Cleared" in ground.texts()
    assert not ground.world.autopilot.core.armed


def test_facts_4_7_leak(ground) -> None:
    ground.dive()
    since = ground.world.t
    bit = 0x20000000
    ground.send(mavlink.MAVLink_sys_status_message(bit, bit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    ground.run(1.1)
    assert "Leak Detected" in ground.texts(since)
    assert ground.last("HEARTBEAT").system_status == 5
    ground.run(4.0)
    assert ground.last("HEARTBEAT").system_status == 4


def test_facts_9_parameters(ground) -> None:
    ground.run(1.0)

    def read(name: bytes) -> list[mavlink.MAVLink_message]:
        mark = len(ground.log)
        ground.send(mavlink.MAVLink_param_request_read_message(1, 1, name, -1))
        ground.run(0.1)
        return [m for _, m in ground.log[mark:] if m.get_type() == "PARAM_VALUE"]

    assert read(b"NO_SUCH") == []
    (answer,) = read(b"fs_gcs_enable")
    assert (answer.param_id, answer.param_value, answer.param_index) == ("fs_gcs_enable", 2.0, 65535)
    for value, stored in ((1.6, 1.0), (300.0, 127.0), (math.nan, 127.0)):
        ground.send(mavlink.MAVLink_param_set_message(1, 1, b"FS_PILOT_INPUT", value, 9))
        ground.run(0.1)
        assert ground.world.autopilot.core.params["FS_PILOT_INPUT"] == stored


def test_facts_1_6_list(ground) -> None:
    ground.run(1.0)
    ground.send(mavlink.MAVLink_param_request_list_message(1, 1))
    ground.run(1.0)
    values = [m for _, m in ground.log if m.get_type() == "PARAM_VALUE"]
    assert len(values) == values[0].param_count == len(Parameters())
    assert "Frame: VECTORED" in ground.texts()


def test_facts_11_garbage_never_kills_it(ground) -> None:
    rng = random.Random(3)
    ground.run(1.0)
    for _ in range(30):
        ground.end.send(bytes(rng.randrange(256) for _ in range(400)))
        ground.end.send(b"\xfd" * rng.randrange(100))
        ground.run(0.05)
    ground.end.send(b"\x00" * 600)
    nan = math.nan
    for number in (176, 400, 511, 512, 510, 185, 115):
        ground.send(mavlink.MAVLink_command_long_message(1, 1, number, 0, *([nan] * 7)))
        ground.send(mavlink.MAVLink_command_long_message(1, 1, number, 0, *([math.inf] * 7)))
        ground.run(0.1)
    ground.run(0.2)
    assert ground.command(400, 1) == 0
    assert all(math.isfinite(v) for v in ground.world.vehicle_truth().position)


def test_two_clients_get_acks_and_reads_apart(world, ground) -> None:
    second = type(ground)(world)
    second.sticks, second.heartbeats = None, False
    ground.run(2.0)
    assert ground.command(400, 1) == 0
    second.collect()
    assert second.count("COMMAND_ACK", 0.0) == 0
    assert second.count("ATTITUDE", 0.0) > 5
