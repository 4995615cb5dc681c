"""Acknowledged commands over DEALER/ROUTER. See `wire.command` for the contract."""

import msgspec
import zmq

from wire import messages as m
from wire.command import AnswerMemory, Handler
from wire.sockets import Keys, bind, connect, open_socket

RESEND_S = 0.25
GIVE_UP_S = 5.0


class ZmqCommandServer:
    """ROUTER end. Damaged requests are counted in ``dropped`` and not answered."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, keys: Keys | None = None) -> None:
        self._socket = open_socket(context, zmq.ROUTER)
        self.endpoint = bind(self._socket, endpoint, keys)
        self._memory = AnswerMemory()
        self.dropped = 0

    def serve(self, handler: Handler) -> None:
        while True:
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            command = _decode(parts[-1])
            if len(parts) != 2 or not isinstance(command, m.Command):
                self.dropped += 1
                continue
            ack = self._memory.answer(command, handler)
            self._socket.send_multipart([parts[0], m.encode(ack)], zmq.NOBLOCK)

    def close(self) -> None:
        self._socket.close()


class ZmqCommandClient:
    """DEALER end, to one receiver."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, peer: str, keys: Keys | None = None) -> None:
        self._socket = open_socket(context, zmq.DEALER)
        connect(self._socket, endpoint, keys, peer)
        self._peer = peer
        self._waiting: dict[str, tuple[m.Command, float, float]] = {}
        self.dropped = 0

    def send(self, command: m.Command, now: float) -> None:
        self._waiting[command.id] = (command, now, now)
        self._transmit(command)

    def _transmit(self, command: m.Command) -> None:
        try:
            self._socket.send(m.encode(command), zmq.NOBLOCK)
        except zmq.Again:
            self.dropped += 1

    def poll(self, now: float) -> list[m.Ack]:
        acks = self._receive()
        for key, (command, first, last) in list(self._waiting.items()):
            if now - first > GIVE_UP_S:
                del self._waiting[key]
                reason = f"no answer from {self._peer} in {GIVE_UP_S:.0f} s"
                acks.append(m.Ack(t=now, id=key, source=self._peer, accepted=False, reason=reason))
            elif now - last > RESEND_S:
                self._waiting[key] = (command, first, now)
                self._transmit(command)
        return acks

    def _receive(self) -> list[m.Ack]:
        acks: list[m.Ack] = []
        while True:
            try:
                data = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return acks
            ack = _decode(data)
            if not isinstance(ack, m.Ack):
                self.dropped += 1
            elif self._waiting.pop(ack.id, None) is not None:
                acks.append(ack)

    def close(self) -> None:
        self._socket.close()


def _decode(data: bytes) -> m.AnyMessage | None:
    try:
        return m.decode(data)
    except msgspec.DecodeError:
        return None
