"""What OpenCV's FFmpeg opens by itself: video files, and MJPEG or other video over HTTP."""

import threading
from collections.abc import Callable

import cv2
import numpy as np

from vision.source import Frame

OPTIONS = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 3000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 3000]


class VideoSource:
    """A video file or HTTP stream, read by its own thread, which reconnects when the stream ends or fails.

    Frames carry no stamp, so ``t`` is the time of arrival by ``clock`` less ``latency_s``. Files are read as fast as
    FFmpeg delivers; they are for trials, not for surveys.
    """

    def __init__(self, url: str, clock: Callable[[], float], latency_s: float, retry_s: float = 1.0) -> None:
        self._url = url
        self._clock = clock
        self._latency_s = latency_s
        self._retry_s = retry_s
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._stop = threading.Event()
        self.connects = 0
        self.skipped = 0
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def latest(self, now: float) -> Frame | None:
        with self._lock:
            frame, self._frame = self._frame, None
        return frame

    def close(self) -> None:
        """Stops the reader; returns when it has ended or after 5 s."""
        self._stop.set()
        self._thread.join(5.0)

    def _read(self) -> None:
        seq = 0
        while not self._stop.is_set():
            capture = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, OPTIONS)
            if capture.isOpened():
                self.connects += 1
                seq = self._drain(capture, seq)
            capture.release()
            self._stop.wait(self._retry_s)

    def _drain(self, capture: cv2.VideoCapture, seq: int) -> int:
        while not self._stop.is_set():
            good, image = capture.read()
            if not good or image is None or image.ndim != 3:
                break
            seq += 1
            frame = Frame(self._clock() - self._latency_s, seq, np.asarray(image, np.uint8))
            with self._lock:
                self.skipped += self._frame is not None
                self._frame = frame
        return seq
