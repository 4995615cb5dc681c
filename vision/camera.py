"""Opens whatever camera an address names; the rest of vision cannot tell which."""

import socket
from collections.abc import Callable
from typing import Protocol

import zmq

from vision.camera_url import parse_camera_url
from vision.live_video import CONNECT_S, RtpSource, RtspConnection, RtspSource, reason
from vision.rtsp import RtspError
from vision.source import Frame, ZmqFrames
from vision.video_source import VideoSource
from wire.sockets import Keys, is_loopback


class OpenCamera(Protocol):
    """A `vision.source.CameraSource` with sockets or threads behind it."""

    def latest(self, now: float) -> Frame | None: ...

    def close(self) -> None: ...


def open_camera(
    url: str,
    clock: Callable[[], float],
    latency_s: float,
    context: "zmq.Context[zmq.Socket[bytes]]",
    keys: Keys | None,
    say: Callable[[str], None],
) -> OpenCamera:
    """``clock``: hullscan seconds; ``latency_s``: from capture to arrival, for sources that do not stamp their frames;
    ``keys``: for zmq+tcp off loopback; ``say``: hears of trouble on the way.

    Raises:
        ValueError: as `vision.camera_url.parse_camera_url`.
        OSError: rtp: the address cannot be listened on. A camera that is not there yet is no error: it is waited for.
    """
    camera = parse_camera_url(url)
    if camera.scheme.startswith("zmq+"):
        endpoint = url.removeprefix("zmq+")
        return ZmqFrames(context, endpoint, None if is_loopback(endpoint) else keys)
    if camera.scheme == "rtp":
        return RtpSource(camera, clock, latency_s, say)
    if camera.scheme == "rtsp":
        return RtspSource(camera, clock, latency_s, say)
    return VideoSource(url, clock, latency_s)


def camera_trouble(url: str) -> str:
    """Why the camera cannot be used right now, in one line, or "". Asks an RTSP server what it has, tries to listen where RTP
    is expected, and to connect to an HTTP server; takes at most about 6 s once the name is resolved. Says nothing of other kinds.

    Raises:
        ValueError: as `vision.camera_url.parse_camera_url`.
    """
    camera = parse_camera_url(url)
    try:
        if camera.scheme == "rtsp":
            with RtspConnection(camera) as connection:
                connection.describe()
        elif camera.scheme == "rtp":
            family, kind, protocol, _, address = socket.getaddrinfo(camera.host, camera.port, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
        elif camera.scheme in ("http", "https"):
            socket.create_connection((camera.host, camera.port), CONNECT_S).close()
    except (OSError, RtspError) as error:
        return f"camera {url}: {reason(error)}"
    return ""
