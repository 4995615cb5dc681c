"""RTP packets (RFC 3550) carrying H.264 (RFC 6184, packetisation modes 0 and 1) → whole access units. No socket, no clock.

A picture is handed on only when every packet of it and of what it refers to was received: after a loss everything up to
the next key frame is dropped. A decoder would otherwise fill the holes with guesses, and a guessed hull is not an inspected one.
"""

import struct
from collections import deque
from typing import NamedTuple

from vision.h264 import AUD, FU_A, IDR, PPS, SPS, STAP_A, AccessUnit, nal_type

MAX_UNIT_BYTES = 4 * 1024 * 1024
REORDER_PACKETS = 16
REORDER_S = 0.05
FORGET_S = 2.0


class RtpPacket(NamedTuple):
    """The fields of RFC 3550, section 5.1; ``payload`` without header extension and padding."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket | None:
    """None when it is no RTP packet of version 2 or its lengths contradict each other."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
    begin, end = 12 + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if begin + 4 > end:
            return None
        begin += 4 + 4 * int(struct.unpack_from(">H", data, begin + 2)[0])
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    if begin >= end:
        return None
    return RtpPacket(second >= 0x80, second & 0x7F, sequence, timestamp, ssrc, data[begin:end])


class Assembler:
    """Packets in sequence → NAL units of one access unit. ``whole`` turns False when something of it is missing."""

    def __init__(self, timestamp: int, whole: bool) -> None:
        self.timestamp, self.whole = timestamp, whole
        self.nals: list[bytes] = []
        self._fragment: bytearray | None = None
        self._bytes = 0

    def add(self, payload: bytes) -> None:
        kind = nal_type(payload)
        self._bytes += len(payload)
        if self._bytes > MAX_UNIT_BYTES:
            self.whole = False
        elif kind == FU_A:
            self._add_fragment(payload)
        elif self._fragment is not None:
            self.whole = False
        elif kind == STAP_A:
            self._add_aggregate(payload)
        elif 1 <= kind <= 23:
            self.nals.append(payload)
        else:
            self.whole = False

    def _add_fragment(self, payload: bytes) -> None:
        if len(payload) < 3:
            self.whole = False
            return
        start, end = bool(payload[1] & 0x80), bool(payload[1] & 0x40)
        if start == (self._fragment is not None):
            self.whole = False
            self._fragment = None
        if start:
            self._fragment = bytearray([payload[0] & 0xE0 | payload[1] & 0x1F])
        if self._fragment is None:
            return
        self._fragment += payload[2:]
        if end:
            self.nals.append(bytes(self._fragment))
            self._fragment = None

    def _add_aggregate(self, payload: bytes) -> None:
        at = 1
        while at + 2 < len(payload):
            size = int.from_bytes(payload[at : at + 2], "big")
            nal = payload[at + 2 : at + 2 + size]
            if size == 0 or len(nal) < size:
                self.whole = False
                return
            self.nals.append(nal)
            at += 2 + size

    @property
    def complete(self) -> bool:
        return self.whole and self._fragment is None and bool(self.nals)


