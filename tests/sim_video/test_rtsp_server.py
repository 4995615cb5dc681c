"""The RTSP server with other people's clients, with bad ones, and vision's client with bad servers."""

import socket
import threading
import time
from collections.abc import Iterator

import cv2
import pytest

from sim.video.rtsp_server import MAX_CLIENTS
from tests.sim_video.conftest import Film, Senders, moving, psnr, until
from vision.camera import camera_trouble
from vision.camera_url import parse_camera_url
from vision.live_video import RtspSource
from vision.rtp import Depacketiser
from vision.rtsp import Interleaved, Response, RtspReader, channel_of, parse_sdp, request, session_of

pytestmark = pytest.mark.sockets


class RawClient:
    """An RTSP client that shows what it is told."""

    def __init__(self, port: int) -> None:
        self.url = f"rtsp://127.0.0.1:{port}/rov"
        self.socket = socket.create_connection(("127.0.0.1", port), 5.0)
        self.socket.settimeout(5.0)
        self._reader = RtspReader()
        self._number = 0
        self.session: dict[str, str] = {}

    def ask(self, method: str, url: str = "", **headers: str) -> Response:
        self._number += 1
        self.socket.sendall(request(method, url or self.url, self._number, headers | self.session))
        while True:
            data = self.socket.recv(65536)
            assert data, "the server closed the connection"
            for item in self._reader.feed(data):
                if isinstance(item, Response):
                    return item

    def play(self, transport: str) -> Response:
        answer = self.ask("DESCRIBE")
        setup = self.ask("SETUP", parse_sdp(answer.body, answer.headers["content-base"]).control, Transport=transport)
        self.session = {"Session": session_of(setup)[0]}
        assert self.ask("PLAY").status == 200
        return setup


@pytest.fixture
def clients() -> Iterator[list[RawClient]]:
    """Put clients in; they are closed."""
    made: list[RawClient] = []
    yield made
    for client in made:
        client.socket.close()


@pytest.fixture
def film(plain: Senders) -> Film:
    return Film(plain.start("rtsp", 0), moving(60))


def port_of(film: Film) -> int:
    assert film.output is not None
    return film.output.rtsp_ports[0]


@pytest.fixture
def source(film: Film) -> Iterator[RtspSource]:
    made = RtspSource(parse_camera_url(f"rtsp://127.0.0.1:{port_of(film)}/rov"), time.monotonic, 0.1)
    yield made
    made.close()


def test_ffmpegs_own_client_reads_it(senders: Senders) -> None:
    """OpenCV's FFmpeg opens the address by itself: not a line of the client is ours."""
    output = senders.start("rtsp", 0)
    film = Film(output, moving(60))
    got: list[cv2.typing.MatLike] = []

    def read() -> None:
        url = f"rtsp://127.0.0.1:{output.rtsp_ports[0]}/rov"
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 10_000, cv2.CAP_PROP_N_THREADS, 1])
        while len(got) < 5:
            good, image = capture.read()
            if not good:
                break
            got.append(image)
        capture.release()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    until("five pictures", lambda: not reader.is_alive(), 30.0, film.turn)
    assert len(got) == 5
    for image in got:
        assert max(float(cv2.PSNR(image, shown)) for shown in film.shown.values()) > 33.0


