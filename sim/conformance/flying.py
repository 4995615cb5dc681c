"""Rows on sticks, depth, yaw and failsafes (FACTS 3, 4, 5.1), flown on the simulator's own physics."""

import math

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.conformance.driver import NEUTRAL, Driver, Sticks, expect, expect_in, expect_near
from sim.conformance.row import Check, Row

_STICKS: tuple[tuple[Sticks, int, int], ...] = (
    ((1000, 0, 500, 0), 5, 1700), ((-1000, 0, 500, 0), 5, 1300), ((500, 0, 500, 0), 5, 1600), ((0, 1000, 500, 0), 6, 1700),
    ((0, 0, 1000, 0), 3, 1700), ((0, 0, 0, 0), 3, 1300), ((0, 0, 500, 1000), 4, 1700), ((0, 0, 500, 0), 3, 1500),
    ((32767, 0, 500, 0), 5, 1900), ((2000, 0, 500, 0), 5, 1900), ((-32768, 0, 500, 0), 5, 1100), ((0, 0, 32767, 0), 3, 1900),
)  # fmt: skip


def _stick(sticks: Sticks, channel: int, pwm: int) -> Check:
    def check(d: Driver) -> None:
        d.boot()
        d.sticks = sticks
        d.run(1.2)
        expect(f"channel {channel}", getattr(d.last("RC_CHANNELS"), f"chan{channel}_raw"), pwm)

    return check


def _wrong_target(d: Driver) -> None:
    d.boot()
    d.sticks = None
    for target in (0, 9):
        d.send(mavlink.MAVLink_manual_control_message(target, 1000, 0, 500, 0, 0))
        d.run(0.6)
        expect(f"channel 5, target {target}", d.last("RC_CHANNELS").chan5_raw, 1500)


def _override(d: Driver) -> None:
    d.boot()
    d.sticks = None
    for _ in range(10):
        d.send(mavlink.MAVLink_rc_channels_override_message(1, 1, 65535, 65535, 65535, 65535, 1750, 65535, 65535, 65535))
        d.run(0.1)
    expect("channel 5", d.last("RC_CHANNELS").chan5_raw, 1750)


def _hold(d: Driver) -> None:
    d.dive()
    depths = []
    for _ in range(100):
        d.run(0.1)
        depths.append(d.depth_m)
    expect_near("mean depth", float(np.mean(depths)), 2.0, 0.15)
    expect_near("peak to peak over 10 s", float(np.ptp(depths)), 0.0, 0.10)


def _dead_band(d: Driver) -> None:
    d.dive()
    d.sticks = (0, 0, 450, 0)
    before = d.depth_m
    d.run(4.0)
    expect_near("change of depth", d.depth_m - before, 0.0, 0.06)


def _heave(z: int, wanted_mps: float) -> Check:
    def check(d: Driver) -> None:
        d.dive(5.0)
        d.sticks = (0, 0, z, 0)
        d.run(1.5)
        before = d.depth_m
        d.run(2.0)
        expect_near("vertical speed down", (d.depth_m - before) / 2.0, wanted_mps, max(0.12 * abs(wanted_mps), 0.03))

    return check


def _yaw(stick: int, wanted_dps: float) -> Check:
    def check(d: Driver) -> None:
        d.dive()
        d.sticks = (0, 0, 500, stick)
        d.run(3.0)
        before = d.yaw_deg()
        d.run(1.0)
        turned = (d.yaw_deg() - before + 180.0) % 360.0 - 180.0
        expect_near("yaw rate [deg/s]", turned, wanted_dps, 0.12 * abs(wanted_dps))

    return check


def _depth_target(mask: int, frame: int, obeyed: bool) -> Check:
    def check(d: Driver) -> None:
        d.dive()
        for _ in range(40):
            d.depth_target(-2.6, mask, frame)
            d.run(0.1)
        d.run(2.0)
        expect_near("depth", d.depth_m, 2.6 if obeyed else 2.0, 0.15)

    return check


def _depth_target_elsewhere(d: Driver) -> None:
    d.dive()
    d.mode(0)
    for _ in range(20):
        d.depth_target(-6.0)
        d.run(0.1)
    expect_near("depth", d.depth_m, 2.0, 1.0)


