"""A mapped grating found again in cast pictures: how far off, and what must not be taken for it."""

import msgspec
import numpy as np
import pytest

from tests.vision.synthetic import Block, FlatSide, belief, cast, plate_texture
from vision.config import KnownFitting
from vision.history import Belief
from vision.landmarks import AGREE, LandmarkSpotter, find_opening
from vision.optics import Optics
from vision.picture import Picture
from vision.placing import Look, Placer
from wire.rig import CameraRig

GRATING = KnownFitting(side="S", x_m=20.0, s_m=3.0, size_m=(0.5, 0.4), kind="sea_chest_grating", name="sea chest S")
DARK = (6, 8, 10)
SLOTS = tuple(Block(20.0 + 0.07 * k, 2.0, 0.04, 0.32, 0.0, DARK) for k in range(-3, 4))
PLATE = (Block(20.0, 2.0, 0.46, 0.32, 0.0, DARK),)
OPTICS = Optics(CameraRig())


def off_by(where: Belief, error_m: float, x_std_m: float = 0.3) -> Belief:
    """The same picture's belief, wrong in x."""
    pose = msgspec.structs.replace(where.pose, x_m=where.pose.x_m + error_m, x_std_m=x_std_m)
    return where._replace(pose=pose)


def look(where: Belief) -> Look:
    return Placer(FlatSide(), OPTICS).look(where)


def seen(where: Belief, paints: tuple[Block, ...]) -> Picture:
    return Picture(OPTICS, OPTICS.working(cast(CameraRig(), where, plate_texture(5, 0.4), (), paints)))


@pytest.mark.parametrize("error_m", [-0.45, 0.0, 0.6])
@pytest.mark.parametrize("x_m", [19.95, 20.0, 20.06])
def test_the_error_of_x_is_found(x_m: float, error_m: float) -> None:
    truly = belief(x_m, yaw_off_rad=0.03)
    spot = find_opening(seen(truly, SLOTS).straight_grey, look(off_by(truly, error_m)), GRATING, 1.0)
    assert spot is not None and spot.dx_m == pytest.approx(error_m, abs=0.03) and abs(spot.ds_m) < 0.05


@pytest.mark.parametrize(
    ("x_m", "paints", "why"),
    [
        (20.0, (), "bare plating"),
        (20.0, PLATE, "a dark painted plate has no bars"),
        (20.30, SLOTS, "partly out of view"),
        (20.0, tuple(slot._replace(z=2.45) for slot in SLOTS), "too far up"),
        (20.0, tuple(slot._replace(along=0.012, up=0.10) for slot in SLOTS), "scratches"),
    ],
)
def test_what_is_not_the_grating(x_m: float, paints: tuple[Block, ...], why: str) -> None:
    truly = belief(x_m)
    assert find_opening(seen(truly, paints).straight_grey, look(truly), GRATING, 0.5) is None, why


def test_one_sight_is_not_enough_and_disagreeing_ones_say_nothing() -> None:
    spotter = LandmarkSpotter((GRATING,))
    truly = belief(20.0)
    picture = seen(truly, SLOTS)
    fixes = [spotter.look_at(0.2 * k, picture, look(off_by(truly, 0.3))) for k in range(AGREE)]
    assert fixes[:-1] == [[]] * (AGREE - 1)
    (fix,) = fixes[-1]
    assert fix.fitting == GRATING and fix.x_error_m == pytest.approx(0.3, abs=0.03) and 0.02 < fix.std_m < 0.06
    errors = np.linspace(-0.3, 0.3, 6)
    assert [spotter.look_at(5.0 + 0.2 * k, picture, look(off_by(truly, e))) for k, e in enumerate(errors)] == [[]] * 6
    slow = [spotter.look_at(10.0 + 1.5 * k, picture, look(truly)) for k in range(AGREE)]
    assert slow == [[]] * AGREE, "too far apart in time"


def test_far_gratings_and_the_other_side_are_not_looked_for() -> None:
    truly = belief(20.0)
    picture = seen(truly, SLOTS)
    for other in (changed(GRATING, side="P"), changed(GRATING, x_m=24.0), changed(GRATING, kind="anode")):
        spotter = LandmarkSpotter((other,))
        assert all(spotter.look_at(0.2 * k, picture, look(truly)) == [] for k in range(5))


def changed(fitting: KnownFitting, **fields: object) -> KnownFitting:
    return KnownFitting(**{**vars(fitting), **fields})  # type: ignore[arg-type]
