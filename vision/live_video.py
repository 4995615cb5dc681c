"""Cameras that send H.264 over the network: RTP in UDP datagrams, or RTSP. Each has a receiving and a decoding thread, keeps
only the newest picture, and comes back by itself when the stream does.
"""

import socket
import threading
import time
from collections.abc import Callable

from vision.camera_url import CameraUrl
from vision.decoder import H264Decoder, Image
from vision.h264 import AccessUnit
from vision.rtp import Depacketiser
from vision.rtsp import Interleaved, Response, RtspError, RtspReader, channel_of, parse_sdp, request, session_of
from vision.source import Frame
from vision.stamps import Stamps

POLL_S = 0.2
SILENT_S = 3.0
NO_PICTURE_S = 5.0
CONNECT_S = 3.0
RECEIVE_BUFFER = 4 * 1024 * 1024
TICKS_PER_S = 90_000.0


def quiet(text: str) -> None:
    """Says nothing."""


class LiveVideo:
    """What both have in common. ``say``: told once of each new trouble and of its end.

    ``pictures``: decoded so far; ``skipped``: those never asked for; ``connects``: streams begun; ``lost``, ``damaged``,
    ``dropped``: see `vision.rtp.Depacketiser`; ``trouble``: why nothing comes, "" while something does.
    """

    def __init__(self, url: CameraUrl, clock: Callable[[], float], latency_s: float, say: Callable[[str], None] = quiet) -> None:
        self._url, self._clock, self._say = url, clock, say
        self._latency_s = latency_s
        self._stamps, self._stream = Stamps(latency_s), -1
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._stop = threading.Event()
        self.pictures = self.skipped = self.connects = 0
        self.lost = self.damaged = self.dropped = 0
        self.trouble = ""
        self._whole = time.monotonic()
        self._decoder = H264Decoder(self._deliver)
        self._thread = threading.Thread(target=self._receive, name="camera", daemon=True)
        self._thread.start()

    def latest(self, now: float) -> Frame | None:
        with self._lock:
            frame, self._frame = self._frame, None
        return frame

    def close(self) -> None:
        """Stops both threads; returns when they have ended or after 5 s each."""
        self._stop.set()
        self._thread.join(5.0)
        self._decoder.close()
        counts = f"{self.lost} packets lost, {self.damaged} datagrams not ours, {self.dropped} pictures incomplete"
        given_up = f"{self._decoder.skipped} given up before the decoder, {self.skipped} never asked for"
        self._say(f"camera {self._url.url}: {self.pictures} pictures in {self.connects} streams; {counts}, {given_up}")

    def _receive(self) -> None:
        raise NotImplementedError

    def _begin(self) -> None:
        self.connects += 1
        self._whole = time.monotonic()

    def _deliver(self, unit: AccessUnit, image: Image) -> None:
        if unit.stream != self._stream:
            self._stamps, self._stream = Stamps(self._latency_s), unit.stream
        t = self._stamps.at(unit.timestamp / TICKS_PER_S, unit.arrival)
        with self._lock:
            self.pictures += 1
            self.skipped += self._frame is not None
            self._frame = Frame(t, self.pictures, image)

    def _unpack(self, depacketiser: Depacketiser, data: bytes) -> None:
        before = (depacketiser.lost, depacketiser.damaged, depacketiser.dropped)
        units = depacketiser.put(data, self._clock())
        self.lost += depacketiser.lost - before[0]
        self.damaged += depacketiser.damaged - before[1]
        self.dropped += depacketiser.dropped - before[2]
        for unit in units:
            self._whole = time.monotonic()
            self._set_trouble("")
            self._decoder.put(unit)
        if time.monotonic() - self._whole > NO_PICTURE_S:
            self._set_trouble(f"packets, but no whole picture for {NO_PICTURE_S:.0f} s: no key frames, or too much is lost")

    def _set_trouble(self, text: str) -> None:
        if text != self.trouble:
            self.trouble = text
            self._say(f"camera {self._url.url}: {text or 'receiving'}")


class RtpSource(LiveVideo):
    """Listens on a UDP address, such as 0.0.0.0:5600, to which a BlueROV2 sends by itself.

    Raises:
        OSError: the address is not this machine's, or taken.
    """

    def __init__(self, url: CameraUrl, clock: Callable[[], float], latency_s: float, say: Callable[[str], None] = quiet) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind, protocol)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"camera {url.url}: cannot listen there: {error.strerror}") from error
        self._socket.settimeout(POLL_S)
        super().__init__(url, clock, latency_s, say)

    def close(self) -> None:
        super().close()
        self._socket.close()

    def _receive(self) -> None:
        depacketiser = Depacketiser()
        heard: float | None = None
        began = time.monotonic()
        while not self._stop.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                silent = time.monotonic() - (began if heard is None else heard)
                if silent > SILENT_S:
                    self._set_trouble("no RTP packets")
                continue
            if heard is None or time.monotonic() - heard > SILENT_S:
                self._begin()
            heard = time.monotonic()
            self._unpack(depacketiser, data)


