"""Pictures of the simulated camera through real sockets to vision's source and back to pixels."""

import itertools
import math
import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hull.shell import load_ship
from sim.render import Renderer
from sim.scenario import load_scenario, vessel_path
from sim.scene import Scene
from sim.video.address import VideoAddress
from sim.video.packetiser import Packetiser
from sim.video.plain import PlainEncoder
from sim.world import World
from tests.sim_video.conftest import LATENCY_S, SCENARIO, Film, Senders, moving, psnr, until
from vision.camera_url import parse_camera_url
from vision.live_video import LiveVideo, RtpSource, RtspSource
from wire.rig import BLUEROV2

pytestmark = pytest.mark.sockets
Open = Callable[[str, int], LiveVideo]


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def sources() -> Iterator[Open]:
    """Opens sources and closes them."""
    made: list[LiveVideo] = []

    def start(scheme: str, port: int) -> LiveVideo:
        body = {"rtp": RtpSource, "rtsp": RtspSource}[scheme]
        source = body(
            parse_camera_url(f"{scheme}://127.0.0.1:{port}" + ("/rov" if scheme == "rtsp" else "")), time.monotonic, LATENCY_S
        )
        made.append(source)
        return source

    yield start
    for source in made:
        source.close()


def connect(scheme: str, senders: Senders, sources: Open, size: tuple[int, int] = (240, 320)) -> tuple[Film, LiveVideo]:
    port = free_port(socket.SOCK_DGRAM if scheme == "rtp" else socket.SOCK_STREAM)
    output = senders.start(scheme, port, size)
    return Film(output, moving(60, size)), sources(scheme, port)


@pytest.fixture(scope="module")
def rendered() -> list[np.ndarray]:
    """What the camera sees on its way past the hull, 6 cm a picture."""
    scenario = load_scenario(SCENARIO)
    vessel, surface = load_ship(vessel_path(scenario, SCENARIO))
    scene = Scene(scenario, vessel, surface)
    world = World(scenario, vessel, surface, scene.steel, 1, BLUEROV2)
    renderer = Renderer(scene, scenario.water, BLUEROV2, 1)
    pictures = []
    for k in range(8):
        x = 21.5 + 0.06 * k
        s = surface.girth_at_depth(x, 1.5)
        normal = surface.normal("S", x, s)
        heading = world.ship.facing_heading(normal)
        c, n = math.cos(heading), math.sin(heading)
        eye = world.ship.to_ned(surface.point("S", x, s) + 0.8 * normal)
        pictures.append(renderer.render(eye, np.array([[c, -n, 0.0], [n, c, 0.0], [0.0, 0.0, 1.0]]), 0.2 * k, k))
    return pictures


@pytest.mark.parametrize("scheme", ["rtp", "rtsp"])
def test_rendered_pictures_come_back_in_order_with_their_times(
    scheme: str, senders: Senders, sources: Open, rendered: list[np.ndarray]
) -> None:
    film, source = connect(scheme, senders, sources, (480, 640))
    film = Film(film.output, rendered, 5.0)
    until("ten frames", lambda: len(film.frames) >= 10, step=lambda: film.turn(source))
    times = [frame.t for frame in film.frames]
    assert times == sorted(times) and len(set(times)) == len(times)
    assert [frame.seq for frame in film.frames] == sorted(frame.seq for frame in film.frames)
    originals = [film.original(frame) for frame in film.frames]
    assert [captured for captured, _ in originals] == sorted(captured for captured, _ in originals)
    for frame, (_, image) in zip(film.frames, originals, strict=True):
        assert psnr(frame, image) > 35.0
        assert max(psnr(frame, other) for other in rendered if other is not image) < psnr(frame, image) - 5.0
    late = [frame.t - captured for frame, (captured, _) in zip(film.frames, originals, strict=True)]
    assert min(late) > -0.001  # never earlier than the truth
    assert all(b < a + 1e-4 for a, b in itertools.pairwise(late))  # only the fastest arrival counts, however slow others are
    assert late[-1] < 0.1
    assert (source.lost, source.damaged) == (0, 0)


@pytest.mark.parametrize("scheme", ["rtp", "rtsp"])
def test_a_killed_sender_is_noticed_and_a_new_one_found(scheme: str, senders: Senders, sources: Open) -> None:
    film, source = connect(scheme, senders, sources)
    until("frames", lambda: len(film.frames) >= 3, step=lambda: film.turn(source))
    assert source.trouble == ""
    output, film.output = film.output, None
    assert output is not None
    port = output.rtsp_ports[0] if output.rtsp_ports else source._url.port
    senders.kill(output)
    until("trouble", lambda: source.trouble != "", step=lambda: film.turn(source))
    assert "refused" in source.trouble or "closed" in source.trouble or source.trouble == "no RTP packets"
    before = len(film.frames)
    film.output = senders.start(scheme, port)
    until("frames again", lambda: len(film.frames) >= before + 5, step=lambda: film.turn(source))
    assert source.trouble == ""
    assert source.connects == 2
    for frame in film.frames[before:]:
        assert psnr(frame, film.original(frame)[1]) > 33.0


