"""What paint, steel and fouling look like: tiles of albedo and relief gradient, made from noise when first seen.

A tile's texels depend on its place, level, layer parameters and seed alone, never on what was looked at before.
Level L has texels of TEXEL_M · 2^L, band-limited to them. Patterns follow dry-dock photographs of antifouling (docs/picture.md).
"""

import math
from collections import OrderedDict
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from sim.noise import njit, njit_rows, octaves, uniform, value_noise

Vec = NDArray[np.float64]
Bytes = NDArray[np.uint8]

TEXELS = 256
TEXEL_M = 1.0 / 512
TILE_M = TEXELS * TEXEL_M
LEVELS = 4
CHANNELS = 8  # R, G, B (square root of albedo), gradient u, v (128 = flat, 64 per unit slope), three unused
SLOTS = 384

STYLE_HULL, STYLE_STEEL, STYLE_CLOTH, STYLE_ZINC, STYLE_SHELL, STYLE_DARK = 0, 1, 2, 3, 4, 5


class Layer(NamedTuple):
    """One material. ``rgb``: linear albedo. ``fouling`` 0–1. ``gloss``: weight of the highlight."""

    style: int
    rgb: tuple[float, float, float]
    fouling: float
    gloss: float
    seed: int

    def row(self) -> Vec:
        return np.array([self.style, *self.rgb, self.fouling, self.gloss, self.seed], dtype=np.float64)


class Decal(NamedTuple):
    """Paint without relief on a hull layer: ``kind`` 0 rectangle with ring, 1 draught figures, 2 plain disc."""

    layer: int
    kind: int
    u: float
    v: float
    half_u: float
    half_v: float
    angle_rad: float
    rgb: tuple[float, float, float]

    def row(self) -> Vec:
        return np.array([*self[:7], *self.rgb], dtype=np.float64)


@njit
def _fade(wavelength: float, texel: float) -> float:
    """How much of a pattern of that wavelength a texel can show."""
    return min(max((wavelength / texel - 1.0) / 1.5, 0.0), 1.0)


@njit
def _step(low: float, high: float, x: float) -> float:
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit
def _specks(x: float, y: float, cell: float, density: float, texel: float, seed: int) -> tuple[float, float]:
    """(cover, height over radius) of round growths, at most one in a cell."""
    i0, j0 = math.floor(x / cell), math.floor(y / cell)
    cover, height = 0.0, 0.0
    for di in range(-1, 2):
        for dj in range(-1, 2):
            i, j = i0 + di, j0 + dj
            pick = uniform(i, j, seed)
            if pick >= density:
                continue
            r = cell * (0.14 + 0.32 * uniform(i, j, seed + 1) ** 2)
            dx = x - (i + uniform(i, j, seed + 2)) * cell
            dy = y - (j + uniform(i, j, seed + 3)) * cell
            d = math.sqrt(dx * dx + dy * dy) / r
            soft = max(0.25, texel / r)
            if d < 1.6 + soft:
                d *= 1.0 + 0.35 * value_noise(1.3 * dx / r + 13 * i, 1.3 * dy / r + 7 * j, seed + 4)
            if d < 1.0 + soft:
                c = 1.0 - _step(1.0 - soft, 1.0 + soft, d)
                crater = 1.0 - (0.35 * uniform(i, j, seed + 5)) * (1.0 - _step(0.2, 0.5, d))
                cover = max(cover, c * crater)
                height = max(height, r * c * crater * 0.55)
    return cover, height


@njit
def _scratch(x: float, y: float, texel: float, seed: int) -> float:
    cell = 0.35
    i0, j0 = math.floor(x / cell), math.floor(y / cell)
    best = 0.0
    for di in range(-1, 2):
        for dj in range(-1, 2):
            i, j = i0 + di, j0 + dj
            if uniform(i, j, seed) > 0.45:
                continue
            cx, cy = (i + uniform(i, j, seed + 1)) * cell, (j + uniform(i, j, seed + 2)) * cell
            a = (uniform(i, j, seed + 3) - 0.5) * 1.2
            half = 0.04 + 0.13 * uniform(i, j, seed + 4)
            dx, dy = x - cx, y - cy
            along = dx * math.cos(a) + dy * math.sin(a)
            off = abs(-dx * math.sin(a) + dy * math.cos(a) + 0.03 * (along / half) ** 2 * half)
            width = max(0.0012, 0.7 * texel)
            if abs(along) < half and off < 2.0 * width:
                best = max(best, (1.0 - off / (2.0 * width)) * (1.0 - (along / half) ** 2) * min(1.0, 0.0014 / width + 0.2))
    return best


