"""Append-only log of messages: what was written stays readable whatever happened after.

Record: little-endian ``<I I d H`` (payload length, CRC-32 of the rest, t, topic length), topic, payload.
A torn tail (power cut) is cut off at the last whole record when the log is opened for writing.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAGIC = b"HSLOG1\n\0"
_HEAD = struct.Struct("<IIdH")
_MAX_PAYLOAD = 16 * 1024 * 1024


class Record(NamedTuple):
    """``payload``: an encoded message (`wire.messages.decode`)."""

    t: float
    topic: str
    payload: bytes


def read_log(path: Path) -> Iterator[Record]:
    """Records up to the first damaged or torn one.

    Raises:
        ValueError: not a hullscan log.
    """
    for record, _end in _scan(path):
        yield record


def _scan(path: Path) -> Iterator[tuple[Record, int]]:
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
        if start != MAGIC:
            if MAGIC.startswith(start):
                return
            raise ValueError(f"{path}: not a hullscan log; expected it to start with {MAGIC!r}")
        while True:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            length, crc, t, topic_length = _HEAD.unpack(head)
            if length > _MAX_PAYLOAD:
                return
            body = file.read(topic_length + length)
            if len(body) < topic_length + length or zlib.crc32(head[8:] + body) != crc:
                return
            yield Record(t, body[:topic_length].decode("ascii", "replace"), body[topic_length:]), file.tell()


class LogWriter:
    """Opens or continues a log; ``bytes_written`` is the file's size."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            end = max((end for _record, end in _scan(path)), default=0)
            self._file: BinaryIO = path.open("r+b")
            self._file.truncate(end)
            self._file.seek(end)
        else:
            end = 0
            self._file = path.open("xb")
        if end == 0:
            self._file.seek(0)
            self._file.write(MAGIC)
            self._file.flush()
        self._path = path

    def append(self, t: float, topic: str, payload: bytes) -> None:
        name = topic.encode("ascii")
        rest = struct.pack("<dH", t, len(name)) + name + payload
        self._file.write(struct.pack("<II", len(payload), zlib.crc32(rest)) + rest)

    def flush(self) -> None:
        self._file.flush()

    @property
    def bytes_written(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
