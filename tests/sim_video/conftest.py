"""Pictures to send, a sender to send them with, and waiting with a deadline."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.feed import CameraFrame
from sim.video.address import VideoAddress
from sim.video.encoder import Kind, open_encoder
from sim.video.output import VideoOutput
from vision.source import CameraSource, Frame

Image = np.ndarray
LATENCY_S = 0.1
SCENARIO = Path(__file__).parents[2] / "sim" / "scenarios" / "coaster_default.yaml"


def until(what: str, true: Callable[[], bool], seconds: float = 15.0, step: Callable[[], None] | None = None) -> None:
    """Calls ``step`` and asks ``true`` every 5 ms; fails after ``seconds``."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain: {what}"
        if step is not None:
            step()
        time.sleep(0.005)


def moving(count: int, size: tuple[int, int] = (240, 320)) -> list[Image]:
    """A soft texture that moves 4 px a picture: easily told apart, easily compressed."""
    rng = np.random.default_rng(5)
    base = cv2.GaussianBlur(rng.integers(0, 256, (*size, 1), np.uint8), (0, 0), 3)
    base = cv2.merge([cv2.normalize(base, None, 20, 235, cv2.NORM_MINMAX)] * 3)
    return [np.roll(base, 4 * k, axis=1).copy() for k in range(count)]


class Film:
    """Shows pictures in turn at ``fps`` to an output, whoever looks on, and keeps what a source made of them."""

    def __init__(self, output: VideoOutput | None, pictures: list[Image], fps: float = 15.0) -> None:
        self.output, self._pictures, self._period = output, pictures, 1.0 / fps
        self._due = time.monotonic()
        self.shown: dict[float, Image] = {}
        self.frames: list[Frame] = []

    def turn(self, source: CameraSource | None = None) -> None:
        """Shows the next picture when it is due; takes what has come."""
        now = time.monotonic()
        if now >= self._due and self.output is not None:
            self._due = now + self._period
            image = self._pictures[len(self.shown) % len(self._pictures)]
            self.shown[now] = image
            self.output.put(CameraFrame(now, len(self.shown), image))
        frame = source.latest(now) if source is not None else None
        if frame is not None:
            self.frames.append(frame)

    def original(self, frame: Frame) -> tuple[float, Image]:
        """The shown picture that the frame looks like most, and when it was shown: the time nearest to the frame's stamp."""
        image = max({id(each): each for each in self.shown.values()}.values(), key=lambda each: psnr(frame, each))
        return min((t for t, each in self.shown.items() if each is image), key=lambda t: abs(t - frame.t)), image


def psnr(frame: Frame, image: Image) -> float:
    return float(cv2.PSNR(frame.image, image))


class Senders:
    """Makes outputs and closes them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._open: list[VideoOutput] = []

    def start(self, scheme: str, port: int, size: tuple[int, int] = (240, 320), fps: float = 15.0) -> VideoOutput:
        address = VideoAddress(scheme, "127.0.0.1", port, "/rov")
        output = VideoOutput([address], lambda: open_encoder(size[1], size[0], fps, self.kind), time.monotonic, LATENCY_S)
        self._open.append(output)
        return output

    def kill(self, output: VideoOutput) -> None:
        self._open.remove(output)
        output.close()

    def close(self) -> None:
        for output in list(self._open):
            self.kill(output)


@pytest.fixture(params=["plain", "ffmpeg"])
def senders(request: pytest.FixtureRequest) -> Iterator[Senders]:
    """Both encoders; ffmpeg is optional."""
    if request.param == "ffmpeg" and shutil.which("ffmpeg") is None:
        pytest.skip("no program ffmpeg on PATH: the compressing encoder cannot be tried")
    made = Senders(request.param)
    yield made
    made.close()


@pytest.fixture
def plain() -> Iterator[Senders]:
    made = Senders("plain")
    yield made
    made.close()
