"""From radiance to the picture: lens blur, forward scatter, veil, exposure, sensor noise, gamma."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.crew import take
from sim.noise import mix64, njit
from sim.snow import splat
from sim.water_optics import STEP_M, Optics

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

cv2.setNumThreads(1)

SHOT, READ = 0.00045, 0.0035
MEAN_TARGET = 0.17
GAMMA_STEPS = 2048
BAND_ROWS = 24
_PER_STEP = 1.0 / STEP_M
_S12, _S24, _S36, _S48, _TWELVE = np.uint64(12), np.uint64(24), np.uint64(36), np.uint64(48), np.uint64(4095)


def gamma_table() -> Bytes:
    """Linear 0 … 1.25 in GAMMA_STEPS to 8 bits: 1/2.2 power with a soft shoulder."""
    x = np.arange(GAMMA_STEPS) / (GAMMA_STEPS - 1) * 1.25
    shoulder = np.where(x < 0.7, x, 0.7 + 0.3 * (1.0 - np.exp(-(x - 0.7) / 0.3)))
    return np.asarray(np.clip(255.0 * shoulder ** (1 / 2.2) + 0.5, 0, 255), np.uint8)


@njit
def _mix_row(
    depth: Floats,
    strength: float,
    wide: Floats,
    nodes: Vec,
    veil: Floats,
    ambient: Vec,
    fade: Floats,
    coarse: Floats,
    out: Floats,
) -> None:
    """A quarter-size row, stretched to full width in ``out`` (4, w): R, G, B to add, and the share of the sharp picture to
    keep."""
    n, k, last = depth.shape[0], 0, fade.shape[0] - 1
    for j in range(n):
        d = float(depth[j])
        share = 0.55 * (1.0 - math.exp(-strength * min(d, 20.0)))
        d = min(d, nodes[-1])
        while k > 0 and nodes[k] > d:
            k -= 1
        while k < nodes.shape[0] - 2 and nodes[k + 1] <= d:
            k += 1
        t = min((d - nodes[k]) / (nodes[k + 1] - nodes[k]), 1.0)
        at = min(int(d * _PER_STEP + 0.5), last)
        for m in range(3):
            lamp = (1.0 - t) * veil[k, j, m] + t * veil[k + 1, j, m]
            coarse[m, j] = lamp + ambient[m] * (1.0 - fade[at, m]) + wide[j, m] * share
        coarse[3, j] = 1.0 - share
    for m in range(4):
        _stretch(coarse[m], out[m])


@njit
def _stretch(coarse: Floats, out: Floats) -> None:
    """Four pixels for each, linear between their centres."""
    n = coarse.shape[0]
    for j in range(n):
        a, b, c = coarse[max(j - 1, 0)], coarse[j], coarse[min(j + 1, n - 1)]
        out[4 * j] = b + np.float32(0.375) * (a - b)
        out[4 * j + 1] = b + np.float32(0.125) * (a - b)
        out[4 * j + 2] = b + np.float32(0.125) * (c - b)
        out[4 * j + 3] = b + np.float32(0.375) * (c - b)
    for j in range(4 * n, out.shape[0]):
        out[j] = coarse[n - 1]


@njit
def _blur(i: int, c: int, direct: Floats, taps: Floats, padded: Floats, mixing: Floats, b: float, out: Floats) -> None:
    """The lens' blur of a row by ``taps`` along columns and rows, then ``mixing`` (2 rows, 4, w), ``b`` of the way to the
    second."""
    h, w = direct.shape[1], direct.shape[2]
    t0, t1, t2, share = taps[0], taps[1], taps[2], np.float32(b)
    r0, r1, r2 = direct[c, max(i - 2, 0)], direct[c, max(i - 1, 0)], direct[c, i]
    r3, r4 = direct[c, min(i + 1, h - 1)], direct[c, min(i + 2, h - 1)]
    inner = padded[2 : w + 2]
    for j in range(w):
        inner[j] = t0 * (r0[j] + r4[j]) + t1 * (r1[j] + r3[j]) + t2 * r2[j]
    padded[0], padded[1], padded[w + 2], padded[w + 3] = padded[2], padded[2], padded[w + 1], padded[w + 1]
    p1, p2, p3, p4 = padded[1:], padded[2:], padded[3:], padded[4:]
    add0, add1, keep0, keep1 = mixing[0, c], mixing[1, c], mixing[0, 3], mixing[1, 3]
    for j in range(w):
        x = t0 * (padded[j] + p4[j]) + t1 * (p1[j] + p3[j]) + t2 * p2[j]
        out[j] = x * (keep0[j] + share * (keep1[j] - keep0[j])) + (add0[j] + share * (add1[j] - add0[j]))


@njit
def through_water(
    ticket: Any, direct: Floats, wide: Floats, coarse: Floats, taps: Floats, strength: float, nodes: Vec, veil: Floats,
    ambient: Vec, fade: Floats, out: Floats,
) -> None:  # fmt: skip
    """Adds forward scatter and veil to ``direct`` (3, h, w).

    A share of the light that grows with optical depth (``strength`` [1/m]) is spread widely (``wide``, quarter-size); the rest
    gets the lens' own small blur (``taps``). ``coarse``: range [m] of every fourth pixel. ``nodes``, ``veil``, ``fade``: of
    `sim.water_optics.Optics`; ``ambient``: the daylight's saturated veil here.
    """
    h, w = direct.shape[1], direct.shape[2]
    rows, room = coarse.shape[0], np.empty((4, coarse.shape[1]), np.float32)
    mixing, padded = np.empty((2, 4, w), np.float32), np.empty(w + 4, np.float32)
    while True:
        band = take(ticket)
        if band * BAND_ROWS >= h:
            return
        last = -9
        for i in range(band * BAND_ROWS, min((band + 1) * BAND_ROWS, h)):
            at = 0.25 * (i - 1.5)
            k = math.floor(at)
            if k != last:
                for m in range(2):
                    r = min(max(k + m, 0), rows - 1)
                    _mix_row(coarse[r], strength, wide[r], nodes, veil[:, r], ambient, fade, room, mixing[m])
                last = k
            for c in range(3):
                _blur(i, c, direct, taps, padded, mixing, at - k, out[c, i])


def lens_taps(optics: Optics, coarse: Floats) -> Floats:
    """Five Gaussian weights of the lens' blur, which grows a little with what lies between."""
    sigma = 0.55 + 0.35 * min(float(optics.c[1]) * min(float(np.median(coarse[::8, ::8])), 20.0), 2.0)
    taps = np.exp(-0.5 * (np.arange(-2, 3) / sigma) ** 2)
    return np.asarray(taps / taps.sum(), np.float32)


