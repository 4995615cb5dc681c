"""ZeroMQ sockets set up in one place: liveness, bounds, and default-deny on anything that is not loopback.

Options follow the measurements in docs/ARCHITECTURE.md: with ZMTP heartbeats, a short handshake and a capped
reconnect interval a link comes back about 1 s after a cut; without them it took up to 98 s.
"""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import zmq
import zmq.auth

MAX_MESSAGE_BYTES = 8 * 1024 * 1024


class Keys:
    """CURVE keys from a folder: ``<name>.key_secret`` of this process and ``<peer>.key`` of each peer.

    Raises:
        ValueError: a key file is missing or damaged (names the file).
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.public, self.secret = self._load(folder / f"{name}.key_secret")
        if self.secret is None:
            raise ValueError(f"keys: {folder / (name + '.key_secret')} holds no secret key; expected a CURVE certificate")

    @staticmethod
    def _load(path: Path) -> tuple[bytes, bytes | None]:
        try:
            return zmq.auth.load_certificate(path)
        except OSError as error:
            raise ValueError(f"keys: cannot read {path}: {error.strerror}; expected a CURVE certificate") from error

    def as_server(self, socket: zmq.Socket[bytes]) -> None:
        socket.curve_secretkey, socket.curve_publickey = self.secret, self.public
        socket.curve_server = True

    def as_client(self, socket: zmq.Socket[bytes], peer: str) -> None:
        socket.curve_secretkey, socket.curve_publickey = self.secret, self.public
        socket.curve_serverkey = self._load(self.folder / f"{peer}.key")[0]


def is_loopback(endpoint: str) -> bool:
    """True for ipc, inproc and tcp on a loopback address."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("ipc", "inproc"):
        return True
    if parts.hostname == "localhost":
        return True
    try:
        return parts.hostname is not None and ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def open_socket(context: "zmq.Context[zmq.Socket[bytes]]", kind: int) -> "zmq.Socket[bytes]":
    """A socket with heartbeats, bounded queues and no linger."""
    socket = context.socket(kind)
    socket.linger = 0
    socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
    socket.setsockopt(zmq.CONNECT_TIMEOUT, 1000)
    socket.setsockopt(zmq.HANDSHAKE_IVL, 3000)
    socket.setsockopt(zmq.RECONNECT_IVL, 100)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
    socket.setsockopt(zmq.TCP_MAXRT, 4000)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    socket.setsockopt(zmq.SNDHWM, 1000)
    socket.setsockopt(zmq.RCVHWM, 4000)
    return socket


def _refuse_strange(socket: "zmq.Socket[bytes]", endpoint: str, keys: Keys | None) -> None:
    if keys is None and not is_loopback(endpoint):
        socket.close()
        raise PermissionError(f"endpoint: {endpoint} is not loopback; expected CURVE keys (--keys DIR) or a 127.0.0.1 address")


def bind(socket: "zmq.Socket[bytes]", endpoint: str, keys: Keys | None) -> str:
    """Binds and returns the real endpoint (port 0 or ``*`` resolved).

    Raises:
        PermissionError: off loopback without keys. An allow-list (`wire.allow`) must run besides.
        ConnectionError: the port is taken or not ours.
    """
    _refuse_strange(socket, endpoint, keys)
    if keys is not None:
        keys.as_server(socket)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        socket.close()
        raise ConnectionError(
            f"endpoint: cannot bind {endpoint}: {error.strerror}; expected a free port of this machine"
        ) from error
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)


def connect(socket: "zmq.Socket[bytes]", endpoint: str, keys: Keys | None, peer: str) -> None:
    """Connects; off loopback only with keys, for the same reason as `bind`."""
    _refuse_strange(socket, endpoint, keys)
    if keys is not None:
        keys.as_client(socket, peer)
    socket.connect(endpoint)
