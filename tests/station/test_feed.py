"""Nothing numbered is lost: drops, silence, a station that was down, a recorder that does not answer at first."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from station.ages import ClockOffset, stale_after_s
from station.feed import Feed
from station.store import Store
from tests.station.fakes import coverage, finding, vehicle
from wire import messages as m
from wire.bus import LocalBus
from wire.command import LocalCommands


class ScriptedRecorder:
    """Answers replays from what was published, sixteen at a time; ``deaf`` requests are lost."""

    def __init__(self, deaf: int = 0) -> None:
        self.commands = LocalCommands()
        self.logged: dict[str, dict[int, bytes]] = {"finding": {}, "coverage": {}}
        self.deaf = deaf
        self.asked = 0

    def log(self, message: m.Finding | m.Coverage) -> None:
        topic = "finding" if isinstance(message, m.Finding) else "coverage"
        self.logged[topic][message.seq] = m.encode(message)

    def tick(self, now: float) -> None:
        self.commands.serve(lambda command: self._answer(command, now))

    def _answer(self, command: m.Command, now: float) -> m.Ack:
        self.asked += 1
        known = self.logged[command.topic]
        found = [known[seq] for seq in sorted(known) if command.first <= seq <= command.last][:16]
        if self.asked <= self.deaf:
            return m.Ack(t=now, id=command.id, source="recorder", accepted=False, reason="no answer")
        return m.Ack(t=now, id=command.id, source="recorder", accepted=True, reason="", messages=(b"\xc1rubbish", *found))

    def status(self, now: float) -> m.RecorderStatus:
        last = {topic: max(known, default=0) for topic, known in self.logged.items()}
        return m.RecorderStatus(t=now, finding_seq=last["finding"], coverage_seq=last["coverage"], log_bytes=1, disk_free_bytes=1)


def settle(feed: Feed, bus: LocalBus, recorder: ScriptedRecorder, now: float) -> float:
    bus.publish("recorder_status", recorder.status(now))
    for _ in range(400):
        now += 0.1
        recorder.tick(now)
        feed.drain(now)
    return now


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), max_size=40), st.sets(st.integers(0, 39), max_size=2), st.integers(0, 3))
def test_every_message_ends_up_in_the_store(arrives: list[bool], restarts: set[int], deaf: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        bus, recorder = LocalBus(), ScriptedRecorder(deaf)
        store = Store(path)
        feed = Feed(bus, recorder.commands, store)
        now = 0.0
        for i, arrived in enumerate(arrives, 1):
            messages = {"finding": finding(i, number=i), "coverage": coverage(i, (i, 1, ""))}
            for topic, message in messages.items():
                recorder.log(message)
                if arrived:
                    bus.publish(topic, message)
                    bus.publish(topic, message)
            if i in restarts:
                store.close()
                store = Store(path)
                feed = Feed(bus, recorder.commands, store)
            now += 0.1
            recorder.tick(now)
            feed.drain(now)
        settle(feed, bus, recorder, now)
        everything = set(range(1, len(arrives) + 1))
        assert store.sequences("finding") == everything
        assert store.sequences("coverage") == everything
        assert {cell.col for cell in store.cells()} == everything
        assert feed.missing("finding") == feed.missing("coverage") == 0
        store.close()


def test_a_message_is_handed_on_once(tmp_path: Path) -> None:
    bus, recorder, store = LocalBus(), ScriptedRecorder(), Store(tmp_path / "s.db")
    feed = Feed(bus, recorder.commands, store)
    for message in (finding(1), finding(2, 2), finding(3, 3)):
        recorder.log(message)
    bus.publish("finding", finding(3, 3))
    heard: list[m.AnyMessage] = []
    for i in range(30):
        heard += feed.drain(i * 0.1)
        recorder.tick(i * 0.1)
    assert sorted(f.seq for f in heard if isinstance(f, m.Finding)) == [1, 2, 3]
    store.close()


def test_what_the_log_lacks_stays_visible_and_is_asked_for_less_and_less(tmp_path: Path) -> None:
    bus, recorder, store = LocalBus(), ScriptedRecorder(), Store(tmp_path / "s.db")
    feed = Feed(bus, recorder.commands, store)
    bus.publish("finding", finding(2))
    now = settle(feed, bus, recorder, 0.0)
    assert feed.missing("finding") == 1
    assert feed.behind_s("finding", now) > 30.0
    assert recorder.asked <= 8
    store.close()


def test_ages_and_staleness(tmp_path: Path) -> None:
    bus, store = LocalBus(), Store(tmp_path / "s.db")
    feed = Feed(bus, None, store)
    assert feed.age("vehicle_state", 0.0) == (None, True)
    bus.publish("vehicle_state", vehicle(100.0))
    feed.drain(5.0)
    assert feed.age("vehicle_state", 5.0) == (0.0, False)
    age, stale = feed.age("vehicle_state", 5.6)
    assert age is not None and abs(age - 0.6) < 1e-9 and stale
    assert stale_after_s(2.0) == 1.5
    store.close()


def test_what_waited_in_a_cut_tether_is_old_when_it_comes(tmp_path: Path) -> None:
    bus, store = LocalBus(), Store(tmp_path / "s.db")
    feed = Feed(bus, None, store)
    bus.publish("vehicle_state", vehicle(10.0))
    feed.drain(110.0)
    bus.publish("vehicle_state", vehicle(11.0))
    feed.drain(115.0)
    age, stale = feed.age("vehicle_state", 115.0)
    assert age is not None and abs(age - 4.0) < 1e-9 and stale
    store.close()


def test_a_clock_that_started_anew_is_followed() -> None:
    clock = ClockOffset()
    clock.heard(1000.0, 1000.0)
    clock.heard(2.0, 1005.0)
    assert clock.age(2.0, 1005.0) == 0.0
    clock.heard(3.0, 1008.0)
    assert clock.age(3.0, 1008.0) == 2.0
