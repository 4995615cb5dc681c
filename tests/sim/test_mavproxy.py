"""MAVProxy, the other ground station (GPL; a program of its own, never imported), headless against `hullscan sim`."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAVPROXY = shutil.which("mavproxy.py")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.sockets,
    pytest.mark.skipif(MAVPROXY is None, reason="no mavproxy.py on PATH: pip install MAVProxy, in an environment of its own"),
]


class Console:
    """MAVProxy's prompt: `say` a command, `wait` for what it prints."""

    def __init__(self, port: int, folder: Path) -> None:
        command = [str(MAVPROXY), "--master", f"udpin:127.0.0.1:{port}", "--state-basedir", str(folder)]
        command += ["--default-modules", "param,arm,mode,cmdlong,link"]
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=0
        )
        self._heard = ""
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), 4096):
            self._heard += data.decode("utf-8", "replace")

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")

    def wait(self, pattern: str, at_most_s: float = 60.0) -> None:
        deadline = time.monotonic() + at_most_s
        while re.search(pattern, self._heard) is None:
            assert time.monotonic() < deadline, f"no {pattern!r} in {self._heard[-2000:]}"
            assert self._process.poll() is None, self._heard[-2000:]
            time.sleep(0.05)

    def ask(self, line: str, pattern: str, at_most_s: float = 60.0) -> None:
        """Says ``line`` until the answer is the wanted one."""
        deadline = time.monotonic() + at_most_s
        while re.search(pattern, self._heard) is None:
            assert time.monotonic() < deadline, f"no {pattern!r} in {self._heard[-2000:]}"
            self.say(line)
            time.sleep(0.5)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10.0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = [sys.executable, str(ROOT / "hullscan.py"), "sim", str(ROOT / "sim/scenarios/coaster_default.yaml")]
    serve += [
        "--mavlink",
        f"udpout:127.0.0.1:{port}",
        "--dvl-port",
        "0",
        "--camera-port",
        "0",
        "--ping-port",
        "0",
        "--ping-up-port",
        "0",
    ]
    with (tmp_path / "sim.log").open("w") as log:
        vehicle = subprocess.Popen(serve, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT)})
    prompt = Console(port, tmp_path)
    yield prompt
    prompt.close()
    vehicle.terminate()
    vehicle.wait(20.0)


def test_connects_lists_parameters_arms_and_changes_mode(console: Console) -> None:
    console.wait(r"Detected vehicle 1:1", 180.0)
    console.wait(r"Received \d+ parameters")
    console.say("param show JS_GAIN_DEFAULT")
    console.wait(r"JS_GAIN_DEFAULT\s+0\.5")
    console.say("param set JS_GAIN_DEFAULT 0.4")
    console.ask("param show JS_GAIN_DEFAULT", r"JS_GAIN_DEFAULT\s+0\.4")
    console.say("mode ALT_HOLD")
    console.wait(r"Mode ALT_HOLD")
    console.say("arm throttle")
    console.wait(r"Arming motors")
    console.wait(r"COMPONENT_ARM_DISARM: ACCEPTED")
    console.say("disarm")
    console.wait(r"Disarming motors")
