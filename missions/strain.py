"""How hard the vehicle has to push: the only sign of a current that it has."""

from collections import deque

MAX_STICK = 790
"""In thousandths, at the pilot gain of 0.5 that the doctor checks: 70 % of the force that rov gives (`missions.drag`)."""


class Strain:
    """The mean size of what is fed in over the last ``window_s``."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._rows: deque[tuple[float, float]] = deque()
        self._since: float | None = None

    def mean(self, now: float, size: float) -> float:
        """With one more sample."""
        self._since = now if self._since is None else self._since
        self._rows.append((now, abs(size)))
        while self._rows[0][0] < now - self._window_s:
            self._rows.popleft()
        return sum(size for _t, size in self._rows) / len(self._rows)

    def full(self, now: float) -> bool:
        """Samples go back over the whole window."""
        return self._since is not None and now - self._since >= self._window_s

    def reset(self) -> None:
        self._rows.clear()
        self._since = None
