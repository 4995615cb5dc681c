"""The bus over ZeroMQ PUB/SUB: every process binds one publisher; readers connect to all of them.

PUB/SUB drops when a reader is slow or gone. Streams that must not be lost are numbered and replayed
from the recorder (``finding``, ``coverage``).
"""

from collections.abc import Mapping

import msgspec
import zmq

from wire import messages as m
from wire.bus import check
from wire.sockets import Keys, bind, connect, open_socket
from wire.topics import TOPICS


class ZmqSubscription:
    """One SUB socket. Damaged or mistyped messages are counted in ``dropped``, never raised."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self.dropped = 0

    def drain(self) -> list[tuple[str, m.AnyMessage]]:
        out: list[tuple[str, m.AnyMessage]] = []
        while True:
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return out
            received = _parse(parts)
            if received is None:
                self.dropped += 1
            else:
                out.append(received)


def _parse(parts: list[bytes]) -> tuple[str, m.AnyMessage] | None:
    if len(parts) != 2:
        return None
    topic = parts[0].rstrip(b"\0").decode("ascii", "replace")
    try:
        message = m.decode(parts[1])
        check(topic, message)
    except (msgspec.DecodeError, ValueError):
        return None
    return topic, message


class ZmqBus:
    """Publishes on ``endpoint``; `subscribe` connects to the publishers in ``peers`` (process name to endpoint).

    ``endpoint`` None makes a reader only.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        endpoint: str | None,
        peers: Mapping[str, str],
        keys: Keys | None = None,
    ) -> None:
        self._context = context
        self._peers = dict(peers)
        self._keys = keys
        self._sockets: list[zmq.Socket[bytes]] = []
        self._out: zmq.Socket[bytes] | None = None
        self.endpoint = ""
        if endpoint is not None:
            self._out = self._own(zmq.PUB)
            self.endpoint = bind(self._out, endpoint, keys)

    def _own(self, kind: int) -> "zmq.Socket[bytes]":
        socket = open_socket(self._context, kind)
        self._sockets.append(socket)
        return socket

    def publish(self, topic: str, message: m.AnyMessage) -> None:
        check(topic, message)
        if self._out is None:
            raise ValueError(f"bus: cannot publish {topic!r} without an endpoint of its own")
        # The NUL keeps "alert" from matching a longer topic's prefix in the subscription filter.
        self._out.send_multipart([topic.encode() + b"\0", m.encode(message)], zmq.NOBLOCK)

    def subscribe(self, *topics: str) -> ZmqSubscription:
        socket = self._own(zmq.SUB)
        for topic in topics:
            if topic not in TOPICS:
                raise ValueError(f"topic {topic!r}: expected one of {', '.join(TOPICS)}")
            socket.subscribe(topic.encode() + b"\0")
        owners = {TOPICS[topic].owner for topic in topics}
        for name, endpoint in self._peers.items():
            if "*" in owners or name in owners:
                connect(socket, endpoint, self._keys, name)
        return ZmqSubscription(socket)

    def close(self) -> None:
        for socket in self._sockets:
            socket.close()