class Depacketiser:
    """``put`` each datagram in the order of arrival. ``payload_type``: None takes the first packet's.

    ``lost``: packets that never came; ``damaged``: datagrams that are no RTP, or of another stream; ``dropped``: access units
    not handed on because they, or what they refer to, were incomplete. A new sender (SSRC) is accepted once the old one has
    been silent for 2 s.
    """

    def __init__(self, payload_type: int | None = None, parameter_sets: tuple[bytes, ...] = ()) -> None:
        self._wanted_type, self._type = payload_type, payload_type
        self._sps = next((nal for nal in parameter_sets if nal_type(nal) == SPS), None)
        self._pps = next((nal for nal in parameter_sets if nal_type(nal) == PPS), None)
        self.lost = self.damaged = self.dropped = 0
        self._heard = 0.0
        self._restart(None)

    def _restart(self, ssrc: int | None) -> None:
        self._ssrc = ssrc
        self._next: int | None = None
        self._held: dict[int, tuple[RtpPacket, float]] = {}
        self._unit: Assembler | None = None
        self._after_gap, self._gap_timestamp = False, -1
        self._need_key = True
        self._clock = -1
        if self._wanted_type is None:
            self._type = None

    def put(self, data: bytes, arrival: float) -> list[AccessUnit]:
        """The access units that this datagram completed."""
        packet = parse_rtp(data)
        if packet is None or not self._ours(packet, arrival):
            self.damaged += 1
            return []
        self._heard = arrival
        if self._next is None:
            self._next = packet.sequence
        ahead = (packet.sequence - self._next) & 0xFFFF
        if ahead >= 0x8000:
            return []  # a duplicate, or so late that it was counted as lost
        self._held[packet.sequence] = (packet, arrival)
        units: deque[AccessUnit] = deque()
        self._drain(units)
        while self._held and (len(self._held) > REORDER_PACKETS or self._waited(arrival)):
            self._skip_gap()
            self._drain(units)
        return list(units)

    def _ours(self, packet: RtpPacket, arrival: float) -> bool:
        if packet.ssrc != self._ssrc and (self._ssrc is None or arrival - self._heard > FORGET_S):
            self._restart(packet.ssrc)
        if self._type is None and packet.payload_type >= 96:
            self._type = packet.payload_type
        return packet.ssrc == self._ssrc and packet.payload_type == self._type

    def _waited(self, now: float) -> bool:
        return now - min(arrival for _, arrival in self._held.values()) > REORDER_S

    def _skip_gap(self) -> None:
        assert self._next is not None
        gap = min((sequence - self._next) & 0xFFFF for sequence in self._held)
        self.lost += gap
        self._next = (self._next + gap) & 0xFFFF
        self._gap_timestamp = self._unit.timestamp if self._unit is not None else -1
        self._after_gap = True
        if self._unit is not None:
            self._unit.whole = False

    def _drain(self, units: deque[AccessUnit]) -> None:
        while self._next in self._held:
            packet, arrival = self._held.pop(self._next)
            self._next = (self._next + 1) & 0xFFFF
            self._take(packet, arrival, units)

    def _take(self, packet: RtpPacket, arrival: float, units: deque[AccessUnit]) -> None:
        if self._unit is not None and packet.timestamp != self._unit.timestamp:
            self._finish(arrival, units)
        if self._unit is None:
            self._unit = Assembler(packet.timestamp, not self._after_gap or self._begins(packet))
            self._after_gap = False
        self._unit.add(packet.payload)
        if packet.marker:
            self._finish(arrival, units)

    def _begins(self, packet: RtpPacket) -> bool:
        """After a gap: an access unit is surely whole from its start when its first NAL unit is one that must come first."""
        kind = nal_type(packet.payload)
        if kind == STAP_A and len(packet.payload) > 3:
            kind = packet.payload[3] & 0x1F
        return packet.timestamp != self._gap_timestamp and kind in (SPS, AUD)

    def _finish(self, arrival: float, units: deque[AccessUnit]) -> None:
        unit, self._unit = self._unit, None
        if unit is None:
            return
        self._clock = unit.timestamp if self._clock < 0 else self._clock + _signed(unit.timestamp - self._clock)
        made = AccessUnit(tuple(unit.nals), self._clock, arrival, self._ssrc or 0) if unit.complete else None
        if made is not None:
            made = self._with_parameter_sets(made)
        if made is None or (self._need_key and not made.is_key):
            self.dropped += 1
            self._need_key = True
            return
        self._need_key = False
        units.append(made)

    def _with_parameter_sets(self, unit: AccessUnit) -> AccessUnit | None:
        """Remembers the sets sent in band; a key frame without them gets those known. None: a key frame before any were seen."""
        self._sps, self._pps = unit.first(SPS) or self._sps, unit.first(PPS) or self._pps
        if not unit.is_key:
            return unit
        if self._sps is None or self._pps is None:
            return None
        known = [nal for nal in (self._sps, self._pps) if unit.first(nal_type(nal)) is None]
        at = next(i for i, nal in enumerate(unit.nals) if nal_type(nal) == IDR)
        return unit._replace(nals=(*unit.nals[:at], *known, *unit.nals[at:]))


def _signed(ticks: int) -> int:
    """A difference of 32-bit clocks as the nearest signed number."""
    return (ticks + 0x80000000) % 0x100000000 - 0x80000000
