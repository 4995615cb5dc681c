"""The executor against a scripted vehicle: a whole survey, gaps, a lost hull, a hold, an abort, limits, commands, determinism."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from hull.coverage import CELL_M
from missions.gaps import gap_lanes
from missions.mission import LandmarkSpec
from missions.phases import TABLE, WORKING, after
from tests.missions.fakes import Flight
from wire import messages as m


def test_the_default_mission_completes() -> None:
    flight = Flight("coaster_starboard")
    flight.run(900.0)
    assert (flight.missions.ended, flight.missions.detail) == ("completed", "")
    assert flight.fraction() == 1.0
    assert flight.phases() == ["launching", "surveying", "leaving", "surfacing", "ended"]
    assert flight.vehicle.kinds[-3:] == ["leave", "surface", "idle"]
    assert not flight.vehicle.armed
    assert flight.now < flight.plan.time_s
    last = flight.of(m.MissionStatus)[-1]
    assert last.ended == "completed"
    assert last.inspected_m2 == pytest.approx(last.planned_m2)
    # Upright plating, frames 32 to 48 of 0.6 m, 0.9 to 2.5 m deep: 96 x 16 cells.
    assert last.planned_m2 == pytest.approx(16 * 0.6 * 1.6) == pytest.approx(96 * 16 * CELL_M**2)


def test_what_is_published_keeps_its_promises() -> None:
    flight = Flight()
    flight.run(300.0)
    guidance, status, coverage = flight.of(m.Guidance), flight.of(m.MissionStatus), flight.of(m.Coverage)
    assert [g.seq for g in guidance] == list(range(1, flight.ticks + 1)), "10 Hz, every tick"
    assert [c.seq for c in coverage] == list(range(1, len(coverage) + 1))
    assert min(b.t - a.t for a, b in pairwise(coverage)) >= 0.5 - 1e-6
    assert max(b.t - a.t for a, b in pairwise(status)) <= 0.5 + 1e-6
    assert all(0 < len(c.cells) <= 2000 for c in coverage)
    final = {(c.side, c.col, c.row): c.status for message in coverage for c in message.cells}
    inspected = sum(final.get(tuple(key)) == "inspected" for key in flight.plan.cells)
    assert inspected == flight.missions.accounting.inspected(), "the changes add up"
    tracks = [g for g in guidance if g.kind == "track"]
    assert all(g.along_mps != 0.0 and g.standoff_m == 0.8 and g.side == "S" for g in tracks)


def test_waits_for_a_vehicle_and_for_the_word() -> None:
    flight = Flight(autostart=False)
    flight.missions.tick(0.0)
    flight.run(20.0)
    assert flight.phases() == ["waiting"]
    assert {g.kind for g in flight.of(m.Guidance)} == {"idle"}
    flight.commands.send(m.Command(t=flight.now, id="1", source="op", verb="start"), flight.now)
    flight.tick()
    assert flight.commands.poll(flight.now)[0].accepted
    flight.run(300.0)
    assert flight.missions.ended == "completed"


def test_no_vehicle_ends_it() -> None:
    flight = Flight()
    for k in range(2000):
        flight.missions.tick(k * 0.1)
    assert flight.missions.ended == "failed"
    assert flight.missions.detail.startswith("link lost")


def test_gaps_are_flown_again() -> None:
    flight = Flight()
    flight.vehicle.reason_at = lambda now, v: "turbid" if now < 45.0 and 21.0 < v.x < 22.5 else ""
    flight.run(400.0)
    assert flight.missions.ended == "completed"
    assert "gap_filling" in flight.phases()
    assert flight.fraction() == 1.0


def test_gap_rounds_end() -> None:
    flight = Flight()
    flight.vehicle.reason_at = lambda now, v: "turbid" if 21.0 < v.x < 22.5 else ""
    flight.run(600.0)
    assert flight.missions.ended == "completed"
    assert 0.5 < flight.fraction() < 1.0
    tasks = {s.task for s in flight.of(m.MissionStatus) if s.phase == "gap_filling"}
    assert tasks
    states = flight.missions.accounting.planned_states()
    assert len(states) == len(flight.plan.cells)
    assert "turbid" in {reason for _cell, status, reason in states if status != "inspected"}


def test_small_gaps_are_left() -> None:
    flight = Flight()
    few = [cell for cell in flight.plan.cells if cell.col == 210][:4]
    assert gap_lanes(few, flight.surface, flight.plan.footprint, 3.0, 20.0, 0.0) == []
    five = [cell for cell in flight.plan.cells if cell.col == 210][:5]
    lanes = gap_lanes(five, flight.surface, flight.plan.footprint, 3.0, 20.0, 0.0)
    assert len(lanes) == 2, "five rows are more than one view holds"
    for lane in lanes:
        assert min(lane.x_from_m, lane.x_to_m) < 210 * CELL_M < 211 * CELL_M < max(lane.x_from_m, lane.x_to_m)


def test_a_lost_hull_is_found_again() -> None:
    flight = Flight()
    flight.vehicle.blind = lambda now, v: 20.0 < now < 23.0
    flight.run(400.0)
    assert flight.missions.ended == "completed"
    assert flight.fraction() == 1.0
    lost = [g.kind for g in flight.of(m.Guidance) if 20.0 <= g.t < 25.0]
    assert lost.index("hold") < lost.index("approach"), "holds, then closes again"
    assert "track" in lost


def test_a_hull_that_stays_lost_ends_it_clear_of_the_hull() -> None:
    flight = Flight()
    flight.vehicle.blind = lambda now, v: now > 20.0
    flight.run(600.0)
    assert flight.missions.ended == "failed"
    assert "not done after 30 s" in flight.missions.detail
    assert flight.vehicle.kinds[-3:] == ["leave", "surface", "idle"]


def test_a_hold_stops_guidance_and_clocks() -> None:
    flight = Flight()
    flight.vehicle.ladder = lambda now, v: "hold" if 30.0 < now < 330.0 else "ok"
    flight.run(600.0)
    assert flight.missions.ended == "completed", flight.missions.detail
    assert {g.kind for g in flight.of(m.Guidance) if 30.2 < g.t < 330.0} == {"hold"}
    assert flight.fraction() == 1.0
    alerts = [a for a in flight.of(m.Alert) if a.code == "mission-held"]
    assert [a.active for a in alerts] == [True, False]


def test_an_abort_ends_it() -> None:
    flight = Flight()

    def ladder(now: float, v: object) -> str:
        return "ok" if now < 30.0 else "leave" if now < 60.0 else "ascend" if now < 80.0 else "surfaced"

    flight.vehicle.ladder = ladder
    flight.run(600.0)
    assert flight.missions.ended == "aborted"
    assert flight.missions.detail == "leave: operator hold"
    assert not {g.kind for g in flight.of(m.Guidance) if g.t > 30.5} & {"track", "approach"}
    assert flight.now < 90.0


def test_an_abort_taken_back_still_goes_home() -> None:
    flight = Flight()
    flight.vehicle.ladder = lambda now, v: "leave" if 30.0 < now < 35.0 else "ok"
    flight.run(600.0)
    assert flight.missions.ended == "aborted"
    assert flight.vehicle.kinds[-3:] == ["leave", "surface", "idle"]


def test_too_long_is_a_failure() -> None:
    flight = Flight()
    limits = flight.mission.limits.model_copy(update={"max_duration_s": 230.0})
    flight = Flight(limits=limits)
    flight.vehicle.ladder = lambda now, v: "hold" if 30.0 < now < 300.0 else "ok"
    flight.run(600.0)
    assert flight.missions.ended == "failed"
    assert "max_duration_s, 230 s" in flight.missions.detail
    assert flight.vehicle.kinds[-3:] == ["leave", "surface", "idle"]


def test_a_low_battery_turns_it_back() -> None:
    flight = Flight()
    flight.run(30.0)
    flight.vehicle.battery = 0.32
    flight.run(300.0)
    assert flight.missions.ended == "aborted"
    assert "battery at 32%" in flight.missions.detail


def test_an_infeasible_mission_never_leaves_idle() -> None:
    limits = Flight().mission.limits.model_copy(update={"max_tether_m": 4.0})
    flight = Flight(limits=limits)
    flight.run(20.0)
    assert flight.missions.ended == "failed"
    assert "tether" in flight.missions.detail
    assert {g.kind for g in flight.of(m.Guidance)} == {"idle"}


def test_skip_task() -> None:
    flight = Flight()
    flight.run(25.0)
    before = flight.of(m.MissionStatus)[-1].task_index
    flight.commands.send(m.Command(t=flight.now, id="1", source="op", verb="skip_task"), flight.now)
    flight.run(0.65)
    assert flight.commands.poll(flight.now)[0].accepted
    assert flight.of(m.MissionStatus)[-1].task_index == before + 1
    flight.commands.send(m.Command(t=flight.now, id="2", source="op", verb="abort"), flight.now)
    flight.tick()
    assert flight.commands.poll(flight.now)[0].reason == "abort: missions does not know it"


def test_two_flights_are_the_same() -> None:
    def fly() -> list[bytes]:
        flight = Flight()
        flight.vehicle.blind = lambda now, v: 20.0 < now < 22.0
        flight.vehicle.reason_at = lambda now, v: "turbid" if now < 40.0 and v.x > 23.0 else ""
        flight.run(400.0)
        return [m.encode(message) for message in flight.messages]

    assert fly() == fly()


def test_every_working_phase_can_be_held_and_aborted() -> None:
    for phase in WORKING:
        assert after(phase, "held", phase) == "holding"
        assert after("holding", "released", phase) == phase
        assert after(phase, "abort", phase) == "aborting"
    assert all(target != "waiting" for target in TABLE.values())


def looking(flight: Flight) -> list[float]:
    """Where the vehicle was while it looked for the landmark."""
    out = []
    while not flight.missions.done and flight.now < 200.0:
        flight.tick()
        status = flight.of(m.MissionStatus)[-1]
        if "look for it" in status.task:
            out.append(flight.vehicle.x)
        elif out:
            break
    return out


def test_a_landmark_is_looked_for_as_widely_as_x_is_uncertain() -> None:
    flight = Flight("coaster_starboard")
    flight.vehicle.x_std_m = 0.5
    mark = flight.plan.visits[0].x_m
    way = looking(flight)
    assert min(way[10:]) < mark - 0.8 and max(way) == pytest.approx(mark + 1.0, abs=0.2)
    sweep = [x for x in way[:-10] if x > mark - 0.9]  # the status lags by up to half a second
    step = max(abs(b - a) for a, b in pairwise(sweep))
    assert step <= 0.2 * 0.1 + 1e-6, "slow enough for a 5 Hz camera"


def test_the_sweep_ends_when_the_landmark_is_found() -> None:
    flight = Flight("coaster_starboard")
    flight.vehicle.x_std_m = 0.5
    mark = flight.plan.visits[0].x_m

    def found(now: float, vehicle: object) -> str:
        if flight.vehicle.x > mark - 0.2:
            flight.vehicle.x_std_m = 0.05
        return ""

    flight.vehicle.reason_at = found
    assert max(looking(flight)) < mark


def test_a_position_fix_moves_the_account() -> None:
    flight = Flight()
    flight.vehicle.x_std_m = 0.3
    flight.run(60.0)
    before = flight.missions.accounting.inspected()
    flight.bus.publish(
        "position_fix",
        m.PositionFix(t=flight.now, name="sea chest", side="S", x_shift_m=-3.0, x_std_before_m=0.3, x_std_m=0.05),
    )
    flight.tick()
    assert 0 < flight.missions.accounting.inspected() < before


def strained(sticks: tuple[int, int, int, int], when: Callable[[Flight], bool]) -> Flight:
    """A flight whose vehicle reports these sticks while ``when`` holds."""
    flight = Flight()
    honest = flight.vehicle.state

    def state(*parts: Any) -> m.VehicleState:
        said = honest(*parts)
        return msgspec.structs.replace(said, sticks=sticks) if when(flight) else said

    flight.vehicle.state = state  # type: ignore[method-assign]
    flight.run(400.0)
    return flight


@pytest.mark.parametrize(("stick", "ended"), [(700, "completed"), (900, "failed")])
def test_a_current_that_takes_most_of_the_thrust_ends_the_survey_before_the_first_lane(stick: int, ended: str) -> None:
    flight = strained((0, stick, 500, 0), lambda f: f.vehicle.armed)
    assert flight.missions.ended == ended
    if ended == "failed":
        assert "current too strong: standing still takes sticks at 900 of at most 790" in flight.missions.detail
        assert "track" not in flight.vehicle.kinds and flight.vehicle.kinds[-1] == "idle"


@pytest.mark.parametrize(("sticks", "ended"), [((-850, 0, 500, 0), "aborted"), ((0, 900, 500, 0), "completed")])
def test_keeping_off_the_hull_at_full_thrust_ends_the_survey(sticks: tuple[int, int, int, int], ended: str) -> None:
    flight = strained(sticks, lambda f: f.missions.phase == "surveying" and 30.0 < f.now < 40.0)
    assert flight.missions.ended == ended, "along the hull full thrust only makes it slow"
    assert ("keeping off the hull" in flight.missions.detail) == (ended == "aborted")
    if ended == "aborted":
        assert "leaving" in flight.phases() and flight.now < 120.0


def test_a_landmark_not_found_is_told_and_the_lanes_are_flown() -> None:
    flight = Flight("coaster_starboard")
    flight.vehicle.x_std_m = 0.3
    flight.run(600.0)
    assert flight.missions.ended == "completed"
    (alert,) = [a for a in flight.of(m.Alert) if a.code == "task-failed" and a.active]
    assert "sea chest S aft: not found where the vessel file has it, x uncertain by 0.3 m" in alert.text
    assert "look" in {s.task.rpartition(": ")[2] for s in flight.of(m.MissionStatus)}, "looked at all the same"


def test_two_landmarks_not_found_end_the_survey() -> None:
    marks = tuple(LandmarkSpec(fitting=name) for name in ("sea chest S aft", "sea chest S"))
    flight = Flight("coaster_starboard", landmarks=marks)
    flight.vehicle.x_std_m = 0.3
    flight.run(600.0)
    assert flight.missions.ended == "failed" and "is the launch frame right?" in flight.missions.detail
    assert not [s.task for s in flight.of(m.MissionStatus) if s.task.startswith("lane")]
    assert flight.phases()[-3:] == ["leaving", "surfacing", "ended"]
