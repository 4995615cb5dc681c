"""Paint at a place: which tiles a picture needs, and albedo and slopes out of them, bilinear."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.noise import njit
from sim.raster import Drawn, Faces, weights
from sim.textures import TEXELS, TILE_M

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
SHIFT = 8  # TEXELS is 1 << SHIFT
LAST16 = 16 * TEXELS - 1
_LANES, _LOW = np.uint64(0x00FF00FF00FF00FF), np.uint64(0xFFFF)
_W1, _W4, _W8, _W16, _W32, _W256 = np.uint64(1), np.uint64(4), np.uint64(8), np.uint64(16), np.uint64(32), np.uint64(256)
ALBEDO, FLAT, SLOPE = 1.0 / (65025.0 * 65536.0), 32768.0, 1.0 / 16384.0


class Paint(NamedTuple):
    """``words``: the tiles of `sim.textures.TilePool`; ``slots[layer, tile u, tile v]``: which of them is where, -1 for none;
    ``layers``: rows of `sim.textures.Layer`; ``texel`` [m]."""

    words: Words
    slots: Ints
    layers: Vec
    texel: float


@njit
def note_tiles(first: int, end: int, g: Faces, d: Drawn, rays_x: Floats, rays_y: Floats, wanted: Bytes) -> None:
    """Marks ``wanted[layer, tile u, tile v]`` (tiles of TILE_M) for what every fourth pixel of every fourth of rows ``first`` to
    ``end`` - 1 shows."""
    nu, nv, per_tile = wanted.shape[1], wanted.shape[2], 1.0 / TILE_M
    hits, planes, owner, faces, uv = d.hit, d.planes, d.owner, g.faces, g.uv
    for i in range(first, end, 4):
        last, layer = -1, 0
        u0, u1, u2, v0, v1, v2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(0, hits.shape[1], 4):
            row = hits[i, j]
            if row < 0:
                continue
            if row != last:
                last, f, layer = row, owner[row, 0], owner[row, 2]
                a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
                u0, u1, u2, v0, v1, v2 = uv[a, 0], uv[b, 0], uv[c, 0], uv[a, 1], uv[b, 1], uv[c, 1]
            w0, w1, w2 = weights(planes, row, rays_x[i, j], rays_y[i, j])
            tu, tv = int((w0 * u0 + w1 * u1 + w2 * u2) * per_tile), int((w0 * v0 + w1 * v1 + w2 * v2) * per_tile)
            wanted[layer, min(max(tu, 0), nu - 1), min(max(tv, 0), nv - 1)] = 1


@njit
def raw(tile: Words, x16: int, y16: int) -> tuple[float, float, float, float, float]:
    """Square roots of albedo R, G, B and slopes u, v at (x16, y16) sixteenths of a texel, bilinear, four 16-bit lanes to a
    word; in units of ALBEDO and SLOPE (from FLAT)."""
    j, i = np.uint64(x16 >> 4), np.uint64(y16 >> 4)
    a, b = np.uint64(x16 & 15), np.uint64(y16 & 15)
    w11 = a * b
    w01, w10 = (a << _W4) - w11, (b << _W4) - w11
    w00 = _W256 - w11 - w01 - w10
    t00, t01, t10, t11 = tile[i, j], tile[i, j + _W1], tile[i + _W1, j], tile[i + _W1, j + _W1]
    even = w00 * (t00 & _LANES) + w01 * (t01 & _LANES) + w10 * (t10 & _LANES) + w11 * (t11 & _LANES)
    odd = w00 * ((t00 >> _W8) & _LANES) + w01 * ((t01 >> _W8) & _LANES)
    odd += w10 * ((t10 >> _W8) & _LANES) + w11 * ((t11 >> _W8) & _LANES)
    # Signed integers become floats faster.
    r, bl, sv = float(np.int64(even & _LOW)), float(np.int64((even >> _W16) & _LOW)), float(np.int64((even >> _W32) & _LOW))
    g, su = float(np.int64(odd & _LOW)), float(np.int64((odd >> _W16) & _LOW))
    return r, g, bl, su, sv


@njit
def blend(tile: Words, x16: int, y16: int) -> tuple[float, float, float, float, float]:
    """Albedo R, G, B and slopes u, v there."""
    r, g, b, su, sv = raw(tile, x16, y16)
    return r * r * ALBEDO, g * g * ALBEDO, b * b * ALBEDO, (su - FLAT) * SLOPE, (sv - FLAT) * SLOPE


@njit
def look(words: Words, slots: Ints, layers: Vec, layer: int, x: float, y: float) -> tuple[float, float, float, float, float]:
    """`blend` at texel (x, y) of a layer. A tile missed by `note_tiles` gives the plain colour."""
    x, y = max(x, 0.0), max(y, 0.0)
    tu, tv = min(int(x) >> SHIFT, slots.shape[1] - 1), min(int(y) >> SHIFT, slots.shape[2] - 1)
    slot = slots[layer, tu, tv]
    if slot < 0:
        return layers[layer, 1], layers[layer, 2], layers[layer, 3], 0.0, 0.0
    x16, y16 = int(x * 16.0) - (tu << SHIFT) * 16, int(y * 16.0) - (tv << SHIFT) * 16
    return blend(words[slot], min(x16, LAST16), min(y16, LAST16))
