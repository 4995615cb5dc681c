"""H.264 as this program sees it: NAL units grouped into access units (one picture each). Nothing is decoded here."""

from collections.abc import Iterable
from typing import NamedTuple

SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9
STAP_A, FU_A = 24, 28
START_CODE = b"\x00\x00\x00\x01"


class AccessUnit(NamedTuple):
    """One picture. ``nals``: without start codes; ``timestamp``: 90 kHz ticks, unwrapped; ``arrival``: when its last packet
    came [s, hullscan clock]; ``stream``: another number, another sender with another media clock."""

    nals: tuple[bytes, ...]
    timestamp: int
    arrival: float
    stream: int = 0

    @property
    def is_key(self) -> bool:
        """It holds an IDR slice: decoding may start here."""
        return any(nal_type(nal) == IDR for nal in self.nals)

    def first(self, kind: int) -> bytes | None:
        """The first NAL unit of that type."""
        return next((nal for nal in self.nals if nal_type(nal) == kind), None)


def nal_type(nal: bytes) -> int:
    """`nal_unit_type` of the header byte; 0 for nothing."""
    return nal[0] & 0x1F if nal else 0


def annexb(nals: Iterable[bytes]) -> bytes:
    """The byte stream of ITU-T H.264 Annex B."""
    return b"".join(START_CODE + nal for nal in nals)


def split_annexb(stream: bytes) -> list[bytes]:
    """NAL units of a byte stream, three- and four-byte start codes alike."""
    nals, begin = [], stream.find(b"\x00\x00\x01")
    while begin >= 0:
        begin += 3
        end = stream.find(b"\x00\x00\x01", begin)
        nal = (stream[begin:] if end < 0 else stream[begin:end]).rstrip(b"\x00")
        if nal:
            nals.append(nal)
        begin = end
    return nals
