"""A survey as real processes over real sockets: starts them, shows progress, stops them in order, seals the folder."""

import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import zmq

from sim.ardusub.start import require
from sim.runner import summarise, write_run
from sim.survey import Prepared, load_world_file, prepare
from station.evidence import create_survey_folder, seal
from wire import messages as m
from wire.clock import WallClock
from wire.rig import Rig
from wire.session import Endpoint, Session
from wire.sockets import Keys
from wire.supervise import Program, Supervisor, wait_until_listening
from wire.zmq_bus import ZmqBus, ZmqSubscription

PROCESSES = ("rov", "vision", "missions", "recorder", "station")
PUBLISHERS = {"rov", "vision", "missions", "recorder", "station"}
COMMANDED = {"rov", "missions", "recorder"}
SETTLE_S = 2.0
SLACK_S = 180.0
WORLD_PATIENCE_S = 240.0


class LaunchOptions(NamedTuple):
    """See ``hullscan run --help``. Either ``scenario`` or ``vehicle``, ``camera`` and ``dvl`` are given. ``ardusub``: fly the
    scenario on the real firmware."""

    mission: Path
    scenario: Path | None
    vehicle: str | None
    camera: str | None
    dvl: str | None
    out: Path
    seed: int
    rate: float
    headless: bool
    keys: Path | None
    say: Callable[[str], None]
    camera_latency_s: float | None = None
    ardusub: Path | None = None


class Watch:
    """What the launcher itself hears on the bus: progress for the terminal, and the end."""

    def __init__(self, subscription: ZmqSubscription, say: Callable[[str], None]) -> None:
        self._subscription, self._say = subscription, say
        self.status: m.MissionStatus | None = None
        self.state: m.VehicleState | None = None
        self._shown = ""

    def poll(self) -> None:
        for _topic, message in self._subscription.drain():
            if isinstance(message, m.MissionStatus):
                self.status = message
                line = f"{message.phase} {message.task} {message.task_index}/{message.task_count}"
                if line != self._shown:
                    self._shown = line
                    share = message.inspected_m2 / message.planned_m2 if message.planned_m2 else 0.0
                    self._say(f"{message.t:7.1f} s  {line}, {100 * share:.0f} % inspected")
            elif isinstance(message, m.VehicleState):
                self.state = message
            elif isinstance(message, m.Finding) and message.same_as:
                self._say(f"{message.t:7.1f} s  contact F{message.number:03d} is the same object as F{message.same_as:03d}")
            elif isinstance(message, m.Finding) and message.revision == 1:
                place = f"frame {message.frame:.1f} {message.side}, depth {message.depth_m:.1f} m"
                self._say(f"{message.t:7.1f} s  contact F{message.number:03d}: {message.kind} at {place}")
            elif isinstance(message, m.Alert) and message.active:
                self._say(f"{message.t:7.1f} s  {message.severity}: {message.source}: {message.text}")

    @property
    def ended(self) -> str:
        return self.status.ended if self.status is not None else ""


def free_ports(count: int) -> list[int]:
    """TCP ports of 127.0.0.1 that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def make_session(options: LaunchOptions, prepared: Prepared, folder: Path, clock: WallClock) -> Session:
    """Free loopback ports for everything that is not the user's own vehicle."""
    ports = iter(free_ports(2 * len(PROCESSES) + 4))
    endpoints = {
        name: Endpoint(
            publish=f"tcp://127.0.0.1:{next(ports)}" if name in PUBLISHERS else "",
            commands=f"tcp://127.0.0.1:{next(ports)}" if name in COMMANDED else "",
        )
        for name in PROCESSES
    }
    return Session(
        survey_id=folder.name,
        folder=str(folder.resolve()),
        mission_file=str(prepared.mission_file.resolve()),
        vessel_file=str(prepared.vessel_file.resolve()),
        clock_epoch=clock.epoch,
        clock_rate=clock.rate,
        utc_epoch=clock.utc_epoch,
        mavlink=options.vehicle or f"udpin:127.0.0.1:{next(ports)}",
        dvl=options.dvl or f"127.0.0.1:{next(ports)}",
        camera=options.camera or f"zmq+tcp://127.0.0.1:{next(ports)}",
        envelope=prepared.envelope(),
        endpoints=endpoints,
        zones=prepared.zone_rows(),
        rig=_rig(prepared.rig, options.camera_latency_s),
        keys=str(options.keys.resolve()) if options.keys else "",
        web_port=next(ports),
    )


def _rig(rig: Rig, latency_s: float | None) -> Rig:
    if latency_s is None:
        return rig
    return msgspec.structs.replace(rig, camera=msgspec.structs.replace(rig.camera, latency_s=latency_s))


