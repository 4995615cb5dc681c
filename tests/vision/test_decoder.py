"""Units to pictures: bounded queues, numbers that stay with their pictures, and units no decoder can read."""

import time

import numpy as np
import pytest

from sim.video.plain import PlainEncoder
from vision.decoder import MAX_REPEATS, QUEUE, H264Decoder, Image, UnitQueue, UnitStream
from vision.h264 import AccessUnit

SPS, PPS = b"\x67\x42\xc0\x28", b"\x68\xce"


def unit(k: int, key: bool = False) -> AccessUnit:
    return AccessUnit((SPS, PPS, b"\x65k") if key else (b"\x41d",), k, float(k))


def taken(queue: UnitQueue, count: int) -> list[int]:
    found = [queue.get() for _ in range(count)]
    return [each.timestamp for each in found if each is not None]


def test_a_full_queue_gives_up_what_waits_and_goes_on_with_a_key_frame() -> None:
    queue = UnitQueue()
    queue.put(unit(0, key=True))
    for k in range(1, QUEUE + 3):
        queue.put(unit(k))
    assert queue.skipped == QUEUE + 3
    queue.put(unit(90, key=True))
    queue.put(unit(91))
    assert taken(queue, 2) == [90, 91]


def test_a_key_frame_replaces_what_waits_before_it() -> None:
    queue = UnitQueue()
    for k, key in ((0, True), (1, False), (2, True), (3, False)):
        queue.put(unit(k, key))
    assert taken(queue, 2) == [2, 3]
    assert queue.skipped == 2


def test_nothing_before_a_key_frame_and_none_after_closing() -> None:
    queue = UnitQueue()
    queue.put(unit(0))
    assert queue.skipped == 1
    queue.close()
    assert queue.get() is None


def test_the_stream_repeats_the_key_frame_while_it_is_opened_and_not_for_ever() -> None:
    queue = UnitQueue()
    queue.put(unit(7))
    stream = UnitStream(unit(5, key=True), queue)
    assert stream.read(32)[:4] == b"DKIF"
    record = len(stream.read(12)) + len(stream.read())
    assert stream.source(0) == unit(5, key=True)
    assert stream.source(0) is None
    for number in range(1, MAX_REPEATS):
        assert len(stream.read()) == record
        assert stream.source(number) is None
    assert stream.read() == b""


def test_the_stream_ends_where_the_format_changes_and_hands_back_the_unit() -> None:
    queue, other = UnitQueue(), AccessUnit((b"\x67other", PPS, b"\x65k"), 9, 9.0)
    stream = UnitStream(unit(5, key=True), queue)
    stream.read()
    stream.opening = False
    queue.put(other)
    assert stream.read() == b""
    assert stream.read() == b""
    assert stream.rest == other


class Screen:
    """Collects what a decoder delivers."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.decoder = H264Decoder(self._show)

    def _show(self, shown: AccessUnit, image: Image) -> None:
        self.seen.append((shown.timestamp, int(image[0, 0, 0])))

    def wait(self, count: int) -> None:
        end = time.monotonic() + 15.0
        while len(self.seen) < count:
            assert time.monotonic() < end, f"waited in vain for picture {count}: {self.seen}"
            time.sleep(0.002)


@pytest.fixture
def screen():
    made = Screen()
    yield made
    made.decoder.close()


def picture(level: int, size: tuple[int, int] = (48, 64)) -> tuple[bytes, ...]:
    encoder = PlainEncoder(size[1], size[0])
    return encoder.encode(np.full((*size, 3), level, np.uint8))[0]


def test_every_picture_keeps_its_unit(screen: Screen) -> None:
    encoder = PlainEncoder(64, 48)
    for k in range(5):
        nals = encoder.encode(np.full((48, 64, 3), 50 + 10 * k, np.uint8))[0]
        screen.decoder.put(AccessUnit(nals, 1000 + k, 0.0))
        screen.wait(k + 1)
    assert [timestamp for timestamp, _ in screen.seen] == [1000, 1001, 1002, 1003, 1004]
    assert [level for _, level in screen.seen] == pytest.approx([50, 60, 70, 80, 90], abs=2)


@pytest.mark.parametrize("size", [(50, 70), (16, 16), (18, 242)])
def test_sizes_that_are_no_whole_blocks_are_cropped(screen: Screen, size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(60, 70, (*size, 3), np.uint8)
    sizes: list[tuple[int, ...]] = []
    screen.decoder._deliver = lambda _unit, got: sizes.append(got.shape) or screen.seen.append((0, 0))
    screen.decoder.put(AccessUnit(PlainEncoder(size[1], size[0]).encode(image)[0], 0, 0.0))
    screen.wait(1)
    assert sizes == [(*size, 3)]


def test_units_no_decoder_can_read_cost_nothing_but_themselves(screen: Screen) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        screen.decoder.put(AccessUnit((SPS, PPS, b"\x65" + rng.bytes(500)), seed, 0.0))
        end = time.monotonic() + 15.0
        while screen.decoder.failed <= seed:
            assert time.monotonic() < end, "the decoder did not give up"
            time.sleep(0.002)
    screen.decoder.put(AccessUnit(picture(120), 99, 0.0))
    screen.wait(1)
    assert screen.seen[0][0] == 99
