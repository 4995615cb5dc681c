"""A whole survey in one process on the simulated clock: the daemons' classes, deterministic, faster than real time."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from missions.executor import Missions
from rov.config import RovConfig
from rov.rov import Rov
from sim.ardusub.faults import FirmwareFault
from sim.ardusub.start import pilot_for, require
from sim.autopilot.seam import Pilot
from sim.feed import CameraFeed, CameraFrame, SteadyRoom
from sim.render import Renderer
from sim.scenario import Scenario
from sim.scene import Scene
from sim.survey import Prepared, load_world_file, prepare
from sim.truth import TruthLog
from sim.world import World
from station.evidence import create_survey_folder, seal, write_evidence
from station.station import Station
from station.store import Store
from vision.config import VisionConfig
from vision.fittings import known_fittings
from vision.source import Frame, QueueSource, encode_frame
from vision.vision import Vision
from wire.bus import LocalBus
from wire.channel import pipe
from wire.clock import SimClock
from wire.command import LocalCommands
from wire.recorder import Recorder

TICK_S = 0.05
CAMERA_DELAY_S = 0.2  # exposure to arrival, as an encoder and a network take; a picture is drawn while the world goes on
SETTLE_S = 3.0
SLACK_S = 120.0
Say = Callable[[str], None]


class Survey:
    """All classes of one survey on one bus. `run` flies it to the end; `close` leaves a sealed folder.

    Args:
        seed: of the simulator's randomness.
        folder: the survey folder, made by the caller; truth goes to ``<folder>.truth``.
        pilot: the real firmware; None takes the stand-in.
    """

    def __init__(self, prepared: Prepared, scenario: Scenario, seed: int, folder: Path, pilot: Pilot | None = None) -> None:
        self.prepared, self.folder = prepared, folder
        self.clock = SimClock()
        self.bus = LocalBus()
        self._commands = {name: LocalCommands() for name in ("rov", "missions", "recorder")}
        self._make_world(scenario, seed, pilot)
        self._make_aboard()
        config = prepared.station_config(f"{prepared.mission.name}-{scenario.name}-{seed}", self.clock)
        self._station_config = config
        self._store = Store(folder / "survey.db")
        clients = dict(self._commands)
        self.station = Station(config, prepared.surface, prepared.vessel, self.bus, dict(clients), self._store)
        self._ticks = 0

    def _make_world(self, scenario: Scenario, seed: int, pilot: Pilot | None) -> None:
        prepared = self.prepared
        scene = Scene(scenario, prepared.vessel, prepared.surface)
        self.world = World(scenario, prepared.vessel, prepared.surface, scene.steel, seed, prepared.rig, pilot, scene.swimmers)
        self.truth = TruthLog(scenario, self.world.preset)
        renderer = Renderer(scene, scenario.water, prepared.rig, seed)
        self.camera = CameraFeed(self.world, renderer, self.truth)
        self._room = SteadyRoom(self.camera, CAMERA_DELAY_S, through_jpeg)

    def _make_aboard(self) -> None:
        prepared = self.prepared
        mavlink, autopilot_end = pipe()
        dvl, dvl_end = pipe()
        self.world.attach_mavlink(autopilot_end)
        self.world.attach_dvl(dvl_end)
        self._tlog: BinaryIO = (self.folder / "telemetry.tlog").open("xb")
        rov_config = RovConfig(envelope=prepared.envelope(), utc_epoch=self.clock.utc(0.0).timestamp(), rig=prepared.rig)
        self.rov = Rov(rov_config, prepared.surface, self.bus, self._commands["rov"], mavlink, dvl, self._tlog)
        self._camera = QueueSource()
        vision_config = VisionConfig(
            rig=prepared.rig,
            frame_spacing_m=prepared.vessel.frame_spacing_m,
            fittings=known_fittings(prepared.vessel, prepared.surface),
            utc=self.clock.utc,
        )
        self.vision = Vision(vision_config, prepared.surface, self.bus, self._camera)
        self.missions = Missions(
            prepared.mission,
            prepared.plan,
            prepared.surface,
            prepared.vessel,
            self.bus,
            self._commands["missions"],
            autostart=True,
        )
        (self.folder / "aboard").mkdir()
        self.recorder = Recorder(self.folder / "aboard" / "record.hslog", self.bus, self._commands["recorder"])

    def tick(self) -> None:
        """50 ms of simulated time for everyone."""
        self._ticks += 1
        now = self._ticks * TICK_S
        self.world.advance_to(now)
        self.clock.advance_to(now)
        frame = self._room.tick(now)
        if frame is not None:
            self._camera.put(frame)
        self.rov.tick(now)
        self.vision.tick(now)
        if self._ticks % 2 == 0:
            self.missions.tick(now)
        self.recorder.tick(now)
        self.station.tick(now)

    def run(self, say: Say | None) -> None:
        """To the mission's end and a little beyond, so that the last messages are stored; at most `SLACK_S` over its limit."""
        limit = self.prepared.mission.limits.max_duration_s + SLACK_S
        shown = ""
        while not self.missions.done and self.clock.now() < limit:
            self.tick()
            line = f"{self.missions.phase}"
            if say is not None and line != shown:
                shown = line
                say(f"{self.clock.now():7.1f} s  {line}")
        until = self.clock.now() + SETTLE_S
        while self.clock.now() < until:
            self.tick()

    def close(self) -> None:
        """Evidence, truth, seal."""
        self._room.close()
        prepared = self.prepared
        write_evidence(
            self.folder,
            self._store,
            self._station_config,
            prepared.vessel,
            prepared.surface,
            mission_file=prepared.mission_file,
            vessel_file=prepared.vessel_file,
        )
        self._store.close()
        self.recorder.close()
        self._tlog.close()
        truth_folder = self.folder.with_name(self.folder.name + ".truth")
        truth_folder.mkdir(exist_ok=True)  # the firmware's folder may be there
        self.truth.write(truth_folder / "truth.jsonl")
        seal(self.folder)


