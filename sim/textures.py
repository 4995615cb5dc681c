"""What paint, steel and fouling look like: tiles of albedo and relief gradient, made from noise when first seen.

A tile's texels depend on its place, level, layer parameters and seed alone, never on what was looked at before.
Level L has texels of TEXEL_M · 2^L, band-limited to them. Patterns follow dry-dock photographs of antifouling (docs/picture.md).
"""

import math
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.crew import Crew, take
from sim.noise import njit
from sim.patterns import decal, fade, lanes, lay_out, mix, noise_rows, scratches, seams, specks, step, terms_of, to

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

TEXELS = 256
TEXEL_M = 1.0 / 512
TILE_M = TEXELS * TEXEL_M
LEVELS = 4
CHANNELS = 8  # R, G, B (square root of albedo), gradient u, v (128 = flat, 64 per unit slope), three unused
SLOTS = 384
_STRIP_ROWS = 43

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


# Fields of noise. All styles: the film, where growth is, what mottles it and its shells. Then each style's own.
_WHERE, _FILM, _MOTTLE, _SHELL = 0, 1, 2, 3
_TONE, _PATCH, _RUST, _GRAIN, _GRAIN2, _STREAK, _OLD, _BROWN, _WORN = 4, 5, 6, 7, 8, 9, 10, 11, 12
# Then what is not noise.
_COVER, _HEIGHT, _COVER2, _HEIGHT2, _SCRATCH, _BEAD, _NEAR, _SOME, _ROWS = 13, 14, 15, 16, 17, 18, 19, 20, 21


def noise_terms(style: int, texel: float) -> Vec:
    """Terms of a style's noise at a texel size, in order of their fields; fine ones fade as texels grow."""

    def faded(wavelength: float) -> float:
        return float(fade(wavelength, texel))

    rows = terms_of(_WHERE, 0.55, 0.4, 4, 30) + terms_of(_FILM, 0.03, 0.06, 1, 31, 0.15)
    rows += terms_of(_MOTTLE, 0.006, 0.006, 1, 32, faded(0.006)) + terms_of(_SHELL, 0.004, 0.004, 1, 35)
    if style == STYLE_HULL:
        rows += terms_of(_TONE, 1.3, 0.9, 4, 10, 0.16)
        rows += terms_of(_TONE, 0.018, 0.35, 1, 12, 0.07 * faded(0.018)) + terms_of(_TONE, 0.9, 0.022, 1, 13, 0.06 * faded(0.022))
        rows += terms_of(_PATCH, 0.42, 0.34, 5, 16) + terms_of(_RUST, 0.8, 1.6, 2, 19)
        rows += terms_of(_GRAIN, 0.0045, 0.0045, 1, 14) + terms_of(_GRAIN2, 0.012, 0.012, 1, 15)
        rows += terms_of(_STREAK, 0.028, 1.1, 1, 17) + terms_of(_STREAK, 0.009, 0.5, 1, 18, 0.5 * faded(0.009))
        rows += terms_of(_OLD, 0.07, 0.05, 3, 21) + terms_of(_BROWN, 0.06, 0.09, 3, 22) + terms_of(_WORN, 0.03, 0.03, 3, 50)
    elif style == STYLE_CLOTH:
        rows += terms_of(_TONE, 0.11, 0.11, 4, 41) + terms_of(_PATCH, 0.05, 0.05, 1, 40)
        rows += terms_of(_GRAIN, 0.004, 0.004, 1, 42, faded(0.004))
    elif style == STYLE_SHELL:
        rows += terms_of(_TONE, 0.012, 0.012, 3, 60)
    else:
        rows += terms_of(_TONE, 0.25, 0.25, 4, 61) + terms_of(_GRAIN, 0.006, 0.006, 1, 62, faded(0.006))
        rows += terms_of(_RUST, 0.15, 0.15, 4, 63) + terms_of(_GRAIN2, 0.01, 0.01, 1, 64)
    return np.array(sorted((row for row in rows if row[-1] != 0.0), key=lambda row: row[0]))