@njit
def _seams(x: float, y: float) -> tuple[float, float]:
    """(height [m], nearness 0–1) of the plating's own welds: butts every 6 m, staggered; seams every 1.9 m."""
    strake = math.floor(y / 1.9)
    d1 = abs(y - 1.9 * math.floor(y / 1.9 + 0.5))
    shifted = x - 3.0 * (strake % 2)
    d2 = abs(shifted - 6.0 * math.floor(shifted / 6.0 + 0.5))
    d = min(d1, d2)
    bead = 0.0022 * math.exp(-((d / 0.005) ** 2))
    return bead, math.exp(-((d / 0.03) ** 2))


@njit
def _mix(c: Vec, r: float, g: float, b: float, a: float) -> None:
    c[0] += a * (r - c[0])
    c[1] += a * (g - c[1])
    c[2] += a * (b - c[2])


@njit
def _paint(c: Vec, x: float, y: float, texel: float, seed: int, worn: float) -> float:
    """Antifouling paint on ``c`` (in: its colour), with roller lanes, fading, wear, rust; returns relief height [m]."""
    tone = 0.16 * octaves(x / 1.3, y / 0.9, 4, seed + 10)
    lane = math.floor(x / 0.24)
    tone += 0.05 * (uniform(lane, math.floor(y / 1.4 + uniform(lane, 3, seed)), seed + 11) - 0.5)
    tone += 0.07 * value_noise(x / 0.018, y / 0.35, seed + 12) * _fade(0.018, texel)
    tone += 0.06 * value_noise(x / 0.9, y / 0.022, seed + 13) * _fade(0.022, texel)
    grain = value_noise(x / 0.0045, y / 0.0045, seed + 14)
    grain2 = value_noise(x / 0.012, y / 0.012, seed + 15)
    tone += 0.07 * grain * _fade(0.0045, texel) + 0.07 * grain2 * _fade(0.012, texel)
    for k in range(3):
        c[k] *= 1.0 + tone
    patch = octaves(x / 0.42, y / 0.34, 5, seed + 16)
    coat = _step(0.16, 0.22, patch + 0.10 * worn)
    _mix(c, 0.8 * c[0] + 0.06, 0.8 * c[1] + 0.035, 0.8 * c[2] + 0.03, 0.8 * coat)
    bare = _step(0.345, 0.375, patch + 0.16 * worn + 0.035 * grain2)
    rim = _step(0.30, 0.345, patch + 0.16 * worn + 0.03 * grain2) * (1.0 - bare)
    if bare > 0.0:
        old = 1.0 + 0.30 * octaves(x / 0.07, y / 0.05, 3, seed + 21) + 0.15 * grain
        _mix(c, 0.17 * old, 0.165 * old, 0.155 * old, 0.85 * bare)
        _mix(c, 0.16, 0.075, 0.03, 0.6 * bare * _step(0.1, 0.5, octaves(x / 0.06, y / 0.09, 3, seed + 22)))
    _mix(c, 0.20, 0.095, 0.035, 0.65 * rim)
    rust = _step(0.0, 0.5, octaves(x / 0.8, y / 1.6, 2, seed + 19))
    if rust > 0.0:
        streak = value_noise(x / 0.028, y / 1.1, seed + 17)
        streak += 0.5 * value_noise(x / 0.009, y / 0.5, seed + 18) * _fade(0.009, texel)
        _mix(c, 0.17, 0.075, 0.03, 0.55 * rust * _step(0.55, 1.0, streak))
    scratch = _scratch(x, y, texel, seed + 20)
    _mix(c, 0.30, 0.24, 0.21, 0.75 * scratch)
    return 0.00025 * grain2 - 0.0005 * bare - 0.0004 * scratch


