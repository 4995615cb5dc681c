"""Capture times for streams that carry a media clock but no date: the sender's clock, tied to ours by the fastest arrivals."""

from collections import deque

SPAN_S = 60.0
JUMP_S = 1.0


class Stamps:
    """The media clock says exactly how far apart frames were taken; the packet that came fastest in the last 60 s says when
    by our clock. So waiting in queues, in networks and in the decoder moves no stamp, not even when it grows to seconds; only
    the constant part of the delay, which no receiver can see, must be declared: ``latency_s``, from capture to the arrival of
    the last packet.

    A stamp is never later than arrival less latency. A media clock that goes back, or runs ahead of ours by more than a second,
    starts the estimate anew; so must the caller, with a new `Stamps`, for a new sender.
    """

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._rows: deque[tuple[float, float]] = deque()  # (arrival, arrival - media), the second ascending
        self._media = 0.0

    def at(self, media_s: float, arrival: float) -> float:
        """Capture time [s, clock of ``arrival``] of what has media time ``media_s``; call in the order of the stream."""
        offset = arrival - media_s
        if self._rows and (offset < self._rows[0][1] - JUMP_S or media_s < self._media):
            self._rows.clear()
        self._media = media_s
        while self._rows and self._rows[-1][1] >= offset:
            self._rows.pop()
        self._rows.append((arrival, offset))
        while self._rows[0][0] < arrival - SPAN_S:
            self._rows.popleft()
        return media_s + self._rows[0][1] - self._latency_s
