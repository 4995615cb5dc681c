"""The two encoders: what they promise, and what happens when the outside program is missing, useless or killed."""

import os
import shutil
import signal
import stat
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.feed import CameraFrame
from sim.video import encoder as encoders
from sim.video.address import VideoAddress
from sim.video.encoder import open_encoder
from sim.video.ffmpeg import FfmpegEncoder, FlvReader, FlvTag, parameter_sets, split_avcc
from sim.video.output import VideoOutput
from sim.video.plain import BitWriter, PlainEncoder, macroblocks, picture_parameter_set, sequence_parameter_set
from tests.sim_video.conftest import Film, Senders, moving, until
from vision.camera_url import parse_camera_url
from vision.h264 import IDR, PPS, SPS, nal_type
from vision.live_video import RtspSource

NEEDS_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no program ffmpeg on PATH")


def test_exp_golomb_codes_of_table_9_2() -> None:
    assert [BitWriter().ue(n).bits for n in (0, 1, 2, 3, 6, 7, 25)] == [
        "1",
        "010",
        "011",
        "00100",
        "00111",
        "0001000",
        "000011010",
    ]


def test_parameter_sets_of_640_by_480_bit_by_bit() -> None:
    sps = sequence_parameter_set(640, 480)
    assert sps[:4] == bytes([0x67, 66, 0xC0, 40])
    bits = "".join(f"{byte:08b}" for byte in sps[4:])
    first = ["1", "1", "011", "1", "0"]  # id 0, frame_num of 4 bits, order type 2, no references, no gaps
    then = ["00000101000", "000011110", "1", "1", "0", "0", "1"]  # 39, 29, frames only, direct 8x8, no crop, no VUI, stop
    assert bits.rstrip("0") == "".join(first + then)
    assert picture_parameter_set()[0] == 0x68


def test_macroblocks_hold_luma_then_both_chromas() -> None:
    image = np.zeros((32, 16, 3), np.uint8)
    image[16:] = (255, 0, 0)
    blocks = macroblocks(image)
    assert blocks.shape == (2, 384)
    assert set(blocks[0, :256]) == {16} and set(blocks[0, 256:]) == {128}
    assert set(blocks[1, :256]) == {41} and set(blocks[1, 256:320]) == {240} and set(blocks[1, 320:]) == {110}


def test_plain_pictures_are_key_frames_whose_numbers_alternate() -> None:
    encoder = PlainEncoder(64, 48)
    first, second = (encoder.encode(np.full((48, 64, 3), 99, np.uint8))[0] for _ in range(2))
    assert [nal_type(nal) for nal in first] == [SPS, PPS, IDR]
    assert first[:2] == second[:2] == encoder.parameter_sets
    assert first[2] != second[2]
    assert len(first[2]) == pytest.approx(1.5 * 64 * 48, rel=0.02)
    with pytest.raises(ValueError, match="expected even sides"):
        PlainEncoder(63, 48)


@given(st.lists(st.tuples(st.integers(0, 31), st.binary(max_size=30)), max_size=6), st.integers(1, 40))
def test_flv_tags_however_they_are_cut(rows: list[tuple[int, bytes]], step: int) -> None:
    stream = b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00"
    for kind, body in rows:
        stream += bytes([kind]) + len(body).to_bytes(3, "big") + b"\0" * 7 + body + struct.pack(">I", 11 + len(body))
    reader = FlvReader()
    tags = [tag for at in range(0, len(stream), step) for tag in reader.feed(stream[at : at + step])]
    assert tags == [FlvTag(kind, body) for kind, body in rows]


def test_lengths_and_the_configuration_record() -> None:
    assert split_avcc(b"\0\0\0\2ab\0\0\0\1c") == (b"ab", b"c")
    record = b"\x01\x42\xc0\x28\xff" + b"\xe1\x00\x03SPS" + b"\x02\x00\x02P1\x00\x02P2"
    assert parameter_sets(record) == (b"SPS", b"P1", b"P2")


@NEEDS_FFMPEG
def test_ffmpeg_makes_each_picture_at_once_and_a_key_frame_each_second() -> None:
    encoder = open_encoder(320, 240, 5.0, "ffmpeg")
    try:
        assert [nal_type(nal) for nal in encoder.parameter_sets] == [SPS, PPS]
        made = [encoder.encode(image) for image in moving(11)]
    finally:
        encoder.close()
    assert [len(pictures) for pictures in made] == [1] * 11
    keys = [k for k, pictures in enumerate(made) if any(nal_type(nal) == IDR for nal in pictures[0])]
    assert keys == [0, 5, 10]
    for k in keys:
        assert made[k][0][:2] == encoder.parameter_sets
    assert sum(len(nal) for nal in made[1][0]) < 320 * 240 * 1.5 / 4


@NEEDS_FFMPEG
@pytest.mark.sockets
def test_a_killed_ffmpeg_is_started_again_and_video_goes_on() -> None:
    senders = Senders("ffmpeg")
    output = senders.start("rtsp", 0)
    source = RtspSource(parse_camera_url(f"rtsp://127.0.0.1:{output.rtsp_ports[0]}/rov"), time.monotonic, 0.1)
    film = Film(output, moving(60))
    until("frames", lambda: len(film.frames) >= 3, step=lambda: film.turn(source))
    assert isinstance(output._encoder, FfmpegEncoder)
    os.kill(output._encoder._process.pid, signal.SIGKILL)
    until("a new encoder", lambda: output.restarts == 1, step=lambda: film.turn(source))
    before = len(film.frames)
    until("more frames", lambda: len(film.frames) >= before + 5, step=lambda: film.turn(source))
    source.close()
    senders.close()


class Dying:
    """An encoder that fails at its first picture."""

    name, parameter_sets = "dying", (b"\x67s", b"\x68p")

    def encode(self, image: np.ndarray) -> list[tuple[bytes, ...]]:
        raise ConnectionError("it has ended")

    def close(self) -> None:
        """Nothing to close."""


def test_an_encoder_that_cannot_be_started_again_is_said() -> None:
    bodies = [Dying()]

    def start() -> Dying:
        if not bodies:
            raise ValueError("no program")
        return bodies.pop()

    output = VideoOutput([VideoAddress("rtp", "127.0.0.1", 9, "/")], start, time.monotonic, 0.0)
    output.put(CameraFrame(0.0, 1, moving(1)[0]))
    until("the trouble", lambda: output.trouble == "no program")
    with pytest.raises(ConnectionError, match="no program"):
        output.put(CameraFrame(0.1, 2, moving(1)[0]))
    output.close()


def test_without_ffmpeg_auto_is_plain_and_ffmpeg_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders.shutil, "which", lambda _: None)
    assert isinstance(open_encoder(64, 48, 5.0), PlainEncoder)
    with pytest.raises(ValueError, match="no program ffmpeg on PATH"):
        open_encoder(64, 48, 5.0, "ffmpeg")


@pytest.mark.parametrize(
    ("script", "error", "why"),
    [
        ("echo ' V....D mpeg4 MPEG-4'", ValueError, "encodes with none of libx264, libopenh264"),
        ('case "$*" in *-encoders*) echo " V....D libx264 x";; esac', ConnectionError, "ffmpeg has ended"),
    ],
)
def test_a_useless_ffmpeg_is_told(tmp_path: Path, script: str, error: type[Exception], why: str) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(error, match=why):
        FfmpegEncoder(str(program), 64, 48, 5.0)
