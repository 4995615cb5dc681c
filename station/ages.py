"""How old what we know is, on the surface computer's own clock."""

STALE_PERIODS = 3.0
STALE_FLOOR_S = 0.5
WINDOW_S = 30.0


def stale_after_s(rate_hz: float) -> float:
    """Silence [s] after which a stream of that declared rate is stale: three periods, but no less than ``STALE_FLOOR_S``,
    the shortest gap that a station ticking at 10 Hz can tell from its own rhythm."""
    return max(STALE_PERIODS / rate_hz, STALE_FLOOR_S)


class ClockOffset:
    """Ours minus the vehicle's clock [s], from the quickest message of the last 30 to 60 s.

    A message that waited in a queue while the tether was cut arrives with a larger difference, so its age tells the
    truth although it has only just come in. A clock that went backward (a restart aboard) starts the estimate anew.
    """

    def __init__(self) -> None:
        self.offset_s = 0.0
        self.known = False
        self._buckets: tuple[float, float] = (float("inf"), float("inf"))
        self._turn_at = float("-inf")
        self._last_t = float("-inf")

    def heard(self, t: float, now: float) -> None:
        """A message stamped ``t`` by the vehicle came in at ``now``."""
        if t < self._last_t - 1.0:
            self._buckets = (float("inf"), float("inf"))
        self._last_t = t
        if now >= self._turn_at:
            self._buckets = (float("inf"), self._buckets[0])
            self._turn_at = now + WINDOW_S
        self._buckets = (min(self._buckets[0], now - t), self._buckets[1])
        self.offset_s = min(self._buckets)
        self.known = True

    def age(self, t: float, now: float) -> float:
        """Age [s] of something true at the vehicle's ``t``; never negative."""
        return max(0.0, now - t - self.offset_s)
