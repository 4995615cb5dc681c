"""RTP to one UDP address, unasked, as a BlueROV2 sends its video."""

import random
import socket
from collections import deque
from collections.abc import Iterable

from sim.video.address import VideoAddress
from sim.video.packetiser import Packetiser

BATCH = 32
BACKLOG = 4096


class PacedDatagrams:
    """``pump`` lets `BATCH` datagrams go, so that a big picture does not overrun a receiver's buffer. ``dropped``: given up
    because `BACKLOG` others were waiting."""

    def __init__(self, udp: socket.socket, peer: tuple[str, int]) -> None:
        udp.setblocking(False)
        self._socket, self._peer = udp, peer
        self._waiting: deque[bytes] = deque()
        self.dropped = 0

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def queue(self, datagrams: Iterable[bytes]) -> None:
        if len(self._waiting) > BACKLOG:
            self.dropped += len(self._waiting)
            self._waiting.clear()
        self._waiting += datagrams

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


class RtpSender:
    """``send`` queues a picture's packets, ``pump`` sends some of them."""

    def __init__(self, address: VideoAddress) -> None:
        rng = random.SystemRandom()
        self._packetiser = Packetiser(rng.getrandbits(32), rng.getrandbits(16), rng.getrandbits(32))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._out = PacedDatagrams(self._socket, (address.host, address.port))

    @property
    def busy(self) -> bool:
        return self._out.busy

    def send(self, nals: tuple[bytes, ...], t: float) -> None:
        self._out.queue(self._packetiser.packets(nals, t))

    def pump(self) -> None:
        self._out.pump()

    def close(self) -> None:
        self._socket.close()
