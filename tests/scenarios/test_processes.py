"""A whole survey with all its processes over real sockets: the station is killed in mid-flight, Hold is pressed on the page."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from pymavlink import mavutil

from wire import messages as m
from wire.record import read_log
from wire.session import Session, load_session
from wire.zmq_bus import ZmqBus, ZmqSubscription

ROOT = Path(__file__).parents[2]
MISSION = ROOT / "missions" / "library" / "coaster_short.yaml"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
DEADLINE_S = 400.0
pytestmark = [pytest.mark.slow, pytest.mark.processes]


class Ears:
    """What the test hears on the bus."""

    def __init__(self, subscription: ZmqSubscription) -> None:
        self._subscription = subscription
        self.state: m.VehicleState | None = None
        self.status: m.MissionStatus | None = None
        self.pids: dict[str, int] = {}
        self.findings = 0

    def listen(self) -> None:
        for _topic, message in self._subscription.drain():
            if isinstance(message, m.VehicleState):
                self.state = message
            elif isinstance(message, m.MissionStatus):
                self.status = message
            elif isinstance(message, m.ProcessStatus):
                self.pids[message.name] = message.pid
            elif isinstance(message, m.Finding):
                self.findings += 1

    def until(self, what: str, true: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.listen()
            if true():
                return
            time.sleep(0.02)
        pytest.fail(f"waited {seconds:.0f} s in vain: {what}; last status {self.status}")


class Demo:
    """The launcher's child process and where it serves."""

    def __init__(self, out: Path) -> None:
        command = [sys.executable, str(ROOT / "hullscan.py"), "run", str(MISSION), "--sim", str(SCENARIO), "--headless"]
        self._stderr = (out.parent / "launcher.err").open("w+")
        self.child = subprocess.Popen(
            [*command, "--json", "--out", str(out)], stdout=subprocess.PIPE, stderr=self._stderr, text=True
        )
        self.folder = self._found(out, DEADLINE_S)
        self.session: Session = load_session(self.folder / "session.json")

    def _found(self, out: Path, seconds: float) -> Path:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = list(out.glob("*/session.json"))
            if found and found[0].stat().st_size:
                return found[0].parent
            time.sleep(0.05)
        pytest.fail("no session file")

    def post(self, verb: str) -> dict[str, Any]:
        origin = f"http://127.0.0.1:{self.session.web_port}"
        body = json.dumps({"verb": verb, "operator": "tester"}).encode()
        headers = {"Content-Type": "application/json", "Origin": origin}
        request = urllib.request.Request(f"{origin}/api/command", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            reply: dict[str, Any] = json.load(answer)
        return reply

    def page_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.session.web_port}/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def told(self) -> str:
        """What the launcher has said so far."""
        self._stderr.flush()
        return Path(self._stderr.name).read_text()

    def end(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            self.child.wait(60)
        if self.child.stdout is not None:
            self.child.stdout.close()
        self._stderr.close()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "out")
    yield running
    running.end()


@pytest.fixture
def ears(demo: Demo) -> Iterator[Ears]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    bus = ZmqBus(context, None, {name: row.publish for name, row in demo.session.endpoints.items()})
    yield Ears(bus.subscribe("vehicle_state", "mission_status", "process_status", "finding"))
    bus.close()
    context.term()


def test_kill_the_station_then_hold_from_the_page(demo: Demo, ears: Ears) -> None:
    ears.until("surveying", lambda: ears.status is not None and ears.status.phase == "surveying" and "station" in ears.pids)
    os.kill(ears.pids["station"], signal.SIGKILL)
    ears.until("a finding", lambda: ears.findings > 0)
    ears.until("the page is back", demo.page_answers, 60.0)

    ears.until(
        "sticks moving", lambda: ears.state is not None and ears.state.control == "track" and ears.state.sticks != (0, 0, 500, 0)
    )
    demo.post("hold")
    ears.until("holding", lambda: ears.state is not None and ears.state.ladder == "hold", 20.0)
    held_at = demo.session.utc_epoch + ears.state.t if ears.state else 0.0
    ears.until(
        "neutral for a while", lambda: ears.state is not None and ears.state.t + demo.session.utc_epoch > held_at + 3.0, 20.0
    )
    assert ears.state is not None and ears.state.ladder == "hold" and ears.state.sticks == (0, 0, 500, 0)
    demo.post("take_control")
    ears.until("resumed", lambda: resumed(demo, ears), 30.0)
    ears.until("the end", lambda: ears.status is not None and ears.status.ended != "")
    stdout, _ = demo.child.communicate(timeout=120)
    summary = json.loads(stdout)

    assert demo.child.returncode == 0 and summary["ended"] == "completed"
    assert "station" in summary["restarts"]
    assert f"page: http://127.0.0.1:{demo.session.web_port}/" in demo.told()
    assert summary["inspected_fraction"] >= 0.9
    nothing_lost(demo.folder)
    hold_in_tlog(demo.folder / "telemetry.tlog", held_at)
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=demo.folder, check=True)
    as_good_as_in_one_process(demo.folder)


def as_good_as_in_one_process(folder: Path) -> None:
    """The bounds that `test_in_process` holds the same mission to, also over sockets, with a hold and a dead station."""
    from sim.score import score

    figures = score(folder, SCENARIO)
    assert figures["pd"] >= 0.6
    assert figures["inspected_fraction"] >= 0.9
    assert figures["claimed_but_unseen_fraction"] <= 0.02
    assert figures["collisions"] == 0
    assert figures["min_clearance_m"] > 0.1


def resumed(demo: Demo, ears: Ears) -> bool:
    """Asks until it works: the lease comes only when rov has acknowledged it."""
    if ears.state is not None and ears.state.ladder == "ok":
        return True
    demo.post("resume")
    return False


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
