"""The loop around a plain class: rate, jitter and health on a clock that does not wait."""

from itertools import pairwise

import pytest

from wire import messages as m
from wire.bus import LocalBus
from wire.clock import SimClock
from wire.daemon import Health, Stop, run


def test_health_tells_the_worst_of_a_hundred_and_once_a_second() -> None:
    health = Health("rov")
    assert health.due(0.0) is None
    for k in range(200):
        health.tick_took(0.001 * (k == 50) + 0.002, 0.020 if k in (10, 20, 30) else 0.001)
    status = health.due(1.0)
    assert status is not None and status.name == "rov" and status.ticks == 200
    assert status.tick_p99_ms == pytest.approx(2.0) and status.jitter_p99_ms == pytest.approx(20.0)
    assert health.due(1.5) is None and health.due(2.0) is not None


def test_a_slow_tick_shows_as_jitter_and_is_not_made_up_for() -> None:
    clock, bus, stop, began = SimClock(), LocalBus(), Stop(), list[float]()
    heard = bus.subscribe("process_status")

    def tick(now: float) -> None:
        began.append(now)
        if len(began) == 30:
            clock.advance_to(clock.now() + 0.2)

    run("rov", tick, 20.0, clock, bus, stop, lambda: clock.now() > 5.0)
    gaps = [b - a for a, b in pairwise(began)]
    assert sorted(gaps)[:-1] == pytest.approx([0.05] * (len(gaps) - 1)) and max(gaps) == pytest.approx(0.2)
    statuses = [message for _topic, message in heard.drain() if isinstance(message, m.ProcessStatus)]
    assert len(statuses) >= 4 and statuses[0].jitter_p99_ms == pytest.approx(0.0, abs=1e-6)
    assert statuses[-1].jitter_p99_ms == pytest.approx(150.0, abs=1.0)
