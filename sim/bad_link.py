"""A MAVLink channel that loses, delays, doubles and reorders packets as the scenario's faults say; deterministic by seed."""

from collections import deque

from sim.faults import Link
from sim.randoms import NoiseStream
from wire.channel import ByteChannel

V1, V2 = 0xFE, 0xFD
SIGNED = 0x01


def packets(data: bytes) -> list[bytes]:
    """Cuts a run of MAVLink bytes into packets; what is not MAVLink, or not whole, stays in one piece."""
    out, at = [], 0
    while at < len(data):
        size = _size(data, at)
        if size == 0 or at + size > len(data):
            size = len(data) - at
        out.append(data[at : at + size])
        at += size
    return out


def _size(data: bytes, at: int) -> int:
    if data[at] == V1 and at + 1 < len(data):
        return 8 + data[at + 1]
    if data[at] == V2 and at + 2 < len(data):
        return 12 + data[at + 1] + (13 if data[at + 2] & SIGNED else 0)
    return 0


class _Way:
    """One direction: packets in, packets out when their time has come."""

    def __init__(self, noise: NoiseStream, first: int) -> None:
        self._noise, self._count = noise, first
        self._queue: deque[tuple[float, bytes]] = deque()
        self._held: bytes | None = None

    def put(self, t: float, packet: bytes, link: Link) -> None:
        self._count += 1
        lost, doubled, swapped = (float(x) for x in self._noise.uniform(self._count, 3))
        if lost < link.loss:
            return
        due = t + link.delay_s
        if self._held is None and swapped < link.reorder:
            self._held = packet
            return
        self._queue.append((due, packet))
        if doubled < link.duplicate:
            self._queue.append((due, packet))
        if self._held is not None:
            self._queue.append((due, self._held))
            self._held = None

    def take(self, t: float) -> bytes:
        out = []
        while self._queue and self._queue[0][0] <= t + 1e-9:
            out.append(self._queue.popleft()[1])
        return b"".join(out)

    def release(self, t: float) -> None:
        """No reordering any more: what was held back goes."""
        if self._held is not None:
            self._queue.append((t, self._held))
            self._held = None

    @property
    def empty(self) -> bool:
        return not self._queue and self._held is None


class BadLink:
    """A `ByteChannel` around another; `tick` once a slow tick. Without faults it passes bytes on untouched."""

    def __init__(self, inner: ByteChannel, seed: int, number: int) -> None:
        self._inner = inner
        noise = NoiseStream(seed, "mavlink_loss")
        self._out, self._in = _Way(noise, number << 44), _Way(noise, (number << 44) + (1 << 43))
        self._link, self._faultless = Link(), True
        self._t = 0.0

    def tick(self, t: float, link: Link) -> None:
        """``t``: world time [s]. Delayed packets whose time has come go out."""
        self._t, self._link, self._faultless = t, link, link == Link()
        if link.reorder == 0.0:
            self._out.release(t)
            self._in.release(t)
        self._flush()

    def _clean(self, way: _Way) -> bool:
        return self._faultless and way.empty

    def _flush(self) -> None:
        data = self._out.take(self._t)
        if data:
            self._inner.send(data)

    def send(self, data: bytes) -> None:
        if self._clean(self._out):
            self._inner.send(data)
            return
        self._out.put(self._t, data, self._link)
        self._flush()

    def recv(self) -> bytes:
        data = self._inner.recv()
        if self._clean(self._in):
            return data
        if not self._link.deaf:
            for packet in packets(data):
                self._in.put(self._t, packet, self._link)
        return self._in.take(self._t)

    def close(self) -> None:
        self._inner.close()