def _local_target(d: Driver) -> None:
    d.dive()
    since, before = d.t, d.world.vehicle_truth().position.copy()
    target = mavlink.MAVLink_set_position_target_local_ned_message(0, 1, 1, 1, 0b110111111000, 10, 0, 5, *([0.0] * 8))
    d.send(target)
    d.run(3.0)
    expect("ACKs", len(d.heard("COMMAND_ACK", since)), 0)
    expect_near("moved [m]", float(np.linalg.norm(d.world.vehicle_truth().position - before)), 0.0, 0.4)


def _pilot_lost(d: Driver) -> None:
    d.dive()
    d.sticks = None
    since = d.t
    waited = d.until(lambda: "Lost manual control" in d.texts(since), 6.0)
    expect_near("text after [s]", waited, 3.0, 0.15)
    d.run(1.2)
    expect("armed", d.armed, False)
    expect("mode kept, status", (d.shown_mode, d.last("HEARTBEAT").system_status), (2, 5))


def _pilot_warn(d: Driver) -> None:
    d.boot()
    d.set_param("FS_PILOT_INPUT", 1.0, 2)
    d.dive()
    d.sticks = (1000, 0, 500, 0)
    d.run(0.5)
    d.sticks = None
    since = d.t
    d.run(4.0)
    expect_in("text", "Lost manual control", d.texts(since))
    expect("armed, channel 5", (d.armed, d.last("RC_CHANNELS").chan5_raw), (True, 1500))


def _pilot_off(d: Driver) -> None:
    d.boot()
    d.set_param("FS_PILOT_INPUT", 0.0, 2)
    d.dive()
    d.sticks = (1000, 0, 500, 0)
    d.run(0.5)
    d.sticks = None
    d.run(5.0)
    expect("armed, channel 5 latched", (d.armed, d.last("RC_CHANNELS").chan5_raw), (True, 1700))


def _never_a_pilot(d: Driver) -> None:
    d.sticks = None
    d.boot()
    d.arm()
    d.run(8.0)
    expect("armed, status", (d.armed, d.last("HEARTBEAT").system_status), (True, 5))


def _gcs_lost(d: Driver) -> None:
    d.boot()
    d.set_param("FS_PILOT_INPUT", 0.0, 2)
    d.dive()
    d.sticks, d.heartbeats = None, False
    since = d.t
    waited = d.until(lambda: "Disarming motors" in d.texts(since), 8.0)
    expect_near("disarmed after [s]", waited, 5.15, 0.3)


def _gcs_by_sticks(d: Driver) -> None:
    d.dive()
    d.heartbeats = False
    d.run(9.0)
    expect("armed", d.armed, True)


def _gcs_action(value: float, mode: int) -> Check:
    def check(d: Driver) -> None:
        d.boot()
        d.set_param("FS_PILOT_INPUT", 0.0, 2)
        d.set_param("FS_GCS_ENABLE", value, 2)
        d.dive(4.0)
        d.mode(0)
        d.sticks, d.heartbeats = None, False
        d.until(lambda: d.shown_mode == mode, 7.0)
        expect("armed", d.armed, True)

    return check


