"""Relief against an independent ray caster: heights where there are, none where there is paint, silence where nothing shows."""

import numpy as np
import pytest

from tests.vision.synthetic import Block, FlatSide, belief, cast, plate_texture
from vision.history import Belief
from vision.optics import Optics
from vision.picture import Picture
from vision.placing import Placer
from vision.registration import Prepared, Registrar, Registration
from vision.relief import Relief, ReliefMeter, level
from wire.rig import CameraRig

RIG = CameraRig()
OPTICS = Optics(RIG)
KEY = belief(20.0)
NOW = belief(20.12, yaw_off_rad=0.02, roll_rad=0.01)


def pair(
    blocks: tuple[Block, ...], patches: tuple[Block, ...] = (), contrast: float = 1.0, told: Belief = NOW
) -> tuple[Prepared, Prepared, Registrar]:
    registrar, placer = Registrar(OPTICS), Placer(FlatSide(), OPTICS)
    texture = plate_texture(3, contrast)
    prepared = [
        registrar.prepare(0.4 * i, Picture(OPTICS, cast(RIG, true, texture, blocks, patches)), placer.look(believed))
        for i, (true, believed) in enumerate(((KEY, KEY), (NOW, told)))
    ]
    return prepared[1], prepared[0], registrar


def measure(blocks: tuple[Block, ...], patches: tuple[Block, ...] = ()) -> tuple[Relief, Registration, Prepared]:
    current, key, registrar = pair(blocks, patches)
    found = registrar.register(current, key)
    assert found is not None
    return ReliefMeter(OPTICS).measure(current, found), found, current


def heights_on(relief: Relief, current: Prepared, x: float, z: float, half: float) -> np.ndarray:
    """Sure heights where the plating point (x, z) ± half would be seen."""
    hits = current.look.place(ReliefMeter(OPTICS).pixels)
    there = (np.abs(hits.x - x) < half) & (np.abs(hits.s - 1.0 - z) < half) & relief.sure.ravel()
    return relief.height_m.ravel()[there]


@pytest.mark.parametrize("height_m", [0.05, 0.12, 0.20])
def test_a_block_gets_its_height(height_m: float) -> None:
    relief, _, current = measure((Block(20.12, 2.0, 0.30, 0.22, height_m),))
    on_top = heights_on(relief, current, 20.12, 2.0, 0.06)
    beside = heights_on(relief, current, 20.12, 2.27, 0.02)
    assert len(on_top) > 200
    assert abs(float(np.median(on_top)) - height_m) < 0.25 * height_m
    assert len(beside) > 50
    assert abs(float(np.median(beside))) < 0.01


def test_paint_has_no_relief() -> None:
    patch = Block(20.12, 2.0, 0.30, 0.22, 0.0, (220, 220, 220))
    relief, _, current = measure((), (patch,))
    on_patch = heights_on(relief, current, 20.12, 2.0, 0.15)
    assert len(on_patch) > 500
    assert float(np.percentile(np.abs(on_patch), 99)) < 0.01


@pytest.mark.parametrize("along_m", [0.36, 0.40, 0.42, 0.44, 0.46])
def test_an_object_filling_the_view_does_not_become_the_hull(along_m: float) -> None:
    relief, _, current = measure((Block(20.12, 2.0, along_m, 0.80, 0.15),))
    assert abs(float(np.median(heights_on(relief, current, 20.12, 2.0, 0.05))) - 0.15) < 0.04


def test_motion_comes_from_the_picture_more_than_from_the_navigator() -> None:
    wrong = belief(20.13, yaw_off_rad=0.03, roll_rad=0.01)
    current, key, registrar = pair((), told=wrong)
    found = registrar.register(current, key)
    assert found is not None
    true_baseline = 0.12 + 0.2 * 0.02
    assert abs(found.baseline_m - true_baseline) < 0.002


def test_featureless_paint_registers_to_nothing_or_measures_nothing() -> None:
    current, key, registrar = pair((), contrast=0.0)
    found = registrar.register(current, key)
    if found is not None:
        assert ReliefMeter(OPTICS).measure(current, key, found).sure_share < 0.3


def test_same_input_same_output() -> None:
    block = (Block(20.12, 2.0, 0.3, 0.2, 0.1),)
    first, second = measure(block)[0], measure(block)[0]
    assert np.array_equal(first.height_m, second.height_m)
    assert np.array_equal(first.sure, second.sure)


def test_level_ignores_what_stands_proud() -> None:
    ys, xs = np.mgrid[0:240, 0:320]
    tilt = (0.01 + 0.00002 * xs - 0.00003 * ys).astype(np.float32)
    tilt[60:120, 80:200] += 0.15
    flat = level(tilt, np.ones((240, 320), np.bool_))
    assert abs(float(np.median(flat[150:, :]))) < 0.002
    assert abs(float(np.median(flat[60:120, 80:200])) - 0.15) < 0.01
