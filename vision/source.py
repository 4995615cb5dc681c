"""Camera sources: whoever makes the frames, vision asks for the newest one and never waits.

Every body keeps only the newest unread frame. ``QueueSource`` is filled in process; ``ZmqFrames`` takes stamped JPEGs;
H.264 from the network is in `vision.live_video`, files and HTTP in `vision.video_source`; `vision.camera` chooses by address.
"""

from typing import NamedTuple, Protocol

import cv2
import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray

from wire.sockets import Keys, connect, open_socket

Image = NDArray[np.uint8]
MAX_SIDE_PX = 4096


class Frame(NamedTuple):
    """``t``: capture time [s, hullscan clock]; ``seq``: the source's count; ``image``: uint8 (h, w, 3) BGR."""

    t: float
    seq: int
    image: Image


class CameraSource(Protocol):
    """``latest`` returns the newest frame not yet read, or None. It never blocks."""

    def latest(self, now: float) -> Frame | None: ...


class QueueSource:
    """In process: `put` a frame; the newest unread one is kept, replaced ones are counted in ``skipped``."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self.skipped = 0

    def put(self, frame: Frame) -> None:
        if self._frame is not None:
            self.skipped += 1
        self._frame = frame

    def latest(self, now: float) -> Frame | None:
        frame, self._frame = self._frame, None
        return frame


class FrameHead(msgspec.Struct, frozen=True):
    """The stamp of a ZeroMQ frame: capture time [s], count, size [px]."""

    t: float
    seq: int
    width: int
    height: int


class ZmqFrames:
    """SUB socket for multipart ``[b"frame", msgpack FrameHead as a map, JPEG]``; the newest wins.

    ``damaged`` counts messages whose shape, stamp, JPEG or size is wrong; they are dropped. Read within `latest`,
    without a thread, so the caller's rate bounds the work: only the newest message is decoded.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, keys: Keys | None = None) -> None:
        self._socket = open_socket(context, zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, 8)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"frame")
        connect(self._socket, endpoint, keys, "camera")
        self.damaged = 0
        self.skipped = 0

    def latest(self, now: float) -> Frame | None:
        newest: list[bytes] | None = None
        while True:
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self.skipped += newest is not None
            newest = parts
        return None if newest is None else self._decode(newest)

    def close(self) -> None:
        self._socket.close()

    def _decode(self, parts: list[bytes]) -> Frame | None:
        frame = decode_frame(parts)
        self.damaged += frame is None
        return frame


_head_decoder = msgspec.msgpack.Decoder(FrameHead)


def encode_frame(frame: Frame, quality: int = 90) -> list[bytes]:
    """The parts that `decode_frame` reads.

    Raises:
        ValueError: the image cannot be encoded.
    """
    good, jpeg = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise ValueError(f"image: {frame.image.shape}; expected uint8 (h, w, 3)")
    height, width = frame.image.shape[:2]
    return [b"frame", msgspec.msgpack.encode(FrameHead(frame.t, frame.seq, width, height)), jpeg.tobytes()]


def decode_frame(parts: list[bytes]) -> Frame | None:
    """None when anything about the message is not as announced."""
    if len(parts) != 3 or parts[0] != b"frame" or not parts[2]:
        return None
    try:
        head = _head_decoder.decode(parts[1])
        if not (0 < head.width <= MAX_SIDE_PX and 0 < head.height <= MAX_SIDE_PX and np.isfinite(head.t)):
            return None
        image = cv2.imdecode(np.frombuffer(parts[2], np.uint8), cv2.IMREAD_COLOR)
    except (msgspec.DecodeError, cv2.error):
        return None
    if image is None or image.shape != (head.height, head.width, 3):
        return None
    return Frame(head.t, head.seq, np.asarray(image, np.uint8))
