"""Vision on each transport: the same flight in process, over ZeroMQ, RTP and RTSP, and it cannot tell."""

import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import zmq

from sim.feed import CameraFrame
from sim.server import FrameOutlet
from sim.video.address import parse_video_address
from sim.video.encoder import open_encoder
from sim.video.output import VideoOutput
from tests.sim_video.conftest import LATENCY_S, Senders, until
from tests.vision.synthetic import FlatSide, cast, plate_texture
from tests.vision.test_vision import BLOCK, PAINT, route, state
from vision.camera import open_camera
from vision.config import VisionConfig
from vision.source import CameraSource, Frame, QueueSource
from vision.vision import Vision
from wire import messages as m
from wire.bus import LocalBus
from wire.rig import CameraRig

pytestmark = pytest.mark.sockets
STEPS, PERIOD_S = 14, 0.2
Put = Callable[[CameraFrame], None]


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    texture = plate_texture(3)
    return [cast(CameraRig(), route(i), texture, (BLOCK,), (PAINT,)) for i in range(STEPS)]


@pytest.fixture(params=["in process", "zmq", "rtp", "rtsp"])
def joined(request: pytest.FixtureRequest) -> Iterator[tuple[Put, CameraSource, str]]:
    """Both ends of a transport: where to put frames, and what vision reads."""
    if request.param == "in process":
        queue = QueueSource()
        yield lambda frame: queue.put(Frame(frame.t, frame.seq, frame.image)), queue, request.param
        return
    kind = {"rtp": socket.SOCK_DGRAM}.get(request.param, socket.SOCK_STREAM)
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    outlet: FrameOutlet | VideoOutput
    if request.param == "zmq":
        url = f"zmq+tcp://127.0.0.1:{port}"
        outlet = FrameOutlet(f"tcp://127.0.0.1:{port}")
    else:
        url = f"rtp://127.0.0.1:{port}" if request.param == "rtp" else f"rtsp://127.0.0.1:{port}/rov"
        outlet = VideoOutput([parse_video_address(url)], lambda: open_encoder(640, 480, 5.0), time.monotonic, LATENCY_S)
    camera = open_camera(url, time.monotonic, LATENCY_S, context, None, print)
    yield outlet.put, camera, request.param
    camera.close()
    outlet.close()
    context.term()


def test_a_flight_gives_usable_reports_and_the_finding(joined: tuple[Put, CameraSource, str], pictures: list[np.ndarray]) -> None:
    put, camera, _ = joined
    bus = LocalBus()
    out = bus.subscribe("frame_report", "finding", "alert")
    vision = Vision(VisionConfig(), FlatSide(), bus, camera)
    reports: list[m.FrameReport] = []
    findings: list[m.Finding] = []
    flown = 0
    due = time.monotonic()

    def turn() -> None:
        nonlocal flown, due
        now = time.monotonic()
        if now >= due:
            due = now + PERIOD_S
            flown += len(reports) > 0  # hovers at the start until vision sees it
            i = min(flown, STEPS - 1)
            bus.publish("vehicle_state", state(now, route(i)))
            put(CameraFrame(now, flown + 1, pictures[i]))
        vision.tick(now)
        for _, message in out.drain():
            if isinstance(message, m.FrameReport):
                reports.append(message)
            elif isinstance(message, m.Finding):
                findings.append(message)

    until("the end of the flight", lambda: flown >= STEPS + 3, 30.0, turn)
    moving = [report for report in reports if report.usable]
    assert len(moving) >= STEPS - 4
    assert sum(report.relief_ok for report in moving) >= STEPS // 2
    times = [report.t for report in reports]
    assert times == sorted(times)
    assert {finding.number for finding in findings} == {1}
    last = findings[-1]
    assert last.kind == "box"
    assert abs(last.x_m - BLOCK.x) < 0.08
    assert abs(last.s_m - (BLOCK.z + 1.0)) < 0.08


def test_a_dead_camera_is_an_alert_that_ends_when_it_is_back(plain: Senders) -> None:
    bus = LocalBus()
    out = bus.subscribe("alert")
    alerts: list[m.Alert] = []
    output = plain.start("rtsp", 0, (480, 640))
    port = output.rtsp_ports[0]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    camera = open_camera(f"rtsp://127.0.0.1:{port}/rov", time.monotonic, LATENCY_S, context, None, print)
    vision = Vision(VisionConfig(), FlatSide(), bus, camera)
    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    living: VideoOutput | None = output
    due = 0.0

    def turn() -> None:
        nonlocal due
        now = time.monotonic()
        if living is not None and now >= due:
            due = now + PERIOD_S
            living.put(CameraFrame(now, 1, image))
        vision.tick(now)
        alerts.extend(message for _, message in out.drain() if isinstance(message, m.Alert) and message.code == "camera-silent")

    until("frames", lambda: vision.frames >= 3, step=turn)
    living = None
    plain.kill(output)
    until("the alert", lambda: bool(alerts) and alerts[-1].active, step=turn)
    living = plain.start("rtsp", port, (480, 640))
    until("its end", lambda: not alerts[-1].active, step=turn)
    camera.close()
    context.term()
