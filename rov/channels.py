"""Byte channels of the real vehicle: MAVLink by pymavlink address, the DVL by TCP."""

import errno
import socket
import time
from typing import Any

from pymavlink import mavutil

from wire.channel import ByteChannel

RECONNECT_S = 1.0
SILENT_S = 5.0  # DVL and autopilot speak at least once a second: silence is a dead connection that TCP has not noticed


def open_mavlink(address: str) -> ByteChannel:
    """A channel for ``tcp:HOST:PORT`` (reconnects, never blocks) or any other pymavlink address.

    Raises:
        ConnectionError: the address cannot be opened (names it).
    """
    if not address.startswith("tcp:"):
        return MavlinkChannel(address)
    try:
        return TcpChannel(address.removeprefix("tcp:"))
    except ValueError as error:
        raise ConnectionError(f"vehicle: cannot open {address}: expected tcp:HOST:PORT such as tcp:127.0.0.1:5760") from error


class MavlinkChannel:
    """A pymavlink connection used for its bytes: udpin, udpout, tcpin or a serial device.

    Raises:
        ConnectionError: the address cannot be opened (names it).
    """

    def __init__(self, address: str) -> None:
        try:
            self._connection: Any = mavutil.mavlink_connection(address, autoreconnect=True, retries=1, source_system=255)
        except (OSError, ValueError, ImportError) as error:  # a serial device needs pyserial
            raise ConnectionError(
                f"vehicle: cannot open {address}: {error}; expected an address such as udpin:0.0.0.0:14550"
            ) from error
        self.dropped = 0

    def send(self, data: bytes) -> None:
        try:
            self._connection.write(data)
        except OSError:
            self.dropped += 1

    def recv(self) -> bytes:
        out = b""
        while len(out) < 1_000_000:
            try:
                data = self._connection.recv(16384)
            except OSError:
                return out
            if not data:
                return out
            out += bytes(data)
        return out

    def close(self) -> None:
        self._connection.close()


class TcpChannel:
    """A TCP client that never blocks and comes back by itself when the peer does.

    Raises:
        ValueError: ``address`` is not host:port.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"address: got {address!r}, expected HOST:PORT such as 192.168.2.95:16171")
        self._address = (host, int(port))
        self._socket: socket.socket | None = None
        self._next_try = self._heard = 0.0

    def _open(self) -> socket.socket | None:
        if self._socket is None and time.monotonic() >= self._next_try:
            self._heard = time.monotonic()
            self._next_try = self._heard + RECONNECT_S
            self._socket = socket.socket()
            self._socket.setblocking(False)
            self._socket.connect_ex(self._address)
        return self._socket

    def send(self, data: bytes) -> None:
        link = self._open()
        if link is not None:
            try:
                link.send(data)
            except OSError as error:
                self._lost(error)

    def recv(self) -> bytes:
        link = self._open()
        if link is None:
            return b""
        try:
            data = link.recv(65536)
        except OSError as error:
            self._lost(error)
            if time.monotonic() - self._heard > SILENT_S:
                self.close()
            return b""
        self._heard = time.monotonic()
        if not data:
            self.close()
        return data

    def _lost(self, error: OSError) -> None:
        # Not connected yet, or nothing there yet: both are no loss.
        if error.errno not in (errno.EAGAIN, errno.EINPROGRESS, errno.ENOTCONN, errno.EALREADY):
            self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
