"""Capture times from a media clock and jittery arrivals."""

import random

import pytest

from vision.stamps import Stamps


def test_late_arrivals_move_no_stamp() -> None:
    rng = random.Random(1)
    stamps = Stamps(latency_s=0.15)
    got = []
    for k in range(200):
        captured = 50.0 + 0.2 * k
        delay = 0.15 + (0.0 if k % 7 == 0 else rng.uniform(0.0, 0.3))
        got.append(stamps.at(0.2 * k, captured + delay) - captured)
    assert max(map(abs, got)) == pytest.approx(0.0, abs=1e-6)


def test_a_stamp_is_never_later_than_arrival_less_latency() -> None:
    rng = random.Random(2)
    stamps = Stamps(0.1)
    for k in range(300):
        arrival = 0.1 * k + rng.uniform(0.0, 0.5)
        assert stamps.at(0.1 * k, arrival) <= arrival - 0.1 + 1e-9


def test_drift_of_the_senders_clock_is_followed() -> None:
    stamps = Stamps(0.0)
    for k in range(6000):
        captured = 0.2 * k
        error = stamps.at(captured * (1.0 + 1e-4), captured) - captured
    assert abs(error) <= 60.0 * 1e-4 + 1e-9


def test_a_growing_queue_moves_no_stamp_even_by_seconds() -> None:
    """A sender that cannot keep up, or a link that stood still: what comes late was taken long ago."""
    stamps = Stamps(0.0)
    late = [0.0, 0.3, 0.9, 1.6, 2.4, 2.4, 0.1]
    got = [stamps.at(0.2 * k, 7.0 + 0.2 * k + late[k]) for k in range(len(late))]
    assert got == pytest.approx([7.0 + 0.2 * k for k in range(len(late))])


def test_a_media_clock_that_goes_back_or_runs_ahead_starts_the_estimate_anew() -> None:
    stamps = Stamps(0.0)
    assert stamps.at(1000.0, 10.0) == pytest.approx(10.0)
    assert stamps.at(3.0, 10.2) == pytest.approx(10.2)
    assert stamps.at(3.2, 10.6) == pytest.approx(10.4)
    assert stamps.at(900.0, 11.0) == pytest.approx(11.0)
