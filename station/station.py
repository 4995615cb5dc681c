"""The station: hears everything, stores it, tells the page, carries the operator's commands, and says it is alive."""

import queue
from typing import Any, NamedTuple

from hull.surface import HullSurface
from hull.vessel import Vessel
from station import view
from station.alerts import AlertBoard, OwnAlerts
from station.config import StationConfig
from station.coverage import CoverageCount
from station.feed import NUMBERED, Feed
from station.hullmap import hull_map
from station.operators import Operators, check_operator, check_verb, new_id
from station.store import Store
from wire import messages as m
from wire.bus import Bus
from wire.command import CommandClient

BEAT_S = 0.5
VIEW_S = 0.1
DISK_LOW_BYTES = 2_000_000_000
BEHIND_S = 10.0


class Picture(NamedTuple):
    """``number`` grows with every picture."""

    number: int
    jpeg: bytes


class Station:
    """Call `tick` at 10 to 20 Hz on the thread that made ``store``.

    The web server's thread uses only `snapshot`, `static_view`, `coverage_since`, `picture`, `command_state`,
    `operator_command`, `operator_seen` and ``crop_path``: they read values that a tick replaces whole, or put into a queue.
    """

    def __init__(
        self,
        config: StationConfig,
        surface: HullSurface,
        vessel: Vessel,
        bus: Bus,
        clients: dict[str, CommandClient],
        store: Store,
    ) -> None:
        self._config = config
        self._bus = bus
        self._store = store
        self._feed = Feed(bus, clients.get("recorder"), store)
        self._board = AlertBoard()
        self._own = OwnAlerts()
        self._operators = Operators(clients, store.set_command, config.utc, config.operator)
        self._count = CoverageCount(config.zones, surface)
        self._inbox: queue.SimpleQueue[tuple[str, str, str]] = queue.SimpleQueue()
        self._next_beat = self._next_view = float("-inf")
        self._contacts = {finding.number: finding for finding in (*store.contacts(), *store.merged())}
        self._journal: list[m.CellState] = store.cells()
        self._count.apply(self._journal)
        self._mission = store.mission()
        self._snapshot: dict[str, Any] = {}
        self._picture: Picture | None = None
        self.crop_path = store.path
        self.static_view = self._describe(vessel, surface)
        self._remember(vessel)

    def _describe(self, vessel: Vessel, surface: HullSurface) -> dict[str, Any]:
        ship = {"name": vessel.name, "imo": vessel.imo, "type": vessel.type, "length_m": vessel.length_m}
        ship |= {"beam_m": vessel.beam_m, "draught_m": vessel.draught_m}
        return {
            "survey_id": self._config.survey_id,
            "mission": self._config.mission,
            "vessel": ship,
            "hull": hull_map(vessel, surface, self._config.zones),
        }

    def _remember(self, vessel: Vessel) -> None:
        facts = {"survey_id": self._config.survey_id, "mission": self._config.mission, "vessel": vessel.name}
        facts |= {"utc_at_zero": self._config.utc(0.0), "clock_source": self._config.clock_source}
        facts |= {f"sha256:{name}": digest for name, digest in self._config.hashes}
        for key, value in facts.items():
            self._store.set_meta(key, value)

    def tick(self, now: float) -> None:
        """Takes in what came, sends what is due. Never blocks."""
        for message in self._feed.drain(now):
            self._take(message)
        self._commands(now)
        self._watch(now)
        if now >= self._next_beat:
            self._next_beat = now + BEAT_S
            self._bus.publish("station_beat", m.StationBeat(t=now, operator=self._operators.in_control))
        if now >= self._next_view:
            self._next_view = now + VIEW_S
            self._snapshot = self._look(now)
        self._store.tick(now)

    def _take(self, message: m.AnyMessage) -> None:
        match message:
            case m.VehicleState():
                self._store.add_track(message)
            case m.FrameReport():
                self._store.add_frame(message)
            case m.Preview():
                self._picture = Picture(0 if self._picture is None else self._picture.number + 1, message.jpeg)
            case m.MissionStatus():
                self._mission = message
                self._store.set_mission(message)
            case m.Coverage():
                self._take_coverage(message)
            case m.Finding():
                known = self._contacts.get(message.number)
                if known is None or message.revision > known.revision:
                    self._contacts[message.number] = message
            case m.Alert() if message.source != "station":
                self._take_alert(message)

    def _take_coverage(self, message: m.Coverage) -> None:
        # A replayed message may be older than what a cell already shows, so the store decides what holds now.
        wanted = {(cell.side, cell.col, cell.row) for cell in message.cells}
        changed = self._store.cells_among(wanted)
        self._count.apply(changed)
        self._journal.extend(changed)

    def _take_alert(self, alert: m.Alert) -> None:
        if self._board.apply(alert):
            self._store.add_alert(alert, self._config.utc(alert.t))

    def _commands(self, now: float) -> None:
        while True:
            try:
                key, verb, operator = self._inbox.get_nowait()
            except queue.Empty:
                break
            if key:
                self._operators.seen(operator, now)
                self._operators.command(key, check_verb(verb), operator, now)
            else:
                self._operators.seen(operator, now)
        self._operators.poll(now)

    def _watch(self, now: float) -> None:
        """The station's own alerts."""
        age = self._feed.age("vehicle_state", now)
        heard = age.age_s is not None
        self._set(now, "vehicle-silent", "critical", "no news from the vehicle: what is shown is old", heard and age.stale)
        picture = self._feed.age("frame_report", now)
        self._set(now, "picture-silent", "warning", "no picture is being graded", picture.age_s is not None and picture.stale)
        recorder = self._feed.age("recorder_status", now)
        self._set(
            now, "recorder-silent", "critical", "the recorder aboard is silent", recorder.age_s is not None and recorder.stale
        )
        status = self._feed.latest("recorder_status", m.RecorderStatus)
        low = status is not None and status.disk_free_bytes < DISK_LOW_BYTES
        self._set(now, "disk-low", "warning", "less than 2 GB free for the recorder", low)
        for stream in NUMBERED:
            behind = self._feed.behind_s(stream, now) > BEHIND_S
            self._set(now, f"{stream}-gap", "warning", f"{stream} messages are missing; asking the recorder again", behind)
        if self._store.conflicts():
            self._set(now, "finding-conflict", "critical", "two different findings bear one number; both are kept", True)
        unheard = any(c.verb == "hold" and c.state == "refused" for c in self._operators.recent(1))
        self._set(now, "hold-unanswered", "critical", "HOLD was not confirmed by the vehicle", unheard)

    def _set(self, now: float, code: str, severity: m.Severity, text: str, active: bool) -> None:
        alert = self._own.set(now, code, severity, text, active)
        if alert is not None:
            self._bus.publish("alert", alert)
            self._take_alert(alert)

    def _look(self, now: float) -> dict[str, Any]:
        known = [self._contacts[number] for number in sorted(self._contacts)]
        contacts = [finding for finding in known if finding.same_as == 0]
        return {
            "time": {"now": round(now, 1), "utc": self._config.utc(now)},
            "streams": view.streams(self._feed, now),
            "vehicle": view.vehicle(self._feed.latest("vehicle_state", m.VehicleState)),
            "picture": view.picture(self._feed.latest("frame_report", m.FrameReport)),
            "mission": view.mission(self._mission),
            "coverage": view.coverage(self._count.summary(), len(contacts)),
            "contacts": [view.contact(finding) for finding in contacts],
            "alerts": view.alerts(self._board),
            "processes": view.processes(self._feed, now),
            "records": view.records(self._feed),
            "operator": self._operators.in_control,
            "commands": view.commands(self._operators),
        }

    def snapshot(self) -> dict[str, Any]:
        """What the page shows, by section, as of the last tenth of a second. Do not change it."""
        return self._snapshot

    @property
    def picture(self) -> Picture | None:
        """The newest preview."""
        return self._picture

    def coverage_since(self, index: int) -> tuple[int, list[m.CellState]]:
        """Cell changes from ``index`` on, and the index to ask from next time (0: from the beginning)."""
        end = len(self._journal)
        return end, self._journal[index:end]

    def operator_command(self, verb: str, operator: str) -> str:
        """Queues a command for the next tick and returns its id; follow it with `command_state`.

        Raises:
            ValueError: unknown verb or impossible operator name.
        """
        key = new_id()
        self._inbox.put((key, check_verb(verb), check_operator(operator)))
        return key

    def operator_seen(self, operator: str) -> None:
        """An operator's page is open.

        Raises:
            ValueError: impossible operator name.
        """
        self._inbox.put(("", "", check_operator(operator)))

    def command_state(self, key: str) -> tuple[str, str]:
        """(state, reason) of a command: "queued", "sent", "accepted" or "refused"."""
        command = self._operators.state(key)
        return ("queued", "") if command is None else (command.state, command.reason)
