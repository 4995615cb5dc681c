"""Sixteen pixels at a time: paint out of a tile and the light upon it, in single precision and in loops that compilers turn into
vector instructions. The room is one flat array of lanes of sixteen, so that they can see that nothing overlaps."""

import math

import numpy as np
from numpy.typing import NDArray

from sim.light import F_ANY, F_GLINT, F_RANGE, F_TU, F_TV, GLINT_FIELDS
from sim.noise import njit
from sim.paint import ALBEDO, FLAT, SLOPE, raw
from sim.textures import TEXELS

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Words = NDArray[np.uint64]
LANES = 16
# Where things stand in the room: 0 … 15; albedo and slopes as they come out of a tile, and in their units; 1 / length of the
# tilted normal; light; highlights; the share at hand; daylight's and each lamp's share.
_RAMP, _RAW, _RHO, _SU, _SV, _M, _LIGHT, _SHINE, _M2, DAY, SHARE = 0, 16, 96, 144, 160, 176, 192, 240, 288, 304, 320
_ZERO, _ONE, _MOST = np.float32(0.0), np.float32(1.0), np.float32(100.0)
_FIX = 65536.0
_C0, _C1, _C2 = np.uint64(0), np.uint64(1), np.uint64(2)
_AT0, _AT1, _AT2, _AT3 = np.uint64(_LIGHT), np.uint64(_LIGHT + 16), np.uint64(_LIGHT + 32), np.uint64(_M)
_SHIFT, _MASK = 12, 16 * TEXELS - 1


@njit
def make_room(lamps: int) -> Floats:
    room = np.zeros(SHARE + LANES * lamps, np.float32)
    for j in range(LANES):
        room[_RAMP + j], room[DAY + j] = j, 1.0
    return room


@njit
def set_row(corner: Vec, i: int, i0: int, i1: int, j0: int, j1: int, fields: int, row: Floats) -> None:
    """Fields at the row's left end and their change per pixel, out of the four corners'."""
    a = (i - i0) / max(i1 - 1 - i0, 1)
    each = 1.0 / max(j1 - 1 - j0, 1)
    for k in range(fields):
        left = corner[0, k] + a * (corner[2, k] - corner[0, k])
        right = corner[1, k] + a * (corner[3, k] - corner[1, k])
        row[0, k] = left
        row[1, k] = (right - left) * each


@njit
def _track(corner: Vec, i: int, i0: int, i1: int, j0: int, j1: int) -> tuple[int, int, int, int]:
    """Texture place at the row's left end and its change per pixel, in 1/_FIX of sixteenths of a texel."""
    a = (i - i0) / max(i1 - 1 - i0, 1)
    each = 16.0 * _FIX / max(j1 - 1 - j0, 1)
    x0, y0 = corner[0, F_TU] + a * (corner[2, F_TU] - corner[0, F_TU]), corner[0, F_TV] + a * (corner[2, F_TV] - corner[0, F_TV])
    x1, y1 = corner[1, F_TU] + a * (corner[3, F_TU] - corner[1, F_TU]), corner[1, F_TV] + a * (corner[3, F_TV] - corner[1, F_TV])
    return int(x0 * 16.0 * _FIX), int(y0 * 16.0 * _FIX), int((x1 - x0) * each), int((y1 - y0) * each)


@njit
def look_row(tile: Words, corner: Vec, i: int, i0: int, i1: int, j0: int, j1: int, room: Floats) -> None:
    """Albedo, slopes and tilt of the row's pixels, which lie in one tile."""
    x, y, dx, dy = _track(corner, i, i0, i1, j0, j1)
    for j in range(j1 - j0):
        r, g, b, su, sv = raw(tile, (x >> 16) & _MASK, (y >> 16) & _MASK)
        room[_RAW + j], room[_RAW + 16 + j], room[_RAW + 32 + j], room[_RAW + 48 + j], room[_RAW + 64 + j] = r, g, b, su, sv
        x, y = x + dx, y + dy
    _prepare(room)


