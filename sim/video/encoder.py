"""Pictures → H.264. Two bodies: `sim.video.ffmpeg.FfmpegEncoder` compresses with a program found on PATH;
`sim.video.plain.PlainEncoder` needs nothing and compresses nothing."""

import shutil
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.video.ffmpeg import FfmpegEncoder
from sim.video.plain import PlainEncoder

Image = NDArray[np.uint8]
Kind = Literal["auto", "ffmpeg", "plain"]


class Encoder(Protocol):
    """``encode`` takes one BGR picture and returns the NAL units of each picture finished by then, in order: normally of this
    one. Every second or oftener there is a key frame with its parameter sets. ``parameter_sets``: SPS and
    PPS; ``name``: for people."""

    name: str
    parameter_sets: tuple[bytes, ...]

    def encode(self, image: Image) -> list[tuple[bytes, ...]]: ...

    def close(self) -> None: ...


def open_encoder(width: int, height: int, fps: float, kind: Kind = "auto") -> Encoder:
    """``auto``: ffmpeg where it is on PATH, else plain.

    Raises:
        ValueError: ffmpeg was asked for and is missing, or it has no H.264 encoder that is known here.
        ConnectionError: ffmpeg does not work.
    """
    program = shutil.which("ffmpeg")
    if kind == "plain" or (kind == "auto" and program is None):
        return PlainEncoder(width, height)
    if program is None:
        raise ValueError("video encoder: no program ffmpeg on PATH; expected one, or the encoder plain")
    return FfmpegEncoder(program, width, height, fps)
