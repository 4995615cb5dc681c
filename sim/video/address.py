"""Where simulated video goes: ``rtp://HOST:PORT`` (sent there) or ``rtsp://HOST:PORT/PATH`` (served there)."""

import ipaddress
from typing import NamedTuple

from vision.camera_url import parse_camera_url


class VideoAddress(NamedTuple):
    """``scheme``: rtp or rtsp. ``path``: of an RTSP address, with its slash."""

    scheme: str
    host: str
    port: int
    path: str


def parse_video_address(text: str, loopback_only: bool = True) -> VideoAddress:
    """Raises ValueError: not such an address, or off loopback though that was not allowed."""
    expected = "expected rtp://127.0.0.1:PORT or rtsp://127.0.0.1:PORT/PATH"
    if not text.startswith(("rtp://", "rtsp://")):
        raise ValueError(f"video: {text!r}; {expected}")
    url = parse_camera_url(text)
    host = "127.0.0.1" if url.host == "localhost" else url.host
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise ValueError(f"video: {text!r}: {host} is no IP address; {expected}") from error
    if ":" in host:
        raise ValueError(f"video: {text!r}: IPv6 is not supported; {expected}")
    if loopback_only and not loopback:
        raise ValueError(f"video: {text!r} is not loopback; {expected}")
    path = text.split("://", 1)[1].partition("/")[2].partition("?")[0].rstrip("/")
    return VideoAddress(url.scheme, host, url.port, "/" + path)
