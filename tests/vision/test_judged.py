"""The footprint holds no hole that could hide a container."""

import numpy as np
import pytest

from vision.judged import judged_box
from vision.kernels import largest_rectangle
from vision.relief import Relief

WHOLE = (26.0, 20.0, 614.0, 460.0)
METRE = 0.0026


def relief(sure: np.ndarray, height: np.ndarray | None = None) -> Relief:
    flat = np.zeros(sure.shape, np.float32) if height is None else height
    return Relief(flat, sure, np.ones(sure.shape, np.bool_), float(sure.mean()), 0.003)


def test_all_measured_is_nearly_all_judged() -> None:
    box = judged_box(relief(np.ones((240, 320), np.bool_)), WHOLE, METRE)
    assert box is not None
    assert (box[2] - box[0]) * (box[3] - box[1]) > 0.9 * 588 * 440


def test_a_hole_is_left_out_and_specks_are_not() -> None:
    sure = np.ones((240, 320), np.bool_)
    sure[::17, ::13] = False
    sure[100:140, 220:270] = False
    box = judged_box(relief(sure), WHOLE, METRE)
    assert box is not None
    inside = sure[int(box[1] / 2) : int(box[3] / 2), int(box[0] / 2) : int(box[2] / 2)]
    assert inside.mean() > 0.98
    assert box[2] <= 450.0


def test_the_shadow_beside_a_found_object_is_no_hole() -> None:
    sure, height = np.ones((240, 320), np.bool_), np.zeros((240, 320), np.float32)
    height[90:150, 100:200] = 0.15
    sure[90:150, 200:236] = False
    with_object, without = judged_box(relief(sure, height), WHOLE, METRE), judged_box(relief(sure), WHOLE, METRE)
    assert with_object is not None
    assert without is not None
    assert with_object[2] > 590
    assert (without[2] - without[0]) * (without[3] - without[1]) < (with_object[2] - with_object[0]) * (
        with_object[3] - with_object[1]
    )


def test_mostly_unmeasured_is_not_judged() -> None:
    sure = np.zeros((240, 320), np.bool_)
    sure[100:140] = True
    assert judged_box(relief(sure), WHOLE, METRE) is None


@pytest.mark.parametrize("seed", range(5))
def test_largest_rectangle_against_brute_force(seed: int) -> None:
    clear = np.random.default_rng(seed).random((6, 8)) > 0.25
    r0, c0, r1, c1 = largest_rectangle(clear)
    assert clear[r0:r1, c0:c1].all()
    best = max(
        (d - a) * (e - b)
        for a in range(6)
        for b in range(8)
        for d in range(a + 1, 7)
        for e in range(b + 1, 9)
        if clear[a:d, b:e].all()
    )
    assert (r1 - r0) * (c1 - c0) == best


def test_the_first_of_equal_rectangles_and_none_at_all() -> None:
    clear = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]], np.bool_)
    assert largest_rectangle(clear) == (0, 2, 1, 4)
    assert largest_rectangle(np.zeros((3, 4), np.bool_)) == (0, 0, 0, 0)
