"""A survey flown with physics, cut short as by a flat battery, and finished by the mission that `hullscan plan rest` writes.

The eyes are perfect (`bench.blind_survey`); vehicle, autopilot stand-in, rov, missions, recorder and station are as flown.
"""

import shutil
from pathlib import Path

import pytest

from bench.blind_survey import Blind, launched
from bench.survey_time import table
from hull.cells import Cells, union
from hull.zones import zone_block
from missions.dives import write_rest
from missions.planner import cells_of
from sim.survey import load_world_file, prepare

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "missions" / "library"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
pytestmark = pytest.mark.slow


def fly(mission: Path, folder: Path, until: float) -> Blind:
    """To the end, or until this share of the planned cells is inspected; leaves a sealed folder."""
    prepared = prepare(mission)
    scenario = load_world_file(SCENARIO, prepared)
    scenario = scenario.model_copy(update={"vehicle": launched(scenario, prepared)})
    folder.mkdir()
    survey = Blind(prepared, scenario, 1, folder)
    planned = len(prepared.plan.cells)
    while not survey.missions.done and survey.missions.accounting.inspected() < until * planned and survey.clock.now() < 600.0:
        survey.tick()
    for _ in range(40):  # the last cells are published
        survey.tick()
    survey.close()
    return survey


def passes_s(folder: Path) -> float:
    """Time spent on lanes and gaps themselves: their length, at one speed."""
    return sum(seconds for _phase, task, seconds in table(folder / "aboard" / "record.hslog") if task.endswith("pass"))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_cut_and_finished(cut: float, tmp_path: Path) -> None:
    for name in ("coaster_starboard.yaml", "coaster50.vessel.yaml"):
        shutil.copy(LIBRARY / name, tmp_path)
    first = fly(tmp_path / "coaster_starboard.yaml", tmp_path / "one", cut)
    assert not first.missions.done
    dive = write_rest(tmp_path / "one", tmp_path / "rest.yaml")
    ends = [x for lane in dive.plan.lanes for x in (lane.x_from_m, lane.x_to_m)]
    assert min(abs(dive.plan.launch_x_m - x) for x in ends) < 0.5, "enters abeam of an end of what is left"
    second = fly(tmp_path / "rest.yaml", tmp_path / "two", 2.0)
    assert second.missions.ended == "completed", second.missions.detail
    assert second.world.collisions == 0
    wanted = zone_block(first.prepared.plan.zones[0], first.prepared.surface)
    states = second.missions.accounting.planned_states()
    done = union((cells_of(dive.mission.inspected), Cells.of(cell for cell, status, _why in states if status == "inspected")))
    assert len(wanted.minus(done)) <= 0.02 * len(wanted)
    whole_s = first.prepared.plan.length_m / first.prepared.mission.speed_mps
    again = passes_s(tmp_path / "one") + passes_s(tmp_path / "two") - whole_s
    assert again <= 0.10 * whole_s, f"{again / whole_s:.0%} flown again"