@njit
def search_row(
    words: Words, slots: Ints, plain: Vec, layer: int, corner: Vec, i: int, i0: int, i1: int, j0: int, j1: int, room: Floats
) -> None:
    """The same for a row that may lie in several tiles. ``plain``: the layer's row, whose colour stands in for a missing tile."""
    p0, p1, p2 = math.sqrt(plain[1] / ALBEDO), math.sqrt(plain[2] / ALBEDO), math.sqrt(plain[3] / ALBEDO)
    nu, nv = slots.shape[1] - 1, slots.shape[2] - 1
    x, y, dx, dy = _track(corner, i, i0, i1, j0, j1)
    for j in range(j1 - j0):
        x16, y16 = max(x >> 16, 0), max(y >> 16, 0)
        tu, tv = min(x16 >> _SHIFT, nu), min(y16 >> _SHIFT, nv)
        slot = slots[layer, tu, tv]
        r, g, b, su, sv = p0, p1, p2, FLAT, FLAT
        if slot >= 0:
            r, g, b, su, sv = raw(words[slot], min(x16 - (tu << _SHIFT), _MASK), min(y16 - (tv << _SHIFT), _MASK))
        room[_RAW + j], room[_RAW + 16 + j], room[_RAW + 32 + j], room[_RAW + 48 + j], room[_RAW + 64 + j] = r, g, b, su, sv
        x, y = x + dx, y + dy
    _prepare(room)


@njit
def _prepare(room: Floats) -> None:
    albedo, flat, slope = np.float32(ALBEDO), np.float32(FLAT), np.float32(SLOPE)
    for j in range(LANES):
        r, g, b = room[_RAW + j], room[_RAW + 16 + j], room[_RAW + 32 + j]
        room[_RHO + j], room[_RHO + 16 + j], room[_RHO + 32 + j] = r * r * albedo, g * g * albedo, b * b * albedo
        su, sv = (room[_RAW + 48 + j] - flat) * slope, (room[_RAW + 64 + j] - flat) * slope
        room[_SU + j], room[_SV + j] = su, sv
        room[_M + j] = _ONE / np.sqrt(_ONE + su * su + sv * sv)
        room[_SHINE + j], room[_SHINE + 16 + j], room[_SHINE + 32 + j] = _ZERO, _ZERO, _ZERO


@njit
def set_light(row: Floats, room: Floats) -> None:
    """Starts with the light of the first nine fields, weighed as daylight."""
    r0, g0, b0, r1, g1, b1 = row[0, 0], row[0, 1], row[0, 2], row[1, 0], row[1, 1], row[1, 2]
    ru0, gu0, bu0, ru1, gu1, bu1 = row[0, 3], row[0, 4], row[0, 5], row[1, 3], row[1, 4], row[1, 5]
    rv0, gv0, bv0, rv1, gv1, bv1 = row[0, 6], row[0, 7], row[0, 8], row[1, 6], row[1, 7], row[1, 8]
    for j in range(LANES):
        t, su, sv, day = room[_RAMP + j], room[_SU + j], room[_SV + j], room[DAY + j]
        room[_LIGHT + j] = day * ((r0 + t * r1) - su * (ru0 + t * ru1) - sv * (rv0 + t * rv1))
        room[_LIGHT + 16 + j] = day * ((g0 + t * g1) - su * (gu0 + t * gu1) - sv * (gv0 + t * gv1))
        room[_LIGHT + 32 + j] = day * ((b0 + t * b1) - su * (bu0 + t * bu1) - sv * (bv0 + t * bv1))


