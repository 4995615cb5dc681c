"""The depacketiser against the fields of RFC 3550 and RFC 6184, and against loss, reordering, duplicates and garbage."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.h264 import AccessUnit, annexb, nal_type, split_annexb
from vision.rtp import REORDER_PACKETS, Depacketiser, parse_rtp

SPS, PPS = b"\x67\x42\xc0\x28", b"\x68\xce"
KEY, DELTA = b"\x65" + b"k" * 30, b"\x41" + b"d" * 30


def rtp(sequence: int, payload: bytes, timestamp: int = 0, marker: bool = False, ssrc: int = 7, kind: int = 96) -> bytes:
    return struct.pack(">BBHII", 0x80, kind | marker << 7, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def key_frame(sequence: int, timestamp: int) -> list[bytes]:
    return [rtp(sequence, SPS, timestamp), rtp(sequence + 1, PPS, timestamp), rtp(sequence + 2, KEY, timestamp, True)]


def feed(depacketiser: Depacketiser, packets: list[bytes], arrival: float = 1.0) -> list[AccessUnit]:
    return [unit for packet in packets for unit in depacketiser.put(packet, arrival)]


def started(last: int = 99) -> Depacketiser:
    """One that has had a key frame whose last packet was number ``last``."""
    depacketiser = Depacketiser()
    assert len(feed(depacketiser, key_frame(last - 2, 0))) == 1
    return depacketiser


def test_every_field_of_the_fixed_header() -> None:
    packet = parse_rtp(bytes.fromhex("80e01234 89abcdef 0badcafe 6501".replace(" ", "")))
    assert packet == (True, 96, 0x1234, 0x89ABCDEF, 0x0BADCAFE, b"\x65\x01")


def test_csrc_extension_and_padding_are_taken_off() -> None:
    head = struct.pack(">BBHII", 0x80 | 0x20 | 0x10 | 2, 96, 1, 2, 3) + b"c" * 8 + struct.pack(">HH", 0xBEDE, 1) + b"xxxx"
    packet = parse_rtp(head + b"\x41abc" + b"\x00\x00\x03")
    assert packet is not None
    assert packet.payload == b"\x41abc"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x60" + b"\0" * 9,
        b"\x40\x60" + b"\0" * 20,
        b"\x80\x60" + b"\0" * 10,
        b"\x8f\x60" + b"\0" * 20,
        b"\x90\x60" + b"\0" * 12 + b"\xff\xff",
        b"\xa0\x60" + b"\0" * 10 + b"\x41\xff",
        b"\xa0\x60" + b"\0" * 10 + b"\x41\x00",
    ],
)
def test_what_is_no_rtp(data: bytes) -> None:
    assert parse_rtp(data) is None


def test_single_nal_units_up_to_the_marker_are_one_access_unit() -> None:
    units = feed(Depacketiser(), key_frame(5, 90_000), arrival=2.5)
    assert units == [AccessUnit((SPS, PPS, KEY), 90_000, 2.5, 7)]
    assert units[0].is_key


def test_fragments_are_joined_with_the_header_rebuilt() -> None:
    fragments = [
        rtp(100, b"\x7c\x81" + b"aa", 3000),  # F=0 NRI=3 type=28; S=1 E=0 type=1
        rtp(101, b"\x7c\x01" + b"bb", 3000),
        rtp(102, b"\x7c\x41" + b"cc", 3000, True),  # E=1
    ]
    assert feed(started(), fragments)[0].nals == (b"\x61aabbcc",)


def test_aggregates_are_taken_apart() -> None:
    stap = b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in (SPS, PPS, KEY))
    assert feed(Depacketiser(), [rtp(1, stap, 0, True)])[0].nals == (SPS, PPS, KEY)


def test_a_new_timestamp_ends_a_unit_without_marker() -> None:
    units = feed(started(), [rtp(100, DELTA, 3000), rtp(101, DELTA, 6000, True)])
    assert [unit.timestamp for unit in units] == [3000, 6000]


def test_nothing_before_the_first_key_frame() -> None:
    depacketiser = Depacketiser()
    assert feed(depacketiser, [rtp(1, DELTA, 0, True)]) == []
    assert depacketiser.dropped == 1
    assert len(feed(depacketiser, key_frame(2, 3000))) == 1


def test_a_key_frame_gets_the_parameter_sets_of_the_description() -> None:
    bare = [rtp(1, KEY, 0, True)]
    assert feed(Depacketiser(), bare) == []
    assert feed(Depacketiser(96, (SPS, PPS)), bare)[0].nals == (SPS, PPS, KEY)


def test_after_a_loss_nothing_until_the_next_whole_key_frame() -> None:
    depacketiser = started()
    lost = [rtp(101, DELTA, 3000, True)]  # 100 is missing
    held = [rtp(102 + i, DELTA, 6000 + 3000 * i, True) for i in range(REORDER_PACKETS + 2)]
    assert feed(depacketiser, lost + held) == []
    assert depacketiser.lost == 1
    units = feed(depacketiser, key_frame(104 + REORDER_PACKETS, 90_000))
    assert [unit.timestamp for unit in units] == [90_000]


def test_a_loss_is_noticed_by_time_when_few_packets_come() -> None:
    depacketiser = started()
    assert depacketiser.put(rtp(101, DELTA, 3000, True), 1.0) == []
    assert depacketiser.put(rtp(102, DELTA, 6000, True), 1.2) == []
    assert (depacketiser.lost, depacketiser.dropped) == (1, 2)


def test_a_key_frame_whose_first_packet_is_missing_is_not_used() -> None:
    depacketiser = started()
    packets = key_frame(100, 3000)[1:]
    assert feed(depacketiser, packets) == []
    assert depacketiser.put(rtp(103, DELTA, 6000, True), 2.0) == []
    assert depacketiser.lost == 1
    assert len(feed(depacketiser, key_frame(104, 9000), 2.0)) == 1


def test_reordered_and_repeated_packets_lose_nothing() -> None:
    depacketiser = started()
    first, second, third = (rtp(100 + i, DELTA, 3000 * (i + 1), True) for i in range(3))
    units = feed(depacketiser, [second, first, first, third, second])
    assert [unit.timestamp for unit in units] == [3000, 6000, 9000]
    assert (depacketiser.lost, depacketiser.dropped, depacketiser.damaged) == (0, 0, 0)


def test_sequence_and_timestamp_wrap() -> None:
    depacketiser = Depacketiser()
    units = feed(depacketiser, [*key_frame(0xFFFD, 0xFFFFFFF0), rtp(0x10000, DELTA, 0x100000010, True)])
    assert [unit.timestamp for unit in units] == [0xFFFFFFF0, 0x100000010]


def test_another_sender_is_taken_only_when_ours_has_been_silent() -> None:
    depacketiser = started()
    other = [rtp(i, data, 0, i == 3, ssrc=8) for i, data in ((1, SPS), (2, PPS), (3, KEY))]
    assert feed(depacketiser, other, 2.0) == []
    assert depacketiser.damaged == 3
    assert len(feed(depacketiser, other, 5.0)) == 1


def test_other_payload_types_are_not_ours() -> None:
    depacketiser = started()
    assert depacketiser.put(rtp(100, DELTA, 3000, True, kind=97), 1.0) == []
    assert depacketiser.damaged == 1


@pytest.mark.parametrize(
    "payload",
    [
        b"\x7c\x41zz",  # the end of a fragment that never began
        b"\x7c\x81",  # a fragment without data
        b"\x78\x00\x10\x41",  # an aggregate longer than its packet
        b"\x79abc",  # STAP-B, of mode 2
        b"\x60",  # type 0
    ],
)
def test_malformed_payloads_spoil_their_unit_only(payload: bytes) -> None:
    depacketiser = started()
    assert depacketiser.put(rtp(100, payload, 3000, True), 1.0) == []
    assert depacketiser.dropped == 1
    assert len(feed(depacketiser, key_frame(101, 6000))) == 1


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_bytes_raise(datagrams: list[bytes]) -> None:
    assert feed(Depacketiser(), datagrams) == []


@given(st.lists(st.tuples(st.integers(0, 40), st.binary(min_size=1, max_size=6), st.integers(0, 3), st.booleans()), max_size=60))
def test_no_sequence_raises_and_memory_stays_bounded(rows: list[tuple[int, bytes, int, bool]]) -> None:
    depacketiser = Depacketiser()
    for sequence, payload, timestamp, marker in rows:
        for unit in depacketiser.put(rtp(sequence, payload, timestamp, marker), 1.0):
            assert all(unit.nals)
        assert len(depacketiser._held) <= REORDER_PACKETS


def test_byte_streams_split_and_join() -> None:
    assert split_annexb(annexb([SPS, PPS, KEY])) == [SPS, PPS, KEY]
    assert split_annexb(b"junk\x00\x00\x01\x65ab\x00\x00\x00\x01\x41c") == [b"\x65ab", b"\x41c"]
    assert [nal_type(nal) for nal in (SPS, PPS, KEY, DELTA, b"")] == [7, 8, 5, 1, 0]
