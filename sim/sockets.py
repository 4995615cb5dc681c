"""Loopback sockets of the simulator, all non-blocking. A slow or dead client loses its own data and stalls nobody."""

import re
import select
import socket
from collections.abc import Callable

from wire.channel import ByteChannel

LOOPBACK = "127.0.0.1"
BUFFER_LIMIT = 1 << 18
ADDRESS = re.compile(r"^udp(in|out):(127\.0\.0\.1|localhost):(\d{1,5})$")


class UdpChannel:
    """MAVLink over UDP. ``udpout:127.0.0.1:14550`` sends there first; ``udpin:127.0.0.1:14550`` waits for a peer. Either way
    replies go to whoever spoke last.

    Raises:
        ValueError: not a loopback udpin/udpout address.
    """

    def __init__(self, address: str) -> None:
        match = ADDRESS.match(address)
        if match is None:
            raise ValueError(f"mavlink address: got {address!r}, expected udpout:127.0.0.1:PORT or udpin:127.0.0.1:PORT")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        port = int(match.group(3))
        self._peer: tuple[str, int] | None = (LOOPBACK, port) if match.group(1) == "out" else None
        self._socket.bind((LOOPBACK, 0 if match.group(1) == "out" else port))

    def send(self, data: bytes) -> None:
        if self._peer is None:
            return
        try:
            self._socket.sendto(data, self._peer)
        except OSError:
            return

    def recv(self) -> bytes:
        pieces: list[bytes] = []
        while True:
            try:
                data, self._peer = self._socket.recvfrom(65536)
            except BlockingIOError:
                return b"".join(pieces)
            except OSError:  # a refused datagram of an earlier send
                return b"".join(pieces)
            pieces.append(data)

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()


class TcpClient:
    """One accepted connection with a bounded send buffer; what does not fit closes it."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._pending = b""
        self.closed = False

    def send(self, data: bytes) -> None:
        if self.closed:
            return
        self._pending += data
        if len(self._pending) > BUFFER_LIMIT:
            self.close()
            return
        try:
            sent = self._socket.send(self._pending)
            self._pending = self._pending[sent:]
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def recv(self) -> bytes:
        if self.closed:
            return b""
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.close()
        return data

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._socket.close()


class TcpServer:
    """Accepts on loopback; ``port`` 0 picks a free one (see ``port``)."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_server((LOOPBACK, port))
        self._socket.setblocking(False)
        self._clients: list[TcpClient] = []
        self.port: int = self._socket.getsockname()[1]

    def poll(self, attach: Callable[[ByteChannel], None], detach: Callable[[ByteChannel], None]) -> None:
        """Takes new connections and lets go of closed ones."""
        while select.select([self._socket], [], [], 0.0)[0]:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                break
            client = TcpClient(connection)
            self._clients.append(client)
            attach(client)
        for client in [c for c in self._clients if c.closed]:
            self._clients.remove(client)
            detach(client)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._socket.close()
