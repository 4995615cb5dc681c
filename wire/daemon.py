"""The loop around a plain class: tick at a rate, stop on a signal, report its own health."""

import os
import signal
import time
from collections import deque
from collections.abc import Callable
from types import FrameType

from wire import messages as m
from wire.bus import Bus
from wire.clock import Clock


class Stop:
    """Set by SIGINT or SIGTERM once `install` was called, or by hand."""

    def __init__(self) -> None:
        self.wanted = False

    def install(self) -> None:
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        self.wanted = True


class Health:
    """p99 of the tick's own time and of the loop's jitter over the last 512 ticks; a status is `due` once a second."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._ticks = 0
        self._times_ms: deque[float] = deque(maxlen=512)
        self._jitter_ms: deque[float] = deque(maxlen=512)
        self._next = 0.0

    def tick_took(self, seconds: float, jitter_s: float = 0.0) -> None:
        """``jitter_s``: by how much the time since the last tick began differs from the period."""
        self._ticks += 1
        self._times_ms.append(seconds * 1000.0)
        self._jitter_ms.append(jitter_s * 1000.0)

    def due(self, now: float) -> m.ProcessStatus | None:
        if now < self._next or not self._times_ms:
            return None
        self._next = now + 1.0
        p99, jitter = _p99(self._times_ms), _p99(self._jitter_ms)
        return m.ProcessStatus(t=now, name=self._name, pid=os.getpid(), ticks=self._ticks, tick_p99_ms=p99, jitter_p99_ms=jitter)


def _p99(times: deque[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def run(
    name: str,
    tick: Callable[[float], None],
    hz: float,
    clock: Clock,
    bus: Bus,
    stop: Stop,
    finished: Callable[[], bool] = lambda: False,
) -> None:
    """Calls ``tick(now)`` at ``hz`` until stopped or ``finished()``. A late tick is not made up for."""
    health = Health(name)
    due = clock.now()
    last = due - 1.0 / hz
    while not stop.wanted and not finished():
        now = clock.now()
        began = time.perf_counter()
        tick(now)
        health.tick_took(time.perf_counter() - began, abs(now - last - 1.0 / hz))
        last = now
        status = health.due(now)
        if status is not None:
            bus.publish("process_status", status)
        due = max(due + 1.0 / hz, clock.now())
        clock.sleep_until(due)
