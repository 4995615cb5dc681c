"""The server's half of RTSP 1.0 (RFC 2326) for one camera and one client. Pure: requests in, answers out, no socket.

OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER (as keep-alives) and TEARDOWN; one session a connection.
"""

import base64
from dataclasses import dataclass
from typing import NamedTuple

from sim.video.packetiser import PAYLOAD_TYPE
from vision.rtsp import MAX_HEAD_BYTES

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
TIMEOUT_S = 60
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    454: "Session Not Found",
    455: "Method Not Valid In This State",
    461: "Unsupported Transport",
    503: "Service Unavailable",
}


class Request(NamedTuple):
    """``headers``: names in lower case."""

    method: str
    url: str
    headers: dict[str, str]


class BadRequest(Exception):
    """Not RTSP; the connection is not worth keeping."""


class RequestReader:
    """``feed`` bytes; returns whole requests. Interleaved packets from the client (RTCP) are skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Request]:
        """Raises BadRequest."""
        self._buffer += data
        found = []
        while self._buffer:
            if self._buffer[0] == 0x24:
                size = 4 + int.from_bytes(self._buffer[2:4], "big")
                if len(self._buffer) < max(size, 4):
                    break
                del self._buffer[:size]
                continue
            end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
            if end < 0:
                if len(self._buffer) >= MAX_HEAD_BYTES:
                    raise BadRequest("head too long")
                break
            request = _parse(bytes(self._buffer[:end]))
            length = request.headers.get("content-length", "0")
            if not length.isdigit() or int(length) > MAX_HEAD_BYTES:
                raise BadRequest("body too long")
            if len(self._buffer) < end + 4 + int(length):
                break
            del self._buffer[: end + 4 + int(length)]
            found.append(request)
        return found


def _parse(head: bytes) -> Request:
    lines = head.decode("utf-8", "replace").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/1."):
        raise BadRequest(f"got {lines[0][:40]!r}")
    pairs = (line.partition(":") for line in lines[1:])
    return Request(words[0], words[1], {name.strip().lower(): value.strip() for name, colon, value in pairs if colon})


@dataclass
class Transport:
    """How a client wants its packets. ``channel``: interleaved, or None; ``port``: UDP at the client's own address, or 0."""

    channel: int | None
    port: int


def choose_transport(header: str) -> Transport | None:
    """The first offer that can be met: unicast, interleaved TCP or UDP."""
    for offer in header.split(","):
        parts = [part.strip() for part in offer.split(";")]
        fields = dict(part.partition("=")[::2] for part in parts)
        if "multicast" in fields:
            continue
        name = "interleaved" if parts[0] == "RTP/AVP/TCP" else "client_port" if parts[0] in ("RTP/AVP", "RTP/AVP/UDP") else ""
        first = fields.get(name, "0").partition("-")[0]
        if not name or not first.isdigit():
            continue
        if name == "interleaved" and int(first) < 255:
            return Transport(int(first), 0)
        if name == "client_port" and 0 < int(first) < 65536:
            return Transport(None, int(first))
    return None


class Conversation:
    """One client's state. ``playing``: send it video by ``transport``. ``over``: close after sending what was answered.

    ``parameter_sets``: SPS and PPS to describe; empty until the camera has made a picture (503 until then).
    """

    def __init__(self, path: str, session: str, server_port: int, ssrc: int) -> None:
        self._path, self._session, self._server_port, self._ssrc = path, session, server_port, ssrc
        self.parameter_sets: tuple[bytes, ...] = ()
        self.transport: Transport | None = None
        self.playing = False
        self.over = False

    def answer(self, request: Request) -> bytes:
        number = request.headers.get("cseq", "")
        if not number.isdigit():
            return _reply(400, "0")
        if request.method == "OPTIONS":
            return _reply(200, number, {"Public": METHODS})
        if not self._ours(request.url):
            return _reply(404, number)
        if request.method == "DESCRIBE":
            return self._describe(request, number)
        if request.method == "SETUP":
            return self._setup(request, number)
        if request.method in ("PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"):
            return self._in_session(request, number)
        return _reply(405, number, {"Allow": METHODS})

    def _ours(self, url: str) -> bool:
        path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
        return path.rstrip("/") in (self._path.rstrip("/"), self._path.rstrip("/") + "/stream=0") or url == "*"

    def _describe(self, request: Request, number: str) -> bytes:
        if len(self.parameter_sets) < 2:
            return _reply(503, number, {"Retry-After": "1"})
        base = request.url if request.url.endswith("/") else request.url + "/"
        return _reply(200, number, {"Content-Base": base, "Content-Type": "application/sdp"}, sdp(self.parameter_sets))

    def _setup(self, request: Request, number: str) -> bytes:
        transport = choose_transport(request.headers.get("transport", ""))
        if transport is None:
            return _reply(461, number)
        if self.playing:
            return _reply(455, number)
        self.transport = transport
        text = f"ssrc={self._ssrc:08X}"
        if transport.channel is not None:
            text = f"RTP/AVP/TCP;unicast;interleaved={transport.channel}-{transport.channel + 1};{text}"
        else:
            ports = f"client_port={transport.port}-{transport.port + 1};server_port={self._server_port}-{self._server_port + 1}"
            text = f"RTP/AVP;unicast;{ports};{text}"
        return _reply(200, number, {"Transport": text, "Session": f"{self._session};timeout={TIMEOUT_S}"})

    def _in_session(self, request: Request, number: str) -> bytes:
        headers = {"Session": self._session}
        session = request.headers.get("session", "").partition(";")[0]
        if request.method in ("GET_PARAMETER", "SET_PARAMETER") and not session:
            return _reply(200, number)
        if self.transport is None or session != self._session:
            return _reply(454, number)
        if request.method == "PLAY":
            self.playing = True
            headers["Range"] = "npt=now-"
        elif request.method in ("PAUSE", "TEARDOWN"):
            self.playing = False
            self.over = request.method == "TEARDOWN"
        return _reply(200, number, headers)


def _reply(status: int, number: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    rows = {"CSeq": number, "Server": "hullscan-sim", **(headers or {})}
    if body:
        rows["Content-Length"] = str(len(body))
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in rows.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def sdp(parameter_sets: tuple[bytes, ...]) -> bytes:
    """RFC 4566 with the parameters of RFC 6184, section 8.2.1."""
    sets = ",".join(base64.b64encode(nal).decode() for nal in parameter_sets)
    level = parameter_sets[0][1:4].hex().upper()
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=hullscan simulated camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/90000",
        f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={level};sprop-parameter-sets={sets}",
        "a=control:stream=0",
        "",
    ]
    return "\r\n".join(lines).encode()
