"""RTP to one UDP address, unasked, as a BlueROV2 sends its video."""

import random
import socket
from collections import deque

from sim.video.address import VideoAddress
from sim.video.packetiser import Packetiser

BATCH = 32
BACKLOG = 4096


class RtpSender:
    """``send`` queues a picture's packets; ``pump`` lets `BATCH` of them go, so that a big picture does not overrun a receiver's
    buffer. ``dropped``: packets given up because `BACKLOG` others were waiting."""

    def __init__(self, address: VideoAddress) -> None:
        self._peer = (address.host, address.port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        rng = random.SystemRandom()
        self._packetiser = Packetiser(rng.getrandbits(32), rng.getrandbits(16), rng.getrandbits(32))
        self._waiting: deque[bytes] = deque()
        self.dropped = 0

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def send(self, nals: tuple[bytes, ...], t: float) -> None:
        if len(self._waiting) > BACKLOG:
            self.dropped += len(self._waiting)
            self._waiting.clear()
        self._waiting += self._packetiser.packets(nals, t)

    def pump(self) -> None:
        """A refused or lost datagram is lost: nobody may be listening yet."""
        for _ in range(min(BATCH, len(self._waiting))):
            try:
                self._socket.sendto(self._waiting[0], self._peer)
            except BlockingIOError:
                return
            except OSError:  # an earlier datagram was refused
                pass
            self._waiting.popleft()

    def close(self) -> None:
        self._socket.close()