@njit
def _paint(c: Vec, f: Floats, j: int, texel: float) -> float:
    """Antifouling paint on ``c`` (in: its colour), with roller lanes, fading, wear, rust; returns relief height [m]."""
    grain, grain2, patch, scratch = f[_GRAIN, j], f[_GRAIN2, j], f[_PATCH, j], f[_SCRATCH, j]
    tone = 1.0 + f[_TONE, j] + 0.07 * grain * fade(0.0045, texel) + 0.07 * grain2 * fade(0.012, texel)
    r, g, b = c[0] * tone, c[1] * tone, c[2] * tone
    if patch > 0.16:
        coat = 0.8 * step(0.16, 0.22, patch)
        r, g, b = to(r, 0.8 * r + 0.06, coat), to(g, 0.8 * g + 0.035, coat), to(b, 0.8 * b + 0.03, coat)
    bare = 0.0
    if patch > 0.26:
        bare = step(0.345, 0.375, patch + 0.035 * grain2)
        rim = 0.65 * step(0.30, 0.345, patch + 0.03 * grain2) * (1.0 - bare)
        if bare > 0.0:
            old = 1.0 + 0.30 * f[_OLD, j] + 0.15 * grain
            r, g, b = to(r, 0.17 * old, 0.85 * bare), to(g, 0.165 * old, 0.85 * bare), to(b, 0.155 * old, 0.85 * bare)
            brown = 0.6 * bare * step(0.1, 0.5, f[_BROWN, j])
            r, g, b = to(r, 0.16, brown), to(g, 0.075, brown), to(b, 0.03, brown)
        r, g, b = to(r, 0.20, rim), to(g, 0.095, rim), to(b, 0.035, rim)
    if f[_RUST, j] > 0.0:
        rust = 0.55 * step(0.0, 0.5, f[_RUST, j]) * step(0.55, 1.0, f[_STREAK, j])
        r, g, b = to(r, 0.17, rust), to(g, 0.075, rust), to(b, 0.03, rust)
    if scratch > 0.0:
        r, g, b = to(r, 0.30, 0.75 * scratch), to(g, 0.24, 0.75 * scratch), to(b, 0.21, 0.75 * scratch)
    c[0], c[1], c[2] = r, g, b
    return float(0.00025 * grain2 - 0.0005 * bare - 0.0004 * scratch)


@njit
def _foul(c: Vec, f: Floats, j: int, fouling: float) -> float:
    """Slime, film and shells over ``c``; returns relief height [m]."""
    film = step(0.25 - 0.9 * fouling, 0.9 - 0.7 * fouling, f[_WHERE, j] + f[_FILM, j])
    mottled, slime = 0.75 + 0.25 * f[_MOTTLE, j], min(0.18 + 0.72 * fouling, 0.85) * film
    r, g, b = to(c[0], 0.095 * mottled, slime), to(c[1], 0.100 * mottled, slime), to(c[2], 0.050 * mottled, slime)
    big, small = 0.80 * f[_COVER, j], 0.65 * f[_COVER2, j]
    if big + small > 0.0:
        shade = 0.85 + 0.15 * f[_SHELL, j]
        r, g, b = to(r, 0.42 * shade, big), to(g, 0.40 * shade, big), to(b, 0.33 * shade, big)
        r, g, b = to(r, 0.36 * shade, small), to(g, 0.34 * shade, small), to(b, 0.27 * shade, small)
    c[0], c[1], c[2] = r, g, b
    return float(f[_HEIGHT, j] + f[_HEIGHT2, j] + 0.0004 * film * mottled)


