"""The log survives a torn tail; the recorder replays what a receiver lacks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import messages as m
from wire.bus import LocalBus
from wire.command import LocalCommands
from wire.record import LogWriter, Record, read_log
from wire.recorder import REPLAY_BATCH, Recorder


def write(path: Path, rows: list[Record]) -> None:
    log = LogWriter(path)
    for row in rows:
        log.append(*row)
    log.close()


ROWS = [Record(0.5 * i, "alert", bytes([i]) * (i * 7)) for i in range(10)]


def test_round_trip_and_continue(tmp_path: Path) -> None:
    write(tmp_path / "a.log", ROWS[:4])
    write(tmp_path / "a.log", ROWS[4:])
    assert list(read_log(tmp_path / "a.log")) == ROWS


@given(cut=st.integers(min_value=0, max_value=600))
def test_any_torn_tail_keeps_every_whole_record(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("log") / "a.log"
    write(path, ROWS)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole))])
    kept = list(read_log(path))
    assert kept == ROWS[: len(kept)]
    write(path, [ROWS[9]])
    assert list(read_log(path)) == [*kept, ROWS[9]]


def test_a_flipped_byte_ends_the_log_there(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    write(path, ROWS)
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(bytes(damaged))
    assert list(read_log(path)) == ROWS[:-1]


def test_not_a_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello there")
    with pytest.raises(ValueError, match="not a hullscan log"):
        list(read_log(tmp_path / "x"))


def coverage(seq: int) -> m.Coverage:
    return m.Coverage(t=float(seq), seq=seq, cells=())


def replay(first: int, last: int, key: str = "r", topic: str = "coverage") -> m.Command:
    return m.Command(t=0.0, id=key, source="station", verb="replay", topic=topic, first=first, last=last)


def test_recorder_replays_after_restart_and_bounds_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "record.hslog"
    bus = LocalBus()
    recorder = Recorder(path, bus, LocalCommands())
    for seq in range(1, 41):
        bus.publish("coverage", coverage(seq))
    recorder.tick(1.0)
    recorder.close()

    bus, commands = LocalBus(), LocalCommands()
    statuses = bus.subscribe("recorder_status")
    recorder = Recorder(path, bus, commands)
    commands.send(replay(5, 2**62), 0.0)
    commands.send(replay(1, 2, "bad", "vehicle_state"), 0.0)
    recorder.tick(2.0)
    good, bad = commands.poll(2.0)
    assert [m.decode(data) for data in good.messages] == [coverage(seq) for seq in range(5, 5 + REPLAY_BATCH)]
    assert not bad.accepted and "replays finding and coverage only" in bad.reason
    status = statuses.drain()[0][1]
    assert isinstance(status, m.RecorderStatus)
    assert (status.coverage_seq, status.finding_seq) == (40, 0)
    recorder.close()


def test_every_logged_topic_is_logged_and_no_other(tmp_path: Path) -> None:
    bus = LocalBus()
    recorder = Recorder(tmp_path / "r.hslog", bus, LocalCommands())
    bus.publish("station_beat", m.StationBeat(t=0.0, operator="x"))
    bus.publish("coverage", coverage(1))
    recorder.tick(0.0)
    recorder.close()
    assert [record.topic for record in read_log(tmp_path / "r.hslog")] == ["coverage"]
