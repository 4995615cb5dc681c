"""The firmware as a child process, with the sockets that reach into its namespace."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from sim.ardusub import cell
from sim.ardusub.faults import FirmwareFault

MAVLINK_PORTS = (5760, 5762, 5763)
START_S = 20.0
LAST_WORDS = 5
WAITING = "No JSON sensor message"  # said every second that the world stands still


class Process:
    """Starts the firmware in ``folder`` (its EEPROM and ``ardusub.log`` go there). ``physics``: its JSON link, UDP.
    ``streams``: sockets for its MAVLink ports. The first is connected: the firmware waits for that before it boots, and opens
    the others while it does; `connect` them then.

    Raises:
        FirmwareFault: there is no such program, no namespace, or it does not come up.
    """

    def __init__(self, binary: Path, folder: Path, arguments: tuple[str, ...]) -> None:
        self._log_file = folder / "ardusub.log"
        mine, theirs = socket.socketpair()
        numbers = (str(theirs.fileno()), str(os.getpid()), str(len(MAVLINK_PORTS)))
        with self._log_file.open("wb") as log, theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-I", cell.__file__, *numbers, str(binary.resolve()), *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                process_group=0,  # Ctrl-C is for the simulator, which ends it
            )
        with mine:
            mine.settimeout(START_S)
            try:
                text, fds, _flags, _address = socket.recv_fds(mine, 512, 1 + len(MAVLINK_PORTS))
            except TimeoutError:
                text, fds = b"it did not start in time", []
        if text != b"ok":
            self._end()
            raise FirmwareFault(f"firmware: {text.decode() or 'its start failed'}; {self.last_words()}")
        self.physics, *self.streams = (socket.socket(fileno=fd) for fd in fds)
        try:
            self._connect()
        except FirmwareFault:
            self.close()
            raise

    def _connect(self) -> None:
        deadline = time.monotonic() + START_S
        while not connect(self.streams[0], MAVLINK_PORTS[0]):
            self.check()
            if time.monotonic() > deadline:
                raise FirmwareFault(f"firmware: port {MAVLINK_PORTS[0]} not open after {START_S:.0f} s; {self.last_words()}")
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        return self._child.pid

    def check(self) -> None:
        """Raises FirmwareFault when it has ended."""
        code = self._child.poll()
        if code is not None:
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
            raise FirmwareFault(f"firmware: {how}; {self.last_words()}")

    def last_words(self) -> str:
        """The last lines that it printed, for an error message."""
        lines = [line.strip() for line in self._log_file.read_text(errors="replace").splitlines()]
        lines = [line for line in lines if line and not line.startswith(WAITING)]
        return "it said: " + " | ".join(lines[-LAST_WORDS:]) if lines else "it said nothing"

    def close(self) -> None:
        """Ends it and closes the sockets; again is harmless."""
        self._end()
        for each in (self.physics, *self.streams):
            each.close()

    def _end(self) -> None:
        # Nothing in its folder outlives the simulation, so there is nothing to wait for: SITL at full speed may ignore SIGTERM.
        self._child.kill()
        self._child.wait()


def connect(stream: socket.socket, port: int) -> bool:
    """False when nothing listens there yet. Loopback answers at once."""
    stream.setblocking(True)
    connected = stream.connect_ex(("127.0.0.1", port)) == 0
    stream.setblocking(False)
    if connected:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected
