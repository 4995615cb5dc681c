"""Stick steps of the stand-in beside the recorded firmware; docs/step_responses.md says which figures are not within."""

import math
from pathlib import Path

import numpy as np
import pytest

from sim.step_responses import Step, compare, measure, recorded, table

PAGE = Path(__file__).parents[2] / "docs" / "step_responses.md"
UNMET = {
    (500, 0, 500, 0): {"rise 5-63 %"},  # the recording's own stick came late: see the page
    (0, 0, 250, 0): {"covered after release", "settled to 5 cm"},
    (0, 0, 750, 0): {"settled to 5 cm"},
    (0, 0, 0, 0): {"covered after release", "overshoot", "settled to 5 cm"},
    (0, 0, 1000, 0): {"overshoot", "settled to 5 cm"},
}


def test_measure_on_a_known_curve() -> None:
    t = np.arange(-1.0, 12.0, 0.05)
    speed = np.where(t < 0.0, 0.0, np.where(t < 4.0, 1.0 - np.exp(-t / 0.4), np.exp(-(t - 4.0) / 0.5)))
    still = np.zeros_like(t)
    step = Step("ALT_HOLD", (1000, 0, 500, 0), 0.0, 4.0, t, speed, still, still, still, still)
    steady, rise, coast = (figure.value for figure in measure(step))
    assert steady == pytest.approx(1.0, abs=0.001)
    assert rise == pytest.approx(0.4 * (math.log(1.0 / 0.368) - math.log(1.0 / 0.95)), abs=0.01)
    assert coast == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_the_stand_in_answers_as_the_firmware_did() -> None:
    rows = compare(recorded())
    assert len(rows) == 61
    unmet: dict[tuple[int, ...], set[str]] = {}
    for row in rows:
        if not row.met:
            unmet.setdefault(row.step.sticks, set()).add(row.figure.name)
    assert unmet == UNMET
    assert table(rows) in PAGE.read_text(encoding="utf-8"), "run python -m sim.step_responses --out docs/step_responses.md"