class RtspSource(LiveVideo):
    """Asks an RTSP server for its H.264 video over TCP. Reconnects after ``RETRY_S`` whenever the server is not there, refuses,
    says something wrong, or sends no video for 3 s."""

    RETRY_S = 0.5

    def _receive(self) -> None:
        while not self._stop.is_set():
            try:
                with RtspConnection(self._url) as connection:
                    connection.play()
                    self._begin()
                    self._drain(connection)
            except (OSError, RtspError) as error:
                self._set_trouble(reason(error))
            self._stop.wait(self.RETRY_S)

    def _drain(self, connection: "RtspConnection") -> None:
        depacketiser = Depacketiser(connection.payload_type, connection.parameter_sets)
        heard = time.monotonic()
        while not self._stop.is_set():
            for data in connection.packets():
                heard = time.monotonic()
                self._unpack(depacketiser, data)
            if time.monotonic() - heard > SILENT_S:
                raise RtspError(f"no video for {SILENT_S:.0f} s")
        connection.teardown()


class RtspConnection:
    """One conversation with a server, blocking at most `CONNECT_S` for each answer (``packets``: `POLL_S`).

    Raises:
        OSError, vision.rtsp.RtspError: from every method; the conversation is then over.
    """

    def __init__(self, url: CameraUrl) -> None:
        self._url = url.url
        self._socket = socket.create_connection((url.host, url.port), CONNECT_S)
        self._reader = RtspReader()
        self._number = 0
        self._headers: dict[str, str] = {}
        self._waiting: list[bytes] = []
        self._channel = 0
        self._alive_due = 0.0
        self._alive_every = 30.0
        self.payload_type = -1
        self.parameter_sets: tuple[bytes, ...] = ()

    def __enter__(self) -> "RtspConnection":
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def describe(self) -> str:
        """Asks what there is; returns the URL of the video for `SETUP`."""
        answer = self._ask("DESCRIBE", self._url, {"Accept": "application/sdp"})
        base = answer.headers.get("content-base") or answer.headers.get("content-location") or self._url
        track = parse_sdp(answer.body, base)
        self.payload_type, self.parameter_sets = track.payload_type, track.parameter_sets
        return track.control

    def play(self) -> None:
        """Has the server send the video."""
        control = self.describe()
        answer = self._ask("SETUP", control, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
        session, timeout = session_of(answer)
        self._channel = channel_of(answer)
        self._headers = {"Session": session}
        self._alive_every = max(timeout / 3.0, 1.0)
        self._ask("PLAY", self._url, {"Range": "npt=now-"})
        self._alive_due = time.monotonic() + self._alive_every

    def packets(self) -> list[bytes]:
        """The RTP packets that came, after at most 0.2 s; keeps the session alive."""
        found, self._waiting = self._waiting, []
        if not found:
            self._read(POLL_S)
            found, self._waiting = self._waiting, []
        if time.monotonic() > self._alive_due:
            self._alive_due = time.monotonic() + self._alive_every
            self._send("OPTIONS", self._url, {})
        return found

    def teardown(self) -> None:
        """Says good-bye; does not wait for the answer."""
        self._send("TEARDOWN", self._url, {})

    def _send(self, method: str, url: str, headers: dict[str, str]) -> None:
        self._number += 1
        self._socket.settimeout(CONNECT_S)
        self._socket.sendall(request(method, url, self._number, headers | self._headers))

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> Response:
        self._send(method, url, headers)
        end = time.monotonic() + CONNECT_S
        while time.monotonic() < end:
            for response in self._read(max(end - time.monotonic(), 0.01)):
                if response.headers.get("cseq", str(self._number)) != str(self._number):
                    continue
                if response.status != 200:
                    raise RtspError(f"{method}: {response.status} {response.reason}")
                return response
        raise RtspError(f"{method}: no answer within {CONNECT_S:.0f} s")

    def _read(self, wait_s: float) -> list[Response]:
        self._socket.settimeout(wait_s)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return []
        if not data:
            raise RtspError("the server closed the connection")
        responses = []
        for item in self._reader.feed(data):
            if isinstance(item, Response):
                responses.append(item)
            elif isinstance(item, Interleaved) and item.channel == self._channel:
                self._waiting.append(item.data)
        return responses


def reason(error: Exception) -> str:
    """One line for a failure to open or to go on."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