@njit
def add_part(row: Floats, at: int, share: int, room: Floats) -> None:
    """Adds a source whose nine fields stand from ``at`` on, weighed by the lane ``share``."""
    r0, g0, b0, r1, g1, b1 = row[0, at], row[0, at + 1], row[0, at + 2], row[1, at], row[1, at + 1], row[1, at + 2]
    ru0, gu0, bu0, ru1, gu1, bu1 = row[0, at + 3], row[0, at + 4], row[0, at + 5], row[1, at + 3], row[1, at + 4], row[1, at + 5]
    rv0, gv0, bv0, rv1, gv1, bv1 = row[0, at + 6], row[0, at + 7], row[0, at + 8], row[1, at + 6], row[1, at + 7], row[1, at + 8]
    for j in range(LANES):
        room[_M2 + j] = room[share + j]
    for j in range(LANES):
        t, su, sv, part = room[_RAMP + j], room[_SU + j], room[_SV + j], room[_M2 + j]
        room[_LIGHT + j] += part * ((r0 + t * r1) - su * (ru0 + t * ru1) - sv * (rv0 + t * rv1))
        room[_LIGHT + 16 + j] += part * ((g0 + t * g1) - su * (gu0 + t * gu1) - sv * (gv0 + t * gv1))
        room[_LIGHT + 32 + j] += part * ((b0 + t * b1) - su * (bu0 + t * bu1) - sv * (bv0 + t * bv1))


@njit
def add_shine(row: Floats, lamp: int, share: int, gloss: float, room: Floats) -> None:
    """Adds a lamp's highlight: the cosine to the half vector against what it is without the slopes, to the 32nd power as in
    `sim.light.lamp_at`."""
    at = F_GLINT + GLINT_FIELDS * lamp
    r0, g0, b0, u0, v0 = row[0, at], row[0, at + 1], row[0, at + 2], row[0, at + 3], row[0, at + 4]
    r1, g1, b1, u1, v1 = row[1, at], row[1, at + 1], row[1, at + 2], row[1, at + 3], row[1, at + 4]
    weight = np.float32(gloss)
    for j in range(LANES):
        t = room[_RAMP + j]
        p = _ONE - room[_SU + j] * (u0 + t * u1) - room[_SV + j] * (v0 + t * v1)
        p = (p if p > _ZERO else _ZERO) * room[_M + j]
        p = p * p
        p = p * p
        p = p * p
        p = p * p
        p = p * p
        p = (p if p < _MOST else _MOST) * weight
        if share >= 0:
            p *= room[max(share, 0) + j]
        room[_SHINE + j] += p * (r0 + t * r1)
        room[_SHINE + 16 + j] += p * (g0 + t * g1)
        room[_SHINE + 32 + j] += p * (b0 + t * b1)


@njit
def finish(row: Floats, room: Floats, i: int, j0: int, j1: int, radiance: Floats, depth: Floats) -> None:
    """Radiance and range of the row's pixels."""
    r0, g0, b0, d0 = row[0, F_ANY], row[0, F_ANY + 1], row[0, F_ANY + 2], row[0, F_RANGE]
    r1, g1, b1, d1 = row[1, F_ANY], row[1, F_ANY + 1], row[1, F_ANY + 2], row[1, F_RANGE]
    for j in range(LANES):
        t, m, day = room[_RAMP + j], room[_M + j], room[DAY + j]
        r, g, b = (
            day * (r0 + t * r1) + room[_LIGHT + j] * m,
            day * (g0 + t * g1) + room[_LIGHT + 16 + j] * m,
            day * (b0 + t * b1) + room[_LIGHT + 32 + j] * m,
        )
        room[_LIGHT + j] = room[_RHO + j] * (r if r > _ZERO else _ZERO) + room[_SHINE + j]
        room[_LIGHT + 16 + j] = room[_RHO + 16 + j] * (g if g > _ZERO else _ZERO) + room[_SHINE + 16 + j]
        room[_LIGHT + 32 + j] = room[_RHO + 32 + j] * (b if b > _ZERO else _ZERO) + room[_SHINE + 32 + j]
        room[_M + j] = d0 + t * d1
    # Unsigned indices: no question whether they count from the end.
    up, left = np.uint64(i), np.uint64(j0)
    for k in range(j1 - j0):
        lane, at = np.uint64(k), left + np.uint64(k)
        radiance[_C0, up, at] = room[_AT0 + lane]
        radiance[_C1, up, at] = room[_AT1 + lane]
        radiance[_C2, up, at] = room[_AT2 + lane]
        depth[up, at] = room[_AT3 + lane]
