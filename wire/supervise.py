"""Starts a survey's processes, notices when one dies, and stops them in order."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Program(NamedTuple):
    """``module`` is run as ``python -m module args``; ``restart``: start it again when it dies by itself."""

    name: str
    module: str
    args: tuple[str, ...]
    restart: bool


class Supervisor:
    """Owns the child processes. Each one's stderr goes to ``log_dir/NAME.log``."""

    def __init__(self, programs: tuple[Program, ...], log_dir: Path) -> None:
        self._programs = {program.name: program for program in programs}
        self._log_dir = log_dir
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts: list[tuple[str, int]] = []

    def start(self, name: str) -> None:
        program = self._programs[name]
        with (self._log_dir / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", program.module, *program.args], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def check(self) -> list[tuple[str, int]]:
        """Processes that ended since the last check, with exit codes; those that may are started again."""
        ended = [(name, code) for name, child in self._running.items() if (code := child.poll()) is not None]
        for name, code in ended:
            del self._running[name]
            if self._programs[name].restart and code != 0:
                self.restarts.append((name, code))
                self.start(name)
        return ended

    def stop(self, name: str, timeout_s: float = 10.0) -> int | None:
        """SIGTERM, then SIGKILL after ``timeout_s``; its exit code, or None when it was not running."""
        child = self._running.pop(name, None)
        if child is None:
            return None
        child.send_signal(signal.SIGTERM)
        try:
            return child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def stop_all(self) -> None:
        for name in list(self._running):
            self.stop(name)


def wait_until_listening(ports: tuple[int, ...], timeout_s: float) -> list[int]:
    """Waits until something listens on each TCP port of 127.0.0.1; returns the ports that stayed silent."""
    deadline = time.monotonic() + timeout_s
    silent = list(ports)
    while silent and time.monotonic() < deadline:
        for port in list(silent):
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    silent.remove(port)
        time.sleep(0.05)
    return silent
