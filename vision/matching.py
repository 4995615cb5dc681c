"""Dense matching of two half-scale pictures: warp one near the other, flow for the rest, and how well it fits where."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.optics import Image

Vec = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
_WINDOW = (11, 11)
_NOISE = 9.0
"""Variance of grey levels below which a window counts as flat."""


class Match:
    """``homography``: current to keyframe, by belief. ``overlap``: where the keyframe so warped has content.
    ``flow``: (h, w, 2), what in it is displaced by, in pixels. ``agree``: local correlation along the flow, 0 if flat."""

    def __init__(self, now: Image, key: Image, homography: Vec, engine: cv2.DISOpticalFlow) -> None:
        self.homography = homography
        size = (now.shape[1], now.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        then = cv2.warpPerspective(key, homography, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        inside = cv2.warpPerspective(np.full_like(key, 255), homography, size, flags=flags)
        self.overlap: Mask = np.asarray(cv2.erode(inside, np.ones((5, 5), np.uint8)) > 250, np.bool_)
        self.flow: Map = np.asarray(engine.calc(now, then, np.zeros((*now.shape, 2), np.float32)), np.float32)
        self.agree = correlation(now, np.asarray(then, np.uint8), self.flow)

    def flow_from(self, homography: Vec) -> Map:
        """The same matches as displacement of the keyframe warped by another homography (h, w, 2)."""
        height, width = self.flow.shape[:2]
        change = (np.linalg.inv(homography) @ self.homography).astype(np.float32)
        xs, ys = _grid(height, width)
        x, y = xs + self.flow[..., 0], ys + self.flow[..., 1]
        scale = 1.0 / (change[2, 0] * x + change[2, 1] * y + change[2, 2])
        out = np.empty_like(self.flow)
        np.subtract((change[0, 0] * x + change[0, 1] * y + change[0, 2]) * scale, xs, out=out[..., 0])
        np.subtract((change[1, 0] * x + change[1, 1] * y + change[1, 2]) * scale, ys, out=out[..., 1])
        return out


def engine() -> cv2.DISOpticalFlow:
    """A flow engine down to half the pictures' scale."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    flow.setFinestScale(1)
    return flow


@cache
def _grid(height: int, width: int) -> tuple[Map, Map]:
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return xs, ys


def correlation(now: Image, then: Image, flow: Map) -> Map:
    """Local correlation of ``now`` with ``then`` fetched along ``flow``; near 0 where there is no texture."""
    height, width = now.shape
    xs, ys = _grid(height, width)
    moved = cv2.remap(then, xs + flow[..., 0], ys + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    a, b = now.astype(np.float32), np.asarray(moved, np.float32)
    mean_a, mean_b = cv2.blur(a, _WINDOW), cv2.blur(b, _WINDOW)
    var_a = cv2.blur(a * a, _WINDOW) - mean_a * mean_a
    var_b = cv2.blur(b * b, _WINDOW) - mean_b * mean_b
    cov = cv2.blur(a * b, _WINDOW) - mean_a * mean_b
    return np.asarray(cov / np.sqrt(np.maximum(var_a, _NOISE) * np.maximum(var_b, _NOISE)), np.float32)
