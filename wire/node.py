"""A process of a survey: its sockets, clock and stop signal, built from the session file."""

from pathlib import Path

import zmq
from zmq.auth.thread import ThreadAuthenticator

from wire.allow import start_allow_list
from wire.clock import WallClock
from wire.daemon import Stop
from wire.session import Session, load_session
from wire.sockets import Keys
from wire.zmq_bus import ZmqBus
from wire.zmq_command import ZmqCommandClient, ZmqCommandServer


class Node:
    """Opened by a daemon's ``main``; close it when done (also a context manager).

    ``commands`` is this process's own receiver; it exists only where the session gives it an endpoint.
    """

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self.folder = Path(session.folder)
        self.clock: WallClock = session.clock()
        self.stop = Stop()
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.keys = Keys(Path(session.keys), name) if session.keys else None
        self._guard: ThreadAuthenticator | None = None
        if session.keys:
            self._guard = start_allow_list(self.context, Path(session.keys))
        own = session.endpoints[name]
        peers = {peer: row.publish for peer, row in session.endpoints.items() if row.publish}
        self.bus = ZmqBus(self.context, own.publish or None, peers, self.keys)
        self._server = ZmqCommandServer(self.context, own.commands, self.keys) if own.commands else None
        self._clients: list[ZmqCommandClient] = []

    @property
    def commands(self) -> ZmqCommandServer:
        if self._server is None:
            raise ValueError(f"session: endpoints.{self.name}.commands is empty; expected an address")
        return self._server

    def client(self, peer: str) -> ZmqCommandClient:
        """A sender of commands to ``peer``."""
        client = ZmqCommandClient(self.context, self.session.endpoints[peer].commands, peer, self.keys)
        self._clients.append(client)
        return client

    def close(self) -> None:
        self.bus.close()
        for client in self._clients:
            client.close()
        if self._server is not None:
            self._server.close()
        if self._guard is not None:
            self._guard.stop()
        self.context.term()

    def __enter__(self) -> "Node":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def open_node(session_file: str, name: str) -> Node:
    """Reads the session and installs the stop signals. Raises ValueError as `load_session`."""
    node = Node(load_session(Path(session_file)), name)
    node.stop.install()
    return node