def test_a_client_that_wants_udp_gets_udp(film: Film, clients: list[RawClient]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        client = RawClient(port_of(film))
        clients.append(client)
        own = receiver.getsockname()[1]
        answer = client.play(f"RTP/AVP;unicast;client_port={own}-{own + 1}")
        assert f"client_port={own}-{own + 1}" in answer.headers["transport"]
        depacketiser, units = Depacketiser(), []

        def take() -> None:
            film.turn()
            try:
                while True:
                    units.extend(depacketiser.put(receiver.recv(65536), time.monotonic()))
            except BlockingIOError:
                return

        until("three pictures", lambda: len(units) >= 3, step=take)
        assert f"{depacketiser._ssrc:08X}" in answer.headers["transport"]
        client.ask("TEARDOWN")


def test_a_client_that_never_reads_stalls_nobody(film: Film, source: RtspSource, clients: list[RawClient]) -> None:
    sleeper = RawClient(port_of(film))
    clients.append(sleeper)
    sleeper.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sleeper.play("RTP/AVP/TCP;unicast;interleaved=0-1")
    assert film.output is not None
    served = film.output._servers[0].clients
    until("pictures left out for it", lambda: any(client.left_out for client in served), 60.0, lambda: film.turn(source))
    before = len(film.frames)
    until("frames for the other", lambda: len(film.frames) >= before + 5, step=lambda: film.turn(source))
    assert (source.lost, source.dropped, source.connects) == (0, 0, 1)


def test_garbage_and_too_many_clients_are_shown_the_door(film: Film, source: RtspSource) -> None:
    until("frames", lambda: len(film.frames) >= 1, step=lambda: film.turn(source))
    port = port_of(film)
    rude = socket.create_connection(("127.0.0.1", port), 5.0)
    rude.sendall(b"GET / HTTP/1.1\r\n\r\n")
    rude.settimeout(5.0)
    assert rude.recv(100) == b""
    rude.close()
    crowd = [socket.create_connection(("127.0.0.1", port), 5.0) for _ in range(MAX_CLIENTS)]
    crowd[-1].settimeout(5.0)
    assert crowd[-1].recv(100) == b""
    before = len(film.frames)
    until("more frames", lambda: len(film.frames) >= before + 3, step=lambda: film.turn(source))
    for each in crowd:
        each.close()


def test_teardown_ends_the_connection_after_its_answer(film: Film, clients: list[RawClient]) -> None:
    client = RawClient(port_of(film))
    clients.append(client)
    client.play("RTP/AVP/TCP;unicast;interleaved=0-1")
    assert client.ask("TEARDOWN").status == 200
    assert client.socket.recv(100) == b""


class BadServer:
    """Accepts and answers with what it was given, then says no more."""

    def __init__(self, *answers: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._answers = answers
        self._open: list[tuple[socket.socket, list[bytes]]] = []
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/rov"
        self.accepted = 0

    def turn(self) -> None:
        try:
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._open.append((connection, list(self._answers)))
            self.accepted += 1
        except BlockingIOError:
            pass
        for connection, answers in self._open:
            try:
                if answers and connection.recv(65536):
                    connection.sendall(answers.pop(0))
            except OSError:
                continue

    def close(self) -> None:
        for connection, _ in self._open:
            connection.close()
        self._listener.close()


SDP = b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
DESCRIBED = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP)
SET_UP = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
PLAYS = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"


@pytest.mark.parametrize(
    ("answers", "trouble"),
    [
        ((), "no answer within 3 s"),
        ((b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n",), "DESCRIBE: 401 Unauthorized"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), "expected an RTSP message"),
        ((DESCRIBED, b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"), "no Session"),
        ((DESCRIBED, SET_UP, PLAYS), "no video for 3 s"),
        ((DESCRIBED, SET_UP, PLAYS + b"$\x00\x00\x04junk" + b"\x00"), "expected an RTSP message"),
    ],
)
def test_bad_servers_are_named_and_tried_again(answers: tuple[bytes, ...], trouble: str) -> None:
    server = BadServer(*answers)
    said: list[str] = []
    source = RtspSource(parse_camera_url(server.url), time.monotonic, 0.0, said.append)
    until("the trouble", lambda: trouble in source.trouble, step=server.turn)
    until("another try", lambda: server.accepted >= 2, step=server.turn)
    assert source.latest(0.0) is None
    assert said and said[0].startswith(f"camera {server.url}: ")
    source.close()
    server.close()


def test_trouble_at_the_start_is_one_line(film: Film) -> None:
    assert camera_trouble(f"rtsp://127.0.0.1:{port_of(film)}/rov") == ""
    assert camera_trouble(f"rtsp://127.0.0.1:{port_of(film)}/other").endswith("/other: DESCRIBE: 404 Not Found")
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    assert camera_trouble(f"rtsp://127.0.0.1:{port}/rov").endswith("Connection refused")
    assert camera_trouble(f"http://127.0.0.1:{port}/mjpeg").endswith("/mjpeg: Connection refused")
    assert camera_trouble("rtp://192.0.2.1:5600").startswith("camera rtp://192.0.2.1:5600: ")
    assert camera_trouble("zmq+tcp://127.0.0.1:1") == ""


def test_interleaved_packets_are_on_the_channel_asked_for(film: Film, clients: list[RawClient]) -> None:
    client = RawClient(port_of(film))
    clients.append(client)
    setup = client.play("RTP/AVP/TCP;unicast;interleaved=4-5")
    assert channel_of(setup) == 4
    packets: list[Interleaved] = []

    def take() -> None:
        film.turn()
        packets.extend(item for item in client._reader.feed(client.socket.recv(65536)) if isinstance(item, Interleaved))

    film.turn()
    until("packets", lambda: len(packets) > 3, step=take)
    assert {packet.channel for packet in packets} == {4}


def test_pictures_are_as_good_as_the_encoder_allows(film: Film, source: RtspSource) -> None:
    until("frames", lambda: len(film.frames) >= 5, step=lambda: film.turn(source))
    assert min(psnr(frame, film.original(frame)[1]) for frame in film.frames) > 40.0
