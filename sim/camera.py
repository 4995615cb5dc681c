"""From radiance to the picture: lens blur, forward scatter, veil, exposure, sensor noise, gamma."""

import math
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from sim.noise import hash3, mix64, njit_rows
from sim.water_optics import Optics

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

cv2.setNumThreads(1)

SHOT, READ = 0.00045, 0.0035
MEAN_TARGET = 0.17
GAMMA_STEPS = 2048


def gamma_table() -> Bytes:
    """Linear 0 … 1.25 in GAMMA_STEPS to 8 bits: 1/2.2 power with a soft shoulder."""
    x = np.arange(GAMMA_STEPS) / (GAMMA_STEPS - 1) * 1.25
    shoulder = np.where(x < 0.7, x, 0.7 + 0.3 * (1.0 - np.exp(-(x - 0.7) / 0.3)))
    return np.asarray(np.clip(255.0 * shoulder ** (1 / 2.2) + 0.5, 0, 255), np.uint8)


@njit_rows
def _mix(depth: Floats, share: Floats, wide: Floats, nodes: Vec, table: Floats, ambient: Vec, c: Vec, out: Floats) -> None:
    """Quarter-size: (R, G, B to add, share of the sharp picture to keep)."""
    far = nodes[-1]
    for i in numba.prange(depth.shape[0]):
        for j in range(depth.shape[1]):
            d = min(float(depth[i, j]), far)
            k = min(max(np.searchsorted(nodes, d, side="right") - 1, 0), nodes.shape[0] - 2)
            t = min((d - nodes[k]) / (nodes[k + 1] - nodes[k]), 1.0)
            for m in range(3):
                lamp = (1.0 - t) * table[k, i, j, m] + t * table[k + 1, i, j, m]
                out[i, j, m] = lamp + ambient[m] * (1.0 - math.exp(-c[m] * d)) + wide[i, j, m] * share[i, j]
            out[i, j, 3] = 1.0 - share[i, j]


@njit_rows
def _apply(core: Floats, mixing: Floats) -> None:
    for i in numba.prange(core.shape[0]):
        for j in range(core.shape[1]):
            for m in range(3):
                core[i, j, m] = core[i, j, m] * mixing[i, j, 3] + mixing[i, j, m]


def through_water(direct: Floats, coarse: Floats, optics: Optics, daylight: Vec) -> Floats:
    """Adds forward scatter and veil to ``direct`` (h, w, 3).

    A share of the light that grows with optical depth is spread widely; the rest gets the lens' own small blur. ``coarse``: range
    [m] of every fourth pixel; ``daylight`` (3,): share of the surface's light that reaches the camera's depth.
    """
    tau = float(optics.c[1]) * np.minimum(coarse, 20.0)
    share = (0.55 * (1.0 - np.exp(-0.45 * tau))).astype(np.float32)
    h, w = direct.shape[:2]
    core: Any = cv2.GaussianBlur(direct, (5, 5), 0.55 + 0.35 * min(float(np.median(tau)), 2.0), borderType=cv2.BORDER_REPLICATE)
    small = cv2.resize(direct, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    wide: Any = cv2.GaussianBlur(small, (0, 0), 3.0, borderType=cv2.BORDER_REPLICATE)
    mixing = np.empty((h // 4, w // 4, 4), np.float32)
    _mix(coarse, share, wide, optics.veil_d, optics.veil, optics.veil_ambient * daylight, optics.c, mixing)
    full: Any = cv2.resize(mixing, (w, h), interpolation=cv2.INTER_LINEAR)
    _apply(core, full)
    return np.asarray(core)


def exposure(radiance: Floats, balance: Vec) -> float:
    """Automatic gain: brings the centre-weighted mean most of the way to MEAN_TARGET. Depends on this frame alone."""
    small = cv2.resize(radiance, (32, 24), interpolation=cv2.INTER_AREA).astype(np.float64) @ (
        balance * np.array([0.25, 0.6, 0.15])
    )
    mean = 0.5 * float(small.mean()) + 0.5 * float(small[6:18, 8:24].mean())
    return float(np.clip(MEAN_TARGET / max(mean, 1e-6), 0.02, 60.0) ** 0.92)


@njit_rows
def develop(
    radiance: Floats, gain: Vec, iso: float, seed: int, frame_seq: int, normals: Floats, gamma: Bytes, out: Bytes
) -> None:
    """Shot and read noise from counters (seed, frame, pixel), then gamma, to B, G, R."""
    scale = (gamma.shape[0] - 1) / 1.25
    w = radiance.shape[1]
    key = hash3(seed, frame_seq, 77)
    for i in numba.prange(radiance.shape[0]):
        for j in range(w):
            bits = mix64(key ^ np.uint64(i * w + j))
            for m in range(3):
                x = radiance[i, j, m] * gain[m]
                draw = normals[np.int64((bits >> np.uint64(20 * m)) & np.uint64(4095))]
                x += draw * np.sqrt(SHOT * iso * max(x, 0.0) + READ * READ * iso)
                at = min(max(int(x * scale + 0.5), 0), gamma.shape[0] - 1)
                out[i, j, 2 - m] = gamma[at]