def through_jpeg(frame: CameraFrame) -> Frame:
    """The picture as it would arrive over the wire, so that both ways of flying see the same."""
    jpeg = np.frombuffer(encode_frame(Frame(*frame))[2], np.uint8)
    image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return Frame(frame.t, frame.seq, np.asarray(image, np.uint8))


def run_in_process(
    mission_file: Path, scenario_file: Path, out: Path, seed: int, say: Say | None, ardusub: Path | None = None
) -> dict[str, Any]:
    """Flies, writes and seals a survey folder; returns the summary. ``ardusub``: the real firmware's binary, to fly on it.
    A firmware that fails in flight ends the survey as ``failed``, with ``fault`` in the summary.

    Raises:
        hull.document.DocumentError, hull.document.Infeasible: before anything is written.
        sim.ardusub.faults.FirmwareFault: it does not start.
    """
    prepared = prepare(mission_file)
    scenario = load_world_file(scenario_file, prepared)
    require(ardusub)
    folder = create_survey_folder(out, prepared.mission.name, datetime.now(UTC))
    fault = ""
    with pilot_for(ardusub, scenario, folder.with_name(folder.name + ".truth")) as pilot:
        survey = Survey(prepared, scenario, seed, folder, pilot)
        began = time.perf_counter()
        try:
            survey.run(say)
        except FirmwareFault as error:
            fault = str(error)
        wall_s = time.perf_counter() - began
    survey.close()
    summary = summarise(folder, survey.missions.ended or "failed", survey.clock.now(), wall_s)
    if ardusub is not None:
        summary |= {"ardusub": str(ardusub), "fault": fault}
    if fault and say is not None:
        say(fault)
    write_run(folder, summary, seed)
    return summary


def summarise(folder: Path, ended: str, survey_s: float, wall_s: float) -> dict[str, Any]:
    """The numbers a user is told at the end, out of the folder's own files."""
    coverage = json.loads((folder / "coverage.json").read_text())
    contacts = len((folder / "findings.jsonl").read_text().splitlines())
    return {
        "ended": ended,
        "folder": str(folder),
        "contacts": contacts,
        "planned_m2": coverage["planned_m2"],
        "inspected_m2": coverage["inspected_m2"],
        "inspected_fraction": coverage["inspected_fraction"],
        "survey_time_s": round(survey_s, 1),
        "wall_time_s": round(wall_s, 1),
        "real_time_factor": round(survey_s / wall_s, 2),
    }


def write_run(folder: Path, summary: dict[str, Any], seed: int) -> None:
    """Beside the truth, for the scorer: what it cost to fly this."""
    path = folder.with_name(folder.name + ".truth") / "run.json"
    path.write_text(json.dumps({**summary, "seed": seed}, indent=2, sort_keys=True) + "\n")
