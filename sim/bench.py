"""``hullscan bench sim``: how fast this machine simulates, against the project's targets. Nothing is scaled or assumed.

Compilation is left out: each row runs its code once before it is timed. Surveys are timed while lanes are flown. Real-time
factors are the median of `SLICES` stretches; the best of them is told too, for a machine that others use.
"""

import itertools
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.shell import load_ship
from sim.ardusub.start import pilot_for, require
from sim.autopilot import layout as a
from sim.autopilot import pilot
from sim.bench_picture import bench_picture
from sim.kernel import advance
from sim.runner import TICK_S, Survey
from sim.scenario import Scenario, load_scenario, vessel_path
from sim.scene import Scene
from sim.survey import load_world_file, prepare
from sim.world import SLOW_STEPS, World
from wire.channel import pipe

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
MISSION = ROOT / "missions" / "library" / "coaster_starboard.yaml"
PICTURE_MS = {"full image 640x480": 15.0, "full image 1280x720": 40.0}
SETTLE_S = 30.0
SLICES = 6


@dataclass(frozen=True)
class Row:
    """``target``: None where the project sets none. ``at_least``: whether more is better. ``best``: of the stretches or frames
    that ``value`` is the median of. ``cpu_share``: processor time of this process by wall time; well under 1 on one thread means
    that others had the machine and the number is too bad."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = True
    best: float | None = None
    cpu_share: float | None = None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def machine() -> dict[str, Any]:
    """Processor, cores this process may use, load averages and date."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0] if names else cpu
    load = [round(x, 2) for x in os.getloadavg()]
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "load": load, "date": datetime.now(UTC).isoformat(" ", "seconds")}


class Station:
    """The least a vehicle flies with: heartbeat at 1 Hz, sticks at 20 Hz, somebody who reads both ends."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._mavlink, theirs = pipe()
        world.attach_mavlink(theirs)
        self._dvl, theirs = pipe()
        world.attach_dvl(theirs)
        self._mav = mavlink.MAVLink(None, 255, 190)
        self._ticks = 0

    def send(self, message: Any) -> None:
        self._mavlink.send(message.pack(self._mav))

    def run(self, seconds: float, sway: int = 0) -> None:
        for _ in range(round(seconds / TICK_S)):
            if self._ticks % 20 == 0:
                self.send(mavlink.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))
            self.send(mavlink.MAVLink_manual_control_message(1, 0, sway, 500, 0, 0))
            self._ticks += 1
            self.world.advance_to(self.world.t + TICK_S)
            self._mavlink.recv()
            self._dvl.recv()

    def listen(self) -> None:
        """Empties the DVL's channel."""
        self._dvl.recv()

    def dive(self) -> None:
        """ALT_HOLD, armed."""
        self.run(4.0)
        self.send(mavlink.MAVLink_command_long_message(1, 1, 176, 0, 1, 2, 0, 0, 0, 0, 0))
        self.send(mavlink.MAVLink_command_long_message(1, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0))
        self.run(1.0)


def beside_the_hull(scenario: Scenario) -> Station:
    """A flying vehicle 0.8 m off the default coaster's plating, attachments and all: where surveys are flown."""
    vessel, surface = load_ship(vessel_path(scenario, SCENARIO))
    launch = scenario.vehicle.launch.model_copy(update={"offset_m": 0.8, "depth_m": 1.5})
    scenario = scenario.model_copy(update={"vehicle": scenario.vehicle.model_copy(update={"launch": launch})})
    station = Station(World(scenario, vessel, surface, Scene(scenario, vessel, surface).steel))
    station.dive()
    if not station.world.autopilot.core.armed:
        raise ValueError("bench: the stand-in did not arm")
    return station


def bench_physics(station: Station, calls: int = 20_000) -> Row:
    """The compiled loop as `World` calls it, eight steps at a time, contact plane in force."""
    world = station.world
    s, c, e = world._s.copy(), world._c.copy(), world._e.copy()
    noise, scratch = np.zeros((SLOW_STEPS, 6)), np.zeros((4, 13))
    c[a.VOLTS] = 16.0

    def run(n: int) -> None:
        for k in range(n):
            advance(s, c, world._p, e, noise, k * SLOW_STEPS, SLOW_STEPS, scratch)

    run(100)
    wall, share = _spent(lambda: run(calls))
    return Row("physics", calls * SLOW_STEPS / wall, "steps/s", 400_000.0, cpu_share=share)


def bench_world(station: Station, seconds: float = 60.0) -> Row:
    """Vehicle, sensors, DVL and stand-in autopilot with one MAVLink client, swaying to and fro along the plating."""

    sways = itertools.cycle((-300, 300))
    wall, least, share = _sliced(lambda: station.run(seconds / SLICES, next(sways)))
    part = seconds / SLICES
    return Row("the same with a MAVLink client", part / wall, "x real time", best=part / least, cpu_share=share)


