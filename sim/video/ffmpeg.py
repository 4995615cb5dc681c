"""H.264 by an ``ffmpeg`` program found on PATH, in a process of its own: raw pictures in, FLV out.

Nothing of FFmpeg is imported: Debian's ffmpeg is GPL (x264), and so is what PyAV's wheels carry; OpenCV's FFmpeg is LGPL but
has no H.264 encoder. FLV because it says how long each picture's data is, so that none waits for the next to be known complete.
"""

import os
import select
import subprocess
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vision.h264 import PPS, SPS, nal_type

Image = NDArray[np.uint8]
CODECS = ("libx264", "libopenh264")
WAIT_S = 2.0
FLV_HEAD = 13


class FlvTag(NamedTuple):
    """``kind``: 9 is video."""

    kind: int
    body: bytes


class FlvReader:
    """Adobe FLV 10.1: a file head of 13 bytes, then tags of 11 + size + 4 bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = FLV_HEAD

    def feed(self, data: bytes) -> list[FlvTag]:
        """The tags that are whole."""
        self._buffer += data
        tags = []
        if len(self._buffer) < self._skip:
            return []
        del self._buffer[: self._skip]
        self._skip = 0
        while len(self._buffer) >= 11:
            size = int.from_bytes(self._buffer[1:4], "big")
            if len(self._buffer) < 15 + size:
                break
            tags.append(FlvTag(self._buffer[0] & 0x1F, bytes(self._buffer[11 : 11 + size])))
            del self._buffer[: 15 + size]
        return tags


def parameter_sets(record: bytes) -> tuple[bytes, ...]:
    """SPS and PPS of an AVCDecoderConfigurationRecord (ISO 14496-15, 5.2.4.1)."""
    found, at = [], 5
    for mask in (0x1F, 0xFF):
        count = record[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            found.append(record[at + 2 : at + 2 + size])
            at += 2 + size
    return tuple(found)


def split_avcc(data: bytes) -> tuple[bytes, ...]:
    """NAL units that stand behind their lengths of four bytes."""
    nals, at = [], 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        nals.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return tuple(nals)


class FfmpegEncoder:
    """Constant quality, no B-frames, a key frame with parameter sets every second. One grey picture is encoded at once, for its
    parameter sets and so that no real one waits for the program's start; the first real picture is a key frame.

    Raises:
        ValueError: the program knows none of `CODECS`.
        ConnectionError: also from `encode`: it ended, or made nothing for 2 s.
    """

    def __init__(self, program: str, width: int, height: int, fps: float) -> None:
        codec = _codec(program)
        self.name = f"ffmpeg ({codec})"
        self._shape = (height, width, 3)
        self.parameter_sets: tuple[bytes, ...] = ()
        self._reader = FlvReader()
        self._process = subprocess.Popen(
            _command(program, codec, width, height, fps),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is ours to handle
        )
        try:
            self.encode(np.full(self._shape, 128, np.uint8))
        except ConnectionError:
            self.close()
            raise

    def encode(self, image: Image) -> list[tuple[bytes, ...]]:
        if image.shape != self._shape:
            raise ValueError(f"video: picture {image.shape}; expected {self._shape}")
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            view = memoryview(np.ascontiguousarray(image).tobytes())
            while view:
                view = view[stdin.write(view) or 0 :]
        except BrokenPipeError as error:
            raise ConnectionError("video: ffmpeg has ended") from error
        made: list[tuple[bytes, ...]] = []
        end = time.monotonic() + WAIT_S
        while not made:
            if not select.select([stdout], [], [], max(end - time.monotonic(), 0.0))[0]:
                raise ConnectionError(f"video: ffmpeg made no picture within {WAIT_S:.0f} s")
            data = os.read(stdout.fileno(), 1 << 20)
            if not data:
                raise ConnectionError("video: ffmpeg has ended")
            for tag in self._reader.feed(data):
                made += self._pictures(tag)
        return made

    def close(self) -> None:
        """Ends the program; kills it when it does not within 2 s."""
        try:
            self._process.communicate(timeout=WAIT_S)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _pictures(self, tag: FlvTag) -> list[tuple[bytes, ...]]:
        if tag.kind != 9 or len(tag.body) < 5 or tag.body[0] & 0x0F != 7:
            return []
        if tag.body[1] == 0:
            self.parameter_sets = parameter_sets(tag.body[5:])
            return []
        if tag.body[1] != 1:
            return []
        nals = tuple(nal for nal in split_avcc(tag.body[5:]) if nal_type(nal) not in (SPS, PPS))
        return [(*self.parameter_sets, *nals) if tag.body[0] >> 4 == 1 else nals]


def _codec(program: str) -> str:
    listed = subprocess.run([program, "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=20, check=False)
    words = set(listed.stdout.split())
    for codec in CODECS:
        if codec in words:
            return codec
    raise ValueError(f"video encoder: {program} encodes with none of {', '.join(CODECS)}; expected one, or the encoder plain")


def _command(program: str, codec: str, width: int, height: int, fps: float) -> list[str]:
    options = {
        "libx264": ("-preset", "superfast", "-tune", "zerolatency", "-crf", "20", "-bf", "0"),
        "libopenh264": ("-b:v", str(int(width * height * fps * 2))),
    }
    raw = ("-f", "rawvideo", "-pixel_format", "bgr24", "-video_size", f"{width}x{height}", "-framerate", f"{fps:g}")
    quick = ("-probesize", "32", "-analyzeduration", "0")
    every = ("-g", str(max(1, round(fps))), "-force_key_frames", "expr:eq(n,1)", "-threads", "1")
    flv = ("-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1")
    return [
        *(program, "-hide_banner", "-loglevel", "error"),
        *(*raw, *quick, "-i", "pipe:0", "-pix_fmt", "yuv420p", "-c:v", codec, *options[codec], *every, *flv),
    ]
