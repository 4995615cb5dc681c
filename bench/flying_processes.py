"""A survey as real processes over real sockets, listened to from outside: for tests and for `bench.kill_processes`."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wire import messages as m
from wire.session import Session, load_session
from wire.zmq_bus import ZmqSubscription

ROOT = Path(__file__).parents[1]


class TooLate(AssertionError):
    """What was waited for did not come."""


class Ears:
    """What is heard on the bus."""

    def __init__(self, subscription: ZmqSubscription) -> None:
        self._subscription = subscription
        self.state: m.VehicleState | None = None
        self.status: m.MissionStatus | None = None
        self.processes: dict[str, m.ProcessStatus] = {}
        self.findings = 0

    def listen(self) -> None:
        for _topic, message in self._subscription.drain():
            if isinstance(message, m.VehicleState):
                self.state = message
            elif isinstance(message, m.MissionStatus):
                self.status = message
            elif isinstance(message, m.ProcessStatus):
                self.processes[message.name] = message
            elif isinstance(message, m.Finding):
                self.findings += 1

    @property
    def pids(self) -> dict[str, int]:
        return {name: status.pid for name, status in self.processes.items()}

    def until(self, what: str, true: Callable[[], bool], seconds: float) -> None:
        """Raises TooLate."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.listen()
            if true():
                return
            time.sleep(0.02)
        raise TooLate(f"waited {seconds:.0f} s in vain: {what}; last status {self.status}")


class Flying:
    """The launcher's child process and where it serves."""

    def __init__(self, mission: Path, scenario: Path, out: Path, seconds: float) -> None:
        command = [sys.executable, str(ROOT / "hullscan.py"), "run", str(mission), "--sim", str(scenario), "--headless"]
        out.parent.mkdir(parents=True, exist_ok=True)
        self._stderr = (out.parent / "launcher.err").open("w+")
        self.child = subprocess.Popen(
            [*command, "--json", "--out", str(out)], stdout=subprocess.PIPE, stderr=self._stderr, text=True
        )
        self.folder = self._found(out, seconds)
        self.session: Session = load_session(self.folder / "session.json")

    def _found(self, out: Path, seconds: float) -> Path:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = list(out.glob("*/session.json"))
            if found and found[0].stat().st_size:
                return found[0].parent
            time.sleep(0.05)
        raise TooLate("no session file")

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


def resumed(flying: Flying, ears: Ears) -> bool:
    """Asks until it works: the lease comes only when rov has acknowledged it."""
    if ears.state is not None and ears.state.ladder == "ok":
        return True
    flying.post("take_control")
    flying.post("resume")
    return False


def kill(ears: Ears, name: str) -> int:
    """SIGKILL to a process of the survey; its id."""
    pid = ears.pids[name]
    os.kill(pid, signal.SIGKILL)
    return pid
