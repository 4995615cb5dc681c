"""The station as a whole, on an in-process bus: beat, commands and lease, alerts, restart, what the page is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from station.report import render_report
from tests.station.fakes import CONFIG, SURFACE, VESSEL, FakeVehicle, Rig, coverage, finding, mission, vehicle
from wire import messages as m


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.store.close()


def fly(rig: Rig, fake: FakeVehicle | None, start: float, seconds: float) -> float:
    now = start
    while now < start + seconds:
        now += 0.05
        if fake is not None:
            fake.tick(now)
        rig.station.tick(now)
    return now


def codes(view: dict[str, Any]) -> set[str]:
    return {alert["code"] for alert in view["alerts"]}


def test_the_beat_is_sent_at_2_hz_and_names_who_is_in_control(rig: Rig) -> None:
    heard = rig.bus.subscribe("station_beat")
    fake = FakeVehicle(rig)
    now = fly(rig, fake, 0.0, 5.0)
    assert 10 <= len(heard.drain()) <= 11
    rig.station.operator_command("take_control", "Kim")
    fly(rig, fake, now, 2.0)
    last = heard.drain()[-1][1]
    assert isinstance(last, m.StationBeat) and last.operator == "Kim"


def test_anyone_may_hold_but_only_the_operator_in_control_commands(rig: Rig) -> None:
    fake = FakeVehicle(rig)
    states = {}
    now = 0.0
    for verb, operator in [
        ("resume", "Kim"),
        ("hold", "Lee"),
        ("take_control", "Kim"),
        ("take_control", "Lee"),
        ("abort", "Lee"),
        ("resume", "Kim"),
        ("start", "Kim"),
        ("release_control", "Kim"),
        ("take_control", "Lee"),
        ("abort", "Lee"),
    ]:
        key = rig.station.operator_command(verb, operator)
        assert rig.station.command_state(key) == ("queued", "")
        now = fly(rig, fake, now, 0.3)
        states[f"{len(states)} {verb} {operator}"] = rig.station.command_state(key)
    assert states == {
        "0 resume Kim": ("refused", "nobody is in control; take control first"),
        "1 hold Lee": ("accepted", ""),
        "2 take_control Kim": ("accepted", ""),
        "3 take_control Lee": ("refused", "Kim is in control"),
        "4 abort Lee": ("refused", "Kim is in control"),
        "5 resume Kim": ("accepted", ""),
        "6 start Kim": ("accepted", ""),
        "7 release_control Kim": ("accepted", ""),
        "8 take_control Lee": ("accepted", ""),
        "9 abort Lee": ("accepted", ""),
    }
    assert fake.verbs == ["hold", "take_control", "resume", "start", "release_control", "take_control", "abort"]
    assert [c.state for c in rig.store.commands()].count("refused") == 3


def test_a_lease_whose_page_is_gone_can_be_taken_over(rig: Rig) -> None:
    fake = FakeVehicle(rig)
    rig.station.operator_command("take_control", "Kim")
    now = fly(rig, fake, 0.0, 9.0)
    rig.station.operator_seen("Kim")
    now = fly(rig, fake, now, 5.0)
    early = rig.station.operator_command("take_control", "Lee")
    now = fly(rig, fake, now, 6.0)
    late = rig.station.operator_command("take_control", "Lee")
    fly(rig, fake, now, 0.3)
    assert rig.station.command_state(early)[0] == "refused"
    assert rig.station.command_state(late)[0] == "accepted"
    assert rig.station.snapshot()["operator"] == "Lee"


@pytest.mark.parametrize(
    ("verb", "operator"), [("replay", "Kim"), ("", "Kim"), ("hold", ""), ("hold", "a\nb"), ("hold", "x" * 41)]
)
def test_impossible_commands_are_refused_at_the_door(rig: Rig, verb: str, operator: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        rig.station.operator_command(verb, operator)


def test_a_hold_the_vehicle_does_not_take_is_an_alert_until_one_is_taken(rig: Rig) -> None:
    rig.station.operator_command("hold", "Kim")
    rig.station.tick(0.0)
    rig.rov.serve(lambda c: m.Ack(t=0.0, id=c.id, source="rov", accepted=False, reason="no answer from rov in 5 s"))
    rig.station.tick(0.1)
    rig.station.tick(0.2)
    assert "hold-unanswered" in codes(rig.station.snapshot())
    rig.station.operator_command("hold", "Kim")
    fly(rig, FakeVehicle(rig), 0.2, 0.5)
    assert "hold-unanswered" not in codes(rig.station.snapshot())


def test_silence_is_shown_and_alarmed_and_ends(rig: Rig) -> None:
    alarms = rig.bus.subscribe("alert")
    fake = FakeVehicle(rig)
    now = fly(rig, fake, 0.0, 2.0)
    assert not rig.station.snapshot()["streams"]["vehicle_state"]["stale"]
    now = fly(rig, None, now, 4.0)
    view = rig.station.snapshot()
    assert view["streams"]["vehicle_state"]["stale"] and view["streams"]["preview"]["age_s"] > 3.0
    assert {"vehicle-silent", "picture-silent", "recorder-silent"} <= codes(view)
    assert all(process["stale"] for process in view["processes"])
    fly(rig, fake, now, 2.0)
    assert codes(rig.station.snapshot()) == set()
    raised = [a.code for _, a in alarms.drain() if isinstance(a, m.Alert) and a.active]
    assert raised.count("vehicle-silent") == 1


def test_others_alerts_are_shown_stored_and_cleared(rig: Rig) -> None:
    def alert(active: bool, source: str = "rov") -> m.Alert:
        return m.Alert(t=1.0, source=source, code="leak", severity="critical", text="water inside", active=active)

    for message in (alert(True), alert(True), alert(True, "station")):
        rig.bus.publish("alert", message)
    rig.station.tick(0.0)
    assert rig.station.snapshot()["alerts"][0]["text"] == "water inside"
    assert len(rig.store.alerts()) == 1
    rig.bus.publish("alert", alert(False))
    rig.station.tick(0.2)
    assert rig.station.snapshot()["alerts"] == []


def test_the_view_says_what_was_inspected_and_never_clear(rig: Rig) -> None:
    fake = FakeVehicle(rig)
    now = fly(rig, fake, 0.0, 5.0)
    view = rig.station.snapshot()
    assert view["coverage"]["statement"].startswith("No contacts in the ")
    assert 0.0 < view["coverage"]["fraction"] < 1.0
    fake.find(1)
    fake.find(1, 2)
    fly(rig, fake, now, 0.3)
    view = rig.station.snapshot()
    assert view["coverage"]["statement"].startswith("1 contact in the ")
    assert [(c["name"], c["revision"], c["crop"]) for c in view["contacts"]] == [("F001", 2, "crops/F001-2.jpg")]
    assert "clear" not in str(view).lower()


def test_a_restarted_station_goes_on_where_it_was(rig: Rig) -> None:
    fake = FakeVehicle(rig)
    now = fly(rig, fake, 0.0, 5.0)
    fake.find(1)
    now = fly(rig, fake, now, 0.3)
    rig.station.tick(now + 0.2)
    before = rig.station.snapshot()
    rig.store.close()
    rig.reopen()
    rig.station.tick(now + 0.25)
    after = rig.station.snapshot()
    for section in ("contacts", "coverage", "mission"):
        assert after[section] == before[section]
    index, cells = rig.station.coverage_since(0)
    assert index == len(cells) > 0


def test_a_replayed_old_cell_state_does_not_undo_a_newer_one(rig: Rig) -> None:
    for message in (coverage(2, (200, 62, "")), coverage(1, (200, 62, "blurred"))):
        rig.bus.publish("coverage", message)
        rig.station.tick(0.0)
    _, cells = rig.station.coverage_since(0)
    assert [cell.status for cell in cells] == ["inspected", "inspected"]


def test_a_contact_merged_into_another_is_no_longer_shown(rig: Rig) -> None:
    for message in (finding(1, number=1), finding(2, number=2)):
        rig.bus.publish("finding", message)
    now = fly(rig, None, 0.0, 0.3)
    assert [c["name"] for c in rig.station.snapshot()["contacts"]] == ["F001", "F002"]
    rig.bus.publish("finding", msgspec.structs.replace(finding(3, number=2, revision=2), same_as=1))
    rig.bus.publish("finding", finding(2, number=2))  # late, again
    fly(rig, None, now, 0.3)
    view = rig.station.snapshot()
    assert [c["name"] for c in view["contacts"]] == ["F001"] and view["coverage"]["statement"].startswith("1 contact")
    report = render_report(rig.store, CONFIG, VESSEL, SURFACE)
    assert "F002 turned out to be the same object as F001" in report


def test_a_conflict_of_numbers_is_critical(rig: Rig) -> None:
    for number in (1, 2):
        rig.bus.publish("finding", finding(1, number))
    rig.station.tick(0.0)
    assert "finding-conflict" in codes(rig.station.snapshot())


def test_the_mission_and_vehicle_sections_hold_plain_values(rig: Rig) -> None:
    rig.bus.publish("vehicle_state", vehicle(0.0, "hold", "hold"))
    rig.bus.publish("mission_status", mission(0.0, ended="aborted"))
    rig.station.tick(0.0)
    view = rig.station.snapshot()
    assert view["vehicle"]["ladder"] == "hold" and view["vehicle"]["pose"]["side"] == "S"
    assert view["mission"]["ended"] == "aborted"
