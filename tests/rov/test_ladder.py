"""The abort ladder against an independent table. `LADDER` is looked up at call time so that mutants can stand in."""

from types import ModuleType
from typing import Any

import pytest

import rov.ladder

LADDER: ModuleType = rov.ladder
ORDER = ["ok", "hold", "backoff", "leave", "ascend", "surfaced"]
# trigger: rung demanded at once, whether the operator must lift it, (seconds, rung) if it persists
TABLE: dict[str, tuple[str, bool, tuple[float, str] | None]] = {
    "operator_hold": ("hold", True, None),
    "operator_abort": ("backoff", True, None),
    "station_silent": ("hold", False, (60.0, "backoff")),
    "guidance_silent": ("hold", False, (30.0, "backoff")),
    "frames_silent": ("hold", False, (60.0, "backoff")),
    "hull_lost": ("hold", False, (6.0, "leave")),
    "navigator_uncertain": ("hold", False, (60.0, "backoff")),
    "depth_jump": ("hold", True, None),
    "too_close": ("hold", False, (3.0, "backoff")),
    "leak": ("backoff", True, None),
    "battery_low": ("backoff", True, None),
    "autopilot_silent": ("hold", False, None),
    "mode_changed": ("hold", True, None),
    "other_commander": ("hold", True, None),
    "disarmed": ("hold", True, None),
}


def near() -> Any:
    return LADDER.Clearance(False, False)


def at(rung: str, now: float = 0.0) -> Any:
    """A ladder on ``rung`` with nothing latched that was reached at ``now``."""
    ladder = LADDER.AbortLadder()
    if rung == "hold":
        ladder.update({"station_silent"}, near(), now)
    elif rung != "ok":
        ladder.update({"leak"}, near(), now)
        if rung != "backoff":
            ladder.update(set(), near(), now + 3.0)
        if rung in ("ascend", "surfaced"):
            ladder.update(set(), LADDER.Clearance(True, False), now + 3.0)
        if rung == "surfaced":
            ladder.update(set(), LADDER.Clearance(True, True), now + 3.0)
    assert ladder.rung == rung
    return ladder


def test_the_table_is_whole() -> None:
    assert list(LADDER.RUNGS) == ORDER
    assert {name: tuple(row) for name, row in LADDER.TRIGGERS.items()} == TABLE


@pytest.mark.parametrize("trigger", TABLE)
@pytest.mark.parametrize("rung", ORDER)
def test_every_trigger_on_every_rung(rung: str, trigger: str) -> None:
    ladder = at(rung)
    demanded = TABLE[trigger][0]
    expected = ORDER[max(ORDER.index(rung), ORDER.index(demanded))]
    assert ladder.update({trigger}, near(), 2.9 if rung == "backoff" else 3.0) == expected


@pytest.mark.parametrize("trigger", TABLE)
def test_what_happens_when_the_trigger_goes(trigger: str) -> None:
    rung, latched, _ = TABLE[trigger]
    ladder = at("ok")
    assert ladder.update({trigger}, near(), 0.0) == rung and ladder.reason == trigger and ladder.since == 0.0
    assert ladder.update(set(), near(), 0.1) == (rung if latched else "ok")
    assert ladder.reason == (trigger if latched else "")
    if rung == "hold":
        assert ladder.update(set(), near(), 500.0) == (rung if latched else "ok")
    assert ladder.resume() == "" and ladder.rung == "ok" and ladder.reason == ""
    assert ladder.update(set(), near(), 501.0) == "ok"


@pytest.mark.parametrize("trigger", [name for name, row in TABLE.items() if row[2] is not None])
def test_persistence(trigger: str) -> None:
    later = TABLE[trigger][2]
    assert later is not None
    seconds, rung = later
    ladder = at("ok")
    ladder.update({trigger}, near(), 10.0)
    assert ladder.update({trigger}, near(), 10.0 + seconds - 0.01) == "hold"
    assert ladder.update({trigger}, near(), 10.0 + seconds) == rung and ladder.reason == trigger
    assert ladder.since == 10.0 + seconds


@pytest.mark.parametrize("trigger", [name for name, row in TABLE.items() if row[2] is None and row[0] == "hold"])
def test_what_never_grows(trigger: str) -> None:
    ladder = at("ok")
    for t in (0.0, 100.0, 1e5):
        assert ladder.update({trigger}, LADDER.Clearance(True, True), t) == "hold"


def test_an_interrupted_trigger_starts_anew() -> None:
    ladder = at("ok")
    ladder.update({"too_close"}, near(), 0.0)
    ladder.update(set(), near(), 2.0)
    assert ladder.update({"too_close"}, near(), 2.5) == "hold"
    assert ladder.update({"too_close"}, near(), 5.4) == "hold"
    assert ladder.update({"too_close"}, near(), 5.5) == "backoff"


