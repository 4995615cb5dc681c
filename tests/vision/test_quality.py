"""Every reason a frame can be refused for, and the measures behind them."""

import math

import cv2
import numpy as np
import pytest

from tests.vision.synthetic import FlatSide, belief, plate_texture
from vision.config import Limits
from vision.optics import Image, Optics
from vision.picture import Picture
from vision.placing import Look, Placer
from vision.quality import AttenuationMeter, QualityMeter, bands
from wire.rig import CameraRig

OPTICS = Optics(CameraRig())


def look(standoff_m: float = 0.8, yaw: float = 0.0) -> Look:
    return Placer(FlatSide(), OPTICS).look(belief(20.0, standoff_m=standoff_m, yaw_off_rad=yaw))


def picture(noise: float = 2.0, contrast: float = 1.0) -> Image:
    plain = plate_texture(3, contrast, 640)[:480].astype(np.float64)
    rng = np.random.default_rng(1)
    return np.clip(plain + noise * rng.standard_normal(plain.shape), 0, 255).astype(np.uint8)


def reason(image: Image, where: Look | None, depth: float = 0.5) -> str:
    meter = QualityMeter(OPTICS, Limits())
    return meter.grade(meter.look_at(Picture(OPTICS, image)), where, depth).reason


def test_a_good_frame_is_usable() -> None:
    meter = QualityMeter(OPTICS, Limits())
    grade = meter.grade(meter.look_at(Picture(OPTICS, picture())), look(), 0.5)
    assert (grade.usable, grade.reason) == (True, "")
    assert grade.px_per_cm == pytest.approx(457.0 / 60.0, rel=0.01)


@pytest.mark.parametrize(
    ("image", "where", "depth", "word"),
    [
        (np.zeros((480, 640, 3), np.uint8), look(), 0.5, "dark"),
        (np.full((480, 640, 3), 255, np.uint8), look(), 0.5, "glare"),
        (picture(), None, 0.0, "no pose"),
        (picture(), look(3.0), 0.5, "too far"),
        (picture(), look(0.8, 0.9), 0.5, "oblique"),
        (picture(), look(), 3.0, "turbid"),
        (picture(contrast=0.0), look(), 0.5, "featureless"),
        (np.asarray(cv2.GaussianBlur(picture(0.0), (0, 0), 9.0), np.uint8), look(), 0.5, "blurred"),
    ],
)
def test_reasons(image: Image, where: Look | None, depth: float, word: str) -> None:
    assert reason(image, where, depth) == word


def test_a_repeated_frame_is_frozen() -> None:
    meter = QualityMeter(OPTICS, Limits())
    meter.look_at(Picture(OPTICS, picture()))
    assert meter.grade(meter.look_at(Picture(OPTICS, picture())), look(), 0.5).reason == "frozen"


def test_noise_is_not_texture() -> None:
    rng = np.random.default_rng(2)
    noise = (90.0 + 8.0 * rng.standard_normal((240, 320))).astype(np.float32)
    assert bands(noise)[0] < 0.2 * bands(picture(0.0)[::2, ::2, 2].astype(np.float32))[0]


def test_attenuation_is_learnt_from_an_approach() -> None:
    meter = AttenuationMeter(OPTICS, 0.8)
    texture = plate_texture(5)[..., 1].astype(np.float64)
    for range_m in np.linspace(2.6, 0.6, 21):
        size = (round(640 * range_m / 457 * 400), round(480 * range_m / 457 * 400))
        seen = cv2.resize(texture[: size[1], : size[0]], (640, 480), interpolation=cv2.INTER_AREA)
        hazy = 60.0 + (seen - seen.mean()) * math.exp(-1.6 * range_m)
        seen = np.repeat(hazy[..., None], 3, axis=2).astype(np.float32).round().astype(np.uint8)
        meter.add(Picture(OPTICS, seen), float(range_m))
    assert meter.per_m() == pytest.approx(1.6, abs=0.4)


def test_without_range_spread_the_prior_stays() -> None:
    meter = AttenuationMeter(OPTICS, 0.9)
    for _ in range(10):
        meter.add(Picture(OPTICS, picture()), 0.62)
    assert meter.per_m() == pytest.approx(0.9)
