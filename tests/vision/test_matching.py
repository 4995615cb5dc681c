"""Dense matches of pictures whose displacement is known, and how well they say they fit."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.synthetic import plate_texture
from vision.kernels import block_moments
from vision.matching import STEP, Flow, Match, correlation, places
from vision.optics import Image


def texture(height: int, width: int, left: int = 40) -> Image:
    return np.ascontiguousarray(plate_texture(3)[40 : 40 + height, left : left + width, 1])


def shifted(dx: float, dy: float) -> NDArray[np.float64]:
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize("size", [(240, 320), (213, 321)])
def test_flow_is_in_half_scale_pixels_everywhere(size: tuple[int, int]) -> None:
    now, key = texture(*size), texture(*size, left=34)
    match = Match(now, key, shifted(4.0, 0.0), Flow())
    assert match.flow.shape == (size[0] // STEP, size[1] // STEP, 2)
    good = match.overlap & (match.agree > 0.9)
    assert good.mean() > 0.85
    for part in (match.flow[:, :50], match.flow[:, -50:-10]):
        assert float(np.median(part[..., 0])) == pytest.approx(2.0, abs=0.1)
        assert float(np.median(part[..., 1])) == pytest.approx(0.0, abs=0.1)


def test_overlap_ends_where_the_keyframe_does() -> None:
    match = Match(texture(240, 320), texture(240, 320), shifted(40.0, 0.0), Flow())
    xs, _ = places(*match.overlap.shape)
    assert not match.overlap[60, xs[0] > 279.0].any()
    assert match.overlap[60, (xs[0] > 5.0) & (xs[0] < 275.0)].all()


def test_the_same_matches_from_another_homography() -> None:
    match = Match(texture(240, 320), texture(240, 320, left=34), shifted(4.0, 0.0), Flow())
    x, y = match.flow_from(shifted(5.0, -2.0))
    assert float(np.median(x - match.flow[..., 0])) == pytest.approx(-1.0, abs=1e-4)
    assert float(np.median(y - match.flow[..., 1])) == pytest.approx(2.0, abs=1e-4)


def test_correlation_is_that_of_the_pixels_and_nothing_where_it_is_flat() -> None:
    picture = texture(120, 160)
    still = np.zeros((60, 80, 2), np.float32)
    assert float(correlation(picture, picture, still)[6:-6, 6:-6].min()) > 0.99
    assert float(correlation(picture, np.asarray(255 - picture, np.uint8), still)[6:-6, 6:-6].max()) < -0.99
    noise = np.random.default_rng(1).integers(0, 3, (120, 160)).astype(np.uint8)
    assert float(np.abs(correlation(noise + 90, cv2.flip(noise, 0) + 90, still)).max()) < 0.4


def test_block_moments_against_numpy() -> None:
    a, b = (np.random.default_rng(k).integers(0, 256, (7, 9)).astype(np.uint8) for k in range(2))
    out = np.zeros((5, 3, 4), np.float32)
    block_moments(a, b, out)
    p, q = (plane[:6, :8].astype(np.float64).reshape(3, 2, 4, 2) for plane in (a, b))
    for got, product in zip(out, (p, q, p * p, q * q, p * q), strict=True):
        assert np.allclose(got, product.mean(axis=(1, 3)))
