"""Byte channels: how a link moves bytes, whatever carries them. Nothing blocks, nothing raises for a dead peer."""

from collections import deque
from typing import Protocol


class ByteChannel(Protocol):
    """``recv`` returns what has arrived (b"" if nothing); ``send`` drops when nobody listens."""

    def send(self, data: bytes) -> None: ...

    def recv(self) -> bytes: ...

    def close(self) -> None: ...


class PipeEnd:
    """One end of an in-memory channel pair made by `pipe`."""

    def __init__(self) -> None:
        self._inbox: deque[bytes] = deque()
        self.peer: PipeEnd | None = None

    def send(self, data: bytes) -> None:
        if self.peer is not None:
            self.peer._inbox.append(bytes(data))

    def recv(self) -> bytes:
        data = b"".join(self._inbox)
        self._inbox.clear()
        return data

    def close(self) -> None:
        if self.peer is not None:
            self.peer.peer = None
        self.peer = None


def pipe() -> tuple[PipeEnd, PipeEnd]:
    """Two connected ends; each reads what the other sends."""
    a, b = PipeEnd(), PipeEnd()
    a.peer, b.peer = b, a
    return a, b
