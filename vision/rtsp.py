"""The client's half of RTSP 1.0 (RFC 2326) and SDP (RFC 4566), as far as one H.264 video over one TCP connection needs it.

Pure: bytes in, responses and media packets out; requests are made as bytes. Video comes interleaved in the same connection
(RFC 2326, section 10.12), which passes every firewall and keeps the packets in order.
"""

import base64
import binascii
from typing import NamedTuple
from urllib.parse import urljoin

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024


class RtspError(Exception):
    """What the server said or sent cannot be used; the text says what and why."""


class Response(NamedTuple):
    """``headers``: names in lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


class Interleaved(NamedTuple):
    """A media packet within the connection."""

    channel: int
    data: bytes


class RtspReader:
    """``feed`` received bytes; returns what is whole. Holds at most one message."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Response | Interleaved]:
        """Raises RtspError on anything that is neither a response, a media packet nor a server's request."""
        self._buffer += data
        found: list[Response | Interleaved] = []
        while self._buffer:
            size, item = self._interleaved() if self._buffer[0] == 0x24 else self._message()
            if size == 0:
                break
            del self._buffer[:size]
            if item is not None:
                found.append(item)
        return found

    def _interleaved(self) -> tuple[int, Interleaved | None]:
        if len(self._buffer) < 4:
            return 0, None
        size = 4 + int.from_bytes(self._buffer[2:4], "big")
        if len(self._buffer) < size:
            return 0, None
        return size, Interleaved(self._buffer[1], bytes(self._buffer[4:size]))

    def _message(self) -> tuple[int, Response | None]:
        if self._buffer[:2] == b"\r\n":
            return 2, None
        if self._buffer == b"\r":
            return 0, None
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        if end < 0:
            if len(self._buffer) >= MAX_HEAD_BYTES or not self._buffer[:1].isalpha():
                raise RtspError(f"got {bytes(self._buffer[:16])!r}; expected an RTSP message")
            return 0, None
        start, headers = _parse_head(bytes(self._buffer[:end]))
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            raise RtspError(f"Content-Length {length!r}; expected at most {MAX_BODY_BYTES}")
        size = end + 4 + int(length)
        if len(self._buffer) < size:
            return 0, None
        words = start.split(" ", 2)
        if not words[0].startswith("RTSP/"):
            if words[-1].startswith("RTSP/"):
                return size, None  # a request of the server's own, such as a keep-alive; none needs an answer to go on
            raise RtspError(f"got {start[:40]!r}; expected an RTSP message")
        if len(words) < 2 or not words[1].isdigit():
            raise RtspError(f"got {start[:40]!r}; expected a status")
        reason = words[2] if len(words) > 2 else ""
        return size, Response(int(words[1]), reason, headers, bytes(self._buffer[end + 4 : size]))


def _parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    lines = head.decode("utf-8", "replace").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return lines[0], headers


def request(method: str, url: str, number: int, headers: dict[str, str]) -> bytes:
    """A request without body."""
    rows = {"CSeq": str(number), "User-Agent": "hullscan", **headers}
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in rows.items()), "", ""]
    return "\r\n".join(lines).encode()


class VideoTrack(NamedTuple):
    """``control``: absolute URL for SETUP; ``parameter_sets``: SPS and PPS that the description carries, perhaps none."""

    control: str
    payload_type: int
    parameter_sets: tuple[bytes, ...]


def parse_sdp(body: bytes, base: str) -> VideoTrack:
    """The first H.264 video of a session description.

    Raises:
        RtspError: there is none, or only with packetisation mode 2.
    """
    attributes: dict[str, str] = {}
    payload = 0
    for line in [*body.decode("utf-8", "replace").splitlines(), "m="]:
        if line.startswith("m="):
            if attributes.get("rtpmap", "").upper().startswith("H264/90000"):
                return _track(attributes, payload, base)
            words, attributes = line[2:].split(), {}
            video = len(words) > 3 and words[0] == "video" and words[3].isdigit()
            payload = int(words[3]) if video else -1
        elif line.startswith("a=") and payload >= 0:
            name, _, value = line[2:].partition(":")
            if name in ("rtpmap", "fmtp"):
                which, _, value = value.partition(" ")
                if which != str(payload):
                    continue
            attributes[name] = value.strip()
    raise RtspError("the session description has no video in H264/90000; expected one")


def _track(attributes: dict[str, str], payload: int, base: str) -> VideoTrack:
    parts = (part.partition("=") for part in attributes.get("fmtp", "").split(";"))
    parameters = {name.strip().lower(): value.strip() for name, _, value in parts}
    if parameters.get("packetization-mode", "0") not in ("0", "1"):
        raise RtspError(f"packetization-mode {parameters['packetization-mode']}; expected 0 or 1")
    sets = []
    for text in filter(None, parameters.get("sprop-parameter-sets", "").split(",")):
        try:
            sets.append(base64.b64decode(text, validate=True))
        except (ValueError, binascii.Error):
            continue
    control = attributes.get("control", "*")
    return VideoTrack(
        base if control == "*" else urljoin(base if base.endswith("/") else base + "/", control), payload, tuple(sets)
    )


def session_of(response: Response) -> tuple[str, float]:
    """(session id, seconds it lives without a request) of a SETUP response."""
    name, _, rest = response.headers.get("session", "").partition(";")
    _, _, seconds = rest.partition("timeout=")
    if not name:
        raise RtspError("SETUP: no Session; expected one")
    return name.strip(), float(seconds) if seconds.strip().isdigit() else 60.0


def channel_of(response: Response) -> int:
    """The channel that carries RTP by a SETUP response."""
    transport = response.headers.get("transport", "")
    for part in transport.split(";"):
        name, _, value = part.strip().partition("=")
        first = value.partition("-")[0]
        if name == "interleaved" and first.isdigit():
            return int(first)
    raise RtspError(f"SETUP: transport {transport!r}; expected RTP/AVP/TCP;interleaved=…")
