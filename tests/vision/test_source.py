"""One suite for every body of the camera source, and damage on the way."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from vision.source import CameraSource, Frame, FrameHead, QueueSource, ZmqFrames, decode_frame, encode_frame
from vision.video_source import VideoSource


def frame(seq: int) -> Frame:
    image = np.full((48, 64, 3), 10 * seq, np.uint8)
    return Frame(float(seq), seq, image)


def wait_for(source: CameraSource, good: Callable[[Frame], bool], deadline_s: float = 5.0) -> Frame:
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        got = source.latest(0.0)
        if got is not None and good(got):
            return got
        time.sleep(0.01)
    raise AssertionError("no such frame before the deadline")


def test_queue_keeps_the_newest_and_counts_the_rest() -> None:
    source = QueueSource()
    assert source.latest(0.0) is None
    source.put(frame(1))
    source.put(frame(2))
    got = source.latest(0.0)
    assert got is not None
    assert got.seq == 2
    assert source.skipped == 1
    assert source.latest(0.0) is None


@pytest.mark.sockets
def test_zmq_takes_the_newest_and_counts_damage() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sender = context.socket(zmq.PUB)
    sender.linger = 0
    port = sender.bind_to_random_port("tcp://127.0.0.1")
    source = ZmqFrames(context, f"tcp://127.0.0.1:{port}")
    end = time.monotonic() + 5.0
    got = None
    while got is None and time.monotonic() < end:
        sender.send_multipart(encode_frame(frame(3)))
        time.sleep(0.02)
        got = source.latest(0.0)
    assert got is not None
    assert (got.t, got.seq, got.image.shape) == (3.0, 3, (48, 64, 3))
    while source.latest(0.0) is not None:
        time.sleep(0.02)
    sender.send_multipart([b"frame", b"\xff", b"not a jpeg"])
    end = time.monotonic() + 5.0
    while source.damaged == 0 and time.monotonic() < end:
        assert source.latest(0.0) is None
        time.sleep(0.01)
    assert source.damaged == 1
    source.close()
    sender.close()
    context.term()


def test_video_file_is_read_and_reopened(tmp_path: Path) -> None:
    path = str(tmp_path / "trial.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    assert writer.isOpened()
    for i in range(4):
        writer.write(np.full((48, 64, 3), 40 * i, np.uint8))
    writer.release()
    source = VideoSource(path, lambda: 7.0, 0.15, retry_s=0.02)
    got = wait_for(source, lambda f: f.seq > 6)
    assert got.t == pytest.approx(6.85)
    assert got.image.shape == (48, 64, 3)
    assert source.connects >= 2
    source.close()


def test_a_missing_stream_is_no_frame_and_no_error(tmp_path: Path) -> None:
    source = VideoSource(str(tmp_path / "absent.avi"), lambda: 0.0, 0.0, retry_s=0.01)
    assert source.latest(0.0) is None
    source.close()


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"frame"],
        [b"frame", b"", b""],
        [b"other", *encode_frame(frame(1))[1:]],
        [b"frame", msgspec.msgpack.encode(FrameHead(1.0, 1, 32, 48)), encode_frame(frame(1))[2]],
        [b"frame", msgspec.msgpack.encode(FrameHead(1.0, 1, 10**6, 48)), encode_frame(frame(1))[2]],
        [b"frame", msgspec.msgpack.encode(FrameHead(float("nan"), 1, 64, 48)), encode_frame(frame(1))[2]],
        [b"frame", encode_frame(frame(1))[1], encode_frame(frame(1))[2][:40]],
    ],
)
def test_damaged_frames_are_refused(parts: list[bytes]) -> None:
    assert decode_frame(parts) is None


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_no_bytes_raise(parts: list[bytes]) -> None:
    assert decode_frame(parts) is None