class Wire:
    """Packets of the plain encoder by hand to an RTP source, to lose, spoil and repeat them."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._peer = ("127.0.0.1", port)
        self._encoder = PlainEncoder(64, 48)
        self._packetiser = Packetiser(77)
        self.began = time.monotonic()

    def packets(self, k: int) -> list[bytes]:
        return self._packetiser.packets(self._encoder.encode(picture(k))[0], 0.1 * k)

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self._socket.sendto(datagram, self._peer)

    def close(self) -> None:
        self._socket.close()


def picture(k: int) -> np.ndarray:
    return np.full((48, 64, 3), 40 + 10 * k, np.uint8)


@pytest.fixture
def wire(sources: Open) -> Iterator[tuple[Wire, LiveVideo]]:
    port = free_port(socket.SOCK_DGRAM)
    source = sources("rtp", port)
    made = Wire(port)
    yield made, source
    made.close()


def shade(source: LiveVideo, last: int) -> list[int]:
    """Takes pictures until number ``last`` has come; their numbers. Each must be whole."""
    numbers: list[int] = []

    def take() -> None:
        frame = source.latest(0.0)
        if frame is not None:
            numbers.append(round((int(frame.image[0, 0, 0]) - 40) / 10))
            assert np.abs(frame.image.astype(int) - picture(numbers[-1])).max() <= 2

    until(f"picture {last}", lambda: last in numbers, step=take)
    return numbers


def test_lost_packets_cost_their_picture_and_never_spoil_one(wire: tuple[Wire, LiveVideo]) -> None:
    sender, source = wire
    sender.send(*sender.packets(0))
    shade(source, 0)
    broken = sender.packets(1)
    sender.send(*broken[:3], *broken[4:])
    for k in (2, 3, 4, 5, 6, 7, 8):
        sender.send(*sender.packets(k))
    until("the loss", lambda: source.lost == 1)
    assert 1 not in shade(source, 8)
    assert (source.lost, source.dropped) == (1, 1)


def test_garbage_strangers_and_repeats_between_packets_change_nothing(wire: tuple[Wire, LiveVideo]) -> None:
    sender, source = wire
    rng = np.random.default_rng(3)
    for k in range(4):
        packets = sender.packets(k)
        for packet in packets:
            sender.send(packet, rng.bytes(int(rng.integers(0, 200))), packet, b"\x80\x60" + rng.bytes(30))
        shade(source, k)
    assert source.damaged >= len(packets)
    assert (source.lost, source.dropped) == (0, 0)


def test_a_stream_without_key_frames_is_told(wire: tuple[Wire, LiveVideo], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vision.live_video.NO_PICTURE_S", 0.2)
    sender, source = wire
    until("the trouble", lambda: "no whole picture" in source.trouble, step=lambda: sender.send(*sender.packets(0)[2:]))
    until("its end", lambda: source.trouble == "", step=lambda: sender.send(*sender.packets(1)))
    shade(source, 1)


def test_a_slow_reader_gets_the_newest_and_the_rest_is_counted(wire: tuple[Wire, LiveVideo]) -> None:
    sender, source = wire
    for k in range(6):
        sender.send(*sender.packets(k))
        until("decoded", lambda k=k: source.pictures == k + 1)
    shade(source, 5)
    assert source.latest(0.0) is None
    assert source.skipped == 5


def test_a_change_of_size_is_followed(wire: tuple[Wire, LiveVideo]) -> None:
    sender, source = wire
    sender.send(*sender.packets(0))
    shade(source, 0)
    sender._encoder = PlainEncoder(96, 80)
    image = np.full((80, 96, 3), 90, np.uint8)
    sender.send(*sender._packetiser.packets(sender._encoder.encode(image)[0], 0.2))
    frames = []
    until("the new size", lambda: bool(frames), step=lambda: frames.extend(filter(None, [source.latest(0.0)])))
    assert frames[0].image.shape == (80, 96, 3)


def test_an_address_that_cannot_be_listened_on_is_an_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="cannot listen there"):
            RtpSource(parse_camera_url(f"rtp://127.0.0.1:{taken.getsockname()[1]}"), time.monotonic, 0.0)


def test_video_addresses() -> None:
    from sim.video.address import parse_video_address

    assert parse_video_address("rtsp://127.0.0.1:8554/rov") == VideoAddress("rtsp", "127.0.0.1", 8554, "/rov")
    assert parse_video_address("rtp://localhost:5600") == VideoAddress("rtp", "127.0.0.1", 5600, "/")
    assert parse_video_address("rtp://192.168.2.1:5600", loopback_only=False).host == "192.168.2.1"
    for text, why in (
        ("rtp://192.168.2.1:5600", "not loopback"),
        ("rtsp://0.0.0.0:8554/rov", "not loopback"),
        ("rtsp://blueos.local/x", "no IP address"),
        ("udp://127.0.0.1:5600", "expected rtp://"),
        ("rtp://127.0.0.1", "no port"),
        ("rtp://[::1]:5600", "IPv6"),
    ):
        with pytest.raises(ValueError, match=why):
            parse_video_address(text)
