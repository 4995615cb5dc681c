"""kill -9 in process: rov or missions vanish at random instants of a whole survey and are started again from the record, as
their `main` starts them. Truth says when the sticks were neutral. Without a camera (`bench.blind_survey`)."""

import random
from pathlib import Path
from typing import Any

import pytest

from bench.blind_survey import Blind
from missions.executor import Missions
from missions.restart import where_to_go_on as where_missions_was
from rov.config import RovConfig
from rov.restart import where_to_go_on as where_rov_was
from rov.rov import Rov
from sim.runner import TICK_S
from sim.survey import load_world_file, prepare
from wire.channel import pipe

ROOT = Path(__file__).parents[2]
MISSION = ROOT / "missions" / "library" / "coaster_starboard.yaml"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
GAP_S = 3.0
NEUTRAL_S = 1.0
LIMIT_S = 600.0
STICKS = (3, 4, 5)
pytestmark = pytest.mark.slow


class Absent:
    """A process that is not there."""

    done = False

    def tick(self, now: float) -> None:
        pass


class Killable(Blind):
    """`kill` takes a process away now, and brings it back `GAP_S` later. ``late``: how long sticks were not neutral then [s].
    ``sure``: errors of x in standard deviations."""

    def __init__(self, folder: Path) -> None:
        prepared = prepare(MISSION)
        super().__init__(prepared, load_world_file(SCENARIO, prepared), 1, folder)
        self.late: list[float] = []
        self.sure: list[float] = []
        self._died: tuple[str, float] | None = None

    def kill(self, name: str) -> None:
        self._died = (name, self.clock.now())
        setattr(self, name, Absent())
        self.late.append(0.0)

    def tick(self) -> None:
        super().tick()
        pose = self.rov._pose if isinstance(self.rov, Rov) else None
        if pose is not None:
            self.sure.append(abs(pose.x_m - float(self.world._xyz[0])) / pose.x_std_m)
        if self._died is None:
            return
        name, since = self._died
        if any(self.world.autopilot.core.rc[k] != 1500 for k in STICKS):
            self.late[-1] = self.clock.now() - since
        if self.clock.now() - since >= GAP_S - TICK_S / 2:
            self._died = None
            self._start_again(name)

    def _start_again(self, name: str) -> None:
        self.recorder._log.flush()
        log, prepared = self.folder / "aboard" / "record.hslog", self.prepared
        if name == "missions":
            parts = (prepared.mission, prepared.plan, prepared.surface, prepared.vessel, self.bus, self._commands["missions"])
            self.missions = Missions(*parts, autostart=True, restored=where_missions_was(log))
            return
        self.world.autopilot.detach_all()  # its sockets died with it
        mavlink, theirs = pipe()
        self.world.attach_mavlink(theirs)
        dvl, theirs = pipe()
        self.world.attach_dvl(theirs)
        config = RovConfig(envelope=prepared.envelope(), utc_epoch=self.clock.utc(0.0).timestamp(), rig=prepared.rig)
        self.rov = Rov(config, prepared.surface, self.bus, self._commands["rov"], mavlink, dvl, self._tlog, where_rov_was(log))


@pytest.mark.parametrize("name", ["rov", "missions"])
def test_ten_kills_in_one_survey(name: str, tmp_path: Path) -> None:
    draw = random.Random(name)
    folder = tmp_path / "survey"
    folder.mkdir()
    survey: Any = Killable(folder)
    instants = sorted(draw.uniform(10.0 + 20.0 * k, 26.0 + 20.0 * k) for k in range(10))
    try:
        while not survey.missions.done and survey.clock.now() < LIMIT_S:
            survey.tick()
            if instants and survey.clock.now() >= instants[0]:
                instants.pop(0)
                survey.kill(name)
    finally:
        survey.close()
    assert survey.missions.ended == "completed", (survey.missions.phase, survey.missions.detail, survey.clock.now())
    assert len(survey.late) >= 8 and max(survey.late) <= NEUTRAL_S, survey.late
    assert survey.world.collisions == 0 and survey.world.min_clearance_m > 0.1
    if name == "missions":
        assert survey.missions.accounting.inspected() >= 0.98 * len(survey.prepared.plan.cells)
    # A rov that died does not know how far it drifted: x is doubted by half a metre a restart, and what is flown with such doubt
    # is not claimed. The doubt must be honest.
    assert len(survey.sure) > 1000 and max(survey.sure) < 3.0
