"""Paint at a place: which tiles a picture needs, and albedo and slopes out of them, bilinear."""

import numpy as np
from numpy.typing import NDArray

from sim.noise import njit
from sim.textures import TEXELS

Vec = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
SHIFT = 8  # TEXELS is 1 << SHIFT
LAST16 = 16 * TEXELS - 1
_LANES, _LOW = np.uint64(0x00FF00FF00FF00FF), np.uint64(0xFFFF)
_W1, _W4, _W8, _W16, _W32, _W256 = np.uint64(1), np.uint64(4), np.uint64(8), np.uint64(16), np.uint64(32), np.uint64(256)
_ALBEDO, _SLOPE = 1.0 / (65025.0 * 65536.0), 1.0 / 16384.0


@njit
def wanted_tiles(
    face_of: Ints, w1_of: Vec, w2_of: Vec, faces: Ints, uv: Vec, layer_of: Ints, tile_m: float, wanted: Bytes
) -> None:
    """Marks ``wanted[layer, tile u, tile v]`` for what every third pixel of every third row shows."""
    nu, nv = wanted.shape[1], wanted.shape[2]
    for i in range(0, face_of.shape[0], 3):
        for j in range(0, face_of.shape[1], 3):
            f = face_of[i, j]
            if f < 0:
                continue
            w1, w2 = w1_of[i, j], w2_of[i, j]
            w0 = 1.0 - w1 - w2
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            tu = (w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]) / tile_m
            tv = (w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]) / tile_m
            wanted[layer_of[f], min(max(int(tu), 0), nu - 1), min(max(int(tv), 0), nv - 1)] = 1


@njit
def blend(tile: Words, x16: int, y16: int) -> tuple[float, float, float, float, float]:
    """Albedo R, G, B and slopes u, v at (x16, y16) sixteenths of a texel, bilinear, four 16-bit lanes to a word."""
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
    return r * r * _ALBEDO, g * g * _ALBEDO, bl * bl * _ALBEDO, (su - 32768.0) * _SLOPE, (sv - 32768.0) * _SLOPE


@njit
def look(tiles: Words, slots: Ints, layers: Vec, layer: int, x: float, y: float) -> tuple[float, float, float, float, float]:
    """`blend` at texel (x, y) of a layer. A tile missed by `wanted_tiles` gives the plain colour."""
    x, y = max(x, 0.0), max(y, 0.0)
    tu, tv = min(int(x) >> SHIFT, slots.shape[1] - 1), min(int(y) >> SHIFT, slots.shape[2] - 1)
    slot = slots[layer, tu, tv]
    if slot < 0:
        return layers[layer, 1], layers[layer, 2], layers[layer, 3], 0.0, 0.0
    x16, y16 = int(x * 16.0) - (tu << SHIFT) * 16, int(y * 16.0) - (tv << SHIFT) * 16
    return blend(tiles[slot], min(x16, LAST16), min(y16, LAST16))
