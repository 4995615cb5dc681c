"""The Ping sounders on UDP, as BlueOS' ping service offers them: any number of clients of one socket each, none waited for."""

import socket

from sim.sensors.ping1d import Echo, Ping1D, unpack

LOOPBACK = "127.0.0.1"
MOST_CLIENTS = 8
DATAGRAMS_A_TURN = 64


class PingServer:
    """``port`` 0 picks a free one (see ``port``). Datagrams beyond `DATAGRAMS_A_TURN` wait for the next turn; a ninth client
    takes the place of the one that has been silent longest.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, port: int, device: Ping1D) -> None:
        self._device = device
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, port))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._clients: dict[tuple[str, int], set[int]] = {}

    def turn(self, t: float, echo: Echo) -> None:
        """Answers what came, then sends a due ping to those who stream."""
        for _ in range(DATAGRAMS_A_TURN):
            try:
                data, peer = self._socket.recvfrom(4096)
            except BlockingIOError:
                break
            except OSError:  # a refused datagram of an earlier send
                continue
            self._answer(data, peer)
        if self._device.measured(t, echo):
            for peer, streams in self._clients.items():
                self._send(self._device.stream(streams), peer)

    def _answer(self, data: bytes, peer: tuple[str, int]) -> None:
        messages = unpack(data)
        if not messages:
            return
        streams = self._clients.pop(peer, set())
        if len(self._clients) >= MOST_CLIENTS:
            self._clients.pop(next(iter(self._clients)))
        self._clients[peer] = streams  # the last in the order: the one heard last
        for message in messages:
            self._send(self._device.heard(message, streams), peer)

    def _send(self, datagrams: list[bytes], peer: tuple[str, int]) -> None:
        for datagram in datagrams:
            try:
                self._socket.sendto(datagram, peer)
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()
