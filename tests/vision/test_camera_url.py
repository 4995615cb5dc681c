"""Camera addresses: what is taken, and that everything else is refused with what was expected."""

from pathlib import Path

import pytest

from vision.camera_url import parse_camera_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://192.168.2.2:8554/video_stream__dev_video2", ("rtsp", "192.168.2.2", 8554)),
        ("rtsp://blueos.local/x", ("rtsp", "blueos.local", 554)),
        ("rtp://0.0.0.0:5600", ("rtp", "0.0.0.0", 5600)),
        ("http://192.168.2.2:6020/mjpeg", ("http", "192.168.2.2", 6020)),
        ("https://blueos.local/mjpeg", ("https", "blueos.local", 443)),
        ("zmq+tcp://127.0.0.1:5600", ("zmq+tcp", "127.0.0.1", 5600)),
        ("zmq+ipc:///tmp/frames", ("zmq+ipc", "", 0)),
    ],
)
def test_taken(url: str, expected: tuple[str, str, int]) -> None:
    assert parse_camera_url(url) == (*expected, url)


def test_a_file_is_taken_when_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "dive.mp4"
    with pytest.raises(ValueError, match="no such file"):
        parse_camera_url(str(file))
    file.write_bytes(b"")
    assert parse_camera_url(str(file)).scheme == "file"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "no such file"),
        ("rtps://192.168.2.2/x", "unknown scheme 'rtps'"),
        ("udp://0.0.0.0:5600", "write rtp://0.0.0.0:5600"),
        ("tcp://127.0.0.1:5600", "unknown scheme"),
        ("rtsp://", "no host"),
        ("rtsp:///path", "no host"),
        ("rtsp://host:99999/x", "Port out of range"),
        ("rtsp://host:port/x", "Port could not be cast"),
        ("rtsp://me:secret@host/x", "not supported"),
        ("rtp://0.0.0.0", "no port"),
        ("rtp://0.0.0.0:5600/stream", "nothing may follow"),
        ("zmq+tcp://127.0.0.1", "no port"),
    ],
)
def test_refused_with_what_was_expected(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse_camera_url(url)
    assert repr(url) in str(caught.value)
    assert "expected rtsp://HOST" in str(caught.value)