@njit
def _foul(c: Vec, x: float, y: float, texel: float, seed: int, fouling: float) -> float:
    """Slime, film and shells over ``c``; returns relief height [m]."""
    where = octaves(x / 0.55, y / 0.4, 4, seed + 30)
    film = _step(0.25 - 0.9 * fouling, 0.9 - 0.7 * fouling, where + 0.15 * value_noise(x / 0.03, y / 0.06, seed + 31))
    mottled = 0.75 + 0.25 * value_noise(x / 0.006, y / 0.006, seed + 32) * _fade(0.006, texel)
    _mix(c, 0.095 * mottled, 0.100 * mottled, 0.050 * mottled, min(0.18 + 0.72 * fouling, 0.85) * film)
    some = min(max(0.03 + 0.35 * fouling + 0.35 * (where - 0.1), 0.0), 0.85)
    big, h1 = _specks(x, y, 0.034, 0.55 * some, texel, seed + 33)
    small, h2 = _specks(x, y, 0.012, 0.7 * some, texel, seed + 34)
    if big + small > 0.0:
        shade = 0.85 + 0.15 * value_noise(x / 0.004, y / 0.004, seed + 35)
        _mix(c, 0.42 * shade, 0.40 * shade, 0.33 * shade, 0.80 * big)
        _mix(c, 0.36 * shade, 0.34 * shade, 0.27 * shade, 0.65 * small)
    return h1 + h2 + 0.0004 * film * mottled


@njit
def _weave(c: Vec, x: float, y: float, texel: float, seed: int) -> float:
    """Net over sacking."""
    wob = 0.006 * value_noise(x / 0.05, y / 0.05, seed + 40)
    a = abs(math.sin((x + y + wob) * math.pi / 0.045))
    b = abs(math.sin((x - y + wob) * math.pi / 0.045))
    cord = max(1.0 - a / 0.22, 1.0 - b / 0.22, 0.0) * _fade(0.02, texel)
    tone = 1.0 + 0.30 * octaves(x / 0.11, y / 0.11, 4, seed + 41)
    tone += 0.15 * value_noise(x / 0.004, y / 0.004, seed + 42) * _fade(0.004, texel)
    for k in range(3):
        c[k] *= tone
    _mix(c, 1.9 * c[0] + 0.02, 1.9 * c[1] + 0.02, 1.8 * c[2] + 0.02, 0.6 * cord)
    return 0.0025 * cord


@njit
def _decal(c: Vec, d: Vec, u: float, v: float, grain: float) -> None:
    du, dv = u - d[2], v - d[3]
    ca, sa = math.cos(d[6]), math.sin(d[6])
    a, b = ca * du + sa * dv, -sa * du + ca * dv
    if abs(a) > d[4] or abs(b) > d[5]:
        return
    worn = 0.9 if grain > -0.55 else 0.25
    if d[1] == 0.0:
        edge = min(d[4] - abs(a), d[5] - abs(b))
        ring = math.sqrt((a / d[4]) ** 2 + (b / d[5]) ** 2)
        strength = 0.9 if edge < 0.03 else (0.8 if ring < 0.62 else 0.35)
        _mix(c, d[7], d[8], d[9], strength * worn)
    elif d[1] == 1.0:
        pitch = 0.2
        k = math.floor(b / pitch + 50.0)
        y = (b / pitch + 50.0 - k) * 2.0
        if y < 1.0 and _segment((a if d[0] == 1.0 else -a) / d[4], y, int(k) % 10):
            _mix(c, d[7], d[8], d[9], worn)
    elif (a / d[4]) ** 2 + (b / d[5]) ** 2 < 1.0:
        _mix(c, d[7], d[8], d[9], worn)


@njit
def _segment(a: float, y: float, digit: int) -> bool:
    """Seven-segment figure in a in [-1, 1], y in [0, 1]."""
    bits = (0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F)[digit]
    w = 0.16
    left, right, upper = a < -1.0 + 2.2 * w, a > 1.0 - 2.2 * w, y > 0.5
    on = (bits & 1 and y > 1.0 - w) or (bits & 8 and y < w) or (bits & 64 and abs(y - 0.5) < 0.5 * w)
    on = on or (bits & 2 and right and upper) or (bits & 4 and right and not upper)
    return bool(on or (bits & 16 and left and not upper) or (bits & 32 and left and upper))


