"""One frame in several sizes and colours."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.synthetic import plate_texture
from vision.optics import Optics
from vision.picture import Picture
from wire.rig import CameraRig

OPTICS = Optics(CameraRig())


def picture() -> Picture:
    return Picture(OPTICS, np.ascontiguousarray(plate_texture(3, 1.0, 640)[:480]))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("grey", (480, 640)),
        ("half_grey", (240, 320)),
        ("quarter", (120, 160, 3)),
        ("straight", (480, 640, 3)),
        ("straight_grey", (480, 640)),
        ("straight_half_grey", (240, 320)),
        ("straight_quarter", (120, 160, 3)),
    ],
)
def test_sizes_and_each_made_once(name: str, shape: tuple[int, ...]) -> None:
    seen = picture()
    first = getattr(seen, name)
    assert first.shape == shape and first.dtype == np.uint8
    assert getattr(seen, name) is first


def middle(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Centre of brightness (x, y)."""
    ys, xs = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
    weight = plane.astype(np.float64)
    return np.array([(xs * weight).sum(), (ys * weight).sum()]) / weight.sum()


@pytest.mark.parametrize(("x", "y"), [(60, 70), (320, 240), (590, 60), (570, 430)])
def test_what_is_smaller_lies_where_the_straightened_picture_has_it(x: int, y: int) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    cv2.circle(image, (x, y), 20, (255, 255, 255), -1)
    seen = Picture(OPTICS, image)
    where = middle(seen.straight_grey)
    assert np.allclose(4.0 * middle(seen.straight_quarter[..., 1]) + 1.5, where, atol=0.3)
    assert np.allclose(2.0 * middle(seen.straight_half_grey) + 0.5, where, atol=0.2)
