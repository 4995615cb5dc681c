"""Time. Monotonic seconds inside a machine, ages between machines, UTC in records.

All logic takes ``now`` as an argument; only a daemon's ``main`` and the runner own a clock.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """``now``: monotonic seconds. ``utc``: the moment ``t`` (default: now) as UTC. ``sleep_until``: real waiting."""

    def now(self) -> float: ...

    def utc(self, t: float | None = None) -> datetime: ...

    def sleep_until(self, t: float) -> None: ...


class WallClock:
    """The machine's monotonic clock, run ``rate`` times as fast from ``epoch`` (CLOCK_MONOTONIC seconds).

    ``utc_epoch``: POSIX seconds at ``now() == 0``. Processes on one machine that get the same three numbers
    agree on ``now``. A real vehicle needs rate 1.
    """

    def __init__(self, epoch: float | None = None, rate: float = 1.0, utc_epoch: float | None = None) -> None:
        self.epoch = time.monotonic() if epoch is None else epoch
        self.rate = rate
        if utc_epoch is None:
            utc_epoch = time.time() - (time.monotonic() - self.epoch) * rate
        self.utc_epoch = utc_epoch

    def now(self) -> float:
        return (time.monotonic() - self.epoch) * self.rate

    def utc(self, t: float | None = None) -> datetime:
        return datetime.fromtimestamp(self.utc_epoch + (self.now() if t is None else t), UTC)

    def sleep_until(self, t: float) -> None:
        delay = (t - self.now()) / self.rate
        if delay > 0:
            time.sleep(delay)


class SimClock:
    """Simulated time: moves only when told. UTC starts at a fixed moment so that records are reproducible."""

    def __init__(self, utc0: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = 0.0
        self._utc0 = utc0

    def now(self) -> float:
        return self._now

    def advance_to(self, t: float) -> None:
        if t < self._now:
            raise ValueError(f"time: {t} is before {self._now}; expected it to move forward")
        self._now = t

    def utc(self, t: float | None = None) -> datetime:
        return self._utc0 + timedelta(seconds=self._now if t is None else t)

    def sleep_until(self, t: float) -> None:
        self.advance_to(max(t, self._now))
