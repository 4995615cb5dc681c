"""An RTSP server for the simulated camera: it stands for BlueOS's. Non-blocking; a slow or dead client loses its own pictures
and stalls nobody."""

import random
import socket
import struct
import time

from sim.video.address import VideoAddress
from sim.video.packetiser import Packetiser
from sim.video.rtp_sender import PacedDatagrams
from sim.video.rtsp_protocol import TIMEOUT_S, BadRequest, Conversation, RequestReader
from vision.h264 import IDR, PPS, SPS, nal_type

BACKLOG_BYTES = 2 * 1024 * 1024
MAX_CLIENTS = 8


class RtspClient:
    """One connection. Starts with a key frame, and goes on with one after pictures had to be left out."""

    def __init__(self, connection: socket.socket, peer: str, path: str, udp: socket.socket) -> None:
        rng = random.SystemRandom()
        self.socket, self._peer, self._udp = connection, peer, udp
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ssrc = rng.getrandbits(32)
        self._packetiser = Packetiser(ssrc, rng.getrandbits(16), rng.getrandbits(32))
        self._talk = Conversation(path, f"{rng.getrandbits(64):016x}", udp.getsockname()[1], ssrc)
        self._reader = RequestReader()
        self._out = bytearray()
        self._datagrams: PacedDatagrams | None = None
        self._need_key = True
        self.heard = time.monotonic()
        self.closed = False
        self.left_out = 0

    @property
    def busy(self) -> bool:
        return bool(self._out)

    @property
    def pacing(self) -> bool:
        """There are datagrams left to pump."""
        return self._datagrams is not None and self._datagrams.busy

    def receive(self, parameter_sets: tuple[bytes, ...]) -> None:
        """Reads and answers what has come."""
        try:
            data = self.socket.recv(65536)
            self.heard = time.monotonic()
            self._talk.parameter_sets = parameter_sets
            for request in self._reader.feed(data):
                self._out += self._talk.answer(request)
        except BlockingIOError:
            return
        except (OSError, BadRequest):
            data = b""
        self.flush()
        if not data or self._talk.over or len(self._out) > BACKLOG_BYTES:
            self.close()

    def send(self, nals: tuple[bytes, ...], t: float) -> None:
        """A picture, if the client plays and has taken the earlier ones."""
        transport = self._talk.transport
        if not self._talk.playing or transport is None or self.closed:
            return
        if time.monotonic() - self.heard > 2 * TIMEOUT_S and transport.channel is None:
            self.close()  # a UDP client that keeps its session alive speaks every TIMEOUT_S
            return
        key = any(nal_type(nal) == IDR for nal in nals)
        if len(self._out) > BACKLOG_BYTES or (self._need_key and not key):
            self.left_out += 1
            self._need_key = True
            return
        self._need_key = False
        packets = self._packetiser.packets(nals, t)
        if transport.channel is None:
            self._datagrams = self._datagrams or PacedDatagrams(self._udp, (self._peer, transport.port))
            self._datagrams.queue(packets)
        else:
            for packet in packets:
                self._out += struct.pack(">BBH", 0x24, transport.channel, len(packet)) + packet
        self.flush()

    def flush(self) -> None:
        """Sends what fits."""
        if self._datagrams is not None:
            self._datagrams.pump()
        if self.closed or not self._out:
            return
        try:
            del self._out[: self.socket.send(self._out)]
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.socket.close()


class RtspServer:
    """Listens on the address; ``port`` tells which when 0 was asked for. ``parameter_sets``: to describe the video by until it
    brings others.

    Raises:
        OSError: the address is not this machine's, or taken.
    """

    def __init__(self, address: VideoAddress, parameter_sets: tuple[bytes, ...] = ()) -> None:
        self._listener = socket.create_server((address.host, address.port))
        self._listener.setblocking(False)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address.host, 0))
        self._path = address.path
        self._sets = parameter_sets
        self.port: int = self._listener.getsockname()[1]
        self.clients: list[RtspClient] = []

    def readers(self) -> list[socket.socket]:
        """Sockets worth waking up for."""
        return [self._listener, *(client.socket for client in self.clients if not client.closed)]

    def writers(self) -> list[socket.socket]:
        return [client.socket for client in self.clients if client.busy and not client.closed]

    def poll(self) -> None:
        """Takes new clients, reads, answers and sends what fits."""
        self._accept()
        for client in self.clients:
            client.receive(self._sets)
            client.flush()
        self.clients = [client for client in self.clients if not client.closed]

    @property
    def busy(self) -> bool:
        """Datagrams wait to be polled out."""
        return any(client.pacing for client in self.clients)

    def send(self, nals: tuple[bytes, ...], t: float) -> None:
        """One picture, captured at ``t`` [s], to everyone who plays."""
        sets = tuple(nal for nal in nals if nal_type(nal) in (SPS, PPS))
        self._sets = sets or self._sets
        for client in self.clients:
            client.send(nals, t)

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self._udp.close()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            if len(self.clients) >= MAX_CLIENTS:
                connection.close()
                continue
            self.clients.append(RtspClient(connection, peer[0], self._path, self._udp))