def bench_alone(scenario: Scenario, seconds: float = 60.0) -> Row:
    """The same flight with the sticks put straight into the stand-in: no MAVLink is written or read. The DVL has its client."""
    station = beside_the_hull(scenario)
    world = station.world
    world.autopilot.detach_all()
    core = world.autopilot.core

    def run() -> None:
        for k in range(round(seconds / SLICES / TICK_S)):
            core.last_gcs_t = core.t
            pilot.manual_control(core, 0, 300 if k % 400 < 200 else -300, 500, 0, 0)
            world.advance_to(world.t + TICK_S)
            station.listen()

    wall, least, share = _sliced(run)
    if not core.armed:
        raise ValueError("bench: the stand-in disarmed")
    part = seconds / SLICES
    return Row("vehicle, sensors, autopilot", part / wall, "x real time", 200.0, best=part / least, cpu_share=share)


def bench_survey(name: str, fps: float | None, seconds: float, target: float | None = None, ardusub: Path | None = None) -> Row:
    """Real-time factor of everything: world, rov, vision, missions, recorder, station; with a camera of ``fps`` or none, on the
    stand-in or the real firmware in lockstep."""
    prepared = prepare(MISSION)
    scenario = load_world_file(SCENARIO, prepared)
    if fps is not None:
        scenario = scenario.model_copy(update={"vehicle": scenario.vehicle.model_copy(update={"camera_fps": fps})})
    with tempfile.TemporaryDirectory() as scrap, pilot_for(ardusub, scenario) as autopilot:
        folder = Path(scrap) / "survey"
        folder.mkdir()
        survey = Survey(prepared, scenario, 1, folder, autopilot)
        if fps is None:
            survey.camera.off = True
        while survey.clock.now() < SETTLE_S:
            survey.tick()
        if survey.missions.phase != "surveying":
            raise ValueError(f"bench: the survey is {survey.missions.phase} after {SETTLE_S:g} s; expected surveying")

        def run() -> None:
            for _ in range(round(seconds / SLICES / TICK_S)):
                survey.tick()

        wall, least, share = _sliced(run)
        survey.close()
    part = seconds / SLICES
    return Row(name, part / wall, "x real time", target, best=part / least, cpu_share=share)


def bench_sim(say: Callable[[str], None] | None = None, ardusub: Path | None = None) -> dict[str, Any]:
    """All rows, in the order from small to large; ``say`` hears of each as it comes. ``ardusub``: adds a row on that firmware.

    Raises:
        sim.ardusub.faults.FirmwareFault: it does not start or dies.
    """
    require(ardusub)
    rows: list[Row] = []

    def add(row: Row) -> None:
        rows.append(row)
        if say is not None:
            say(row_text(row))

    before = machine()
    scenario = load_scenario(SCENARIO)
    station = beside_the_hull(scenario)
    add(bench_physics(station))
    add(bench_alone(scenario))
    add(bench_world(station))
    for cost in bench_picture():
        add(Row(cost.what, round(cost.median_ms, 2), "ms", PICTURE_MS.get(cost.what), False, round(cost.least_ms, 2)))
    add(bench_survey("whole stack, no camera", None, 60.0, 25.0))
    add(bench_survey("whole stack, 640x480 at 5 fps", 5.0, 20.0, 8.0))
    add(bench_survey("whole stack, 640x480 at 15 fps", 15.0, 10.0))
    if ardusub is not None:
        add(bench_survey("real firmware, no camera", None, 60.0, 8.0, ardusub))
    return {"machine": before, "rows": [{**asdict(row), "met": row.met} for row in rows]}


def row_text(row: Row) -> str:
    """One line for people."""
    target = "" if row.target is None else f"   target {'>=' if row.at_least else '<='} {row.target:,.0f}: {_verdict(row)}"
    digits = 0 if row.value >= 1000.0 else 1
    best = "" if row.best is None else f"   best {row.best:,.1f}"
    share = "" if row.cpu_share is None else f"   (processor {100.0 * row.cpu_share:.0f} %)"
    return f"{row.name:32s} {row.value:>12,.{digits}f} {row.unit}{target}{best}{share}"


def _verdict(row: Row) -> str:
    return "met" if row.met else "NOT MET"


def _sliced(run: Callable[[], object]) -> tuple[float, float, float]:
    """`SLICES` runs: (median wall seconds of one, least, processor seconds by wall second of all)."""
    walls, shares = zip(*(_spent(run) for _ in range(SLICES)), strict=True)
    return statistics.median(walls), min(walls), round(statistics.mean(shares), 2)


def _spent(run: Callable[[], object]) -> tuple[float, float]:
    """(wall seconds, processor seconds by wall second)."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, round(cpu / wall, 2)
