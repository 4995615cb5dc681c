"""The simulator as a process: a thin loop around `World` with real sockets, paced by a clock.

MAVLink over UDP, the DVL over TCP (Water Linked JSON), camera frames as JPEG over a ZeroMQ PUB socket: multipart
``[b"frame", msgpack {t, seq, width, height}, jpeg]`` with ``t`` on the hullscan clock, or as H.264 (`sim.video`). All bind to
loopback; only video may be let out.
"""

import functools
from dataclasses import dataclass, field

import zmq

from sim.feed import CameraFeed, CameraFrame, DarkRoom
from sim.ping_server import PingServer
from sim.sensors.ping1d import Ping1D
from sim.sockets import TcpServer, UdpChannel
from sim.video.address import parse_video_address
from sim.video.encoder import Kind, open_encoder
from sim.video.output import VideoOutput
from sim.world import World
from vision.source import Frame, encode_frame
from wire.clock import Clock
from wire.daemon import Stop

SLICE_S = 0.02
BURST_S = 0.2
SLIP_S = 0.5


@dataclass
class Ports:
    """Where to serve. ``mavlink``: udpout/udpin addresses; ``camera``: a ZeroMQ address (tcp://127.0.0.1:PORT or ipc://…), ""
    for none; ``video``: addresses of `sim.video.address`; ``open_video``: they may be off loopback; ``encoder``: auto, ffmpeg or
    plain (`sim.video.encoder`); ``ping``: UDP ports of the forward and the upward Ping sounder."""

    mavlink: tuple[str, ...] = ("udpout:127.0.0.1:14550",)
    dvl: int = 16171
    camera: str = "tcp://127.0.0.1:5600"
    video: tuple[str, ...] = ()
    open_video: bool = False
    encoder: Kind = "auto"
    ping: tuple[int, ...] = ()


class FrameOutlet:
    """Frames as JPEG to whoever subscribes; nobody is waited for."""

    def __init__(self, endpoint: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, 4)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(endpoint)

    def put(self, frame: CameraFrame) -> None:
        self._socket.send_multipart(encode_frame(Frame(*frame)), zmq.NOBLOCK)

    def close(self) -> None:
        self._socket.close()
        self._context.term()


def open_video(world: World, clock: Clock, ports: Ports) -> VideoOutput:
    """Raises ValueError: a bad address, or no such encoder; OSError: an address that cannot be served."""
    camera = world.rig.camera
    addresses = [parse_video_address(text, not ports.open_video) for text in ports.video]
    fps = world.scenario.vehicle.camera_fps
    encoder = functools.partial(open_encoder, camera.width, camera.height, fps, ports.encoder)
    return VideoOutput(addresses, encoder, clock.now, camera.latency_s)


@dataclass
class Pacer:
    """Maps the clock to world time. A world that cannot keep up slips: ``offset`` grows, nothing is skipped.

    ``offset`` is clock time minus world time; ``slipped_s`` counts what was lost.
    """

    clock: Clock
    world: World
    offset: float = field(init=False)
    slipped_s: float = 0.0

    def __post_init__(self) -> None:
        self.offset = self.clock.now() - self.world.t

    def target(self) -> float:
        """World time to reach now: at most `BURST_S` ahead of where the world is."""
        lag = self.clock.now() - self.offset - self.world.t
        if lag > SLIP_S:
            self.offset += lag - BURST_S
            self.slipped_s += lag - BURST_S
            lag = BURST_S
        return self.world.t + min(max(lag, 0.0), BURST_S)


class Server:
    """Sockets around a world; ``turn`` does what is due and returns the clock time of the next turn."""

    def __init__(self, world: World, feed: CameraFeed | None, clock: Clock, ports: Ports) -> None:
        self._world = world
        self._room = None if feed is None else DarkRoom(feed)
        self._outlets: list[FrameOutlet | VideoOutput] = []
        if ports.camera:
            self._outlets.append(FrameOutlet(ports.camera))
        self.video = open_video(world, clock, ports) if ports.video else None
        if self.video is not None:
            self._outlets.append(self.video)
        self._dvl = TcpServer(ports.dvl)
        self.dvl_port = self._dvl.port
        self._pings = [PingServer(port, Ping1D(world.seed + k)) for k, port in enumerate(ports.ping)]
        self.ping_ports = tuple(ping.port for ping in self._pings)
        self._mavlink = [UdpChannel(address) for address in ports.mavlink]
        for channel in self._mavlink:
            world.attach_mavlink(channel)
        self.pacer = Pacer(clock, world)

    def turn(self) -> float:
        """Advances in slices of 20 ms so that no client waits for a picture longer than it must."""
        target = self.pacer.target()
        while self._world.t + SLICE_S <= target + 1e-9:
            self._dvl.poll(self._world.attach_dvl, self._world.dvl.detach)
            self._world.advance_to(self._world.t + SLICE_S)
            for ping, echo in zip(self._pings, self._world.echoes, strict=False):
                ping.turn(self._world.t, echo)
            frame = None if self._room is None else self._room.tick(self.pacer.offset)
            if frame is not None:
                for outlet in self._outlets:
                    outlet.put(frame)
        return self._world.t + SLICE_S + self.pacer.offset

    def close(self) -> None:
        if self._room is not None:
            self._room.close()
        for outlet in self._outlets:
            outlet.close()
        self._dvl.close()
        for ping in self._pings:
            ping.close()
        for channel in self._mavlink:
            channel.close()


def serve(world: World, feed: CameraFeed | None, clock: Clock, ports: Ports, stop: Stop) -> Pacer:
    """Runs until ``stop``; returns the pacer, whose ``slipped_s`` says whether the world kept up."""
    server = Server(world, feed, clock, ports)
    try:
        while not stop.wanted:
            clock.sleep_until(server.turn())
    finally:
        server.close()
    return server.pacer