def programs(session_file: Path, truth: Path, options: LaunchOptions) -> tuple[Program, ...]:
    """The process table. The simulator alone learns of the scenario."""
    file = str(session_file)
    rows = [
        Program("recorder", "wire.recorder_main", (file,), True),
        Program("station", "station.main", (file,), True),
        Program("rov", "rov.main", (file,), True),
        Program("vision", "vision.main", (file,), True),
        Program("missions", "missions.main", (file,), True),
    ]
    if options.scenario is not None:
        firmware = () if options.ardusub is None else (str(options.ardusub.resolve()),)
        world = (file, str(options.scenario.resolve()), str(truth), str(options.seed), *firmware)
        rows.insert(0, Program("sim", "sim.main", world, False))
    return tuple(rows)


def launch(options: LaunchOptions) -> dict[str, Any]:
    """Flies the survey with all its processes; returns the summary.

    Raises:
        hull.document.DocumentError, hull.document.Infeasible: before anything is started.
        OSError: the folder cannot be made.
    """
    prepared = prepare(options.mission)
    if options.scenario is not None:
        load_world_file(options.scenario, prepared)
    require(options.ardusub)
    clock = WallClock(rate=options.rate if options.scenario is not None else 1.0)
    folder = create_survey_folder(options.out, prepared.mission.name, datetime.now(UTC))
    truth = folder.with_name(folder.name + ".truth")
    (folder / "aboard").mkdir()
    (folder / "logs").mkdir()
    session = make_session(options, prepared, folder, clock)
    session_file = folder / "session.json"
    session.save(session_file)
    if options.scenario is not None:
        truth.mkdir()
    supervisor = Supervisor(programs(session_file, truth, options), folder / "logs")
    options.say(f"survey folder: {folder}")
    options.say(f"page: http://{session.web_host}:{session.web_port}/")
    if not options.headless:
        threading.Thread(target=webbrowser.open, args=(f"http://127.0.0.1:{session.web_port}/",), daemon=True).start()
    began, began_t = time.monotonic(), clock.now()
    try:
        ended = fly(session, supervisor, prepared, clock, options)
    finally:
        stop_in_order(supervisor)
    seal(folder)
    summary = summarise(folder, ended, clock.now() - began_t, time.monotonic() - began)
    summary["restarts"] = [name for name, _code in supervisor.restarts]
    if options.scenario is not None:
        write_run(folder, summary, options.seed)
    return summary


def fly(session: Session, supervisor: Supervisor, prepared: Prepared, clock: WallClock, options: LaunchOptions) -> str:
    """Starts everything and watches until the mission ended; returns how."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    keys = Keys(Path(session.keys), "launcher") if session.keys else None
    bus = ZmqBus(context, None, {name: row.publish for name, row in session.endpoints.items() if row.publish}, keys)
    watch = Watch(bus.subscribe("mission_status", "vehicle_state", "finding", "alert"), options.say)
    try:
        start_all(session, supervisor, options)
        limit = clock.now() + prepared.mission.limits.max_duration_s + SLACK_S
        quiet_from = clock.now()
        while clock.now() < limit:
            time.sleep(0.05)
            watch.poll()
            for name, code in supervisor.check():
                options.say(f"process {name} ended with code {code}")
                if name == "sim":
                    options.say(last_line(Path(session.folder) / "logs" / "sim.log"))
                    return "failed"
            if watch.state is not None and watch.state.link_age_s < 5.0:
                quiet_from = clock.now()
            if watch.ended:
                time.sleep(SETTLE_S / clock.rate)
                return watch.ended
            if clock.now() - quiet_from > 60.0:
                options.say("no autopilot heartbeat for 60 s")
                return "link lost"
        return "failed"
    finally:
        bus.close()
        context.term()


def last_line(log: Path) -> str:
    """What a process said before it ended."""
    return (log.read_text(errors="replace").splitlines() or [""])[-1]


def start_all(session: Session, supervisor: Supervisor, options: LaunchOptions) -> None:
    """The world first, and the rest once it is there: compiling and painting it takes a while.

    Raises:
        ConnectionError: the simulator did not come up.
    """
    names = [program.name for program in programs(Path(), Path(), options)]
    if "sim" in names:
        options.say("preparing the simulated world")
        supervisor.start("sim")
        wait_for_world(session, supervisor)
        names.remove("sim")
    for name in names:
        supervisor.start(name)


def wait_for_world(session: Session, supervisor: Supervisor) -> None:
    """Raises ConnectionError when it ends or takes too long."""
    port, log = int(session.dvl.rpartition(":")[2]), Path(session.folder) / "logs" / "sim.log"
    patience = time.monotonic() + WORLD_PATIENCE_S
    while wait_until_listening((port,), 1.0):
        for name, code in supervisor.check():
            raise ConnectionError(f"{name}: ended with code {code}: {last_line(log)}")
        if time.monotonic() > patience:
            raise ConnectionError(f"sim: not serving after {WORLD_PATIENCE_S:.0f} s; see {log}")


def stop_in_order(supervisor: Supervisor) -> None:
    """Who moves first, who writes the evidence next, the recorder last: the station may still ask it for what it lacks."""
    for name in ("missions", "vision", "rov", "sim", "station", "recorder"):
        supervisor.stop(name, 30.0)
