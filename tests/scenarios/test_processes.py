"""Whole surveys with all their processes over real sockets: processes are killed in mid-flight, Hold is pressed on the page."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from pymavlink import mavutil

from bench.flying_processes import Ears, Flying, kill, resumed
from sim.truth import read_truth
from wire import messages as m
from wire.record import read_log
from wire.zmq_bus import ZmqBus

ROOT = Path(__file__).parents[2]
MISSION = ROOT / "missions" / "library" / "coaster_short.yaml"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
DEADLINE_S = 400.0
pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Flying]:
    running = Flying(MISSION, SCENARIO, tmp_path / "out", DEADLINE_S)
    yield running
    running.end()


@pytest.fixture
def ears(demo: Flying) -> Iterator[Ears]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    bus = ZmqBus(context, None, {name: row.publish for name, row in demo.session.endpoints.items()})
    yield Ears(bus.subscribe("vehicle_state", "mission_status", "process_status", "finding"))
    bus.close()
    context.term()


def test_kill_the_station_then_hold_from_the_page(demo: Flying, ears: Ears) -> None:
    wait_for_lanes(ears)
    kill(ears, "station")
    ears.until("a finding", lambda: ears.findings > 0, DEADLINE_S)
    ears.until("the page is back", demo.page_answers, 60.0)

    ears.until("sticks moving", lambda: moving(ears), DEADLINE_S)
    demo.post("hold")
    ears.until("holding", lambda: ears.state is not None and ears.state.ladder == "hold", 20.0)
    held_at = demo.session.utc_epoch + ears.state.t if ears.state else 0.0
    ears.until(
        "neutral for a while", lambda: ears.state is not None and ears.state.t + demo.session.utc_epoch > held_at + 3.0, 20.0
    )
    assert ears.state is not None and ears.state.ladder == "hold" and ears.state.sticks == (0, 0, 500, 0)
    ears.until("resumed", lambda: resumed(demo, ears), 30.0)
    summary = ended(demo, ears)

    assert demo.child.returncode == 0 and summary["ended"] == "completed"
    assert "station" in summary["restarts"]
    assert f"page: http://127.0.0.1:{demo.session.web_port}/" in demo.told()
    assert summary["inspected_fraction"] >= 0.9
    nothing_lost(demo.folder)
    hold_in_tlog(demo.folder / "telemetry.tlog", held_at)
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=demo.folder, check=True)
    as_good_as_in_one_process(demo.folder)


def moving(ears: Ears) -> bool:
    return ears.state is not None and ears.state.control == "track" and ears.state.sticks != (0, 0, 500, 0)


def wait_for_lanes(ears: Ears) -> None:
    def there() -> bool:
        return ears.status is not None and ears.status.phase == "surveying" and {"rov", "vision", "missions"} <= ears.pids.keys()

    ears.until("surveying", there, DEADLINE_S)


def ended(demo: Flying, ears: Ears) -> dict[str, Any]:
    ears.until("the end", lambda: ears.status is not None and ears.status.ended != "", DEADLINE_S)
    stdout, _ = demo.child.communicate(timeout=120)
    summary: dict[str, Any] = json.loads(stdout)
    return summary


def again(demo: Flying, ears: Ears, name: str) -> None:
    """Kills a process in a lane; waits until it is back and the vehicle tracks again, on the operator's word if it must."""
    ears.until("tracking", lambda: ears.state is not None and ears.state.control == "track", DEADLINE_S)
    dead = kill(ears, name)
    ears.until(f"{name} is back", lambda: ears.pids[name] != dead, 60.0)
    ears.until("resumed", lambda: resumed(demo, ears), 60.0)


def test_kill_each_process_aboard(demo: Flying, ears: Ears) -> None:
    wait_for_lanes(ears)
    for name in ("missions", "vision", "rov"):
        again(demo, ears, name)
    summary = ended(demo, ears)
    assert summary["ended"] == "completed" and {"missions", "vision", "rov"} <= set(summary["restarts"])
    assert summary["inspected_fraction"] >= 0.9
    nothing_lost(demo.folder)
    alerts = [m.decode(record.payload) for record in read_log(demo.folder / "aboard" / "record.hslog") if record.topic == "alert"]
    assert any(isinstance(a, m.Alert) and a.code == "restart" for a in alerts)
    _header, rows = read_truth(demo.folder.with_name(demo.folder.name + ".truth") / "truth.jsonl")
    assert max(row.collisions for row in rows) == 0 and min(row.min_clearance_m for row in rows) > 0.05


def as_good_as_in_one_process(folder: Path) -> None:
    """The bounds that `test_in_process` holds the same mission to, also over sockets, with a hold and a dead station."""
    from sim.score import score

    figures = score(folder, SCENARIO)
    assert figures["pd"] >= 0.6
    assert figures["inspected_fraction"] >= 0.9
    assert figures["claimed_but_unseen_fraction"] <= 0.02
    assert figures["collisions"] == 0
    assert figures["min_clearance_m"] > 0.1


def nothing_lost(folder: Path) -> None:
    """Every finding message that vision sent is in the station's store, without gaps."""
    import sqlite3

    recorded = set()
    for record in read_log(folder / "aboard" / "record.hslog"):
        if record.topic == "finding":
            message = m.decode(record.payload)
            assert isinstance(message, m.Finding)
            recorded.add(message.seq)
    store = sqlite3.connect(folder / "survey.db")
    stored = {row[0] for row in store.execute("SELECT seq FROM finding")}
    store.close()
    assert recorded and recorded == set(range(1, max(recorded) + 1))
    assert stored == recorded


def hold_in_tlog(path: Path, held_at: float) -> None:
    """From the moment of the hold on, for three seconds, only neutral sticks went out, at the control rate."""
    log = mavutil.mavlink_connection(str(path))
    sticks = []
    while (message := log.recv_match(type="MANUAL_CONTROL")) is not None:
        if held_at + 0.05 <= message._timestamp <= held_at + 3.0:
            sticks.append((message.x, message.y, message.z, message.r))
    log.close()
    assert len(sticks) >= 40
    assert set(sticks) == {(0, 0, 500, 0)}
