"""Which numbers of a numbered stream are missing, and when to ask for them (again). Pure: it sends nothing itself."""

from typing import NamedTuple

GRACE_S = 0.3
RETRY_S = (1.0, 2.0, 5.0, 10.0)
ANSWER_LIMIT = 16
RANGES_LIMIT = 64


class Ask(NamedTuple):
    """Numbers ``first`` to ``last``, both included."""

    first: int
    last: int


class Gaps:
    """Numbers count from 1. ``have``: what is already stored. A number counts as missing once a higher one was seen or
    announced by the recorder. Asks for one range at a time; a range that brings nothing waits longer each time and
    lets the next one have its turn."""

    def __init__(self, have: set[int]) -> None:
        self._above = set(have)
        self._contiguous = 0
        self._known_last = max(have, default=0)
        self._behind_since: float | None = None
        self._tries: dict[int, tuple[int, float]] = {}
        self._fold()

    def _fold(self) -> None:
        while self._contiguous + 1 in self._above:
            self._contiguous += 1
            self._above.discard(self._contiguous)
            self._tries.pop(self._contiguous, None)

    @property
    def contiguous(self) -> int:
        """All numbers up to this one are here."""
        return self._contiguous

    @property
    def missing(self) -> int:
        """How many numbers are known to exist and are not here."""
        return self._known_last - self._contiguous - len(self._above)

    def received(self, seq: int) -> None:
        if seq > self._contiguous:
            self._above.add(seq)
            self._known_last = max(self._known_last, seq)
            self._tries.pop(seq, None)
            self._fold()

    def announced(self, last: int) -> None:
        """The recorder has numbers up to ``last``."""
        self._known_last = max(self._known_last, last)

    def behind_s(self, now: float) -> float:
        """For how long [s] something has been missing."""
        return 0.0 if self._behind_since is None else now - self._behind_since

    def ask(self, now: float) -> Ask | None:
        """What to ask for now, or None. The caller asks only when no answer is outstanding."""
        if self.missing == 0:
            self._behind_since = None
            return None
        if self._behind_since is None:
            self._behind_since = now
        if now - self._behind_since < GRACE_S:
            return None
        for ask in self._ranges():
            tries, retry_at = self._tries.get(ask.first, (0, now))
            if now >= retry_at:
                self._tries[ask.first] = (tries + 1, now + RETRY_S[min(tries, len(RETRY_S) - 1)])
                return ask
        return None

    def _ranges(self) -> list[Ask]:
        """Missing ranges, oldest first, each no longer than one answer."""
        ranges: list[Ask] = []
        first = self._contiguous + 1
        for stop in [*sorted(self._above), self._known_last + 1]:
            while first < stop:
                if len(ranges) == RANGES_LIMIT:
                    return ranges
                last = min(first + ANSWER_LIMIT, stop) - 1
                ranges.append(Ask(first, last))
                first = last + 1
            first = stop + 1
        return ranges
