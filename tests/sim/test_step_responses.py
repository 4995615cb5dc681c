"""Stick steps of the stand-in beside the recorded firmware; docs/step_responses.md says which figures are not within."""

import math
from pathlib import Path

import numpy as np
import pytest

from sim.step_responses import Step, compare, measure, recorded, table

PAGE = Path(__file__).parents[2] / "docs" / "step_responses.md"
NOT_WITHIN = {
    (0, 0, 1000, 0): {"settled to 5 cm": "no", "overshoot": "resolution"},
    (0, 0, 0, 0): {"overshoot": "resolution"},
    (0, 0, 250, 0): {"overshoot": "resolution"},
    (0, 0, 750, 0): {"overshoot": "resolution", "settled to 5 cm": "resolution"},
    (0, 0, 450, 0): {"speed": "resolution"},  # 4 mm/s
    (0, 0, 500, 500): {"rise 5-63 %": "resolution"},  # 7 ms
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
    others: dict[tuple[int, ...], dict[str, str]] = {}
    for row in rows:
        if row.verdict != "yes":
            others.setdefault(row.step.sticks, {})[row.figure.name] = row.verdict
    assert others == NOT_WITHIN
    assert table(rows) in PAGE.read_text(encoding="utf-8"), "run python -m sim.step_responses --out docs/step_responses.md"


def test_what_is_covered_starts_at_the_release_wherever_the_samples_lie() -> None:
    covered = []
    for phase in (0.0, 0.02, 0.04):
        t = np.arange(-1.0, 12.0, 0.05) + phase
        speed = np.where(t < 0.0, 0.0, np.where(t < 4.0, 1.0, np.exp(-(t - 4.0) / 0.5)))
        still = np.zeros_like(t)
        figures = measure(Step("ALT_HOLD", (1000, 0, 500, 0), 0.0, 4.0, t, speed, still, still, still, still))
        covered.append(figures[2].value)
    assert covered == pytest.approx([0.5] * 3, abs=0.002)
