"""Rows on commands, modes and arming (FACTS 1.7, 2, 4.12, 11.2)."""

import math

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.conformance.driver import Driver, expect, expect_in
from sim.conformance.row import Check, Row

RESULTS = {0: "ACCEPTED", 1: "TEMPORARILY_REJECTED", 2: "DENIED", 3: "UNSUPPORTED", 4: "FAILED"}


def _answer(number: int, params: tuple[float, ...], result: int) -> Check:
    def check(d: Driver) -> None:
        d.boot()
        expect("result", d.command(number, *params), result)

    return check


def _mode(number: int, result: int, text: str = "") -> Check:
    def check(d: Driver) -> None:
        d.boot()
        before, since = d.shown_mode, d.t
        expect("result", d.command(176, 1, number), result)
        d.run(1.2)
        expect("mode shown", d.shown_mode, number if result == 0 else before)
        if text:
            expect_in("text", text, d.texts(since))

    return check


_ANSWERS: tuple[tuple[str, str, int, tuple[float, ...], int], ...] = (
    ("1.7", "unknown command 31000", 31000, (), 3),
    ("1.7", "REQUEST_MESSAGE of an id never sent (300)", 512, (300,), 4),
    ("1.4", "REQUEST_MESSAGE of AUTOPILOT_VERSION", 512, (148,), 0),
    ("1.7", "SET_MESSAGE_INTERVAL, id 65000", 511, (65000, 20000), 2),
    ("1.7", "SET_MESSAGE_INTERVAL, 1 us", 511, (30, 1), 2),
    ("1.7", "SET_MESSAGE_INTERVAL, 20000 us", 511, (30, 20000), 0),
    ("2.3", "arm", 400, (1,), 0),
    ("2.3", "disarm while disarmed", 400, (0,), 0),
    ("2.3", "arm with param1 = 2", 400, (2,), 3),
    ("2.3", "arm with param1 = 0.5", 400, (0.5,), 3),
    ("2.3", "RUN_PREARM_CHECKS while disarmed", 401, (), 0),
    ("4.12", "DO_FLIGHTTERMINATION 1", 185, (1,), 0),
    ("2.6", "NAV_LAND", 21, (), 0),
    ("2.6", "NAV_LOITER_UNLIM without position", 17, (), 4),
)
_MODES: tuple[tuple[int, str, int, str], ...] = (
    (0, "STABILIZE", 0, ""),
    (1, "ACRO", 0, ""),
    (2, "ALT_HOLD", 0, ""),
    (9, "SURFACE", 0, ""),
    (19, "MANUAL", 0, ""),
    (20, "MOTOR_DETECT", 0, ""),
    (21, "SURFTRAK", 0, "waiting for a rangefinder reading"),
    (3, "AUTO", 4, "AUTO"),
    (4, "GUIDED", 4, "Mode change failed: GUIDED requires position"),
    (7, "CIRCLE", 4, "Mode change failed: CIRCLE requires position"),
    (16, "POSHOLD", 4, "Mode change failed: POSHOLD requires position"),
    (99, "an unknown mode", 4, "No such mode 99"),
)


def _set_mode_message(d: Driver) -> None:
    d.boot()
    since = d.t
    d.send(mavlink.MAVLink_set_mode_message(1, 1, 2))
    d.run(1.2)
    expect("mode shown", d.shown_mode, 2)
    expect("COMMAND_ACKs", len(d.heard("COMMAND_ACK", since)), 0)


def _prearm_while_armed(d: Driver) -> None:
    d.boot()
    d.arm()
    expect("result", d.command(401), 1)


def _arm_twice(d: Driver) -> None:
    d.boot()
    d.arm()
    expect("result", d.command(400, 1), 0)


