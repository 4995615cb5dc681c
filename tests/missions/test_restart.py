"""A process that takes over from one that died: no number twice, nothing inspected flown again, nothing ended begun again."""

import math
from pathlib import Path

import pytest

from missions.restart import NOTHING, where_to_go_on
from rov.rov import HULL_LOST_S
from tests.missions.fakes import TICK_S, Flight
from wire import messages as m
from wire.record import LogWriter

TOPICS = {m.Guidance: "guidance", m.Coverage: "coverage", m.MissionStatus: "mission_status", m.Alert: "alert"}


def recorded(flight: Flight, path: Path) -> Path:
    log = LogWriter(path)
    for message in flight.messages:
        log.append(message.t, TOPICS[type(message)], m.encode(message))
    log.close()
    return path


def tracked_m(flight: Flight, after: float = 0.0) -> float:
    return math.fsum(abs(g.along_mps) * TICK_S for g in flight.of(m.Guidance) if g.kind == "track" and g.t > after)


def test_a_fresh_survey_has_nothing_to_go_on_from(tmp_path: Path) -> None:
    assert where_to_go_on(tmp_path / "record.hslog") == NOTHING


def test_no_log_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "record.hslog"
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="not a hullscan log"):
        where_to_go_on(path)


def test_only_what_is_missing_is_flown_again(tmp_path: Path) -> None:
    whole = Flight("coaster_starboard")
    whole.run(900.0)
    flight = Flight("coaster_starboard")
    while flight.fraction() < 0.7:
        flight.tick()
    died, before = flight.now, flight.fraction()
    depth = flight.vehicle.depth
    restored = where_to_go_on(recorded(flight, tmp_path / "record.hslog"))
    published = {(c.side, c.col, c.row): c for message in flight.of(m.Coverage) for c in message.cells}
    assert {(c.side, c.col, c.row): c for c in restored.cells} == published

    flight.restart(restored)
    # At most the changes of the last half second were not yet published.
    assert before - 0.05 < flight.fraction() <= before
    inspected = {key for key, cell in published.items() if cell.status == "inspected"}
    assert not inspected & {tuple(key) for key in flight.missions.accounting.missing()}
    flight.run(900.0)
    assert (flight.missions.ended, flight.fraction()) == ("completed", 1.0)
    assert [g.seq for g in flight.of(m.Guidance)] == list(range(1, len(flight.of(m.Guidance)) + 1))
    assert [c.seq for c in flight.of(m.Coverage)] == list(range(1, len(flight.of(m.Coverage)) + 1))
    assert tracked_m(flight, died) < 0.5 * tracked_m(whole), "30 % was left"
    later = [s for s in flight.of(m.MissionStatus) if s.t > died]
    assert min(s.inspected_m2 for s in later) > (before - 0.05) * later[0].planned_m2
    assert not [s.task for s in later if s.task.startswith("landmark")], "the landmark was seen before"
    early = {g.kind for g in flight.of(m.Guidance) if died < g.t < died + 30.0}
    assert "idle" not in early, f"idle disarms; the vehicle is at {depth:.1f} m"


def test_a_landmark_that_was_not_finished_is_visited_again(tmp_path: Path) -> None:
    flight = Flight("coaster_starboard")
    while not any(s.task.startswith("landmark") for s in flight.of(m.MissionStatus)):
        flight.tick()
    flight.restart(where_to_go_on(recorded(flight, tmp_path / "record.hslog")))
    died = flight.now
    flight.run(30.0)
    assert any(s.task.startswith("landmark sea chest S aft") for s in flight.of(m.MissionStatus) if s.t > died)


def test_what_ended_stays_ended(tmp_path: Path) -> None:
    flight = Flight()
    flight.run(30.0)
    flight.vehicle.battery = 0.32
    flight.run(300.0)
    detail = flight.missions.detail
    flight.vehicle.battery = 0.9
    flight.restart(where_to_go_on(recorded(flight, tmp_path / "record.hslog")))
    died = flight.now
    assert flight.missions.done, "from the start"
    flight.run(60.0)
    assert (flight.missions.ended, flight.missions.detail) == ("aborted", detail)
    assert {g.kind for g in flight.of(m.Guidance) if g.t > died} == {"idle"}
    assert flight.of(m.MissionStatus)[-1].ended == "aborted"


def test_on_the_way_home_it_goes_on_home(tmp_path: Path) -> None:
    flight = Flight()
    flight.run(30.0)
    flight.vehicle.battery = 0.32
    while flight.missions.phase != "leaving":
        flight.tick()
    flight.run(0.3)
    flight.vehicle.battery = 0.9
    flight.restart(where_to_go_on(recorded(flight, tmp_path / "record.hslog")))
    died = flight.now
    flight.run(300.0)
    assert flight.vehicle.kinds[-3:] == ["leave", "surface", "idle"]
    assert not {g.kind for g in flight.of(m.Guidance) if g.t > died} & {"approach", "track"}
    assert flight.missions.ended in ("aborted", "failed")
    assert "battery at 32%" in flight.missions.detail


def test_the_clock_of_the_survey_goes_on(tmp_path: Path) -> None:
    flight = Flight()
    while flight.missions.phase != "launching":
        flight.tick()
    launched = flight.now
    flight.run(20.0)
    restored = where_to_go_on(recorded(flight, tmp_path / "record.hslog"))
    assert restored.launched_t == pytest.approx(launched, abs=TICK_S + 1e-6)
    flight.restart(restored._replace(launched_t=flight.now - flight.mission.limits.max_duration_s))
    flight.run(300.0)
    assert flight.missions.ended == "failed"
    assert "max_duration_s" in flight.missions.detail


def test_until_it_hears_the_vehicle_it_holds(tmp_path: Path) -> None:
    flight = Flight()
    flight.run(30.0)
    flight.restart(where_to_go_on(recorded(flight, tmp_path / "record.hslog")))
    died = flight.now
    flight.missions.tick(died + TICK_S)
    flight.tick()
    first = next(g for g in flight.of(m.Guidance) if g.t > died)
    assert first.kind == "hold", "idle would disarm a vehicle that works just below the surface"


@pytest.mark.parametrize("seconds", [2.0, 5.0, 9.0, 15.0])
def test_rov_never_calls_the_hull_lost_while_missions_looks_for_it(seconds: float) -> None:
    flight = Flight()
    flight.vehicle.blind = lambda now, v: 25.0 < now < 25.0 + seconds
    flight.run(400.0)
    assert (flight.missions.ended, flight.fraction()) == ("completed", 1.0)
    blind = [g for g in flight.of(m.Guidance) if 25.0 < g.t < 25.0 + seconds]
    # rov counts the time without a pose while "track" is asked for; anything else starts it anew.
    longest = run = 0
    for g in blind:
        run = run + 1 if g.kind == "track" else 0
        longest = max(longest, run)
    assert longest * TICK_S < HULL_LOST_S / 2
    assert "approach" in {g.kind for g in blind} or seconds <= 2.0
