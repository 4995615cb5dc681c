"""RTP packets against the fields of RFC 3550 (5.1) and RFC 6184 (5.6, 5.8), and back through vision's depacketiser."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from sim.video.packetiser import Packetiser
from vision.rtp import Depacketiser


def test_the_fixed_header_of_a_single_nal_unit() -> None:
    (packet,) = Packetiser(ssrc=0x0BADCAFE, sequence=0x1234, offset=0x10).packets([b"\x65\x88"], 2.0)
    version, kind, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet)
    assert version == 0x80  # version 2, no padding, no extension, no contributing sources
    assert kind == 0x80 | 96  # marker on the last packet of the picture, dynamic payload type
    assert (sequence, timestamp, ssrc) == (0x1234, 180_000 + 0x10, 0x0BADCAFE)
    assert packet[12:] == b"\x65\x88"


def test_sequence_goes_on_and_wraps_and_only_the_last_packet_is_marked() -> None:
    packets = Packetiser(1, sequence=0xFFFE).packets([b"\x67a", b"\x68b", b"\x65c"], 0.0)
    assert [struct.unpack_from(">H", packet, 2)[0] for packet in packets] == [0xFFFE, 0xFFFF, 0]
    assert [packet[1] >> 7 for packet in packets] == [0, 0, 1]


def test_a_big_unit_is_cut_into_fragments() -> None:
    nal = bytes([0x65]) + bytes(range(1, 26))
    packets = Packetiser(1, max_payload=12).packets([nal], 0.0)
    payloads = [packet[12:] for packet in packets]
    assert all(len(payload) <= 12 for payload in payloads)
    assert {payload[0] for payload in payloads} == {0x60 | 28}  # F and NRI of the unit, type FU-A
    assert [payload[1] for payload in payloads] == [0x80 | 5, 5, 0x40 | 5]  # S, -, E; type of the unit; R is 0
    assert b"".join(payload[2:] for payload in payloads) == nal[1:]


def test_a_unit_that_just_fits_is_not_cut() -> None:
    packetiser = Packetiser(1, max_payload=12)
    assert len(packetiser.packets([b"\x41" + b"x" * 11], 0.0)) == 1
    assert len(packetiser.packets([b"\x41" + b"x" * 12], 0.0)) == 2


@given(
    st.lists(st.tuples(st.integers(1, 12).filter(lambda n: n != 5), st.binary(max_size=90)), min_size=1, max_size=8),
    st.integers(4, 40),
    st.integers(0, 0xFFFF),
)
def test_every_picture_comes_back_as_it_was(rows: list[tuple[int, bytes]], size: int, sequence: int) -> None:
    nals = tuple([b"\x67s", b"\x68p", b"\x65k", *(bytes([0x60 | kind]) + data for kind, data in rows)])
    packetiser, depacketiser = Packetiser(9, sequence, 0xFFFFFF00, size), Depacketiser()
    for k in range(3):
        units = [unit for packet in packetiser.packets(nals, 0.2 * k) for unit in depacketiser.put(packet, 1.0)]
        assert [unit.nals for unit in units] == [nals]