@njit
def _weave(c: Vec, f: Floats, j: int, x: float, y: float, texel: float) -> float:
    """Net over sacking."""
    wob = 0.006 * f[_PATCH, j]
    a = abs(math.sin((x + y + wob) * math.pi / 0.045))
    b = abs(math.sin((x - y + wob) * math.pi / 0.045))
    cord = max(1.0 - a / 0.22, 1.0 - b / 0.22, 0.0) * fade(0.02, texel)
    tone = 1.0 + 0.30 * f[_TONE, j] + 0.15 * f[_GRAIN, j]
    for k in range(3):
        c[k] *= tone
    mix(c, 1.9 * c[0] + 0.02, 1.9 * c[1] + 0.02, 1.8 * c[2] + 0.02, 0.6 * cord)
    return 0.0025 * cord


@njit
def _plain(c: Vec, f: Floats, j: int, style: int) -> float:
    """Steel, zinc, or dark coating."""
    tone = 1.0 + 0.22 * f[_TONE, j] + 0.10 * f[_GRAIN, j]
    for k in range(3):
        c[k] *= tone
    mix(c, 0.17, 0.08, 0.03, (0.5 if style == STYLE_STEEL else 0.15) * step(0.1, 0.5, f[_RUST, j]))
    return float(0.0003 * f[_GRAIN2, j])


@njit
def _texel(c: Vec, f: Floats, j: int, layer: Vec, welded: bool, u: float, v: float, texel: float) -> float:
    """Albedo into ``c``; returns the height [m]."""
    style = int(layer[0])
    c[0], c[1], c[2] = layer[1], layer[2], layer[3]
    if style == STYLE_HULL:
        height = _paint(c, f, j, texel)
        if welded:
            height += f[_BEAD, j] * fade(0.02, texel)
            mix(c, 0.8 * c[0] + 0.03, 0.8 * c[1] + 0.015, 0.8 * c[2] + 0.01, 0.45 * f[_NEAR, j])
    elif style == STYLE_CLOTH:
        height = _weave(c, f, j, u, v, texel)
    elif style == STYLE_SHELL:
        height = 0.0
        for k in range(3):
            c[k] *= 0.8 + 0.35 * f[_TONE, j]
    else:
        height = _plain(c, f, j, style)
    return height


@njit
def _row_fields(f: Floats, layer: Vec, welded: bool, u0: float, v: float, texel: float) -> None:
    """What `_texel` and `_foul` need besides noise."""
    style, fouling, seed = int(layer[0]), layer[4], int(layer[6])
    if style == STYLE_HULL:
        scratches(u0, v, texel, seed + 20, f[_SCRATCH])
        lanes(u0, v, texel, seed, f[_TONE])
        if welded:
            seams(u0, v, texel, f[_BEAD], f[_NEAR])
    if style != STYLE_SHELL:
        f[_COVER : _HEIGHT2 + 1] = 0.0
        some = f[_SOME]
        for j in range(f.shape[1]):
            some[j] = min(max(0.03 + 0.35 * fouling + 0.35 * (f[_WHERE, j] - 0.1), 0.0), 0.85)
        specks(u0, v, texel, 0.034, seed + 33, 0.55, some, f[_COVER], f[_HEIGHT])
        specks(u0, v, texel, 0.012, seed + 34, 0.7, some, f[_COVER2], f[_HEIGHT2])