def _leak(d: Driver) -> None:
    payload = d.second(1)
    d.boot()
    d.run(15.0)  # the text comes at most every 20 s, counted from the boot
    bit = 0x20000000
    since = d.t
    payload.send(mavlink.MAVLink_sys_status_message(bit, bit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    d.run(1.2)
    expect_in("text", "Leak Detected", d.texts(since))
    expect("status", d.last("HEARTBEAT").system_status, 5)
    d.run(4.0)
    expect("status later", d.last("HEARTBEAT").system_status, 3)


def _leak_surface(d: Driver) -> None:
    payload = d.second(1)
    d.boot()
    d.set_param("FS_LEAK_ENABLE", 2.0, 2)
    d.dive(4.0)
    bit = 0x20000000
    payload.send(mavlink.MAVLink_sys_status_message(bit, bit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    d.until(lambda: d.shown_mode == 9, 1.5)


def _surface(d: Driver) -> None:
    d.dive(4.0)
    d.mode(9)
    d.until(lambda: d.shown_mode == 2, 20.0)
    expect("armed", d.armed, True)
    expect_near("depth", d.depth_m, 0.1, 0.3)


def _gain_buttons(d: Driver) -> None:
    d.boot()
    d.set_param("BTN9_FUNCTION", 42.0, 2)
    d.set_param("BTN10_FUNCTION", 43.0, 2)
    for button, wanted in ((1 << 9, 0.75), (1 << 10, 0.5)):
        d.buttons = button
        d.run(0.3)
        d.buttons = 0
        d.run(1.2)
        gain = next(m.value for m in reversed(d.heard("NAMED_VALUE_FLOAT")) if m.name == "PilotGain")
        expect_near("PilotGain", gain, wanted, 0.01)


def _coast_level(d: Driver) -> None:
    d.dive()
    d.sticks = (1000, 0, 500, 0)
    worst = 0.0
    for _ in range(40):
        d.run(0.1)
        worst = max(worst, abs(d.depth_m - 2.0))
    expect_near("depth off while driving", worst, 0.0, 0.25)
    expect_near("roll [deg]", math.degrees(d.last("ATTITUDE").roll), 0.0, 3.0)
    d.sticks = NEUTRAL


ROWS: tuple[Row, ...] = (
    *(
        Row("3.1", f"sticks {sticks}", f"channel {channel} = {pwm}", _stick(sticks, channel, pwm))
        for sticks, channel, pwm in _STICKS
    ),
    Row("3.1", "MANUAL_CONTROL to target 0 and 9", "ignored", _wrong_target),
    Row("3.6", "RC_CHANNELS_OVERRIDE 1750", "1750, whatever the gain", _override),
    Row("2.5", "gain buttons", "0.5 → 0.75 → 0.5", _gain_buttons),
    Row("3.4", "ALT_HOLD at 2 m, 10 s", "2.0 ± 0.15 m, ± 5 cm", _hold),
    Row("3.4", "ALT_HOLD, z 450", "dead band", _dead_band),
    Row("3.4", "ALT_HOLD, z 250", "0.18 m/s down (0.194 on the firmware's own model)", _heave(250, 0.18)),
    Row("3.4", "ALT_HOLD, z 750", "0.24 m/s up (0.179 on the firmware's own model)", _heave(750, -0.24)),
    Row("3.3", "yaw 300", "16 deg/s", _yaw(300, 16.0)),
    Row("3.3", "yaw 500", "33 deg/s", _yaw(500, 33.4)),
    Row("3.3", "yaw -500", "-33 deg/s", _yaw(-500, -33.4)),
    Row("3.2", "full ahead in ALT_HOLD", "level, depth held to 25 cm", _coast_level),
    Row("5.1", "depth target, frame 6", "obeyed", _depth_target(0xDFB, 6, True)),
    Row("5.1", "depth target, frame 0", "obeyed: the frame is ignored", _depth_target(0xDFB, 0, True)),
    Row("5.1", "depth target with Z_IGNORE", "ignored", _depth_target(0xDFF, 6, False)),
    Row("5.1", "depth target in STABILIZE", "ignored", _depth_target_elsewhere),
    Row("5.1", "SET_POSITION_TARGET_LOCAL_NED in ALT_HOLD", "dropped without a word", _local_target),
    Row("4.3", "sticks stop", "'Lost manual control', disarmed after 3.0 s, mode kept", _pilot_lost),
    Row("4.3", "sticks stop, FS_PILOT_INPUT 1", "text, armed, neutral", _pilot_warn),
    Row("4.3", "sticks stop, FS_PILOT_INPUT 0", "armed, the last stick latched", _pilot_off),
    Row("4.5", "armed without ever a stick", "never disarmed, CRITICAL", _never_a_pilot),
    Row("4.6", "no heartbeat, no sticks", "disarmed after 5.0-5.3 s", _gcs_lost),
    Row("4.6", "no heartbeat, but sticks", "armed", _gcs_by_sticks),
    Row("4.6", "ground station lost, FS_GCS_ENABLE 3", "ALT_HOLD", _gcs_action(3.0, 2)),
    Row("4.6", "ground station lost, FS_GCS_ENABLE 4", "SURFACE, then ALT_HOLD at the surface", _gcs_action(4.0, 9)),
    Row("4.7", "a payload reports a leak", "'Leak Detected', CRITICAL for 3 s", _leak),
    Row("4.7", "the same, FS_LEAK_ENABLE 2", "SURFACE", _leak_surface),
    Row("4.10", "SURFACE from 4 m", "ALT_HOLD by itself, armed", _surface),
)
