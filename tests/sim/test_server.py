import itertools
import json
import socket
import threading
import time
from types import SimpleNamespace
from typing import cast

import cv2
import msgspec
import numpy as np
import pytest
import zmq

from sim.feed import CameraFeed, DarkRoom
from sim.main import session_ports
from sim.server import Pacer, Ports, Server, open_video
from sim.sockets import UdpChannel
from sim.truth import TruthLog
from vision.rtp import Depacketiser
from wire.clock import SimClock
from wire.session import Session

pytestmark = pytest.mark.sockets


class Grey:
    def render(self, pose_ned, rotation, t, frame_seq):
        return np.full((48, 64, 3), 90, np.uint8)


class Full:
    """A picture of the rig's size, which the encoder was told."""

    def render(self, pose_ned, rotation, t, frame_seq):
        return np.full((480, 640, 3), 90, np.uint8)


def test_every_socket_serves_and_a_dead_client_stalls_nobody(world, scenario) -> None:
    clock, truth = SimClock(), TruthLog(scenario)
    clock.advance_to(100.0)
    station = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    station.bind(("127.0.0.1", 0))
    station.settimeout(2.0)
    context = zmq.Context()
    frames = context.socket(zmq.SUB)
    frames.setsockopt(zmq.SUBSCRIBE, b"frame")
    frames.setsockopt(zmq.RCVTIMEO, 2000)
    probe = socket.create_server(("127.0.0.1", 0))
    camera_port = probe.getsockname()[1]
    probe.close()
    ports = Ports((f"udpout:127.0.0.1:{station.getsockname()[1]}",), 0, f"tcp://127.0.0.1:{camera_port}")
    server = Server(world, CameraFeed(world, Grey(), truth), clock, ports)
    frames.connect(ports.camera)
    good = socket.create_connection(("127.0.0.1", server.dvl_port))
    dead = socket.create_connection(("127.0.0.1", server.dvl_port))
    good.settimeout(2.0)
    try:
        for k in range(150):
            clock.sleep_until(server.turn())
            if k == 50:
                dead.close()
                frames.poll(200)
        assert world.t == pytest.approx(3.0, abs=0.05)
        assert station.recv(4096)[0] == 0xFD
        line = good.makefile("rb").readline()
        assert json.loads(line)["format"] == "json_v3.1"
        topic, head, jpeg = frames.recv_multipart()
        info = msgspec.msgpack.decode(head)
        assert topic == b"frame" and info["t"] >= 100.0 and (info["width"], info["height"]) == (64, 48)
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (48, 64, 3)
        assert [r.t for r in truth.rows][:2] == pytest.approx([100.02, 100.2])
    finally:
        server.close()
        for each in (station, good, dead):
            each.close()
        frames.close()
        context.term()


def test_video_comes_out_of_a_server(world, scenario) -> None:
    """The same frames as over ZeroMQ, as H.264: in order, at the rate of the scenario, with their capture times."""
    clock = SimClock()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.setblocking(False)
        ports = Ports(("udpout:127.0.0.1:14999",), 0, "", (f"rtp://127.0.0.1:{receiver.getsockname()[1]}",), encoder="plain")
        server = Server(world, CameraFeed(world, Full(), TruthLog(scenario)), clock, ports)
        depacketiser, units = Depacketiser(), []
        end = time.monotonic() + 20.0
        try:
            while len(units) < 4 and time.monotonic() < end:
                if clock.now() < 0.3 + 0.2 * len(units):
                    clock.sleep_until(server.turn())
                try:
                    while True:
                        units += depacketiser.put(receiver.recv(65536), clock.now())
                except BlockingIOError:
                    time.sleep(0.002)
        finally:
            server.close()
    assert len(units) == 4 and depacketiser.lost == 0
    gaps = [(b.timestamp - a.timestamp) / 90_000 for a, b in itertools.pairwise(units)]
    assert gaps == pytest.approx([1.0 / scenario.vehicle.camera_fps] * 3, abs=0.021)


@pytest.mark.parametrize("video", ["rtp://10.0.0.1:5600", "rtsp://0.0.0.0:8554/rov", "udp://127.0.0.1:5600"])
def test_video_off_loopback_must_be_allowed(world, video: str) -> None:
    with pytest.raises(ValueError, match="expected rtp://127"):
        open_video(world, SimClock(), Ports(video=(video,)))


@pytest.mark.parametrize(
    ("camera", "zmq_camera", "video"),
    [
        ("zmq+tcp://127.0.0.1:7003", "tcp://127.0.0.1:7003", ()),
        ("rtsp://127.0.0.1:8554/rov", "", ("rtsp://127.0.0.1:8554/rov",)),
        ("rtp://127.0.0.1:5600", "", ("rtp://127.0.0.1:5600",)),
    ],
)
def test_the_world_serves_the_camera_as_the_session_reads_it(camera: str, zmq_camera: str, video: tuple[str, ...]) -> None:
    session = cast(Session, SimpleNamespace(mavlink="udpin:127.0.0.1:7001", dvl="127.0.0.1:7002", camera=camera))
    assert session_ports(session) == Ports(("udpout:127.0.0.1:7001",), 7002, zmq_camera, video)


def test_a_slow_world_slips_instead_of_racing(world) -> None:
    clock = SimClock()
    pacer = Pacer(clock, world)
    clock.advance_to(10.0)
    assert pacer.target() == pytest.approx(0.2)
    assert pacer.slipped_s == pytest.approx(9.8)


@pytest.mark.parametrize("address", ["udpout:0.0.0.0:14550", "tcp:127.0.0.1:5760", "udpin:10.0.0.1:1", ""])
def test_only_loopback_addresses(address: str) -> None:
    with pytest.raises(ValueError, match="expected udpout"):
        UdpChannel(address)


class SlowPicture:
    """Draws only when told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.drawn = 0

    def render(self, position_ned: object, rotation: object, t: float, frame_seq: int) -> np.ndarray:
        assert self.go.wait(10.0)
        self.drawn += 1
        return np.full((4, 4, 3), frame_seq, np.uint8)


def test_a_slow_picture_holds_up_nothing_and_what_is_due_meanwhile_is_skipped(world) -> None:
    picture = SlowPicture()
    feed = CameraFeed(world, picture)
    room = DarkRoom(feed)
    began = world.t
    try:
        while world.t < began + 1.0:
            world.advance_to(world.t + 0.02)
            assert room.tick(0.0) is None, "the world goes on"
        picture.go.set()
        deadline = time.monotonic() + 10.0
        frame = None
        while frame is None and time.monotonic() < deadline:
            frame = room.tick(0.0)
        assert frame is not None and frame.seq == 1 and frame.t <= began + 0.2 + 0.02, "stamped when it was exposed"
        assert int(frame.image[0, 0, 0]) == 1 and feed.skipped >= 3
    finally:
        picture.go.set()
        room.close()
