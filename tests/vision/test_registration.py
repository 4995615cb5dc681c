"""Registration on real ROV video and the algebra of homographies."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.synthetic import FlatSide, belief
from vision.matching import Flow, Match
from vision.optics import Optics
from vision.placing import Look, Placer
from vision.registration import Prepared, Registrar, hull_homography, matches, split, warp_points
from wire.rig import CameraRig

IMAGES = Path(__file__).parents[1] / "data" / "images"
OPTICS = Optics(CameraRig())


def look() -> Look:
    return Placer(FlatSide(), OPTICS).look(belief(20.0))


def real(number: int) -> NDArray[np.uint8]:
    grey = cv2.imread(str(IMAGES / f"seabed_{number:05d}.jpg"), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 6)).apply(half), np.uint8)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (6, 7)])
def test_real_video_registers(first: int, second: int) -> None:
    key, current = real(first), real(second)
    source, target = matches(Match(current, key, np.eye(3), Flow()))
    found = hull_homography(source, target, np.array([1.0, 0.0, 0.0]))
    assert found is not None
    homography, inside = found
    assert inside.sum() > 40
    height, width = current.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(key, homography, (width, height), flags=flags)
    part = (slice(20, -20), slice(30, -30))
    before = np.corrcoef(key[part].ravel(), current[part].ravel())[0, 1]
    after = np.corrcoef(moved[part].ravel(), current[part].ravel())[0, 1]
    assert before < 0.2
    assert after > 0.5


def test_split_gives_back_what_made_the_homography() -> None:
    rotation = cv2.Rodrigues(np.array([0.01, 0.03, -0.02]))[0]
    ratio, normal = np.array([0.2, 0.01, -0.02]), np.array([0.05, -0.03, 0.998])
    normal /= np.linalg.norm(normal)
    believed = (np.eye(3), np.array([0.22, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    found = split(3.7 * (rotation + np.outer(ratio, normal)), believed)
    assert found is not None
    assert np.allclose(found[0], rotation, atol=1e-6)
    assert np.allclose(found[1], ratio, atol=1e-6)
    assert np.allclose(found[2], normal, atol=1e-6)


def test_split_refuses_what_is_far_from_the_belief() -> None:
    euclidean = np.eye(3) + np.outer([0.2, 0.0, 0.0], [0.0, 0.0, 1.0])
    assert split(euclidean, (np.eye(3), np.array([-0.2, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))) is None


def test_the_farther_of_two_planes_is_the_hull() -> None:
    rng = np.random.default_rng(5)
    near = rng.uniform([100, 60], [220, 180], (120, 2))
    far = rng.uniform([5, 5], [315, 235], (80, 2))
    source = np.vstack([near, far])
    target = np.vstack([near + np.array([90.0, 0.0]), far + np.array([60.0, 0.0])])
    found = hull_homography(source, target, np.array([60.0, 0.0, 0.0]))
    assert found is not None
    assert np.allclose(warp_points(found[0], np.array([[160.0, 120.0]])), [[220.0, 120.0]], atol=0.1)


def test_a_recess_amid_the_hull_is_not_the_hull() -> None:
    rng = np.random.default_rng(5)
    hull = rng.uniform([5, 5], [315, 235], (300, 2))
    recess = rng.uniform([100, 60], [220, 180], (100, 2))
    source = np.vstack([hull, recess])
    target = np.vstack([hull + np.array([60.0, 0.0]), recess + np.array([45.0, 0.0])])
    found = hull_homography(source, target, np.array([60.0, 0.0, 0.0]))
    assert found is not None
    assert np.allclose(warp_points(found[0], np.array([[160.0, 120.0]])), [[220.0, 120.0]], atol=0.1)


def test_blank_pictures_do_not_register() -> None:
    blank = Prepared(0.0, np.full((240, 320), 90, np.uint8), look())
    assert Registrar(OPTICS).register(blank, blank) is None
