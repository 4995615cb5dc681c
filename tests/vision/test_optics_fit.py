"""Frames of another size than the rig's."""

import numpy as np
import pytest

from vision.optics import Optics
from wire.rig import CameraRig

OPTICS = Optics(CameraRig())
SIZE = (OPTICS.rig.height, OPTICS.rig.width, 3)


@pytest.mark.parametrize("size", [(480, 640, 3), (960, 1280, 3), (240, 320, 3), (1079, 1440, 3), (1200, 1600, 3)])
def test_the_same_shape_at_any_size_is_taken(size: tuple[int, int, int]) -> None:
    picture = np.full(size, 90, np.uint8)
    picture[: size[0] // 2, : size[1] // 2] = 200
    fitted = OPTICS.fitted(picture)
    assert fitted is not None and fitted.shape == SIZE
    assert fitted[10, 10, 0] == 200 and fitted[-10, -10, 0] == 90
    assert fitted[SIZE[0] // 2 - 3, SIZE[1] // 2 - 3, 1] == 200 and fitted[SIZE[0] // 2 + 3, SIZE[1] // 2 + 3, 1] == 90


@pytest.mark.parametrize("size", [(1080, 1920, 3), (480, 600, 3), (480, 640, 4), (480, 640), (1, 1, 3), (0, 0, 3)])
def test_another_shape_is_refused(size: tuple[int, ...]) -> None:
    assert OPTICS.fitted(np.zeros(size, np.uint8)) is None
