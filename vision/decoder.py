"""Access units → pictures, by the FFmpeg that OpenCV brings along (LGPL), in a thread of its own.

FFmpeg gets no address to open: the units are handed to it as an IVF stream in memory, each with its number as time stamp, so that
every picture is known by the unit it came from, whatever the decoder drops. While OpenCV opens the stream FFmpeg wants to
see some twenty frames to guess a frame rate that nobody here needs; it is shown the first key frame again and again instead
of waiting for four seconds of video.
"""

import io
import struct
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.h264 import SPS, AccessUnit, annexb

Image = NDArray[np.uint8]
QUEUE = 30
MAX_REPEATS = 200
KEPT = 64


class UnitQueue:
    """At most `QUEUE` units wait. When more come, those that wait are given up, and so is everything up to the next key
    frame; a key frame also replaces two or more that still wait. ``skipped`` counts units given up."""

    def __init__(self) -> None:
        self._units: deque[AccessUnit] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._need_key = True
        self.skipped = 0

    def put(self, unit: AccessUnit) -> None:
        with self._ready:
            full = len(self._units) >= QUEUE or (unit.is_key and len(self._units) >= 2)
            if full:
                self.skipped += len(self._units)
                self._units.clear()
                self._need_key = True
            if self._need_key and not unit.is_key:
                self.skipped += 1
                return
            self._need_key = False
            self._units.append(unit)
            self._ready.notify()

    def get(self) -> AccessUnit | None:
        """Waits for a unit; None once closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._units or self._closed)
            return None if self._closed else self._units.popleft()

    def close(self) -> None:
        with self._ready:
            self._closed = True
            self._ready.notify_all()


class UnitStream(io.BufferedIOBase):
    """What OpenCV reads: an IVF file that starts with ``key``. It ends when the queue is closed or the picture format changes;
    the unit that ended it is left in ``rest``."""

    def __init__(self, key: AccessUnit, queue: UnitQueue) -> None:
        self._key, self._queue = key, queue
        self._bytes = struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, b"H264", 0, 0, 1000, 1, 0, 0)
        self._number = 0
        self._sources: dict[int, AccessUnit] = {}
        self._ended = False
        self.opening = True
        self.rest: AccessUnit | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._bytes:
            self._bytes = self._more()
        end = len(self._bytes) if size is None or size < 0 else size
        taken, self._bytes = self._bytes[:end], self._bytes[end:]
        return taken

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return -1

    def source(self, number: int) -> AccessUnit | None:
        """The unit behind a decoded picture, once; None for a repeated key frame."""
        return self._sources.pop(number, None)

    def _more(self) -> bytes:
        if self._ended:
            return b""
        if self.opening:
            unit = self._key if self._number < MAX_REPEATS else None
        else:
            unit = self._queue.get()
            if unit is not None and unit.is_key and unit.first(SPS) != self._key.first(SPS):
                unit, self.rest = None, unit
        if unit is None:
            self._ended = True
            return b""
        number = self._number
        self._number += 1
        if not self.opening or number == 0:
            self._sources[number] = unit
            while len(self._sources) > KEPT:
                del self._sources[next(iter(self._sources))]
        data = annexb(unit.nals)
        return struct.pack("<IQ", len(data), number) + data


class H264Decoder:
    """``put`` units from any one thread; ``deliver(unit, image)`` is called from the decoder's thread, image uint8 BGR.

    ``failed``: streams that FFmpeg would not open or gave up; each costs the wait for the next key frame.
    """

    def __init__(self, deliver: Callable[[AccessUnit, Image], None]) -> None:
        self._deliver = deliver
        self._queue = UnitQueue()
        self.failed = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="h264", daemon=True)
        self._thread.start()

    @property
    def skipped(self) -> int:
        return self._queue.skipped

    def put(self, unit: AccessUnit) -> None:
        self._queue.put(unit)

    def close(self) -> None:
        """Ends the thread; returns when it has ended or after 5 s."""
        self._closed = True
        self._queue.close()
        self._thread.join(5.0)

    def _run(self) -> None:
        rest: AccessUnit | None = None
        while not self._closed:
            unit = rest or self._queue.get()
            rest = None
            if unit is not None and unit.is_key:
                rest = self._decode(unit)

    def _decode(self, key: AccessUnit) -> AccessUnit | None:
        stream = UnitStream(key, self._queue)
        try:
            capture = cv2.VideoCapture(cast(Any, stream), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        except cv2.error:
            self.failed += 1
            return None
        stream.opening = False
        while not self._closed and capture.grab():
            unit = stream.source(round(capture.get(cv2.CAP_PROP_POS_MSEC)))
            if unit is not None:
                good, image = capture.retrieve()
                if good and image is not None and image.ndim == 3:
                    self._deliver(unit, np.asarray(image, np.uint8))
        capture.release()
        self.failed += stream.rest is None and not self._closed
        return stream.rest
