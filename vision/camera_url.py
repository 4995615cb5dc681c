"""Camera addresses, read strictly: an address nobody can open is refused before anything starts."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

EXPECTED = (
    "rtsp://HOST[:554]/PATH, rtp://HOST:PORT (the address to listen on), http(s)://…, zmq+tcp://HOST:PORT, zmq+ipc://PATH "
    "or an existing video file"
)
PORTS = {"rtsp": 554, "http": 80, "https": 443}
SCHEMES = ("rtsp", "rtp", "http", "https", "zmq+tcp", "zmq+ipc")


class CameraUrl(NamedTuple):
    """``scheme``: one of `SCHEMES` or "file". ``host``, ``port``: "" and 0 where there are none. ``url``: as given."""

    scheme: str
    host: str
    port: int
    url: str


def parse_camera_url(url: str) -> CameraUrl:
    """Raises ValueError with the address and what was expected."""

    def refuse(why: str) -> ValueError:
        return ValueError(f"camera: {url!r}: {why}; expected {EXPECTED}")

    if "://" not in url:
        if not url or not Path(url).is_file():
            raise refuse("no such file")
        return CameraUrl("file", "", 0, url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refuse(str(error)) from error
    host = parts.hostname or ""
    if parts.scheme == "udp":
        raise refuse("for the H.264 over RTP that a BlueROV2 sends to UDP port 5600 write rtp://0.0.0.0:5600")
    if parts.scheme not in SCHEMES:
        raise refuse(f"unknown scheme {parts.scheme!r}")
    if parts.scheme == "zmq+ipc":
        return CameraUrl(parts.scheme, "", 0, url)
    if not host:
        raise refuse("no host")
    if parts.scheme in ("rtp", "rtsp") and parts.username is not None:
        raise refuse("names and passwords are not supported")
    if parts.scheme in ("rtp", "zmq+tcp") and not port:
        raise refuse("no port")
    if parts.scheme == "rtp" and (parts.path not in ("", "/") or parts.query):
        raise refuse("nothing may follow the port")
    return CameraUrl(parts.scheme, host, port or PORTS.get(parts.scheme, 0), url)