def _no_button(d: Driver) -> None:
    d.boot()
    for k in range(16):
        d.send(mavlink.MAVLink_param_set_message(1, 1, f"BTN{k}_FUNCTION".encode(), 0.0, 2))
        d.run(0.1)
    since = d.t
    expect("result", d.command(400, 1), 4)
    d.run(2.0)
    # The rest of it, "disarm aux function", follows as a second chunk in FACTS; on our physics link the firmware leaves it out.
    expect_in("text", "Arm: Must assign a disarm or arm_toggle button or ", d.texts(since))
    expect("forced", d.command(400, 1, 2989), 0)


def _targets(d: Driver) -> None:
    d.boot()
    expect("wrong system", d.command(400, 1, target=(9, 1)), None)
    expect("wrong component", d.command(400, 1, target=(1, 99)), 0)
    expect("target 0/0", d.command(400, 0, target=(0, 0)), 0)


def _interval_text(d: Driver) -> None:
    d.boot()
    since = d.t
    d.command(511, 65000, 20000)
    d.run(0.3)
    expect_in("text", "No ap_message for mavlink id (65000)", d.texts(since))


def _interval_rate(d: Driver) -> None:
    d.boot()
    expect("result", d.command(511, 30, 20000), 0)
    d.run(1.0)
    since = d.t
    d.run(4.0)
    got = len(d.heard("ATTITUDE", since))
    expect("50 Hz over 4 s, to one message", abs(got - 200) <= 1, True)


def _get_interval(d: Driver) -> None:
    d.boot()
    d.command(511, 30, 20000)
    expect("result", d.command(510, 30), 0)
    found = d.last("MESSAGE_INTERVAL")
    expect("interval", (found.message_id, found.interval_us), (30, 20000))


def _nan_mode(d: Driver) -> None:
    d.boot()
    expect("result", d.command(176, 1, math.nan), 2)


def _disarm_moving(d: Driver) -> None:
    d.dive()
    d.sticks = (1000, 0, 500, 0)
    d.run(1.0)
    expect("result", d.command(400, 0), 0)
    d.run(1.2)
    expect("armed", d.armed, False)
    expect_in("text", "Disarming motors", d.texts())


def _arm_text(d: Driver) -> None:
    d.boot()
    d.arm()
    d.run(0.3)
    expect_in("text", "Arming motors", d.texts())


ROWS: tuple[Row, ...] = (
    *(Row(fact, doing, RESULTS[result], _answer(number, params, result)) for fact, doing, number, params, result in _ANSWERS),
    *(
        Row("2.1", f"DO_SET_MODE {name}", RESULTS[result] + (f", text '{text}'" if text else ""), _mode(number, result, text))
        for number, name, result, text in _MODES
    ),
    Row("2.2", "SET_MODE message", "mode changes, no COMMAND_ACK", _set_mode_message),
    Row("2.3", "RUN_PREARM_CHECKS while armed", "TEMPORARILY_REJECTED", _prearm_while_armed),
    Row("2.3", "arm while armed", "ACCEPTED", _arm_twice),
    Row("2.3", "arm: text", "'Arming motors'", _arm_text),
    Row(
        "2.4", "arm without a disarm button", "FAILED, 'Must assign a disarm or arm_toggle button or'; 2989 forces it", _no_button
    ),
    Row("2.4", "disarm under way", "ACCEPTED, 'Disarming motors'", _disarm_moving),
    Row("1.7", "arm to system 9, component 99, 0/0", "no answer, ACCEPTED, ACCEPTED", _targets),
    Row("1.7", "SET_MESSAGE_INTERVAL, bad id: text", "'No ap_message for mavlink id (65000)'", _interval_text),
    Row("1.7", "ATTITUDE at 20000 us", "50 Hz", _interval_rate),
    Row("1.7", "GET_MESSAGE_INTERVAL", "ACCEPTED, MESSAGE_INTERVAL", _get_interval),
    Row("11.2", "DO_SET_MODE with mode NaN", "DENIED", _nan_mode, "NaN in a command aborts SITL by design (FACTS 11.2)"),
)