@njit
def _fill_rows(
    out: Bytes,
    heights: Floats,
    first: int,
    end: int,
    layer: Vec,
    decals: Vec,
    index: int,
    u0: float,
    v0: float,
    texel: float,
    terms: Vec,
) -> None:
    """Rows ``first`` to ``end`` - 1 of a tile whose corner is (u0, v0)."""
    n, style, seed, welded = heights.shape[0], int(layer[0]), int(layer[6]), index < 2
    cells, shares = np.empty((terms.shape[0], n), np.int32), np.empty((terms.shape[0], n), np.float32)
    f, c = np.zeros((_ROWS, n), np.float32), np.zeros(3)
    reached = np.empty(decals.shape[0], np.int64)
    lattice = np.empty(lay_out(terms, u0, texel, cells, shares), np.float32)
    for i in range(first, end):
        v = v0 + i * texel
        noise_rows(terms, u0, v, seed, cells, shares, lattice, f)
        _row_fields(f, layer, welded, u0, v, texel)
        reach = 0
        for k in range(decals.shape[0]):
            if int(decals[k, 0]) == index and abs(v - decals[k, 3]) < decals[k, 4] + decals[k, 5]:
                reached[reach] = k
                reach += 1
        for j in range(n):
            u = u0 + j * texel
            height = _texel(c, f, j, layer, welded, u, v, texel)
            for k in range(reach):
                decal(c, decals[reached[k]], u, v, f[_WORN, j])
            if style != STYLE_SHELL:
                height += _foul(c, f, j, layer[4])
            heights[i, j] = height
            if i < n - 1 and j < n - 1:
                for k in range(3):
                    out[i, j, k] = int(math.sqrt(min(max(c[k], 0.0), 1.0)) * 255.0 + 0.5)


@njit
def fill_tile(
    ticket: Any, out: Bytes, heights: Floats, layer: Vec, decals: Vec, index: int, u0: float, v0: float, texel: float, terms: Vec
) -> None:
    """Albedo and ``heights`` of a (TEXELS + 1, TEXELS + 1, CHANNELS) tile whose corner is (u0, v0); rows along v, columns along
    u. ``terms``: of `noise_terms`."""
    while True:
        first = take(ticket) * _STRIP_ROWS
        if first >= heights.shape[0]:
            return
        _fill_rows(out, heights, first, min(first + _STRIP_ROWS, heights.shape[0]), layer, decals, index, u0, v0, texel, terms)


@njit
def fill_slopes(heights: Floats, texel: float, out: Bytes) -> None:
    """The slopes of a tile out of its heights."""
    for i in range(out.shape[0]):
        _slopes(heights[i], heights[i + 1], 64.0 / texel, out[i])


@njit
def _slopes(here: Floats, below: Floats, scale: float, out: Bytes) -> None:
    for j in range(out.shape[0]):
        out[j, 3] = int(min(max(128.5 + scale * (here[j + 1] - here[j]), 0.0), 255.0))
        out[j, 4] = int(min(max(128.5 + scale * (below[j] - here[j]), 0.0), 255.0))


class TilePool:
    """Makes tiles when asked for and keeps the latest SLOTS of them."""

    def __init__(self, layers: list[Layer], decals: list[Decal], crew: Crew | None = None) -> None:
        self._crew = Crew(1) if crew is None else crew
        self._heights = np.zeros((TEXELS + 2, TEXELS + 2), np.float32)
        self.layers: Vec = np.stack([layer.row() for layer in layers])
        self.decals: Vec = np.stack([d.row() for d in decals]) if decals else np.zeros((0, 10))
        self.words: NDArray[np.uint64] = np.zeros((SLOTS, TEXELS + 1, TEXELS + 1), np.uint64)
        self.tiles: Bytes = self.words.view(np.uint8).reshape(*self.words.shape, CHANNELS)
        self._terms = {(s, k): noise_terms(s, TEXEL_M * (1 << k)) for s in range(6) for k in range(LEVELS)}
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
                self._fill(slot, *key)
                self._slots[key] = slot
            out.append(slot)
        return out + [-1] * max(0, len(wanted) - SLOTS)

    def _fill(self, slot: int, layer: int, tu: int, tv: int, level: int) -> None:
        texel, row = TEXEL_M * (1 << level), self.layers[layer]
        self._crew.work(
            fill_tile, self.tiles[slot], self._heights, row, self.decals, layer, tu * TEXELS * texel, tv * TEXELS * texel, texel,
            self._terms[int(row[0]), level],
        )  # fmt: skip
        fill_slopes(self._heights, texel, self.tiles[slot])