@njit
def _texel(c: Vec, layer: Vec, decals: Vec, index: int, u: float, v: float, texel: float) -> float:
    """Albedo into ``c``; returns the height [m]."""
    style, seed, fouling = int(layer[0]), int(layer[6]), layer[4]
    c[0], c[1], c[2] = layer[1], layer[2], layer[3]
    height = 0.0
    if style == 0:
        height = _paint(c, u, v, texel, seed, 0.0)
        bead, near = _seams(u, v)
        if index < 2:
            height += bead * _fade(0.02, texel)
            _mix(c, 0.8 * c[0] + 0.03, 0.8 * c[1] + 0.015, 0.8 * c[2] + 0.01, 0.45 * near)
            grain = octaves(u / 0.03, v / 0.03, 3, seed + 50)
            for k in range(decals.shape[0]):
                if int(decals[k, 0]) == index:
                    _decal(c, decals[k], u, v, grain)
    elif style == 2:
        height = _weave(c, u, v, texel, seed)
    elif style == 4:
        tone = 0.8 + 0.35 * octaves(u / 0.012, v / 0.012, 3, seed + 60)
        for k in range(3):
            c[k] *= tone
    else:
        tone = 1.0 + 0.22 * octaves(u / 0.25, v / 0.25, 4, seed + 61)
        tone += 0.10 * value_noise(u / 0.006, v / 0.006, seed + 62) * _fade(0.006, texel)
        for k in range(3):
            c[k] *= tone
        _mix(c, 0.17, 0.08, 0.03, (0.5 if style == 1 else 0.15) * _step(0.1, 0.5, octaves(u / 0.15, v / 0.15, 4, seed + 63)))
        height = 0.0003 * value_noise(u / 0.01, v / 0.01, seed + 64)
    if style != 4:
        height += _foul(c, u, v, texel, seed, fouling)
    return height


@njit_rows
def fill_tile(out: Bytes, layer: Vec, decals: Vec, index: int, tu: int, tv: int, level: int) -> None:
    """Fills a (TEXELS + 1, TEXELS + 1, CHANNELS) tile; rows along v, columns along u."""
    texel = TEXEL_M * (1 << level)
    n = TEXELS + 1
    heights = np.zeros((n + 1, n + 1), np.float32)
    for i in numba.prange(n + 1):
        c = np.zeros(3)
        for j in range(n + 1):
            u, v = (tu * TEXELS + j) * texel, (tv * TEXELS + i) * texel
            heights[i, j] = _texel(c, layer, decals, index, u, v, texel)
            if i < n and j < n:
                for k in range(3):
                    out[i, j, k] = int(math.sqrt(min(max(c[k], 0.0), 1.0)) * 255.0 + 0.5)
    for i in range(n):
        for j in range(n):
            gu, gv = (heights[i, j + 1] - heights[i, j]) / texel, (heights[i + 1, j] - heights[i, j]) / texel
            out[i, j, 3] = int(min(max(128.5 + 64.0 * gu, 0.0), 255.0))
            out[i, j, 4] = int(min(max(128.5 + 64.0 * gv, 0.0), 255.0))


class TilePool:
    """Makes tiles when asked for and keeps the latest SLOTS of them."""

    def __init__(self, layers: list[Layer], decals: list[Decal]) -> None:
        self.layers: Vec = np.stack([layer.row() for layer in layers])
        self.decals: Vec = np.stack([d.row() for d in decals]) if decals else np.zeros((0, 10))
        self.words: NDArray[np.uint64] = np.zeros((SLOTS, TEXELS + 1, TEXELS + 1), np.uint64)
        self.tiles: Bytes = self.words.view(np.uint8).reshape(*self.words.shape, CHANNELS)
        self._slots: OrderedDict[tuple[int, int, int, int], int] = OrderedDict()

    def ensure(self, wanted: list[tuple[int, int, int, int]]) -> list[int]:
        """Slots of the (layer, tile u, tile v, level) in ``wanted``; -1 for what exceeds SLOTS."""
        for key in wanted[:SLOTS]:
            if key in self._slots:
                self._slots.move_to_end(key)
        out = []
        for key in wanted[:SLOTS]:
            slot = self._slots.get(key)
            if slot is None:
                slot = len(self._slots) if len(self._slots) < SLOTS else self._slots.popitem(last=False)[1]
                layer, tu, tv, level = key
                fill_tile(self.tiles[slot], self.layers[layer], self.decals, layer, tu, tv, level)
                self._slots[key] = slot
            out.append(slot)
        return out + [-1] * max(0, len(wanted) - SLOTS)
