"""What comes from the vehicle: the latest of every stream with its age, and nothing lost of the numbered ones."""

import uuid
from typing import NamedTuple, TypeVar

import msgspec

from station.ages import ClockOffset, stale_after_s
from station.gaps import Gaps
from station.store import Store, Stream
from wire import messages as m
from wire.bus import Bus
from wire.command import CommandClient
from wire.topics import TOPICS

HEARD = (
    *("vehicle_state", "mission_status", "coverage", "frame_report", "preview"),
    *("finding", "alert", "process_status", "recorder_status"),
)
WATCHED = ("vehicle_state", "mission_status", "frame_report", "preview", "recorder_status")
NUMBERED: tuple[Stream, ...] = ("finding", "coverage")
ANSWER_S = 6.0
M = TypeVar("M", bound=m.Message)


class StreamAge(NamedTuple):
    """``age_s`` None: never heard."""

    age_s: float | None
    stale: bool


class Feed:
    """Call `drain` every tick; it returns what is new, numbered messages once only (live or replayed).

    Args:
        recorder: where to ask for missing numbers; None leaves gaps open (they stay visible in `missing`).
    """

    def __init__(self, bus: Bus, recorder: CommandClient | None, store: Store) -> None:
        self._subscription = bus.subscribe(*HEARD)
        self._recorder = recorder
        self._store = store
        self._gaps = {stream: Gaps(store.sequences(stream)) for stream in NUMBERED}
        self._asked: dict[str, tuple[Stream, float]] = {}
        self._latest: dict[str, m.AnyMessage] = {}
        self._heard_at: dict[str, float] = {}
        self.clock = ClockOffset()
        self.processes: dict[str, tuple[m.ProcessStatus, float]] = {}

    @property
    def dropped(self) -> int:
        return self._subscription.dropped

    def drain(self, now: float) -> list[m.AnyMessage]:
        """Everything new since the last call, stored where it is numbered."""
        fresh: list[m.AnyMessage] = []
        for topic, message in self._subscription.drain():
            self._note(topic, message, now)
            if self._is_new(message):
                fresh.append(message)
        if self._recorder is not None:
            fresh += self._replayed(self._recorder.poll(now))
            self._ask(self._recorder, now)
        return fresh

    def _note(self, topic: str, message: m.AnyMessage, now: float) -> None:
        self._latest[topic] = message
        self._heard_at[topic] = now
        if isinstance(message, m.VehicleState):
            self.clock.heard(message.t, now)
        elif isinstance(message, m.ProcessStatus):
            self.processes[message.name] = (message, now)
        elif isinstance(message, m.RecorderStatus):
            self._gaps["finding"].announced(message.finding_seq)
            self._gaps["coverage"].announced(message.coverage_seq)

    def _is_new(self, message: m.AnyMessage) -> bool:
        if isinstance(message, m.Finding):
            self._gaps["finding"].received(message.seq)
            return self._store.add_finding(message)
        if isinstance(message, m.Coverage):
            self._gaps["coverage"].received(message.seq)
            return self._store.add_coverage(message)
        return True

    def _replayed(self, acks: list[m.Ack]) -> list[m.AnyMessage]:
        fresh: list[m.AnyMessage] = []
        for ack in acks:
            self._asked.pop(ack.id, None)
            for data in ack.messages:
                message = _decoded(data)
                if isinstance(message, m.Finding | m.Coverage) and self._is_new(message):
                    fresh.append(message)
        return fresh

    def _ask(self, recorder: CommandClient, now: float) -> None:
        for key, (_, deadline) in list(self._asked.items()):
            if now > deadline:
                del self._asked[key]
        waiting = {stream for stream, _ in self._asked.values()}
        for stream in NUMBERED:
            ask = None if stream in waiting else self._gaps[stream].ask(now)
            if ask is not None:
                key = uuid.uuid4().hex
                self._asked[key] = (stream, now + ANSWER_S)
                recorder.send(
                    m.Command(t=now, id=key, source="station", verb="replay", topic=stream, first=ask.first, last=ask.last), now
                )

    def missing(self, stream: Stream) -> int:
        """Numbers of ``stream`` known to exist and not yet here."""
        return self._gaps[stream].missing

    def behind_s(self, stream: Stream, now: float) -> float:
        """For how long [s] ``stream`` has been incomplete."""
        return self._gaps[stream].behind_s(now)

    def age(self, topic: str, now: float) -> StreamAge:
        """Age of the newest message. For the vehicle's own streams it includes the time a message spent on its way."""
        heard, message = self._heard_at.get(topic), self._latest.get(topic)
        if heard is None or message is None:
            return StreamAge(None, TOPICS[topic].rate_hz > 0)
        age = now - heard
        if self.clock.known:
            age = max(age, self.clock.age(message.t, now))
        rate = TOPICS[topic].rate_hz
        # A frame's time is its capture; what vision needs to work on it is no silence, so silence alone is stale there.
        silence = now - heard if topic in ("frame_report", "preview") else age
        return StreamAge(age, rate > 0 and silence > stale_after_s(rate))

    def latest(self, topic: str, kind: type[M]) -> M | None:
        """The newest message of ``topic``, however old."""
        message = self._latest.get(topic)
        return message if isinstance(message, kind) else None


def _decoded(data: bytes) -> m.AnyMessage | None:
    try:
        return m.decode(data)
    except msgspec.DecodeError:
        return None