def test_resume_starts_the_patience_anew_and_latches_again_while_true() -> None:
    ladder = at("ok")
    ladder.update({"station_silent", "mode_changed"}, near(), 0.0)
    assert ladder.resume() == ""
    assert ladder.update({"station_silent", "mode_changed"}, near(), 59.0) == "hold"
    assert ladder.update({"station_silent", "mode_changed"}, near(), 61.0) == "hold"
    assert ladder.update(set(), near(), 62.0) == "hold"


def test_the_worst_of_several_counts() -> None:
    ladder = at("ok")
    assert ladder.update({"operator_hold", "leak", "hull_lost"}, near(), 0.0) == "backoff" and ladder.reason == "leak"
    both = at("ok")
    both.update({"station_silent", "autopilot_silent"}, near(), 0.0)
    assert both.reason == "autopilot_silent"


def test_a_latched_trigger_joining_a_passing_one_keeps_the_hold() -> None:
    ladder = at("hold")
    assert ladder.update({"station_silent", "operator_hold"}, near(), 1.0) == "hold"
    assert ladder.reason == "station_silent" and ladder.since == 0.0
    assert ladder.update(set(), near(), 2.0) == "hold" and ladder.reason == "operator_hold"


def test_the_way_up_and_never_before_clear() -> None:
    ladder = at("backoff")
    assert ladder.update(set(), LADDER.Clearance(True, True), 2.99) == "backoff"
    assert ladder.update(set(), near(), 3.0) == "leave" and ladder.since == 3.0
    assert ladder.update(set(), LADDER.Clearance(False, True), 1e6) == "leave"
    assert ladder.update({"leak", "battery_low"}, near(), 2e6) == "leave"
    assert ladder.update(set(), LADDER.Clearance(True, False), 2e6) == "ascend"
    assert ladder.update(set(), near(), 3e6) == "ascend"
    assert ladder.update(set(), LADDER.Clearance(False, True), 3e6) == "surfaced"
    assert ladder.update(set(), near(), 4e6) == "surfaced" and ladder.reason == "leak"


def test_one_rung_a_tick_on_the_way_up() -> None:
    ladder = at("backoff")
    clear = LADDER.Clearance(True, True)
    assert [ladder.update(set(), clear, 3.0 + t) for t in range(4)] == ["leave", "ascend", "surfaced", "surfaced"]


@pytest.mark.parametrize("rung", ORDER)
def test_resume(rung: str) -> None:
    ladder = at(rung)
    if rung in ("ascend", "surfaced"):
        assert ladder.resume() == f"the ladder is at {rung}; it ends at the surface" and ladder.rung == rung
        assert ladder.reason == "leak"
    else:
        assert ladder.resume() == "" and ladder.rung == "ok" and ladder.reason == ""
        assert ladder.update(set(), LADDER.Clearance(True, True), 1e6) == "ok"


@pytest.mark.parametrize("rung", ORDER)
def test_a_ladder_takes_over_from_another(rung: str) -> None:
    before = at(rung)
    before.update({"mode_changed", "operator_hold", "station_silent"}, near(), 3.0)
    assert before.latched[-2:] == ("mode_changed", "operator_hold")
    ladder = LADDER.AbortLadder()
    ladder.restore(before.rung, before.reason, before.latched, 50.0)
    assert (ladder.rung, ladder.reason, ladder.latched, ladder.since) == (before.rung, before.reason, before.latched, 50.0)
    after = {"ok": "hold", "backoff": "leave"}.get(rung, rung)
    assert ladder.update(set(), near(), 53.0) == after
    if rung in ("ok", "hold"):
        assert ladder.reason == "mode_changed"
        assert ladder.resume() == "" and ladder.latched == () and ladder.update(set(), near(), 54.0) == "ok"


def test_an_unknown_trigger_raises() -> None:
    with pytest.raises(KeyError, match="no_such"):
        at("ok").update({"no_such"}, near(), 0.0)
    with pytest.raises(KeyError):
        at("surfaced").update({"no_such", "leak"}, near(), 0.0)


def test_a_fresh_ladder_and_constants() -> None:
    ladder = LADDER.AbortLadder()
    assert (ladder.rung, ladder.reason, ladder.since) == ("ok", "", 0.0)
    assert (LADDER.BACKOFF_S, LADDER.LEAVE_PATIENCE_S) == (3.0, 45.0)
    assert ladder.update(set(), LADDER.Clearance(True, True), 9.0) == "ok" and ladder.since == 0.0
