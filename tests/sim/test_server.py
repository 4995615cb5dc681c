import json
import socket

import cv2
import msgspec
import numpy as np
import pytest
import zmq

from sim.feed import CameraFeed
from sim.server import Pacer, Ports, Server
from sim.sockets import UdpChannel
from sim.truth import TruthLog
from wire.clock import SimClock

pytestmark = pytest.mark.sockets


class Grey:
    def render(self, pose_ned, rotation, t, frame_seq):
        return np.full((48, 64, 3), 90, np.uint8)


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