def spread(small: Floats) -> Floats:
    """What is scattered forward, quarter-size."""
    return np.asarray(cv2.GaussianBlur(small, (15, 15), 3.0, borderType=cv2.BORDER_REPLICATE))


def exposure(radiance: Floats, balance: Vec) -> float:
    """Automatic gain: brings the centre-weighted mean of every seventh pixel most of the way to MEAN_TARGET. Depends on this
    frame alone, and not on its snow."""
    small = radiance[:, 3::7, 3::7]
    h, w = small.shape[1:]
    weights = balance * np.array([0.25, 0.6, 0.15])
    mean = 0.5 * float(weights @ small.mean(axis=(1, 2)))
    mean += 0.5 * float(weights @ small[:, h // 4 : h - h // 4, w // 4 : w - w // 4].mean(axis=(1, 2)))
    return float(np.clip(MEAN_TARGET / max(mean, 1e-6), 0.02, 60.0) ** 0.92)


@njit
def develop(
    ticket: Any,
    radiance: Floats,
    depth: Floats,
    snow: Vec,
    gain: Vec,
    iso: float,
    key: Any,
    normals: Floats,
    gamma: Bytes,
    out: Bytes,
) -> None:
    """Marine snow, shot and read noise from counters (``key``, pixel), then gamma, to B, G, R."""
    while True:
        band = take(ticket)
        first, end = band * BAND_ROWS, min((band + 1) * BAND_ROWS, depth.shape[0])
        if first >= end:
            return
        splat(radiance, depth, snow, first, end)
        _develop_band(first, end, radiance, gain, iso, key, normals, gamma, out)


@njit
def _develop_band(
    first: int, end: int, radiance: Floats, gain: Vec, iso: float, key: Any, normals: Floats, gamma: Bytes, out: Bytes
) -> None:
    w = radiance.shape[2]
    draws, levels = np.empty((3 * w + 4) // 5 * 5, np.float32), np.empty((3, w), np.int32)
    most, scale = np.float32(gamma.shape[0] - 1), np.float32((gamma.shape[0] - 1) / 1.25)
    shot, read, half, nought = np.float32(SHOT * iso), np.float32(READ * READ * iso), np.float32(0.5), np.float32(0.0)
    for i in range(first, end):
        # Five draws of twelve bits from each hash.
        for k in range(draws.shape[0] // 5):
            bits = mix64(key ^ np.uint64(i * w + k))
            draws[5 * k] = normals[bits & _TWELVE]
            draws[5 * k + 1] = normals[(bits >> _S12) & _TWELVE]
            draws[5 * k + 2] = normals[(bits >> _S24) & _TWELVE]
            draws[5 * k + 3] = normals[(bits >> _S36) & _TWELVE]
            draws[5 * k + 4] = normals[(bits >> _S48) & _TWELVE]
        for c in range(3):
            row, draw, level, g = radiance[c, i], draws[c * w : c * w + w], levels[c], np.float32(gain[c])
            for j in range(w):
                x = row[j] * g
                x += draw[j] * np.sqrt(shot * (x if x > nought else nought) + read)
                x = x * scale + half
                x = x if x > nought else nought
                level[j] = np.int32(x if x < most else most)
        for j in range(w):
            out[i, j, 0], out[i, j, 1], out[i, j, 2] = gamma[levels[2, j]], gamma[levels[1, j]], gamma[levels[0, j]]
