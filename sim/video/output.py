"""Frames of the simulated camera → video, in a thread of its own beside the world's clock.

A real camera's picture is late: exposure, encoder, network. So is this one: each picture leaves ``latency_s`` after its capture
time, or at once when encoding took longer.
"""

import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sim.feed import CameraFrame
from sim.video.address import VideoAddress
from sim.video.encoder import Encoder
from sim.video.rtp_sender import RtpSender
from sim.video.rtsp_server import RtspServer

WAITING_FRAMES = 2
WAITING_PICTURES = 30
BUSY_S, IDLE_S = 0.002, 0.1


class Picture(NamedTuple):
    """``t``: capture time [s]."""

    nals: tuple[bytes, ...]
    t: float


class VideoOutput:
    """``put`` frames; ``close`` at the end. ``clock``: hullscan seconds, as the frames' stamps.

    ``skipped``: frames that came faster than the encoder took them; ``pictures``: sent; ``restarts``: of an encoder that
    ended or hung; ``trouble``: why there is no video any more.
    """

    def __init__(
        self, addresses: Sequence[VideoAddress], open_encoder: Callable[[], Encoder], clock: Callable[[], float], latency_s: float
    ) -> None:
        self._open_encoder, self._clock, self._latency_s = open_encoder, clock, latency_s
        self._encoder = open_encoder()
        self._senders = [RtpSender(address) for address in addresses if address.scheme == "rtp"]
        sets = self._encoder.parameter_sets
        self._servers = [RtspServer(address, sets) for address in addresses if address.scheme == "rtsp"]
        self._lock = threading.Lock()
        self._frames: deque[CameraFrame] = deque()
        self._stamps: deque[float] = deque()
        self._pictures: deque[Picture] = deque(maxlen=WAITING_PICTURES)
        self._wake, self._alarm = socket.socketpair()
        self._wake.setblocking(False)
        self._alarm.setblocking(False)
        self._stop = False
        self.trouble = ""
        self.skipped = self.pictures = self.restarts = 0
        self._thread = threading.Thread(target=self._run, name="video", daemon=True)
        self._thread.start()

    @property
    def encoder(self) -> str:
        return self._encoder.name

    @property
    def rtsp_ports(self) -> list[int]:
        return [server.port for server in self._servers]

    def put(self, frame: CameraFrame) -> None:
        """Never waits; the oldest of more than two waiting frames is given up.

        Raises:
            ConnectionError: the encoder ended and cannot be started again.
        """
        if self.trouble:
            raise ConnectionError(self.trouble)
        with self._lock:
            self._frames.append(frame)
            while len(self._frames) > WAITING_FRAMES:
                self._frames.popleft()
                self.skipped += 1
        self._ring()

    def close(self) -> None:
        """Ends the thread and closes everything; returns after at most about 5 s."""
        self._stop = True
        self._ring()
        self._thread.join(5.0)
        for output in self._outputs():
            output.close()
        self._encoder.close()
        self._wake.close()
        self._alarm.close()

    def _outputs(self) -> list[RtpSender | RtspServer]:
        return [*self._senders, *self._servers]

    def _ring(self) -> None:
        try:
            self._alarm.send(b"!")
        except BlockingIOError:
            return

    def _run(self) -> None:
        while not self._stop:
            self._wait()
            for server in self._servers:
                server.poll()
            self._encode()
            while self._pictures and self._clock() >= self._pictures[0].t + self._latency_s:
                self._send(self._pictures.popleft())
            for sender in self._senders:
                sender.pump()

    def _wait(self) -> None:
        readers = [self._wake, *(each for server in self._servers for each in server.readers())]
        writers = [each for server in self._servers for each in server.writers()]
        busy = self._frames or self._pictures or any(output.busy for output in self._outputs())
        ready, _, _ = select.select(readers, writers, [], BUSY_S if busy else IDLE_S)
        if self._wake in ready:
            self._wake.recv(4096)

    def _encode(self) -> None:
        with self._lock:
            frame = self._frames.popleft() if self._frames else None
        if frame is None:
            return
        self._stamps.append(frame.t)
        try:
            for nals in self._encoder.encode(frame.image):
                self._pictures.append(Picture(nals, self._stamps.popleft()))
        except ConnectionError:
            self._restart()

    def _restart(self) -> None:
        self.restarts += 1
        self._encoder.close()
        self._stamps.clear()
        try:
            self._encoder = self._open_encoder()
        except (ConnectionError, ValueError) as error:
            self.trouble = str(error)
            self._stop = True

    def _send(self, picture: Picture) -> None:
        self.pictures += 1
        for output in self._outputs():
            output.send(*picture)
