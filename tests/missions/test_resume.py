"""A survey cut short is finished by another: from its coverage, entering anew, without flying again what was inspected."""

import json
import shutil
from pathlib import Path

import pytest

from hull.cells import SIDES, Cells, union
from hull.coverage import CellKey
from hull.document import DocumentError
from missions.dives import rest_of, runs_of, write_rest
from missions.mission import load_mission_with_ship
from missions.planner import cells_of, plan
from missions.restart import Restored
from tests.missions.fakes import LIBRARY, Flight
from wire import messages as m
from wire.rig import BLUEROV2


class Odometer:
    """Metres of lanes and gaps flown, without the way to them."""

    def __init__(self, flight: Flight) -> None:
        self.flight, self.metres = flight, 0.0
        self._last: float | None = None

    def run(self, until: float) -> None:
        """To the mission's end, or until this share of the planned cells is inspected."""
        flight = self.flight
        while not flight.missions.done and flight.fraction() < until and flight.now < 1500.0:
            flight.tick()
            task = flight.missions._queue[flight.missions._index].name if not flight.missions.done else ""
            x = flight.vehicle.x if task.endswith("pass") else None
            if x is not None and self._last is not None:
                self.metres += abs(x - self._last)
            self._last = x


def inspected(flight: Flight) -> Cells:
    return Cells.of(cell for cell, status, _reason in flight.missions.accounting.planned_states() if status == "inspected")


def as_survey(flight: Flight, folder: Path, mission_file: Path) -> None:
    """What a survey leaves, as far as `rest_of` reads it."""
    folder.mkdir()
    shutil.copy(mission_file, folder / "mission.yaml")
    states = flight.missions.accounting.planned_states()
    cells = [[cell.side, cell.col, cell.row, status, reason] for cell, status, reason in states]
    (folder / "coverage.json").write_text(json.dumps({"cells": cells}))


def whole_length() -> float:
    flight = Flight("coaster_starboard", landmarks=())
    odometer = Odometer(flight)
    odometer.run(2.0)
    assert flight.fraction() >= 0.98
    return odometer.metres


@pytest.mark.slow
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("frame", [None, 48.0])
def test_the_rest_is_flown_and_nothing_else(cut: float, frame: float | None, tmp_path: Path) -> None:
    shutil.copy(LIBRARY / "coaster50.vessel.yaml", tmp_path)
    first = Flight("coaster_starboard", landmarks=())
    before = Odometer(first)
    before.run(cut)
    assert cut <= first.fraction() < cut + 0.1
    as_survey(first, tmp_path / "survey", LIBRARY / "coaster_starboard.yaml")
    dive = write_rest(tmp_path / "survey", tmp_path / "rest.yaml", frame)
    assert dive.mission.name == "coaster_starboard-rest1"
    if frame is not None:
        assert dive.mission.launch.frame == frame
    done = inspected(first)
    assert cells_of(dive.mission.inspected) == done
    assert not set(dive.plan.cells) & set(done)

    second = Flight("coaster_starboard", zones=dive.mission.zones, launch=dive.mission.launch, landmarks=())
    second.plan = dive.plan._replace(visits=())
    second.mission = dive.mission.model_copy(update={"landmarks": ()})
    second.vehicle.x = second.plan.launch_x_m
    second.restart(Restored())
    after = Odometer(second)
    after.run(2.0)
    assert second.missions.ended == "completed" or second.fraction() >= 1.0
    both = union((done, inspected(second)))
    planned = union((done, second.plan.cells))
    assert len(both) >= 0.98 * len(planned)
    extra = before.metres + after.metres - whole_length()
    assert extra <= 0.10 * whole_length(), f"{extra:.1f} m flown again"


@pytest.mark.slow
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_restarted_process_flies_the_rest(cut: float) -> None:
    flight = Flight("coaster_starboard", landmarks=())
    before = Odometer(flight)
    before.run(cut)
    cells = {(c.side, c.col, c.row): c for message in flight.of(m.Coverage) for c in message.cells}
    seqs = max(g.seq for g in flight.of(m.Guidance)), max(c.seq for c in flight.of(m.Coverage))
    flight.restart(Restored(*seqs, tuple(cells.values()), ("lane 1",), 1.0))
    after = Odometer(flight)
    after.run(2.0)
    flight.run(200.0)
    assert flight.missions.ended == "completed"
    assert flight.fraction() >= 0.98
    extra = before.metres + after.metres - whole_length()
    assert extra <= 0.10 * whole_length(), f"{extra:.1f} m flown again"


def test_runs_are_the_cells() -> None:
    cells = Cells.of(CellKey(side, col, row) for side in SIDES for row in (3, 4) for col in (*range(10, 20), 25, *range(-4, -1)))
    runs = runs_of(cells)
    assert len(runs) == 12 and ("P", 3, -4, -2) in runs and ("S", 4, 25, 25) in runs
    assert cells_of(runs) == cells


def test_a_rest_of_a_rest_counts_both(tmp_path: Path) -> None:
    flight = Flight("coaster_short")
    flight.run(45.0)
    as_survey(flight, tmp_path / "one", LIBRARY / "coaster_short.yaml")
    first = rest_of(tmp_path / "one")
    flight.run(10.0)
    as_survey(flight, tmp_path / "two", LIBRARY / "coaster_short.yaml")
    shutil.copy(LIBRARY / "coaster50.vessel.yaml", tmp_path)
    write_rest(tmp_path / "one", tmp_path / "rest.yaml")
    shutil.copy(tmp_path / "rest.yaml", tmp_path / "two" / "mission.yaml")
    second = rest_of(tmp_path / "two", 40.0)
    assert second.name == "coaster_short-rest2" and second.launch.frame == 40.0
    assert set(cells_of(first.inspected)) < set(cells_of(second.inspected))


def test_what_is_no_survey_is_refused(tmp_path: Path) -> None:
    shutil.copy(LIBRARY / "coaster50.vessel.yaml", tmp_path)
    flight = Flight("coaster_short")
    as_survey(flight, tmp_path / "s", LIBRARY / "coaster_short.yaml")
    (tmp_path / "s" / "coverage.json").write_text('{"cells": [["S", 1]]}')
    with pytest.raises(DocumentError, match=r"coverage\.json: cells: .*rows of side, col, row"):
        rest_of(tmp_path / "s")
    (tmp_path / "s" / "coverage.json").unlink()
    with pytest.raises(DocumentError, match="the coverage that a survey leaves"):
        rest_of(tmp_path / "s")


def test_nothing_left_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    shutil.copy(LIBRARY / "coaster50.vessel.yaml", tmp_path)
    shutil.copy(LIBRARY / "coaster_short.yaml", tmp_path)
    mission, vessel, surface, _file = load_mission_with_ship(tmp_path / "coaster_short.yaml")
    cells = plan(mission, vessel, surface, BLUEROV2).cells
    (tmp_path / "s").mkdir()
    shutil.copy(tmp_path / "coaster_short.yaml", tmp_path / "s" / "mission.yaml")
    rows = [[cell.side, cell.col, cell.row, "inspected", ""] for cell in cells]
    (tmp_path / "s" / "coverage.json").write_text(json.dumps({"cells": rows}))
    with pytest.raises(DocumentError, match="something left to fly"):
        write_rest(tmp_path / "s", tmp_path / "rest.yaml")
    assert not (tmp_path / "rest.yaml").exists()
