import time
from datetime import UTC, datetime

import pytest

from wire.clock import SimClock, WallClock


def test_wall_clock_runs_at_its_rate() -> None:
    epoch = time.monotonic() - 2.0
    clock = WallClock(epoch, 3.0, 1000.0)
    before = (time.monotonic() - epoch) * 3.0
    now = clock.now()
    assert before <= now <= (time.monotonic() - epoch) * 3.0
    assert clock.utc(6.0) == datetime.fromtimestamp(1006.0, UTC)


def test_sim_clock_moves_only_forward() -> None:
    clock = SimClock(datetime(2026, 5, 1, tzinfo=UTC))
    clock.advance_to(1.5)
    assert clock.now() == 1.5
    assert clock.utc() == datetime(2026, 5, 1, 0, 0, 1, 500000, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"1\.0 is before 1\.5"):
        clock.advance_to(1.0)
    clock.sleep_until(1.0)
    assert clock.now() == 1.5
