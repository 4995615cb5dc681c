"""Access units → RTP packets: RFC 3550 heads, RFC 6184 payloads (single NAL unit and FU-A)."""

import struct
from collections.abc import Sequence

from vision.h264 import FU_A

PAYLOAD_TYPE = 96
MAX_PAYLOAD = 1400
TICKS_PER_S = 90_000


class Packetiser:
    """One stream: ``ssrc``, first ``sequence`` and clock ``offset`` are the caller's choice (RFC 3550 wants them random)."""

    def __init__(self, ssrc: int, sequence: int = 0, offset: int = 0, max_payload: int = MAX_PAYLOAD) -> None:
        self.ssrc, self.sequence, self._offset, self._max = ssrc, sequence & 0xFFFF, offset, max_payload

    def timestamp(self, t: float) -> int:
        """RTP time of capture time ``t`` [s]."""
        return (round(t * TICKS_PER_S) + self._offset) & 0xFFFFFFFF

    def packets(self, nals: Sequence[bytes], t: float) -> list[bytes]:
        """The packets of one picture; the last has the marker bit."""
        payloads = [payload for nal in nals for payload in self._payloads(nal)]
        timestamp = self.timestamp(t)
        return [self._head(i == len(payloads) - 1, timestamp) + payload for i, payload in enumerate(payloads)]

    def _head(self, marker: bool, timestamp: int) -> bytes:
        head = struct.pack(">BBHII", 0x80, PAYLOAD_TYPE | (0x80 if marker else 0), self.sequence, timestamp, self.ssrc)
        self.sequence = (self.sequence + 1) & 0xFFFF
        return head

    def _payloads(self, nal: bytes) -> list[bytes]:
        if len(nal) <= self._max:
            return [nal]
        indicator, kind, step = nal[0] & 0xE0 | FU_A, nal[0] & 0x1F, self._max - 2
        pieces = [nal[at : at + step] for at in range(1, len(nal), step)]
        last = len(pieces) - 1
        return [bytes([indicator, kind | (i == 0) << 7 | (i == last) << 6]) + piece for i, piece in enumerate(pieces)]
