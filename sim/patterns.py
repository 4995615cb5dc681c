"""Patterns along one row of texels: noise by the row, growths, scratches, welds and painted marks.

A row of noise needs its lattice's values once, not at every texel: for each term the texels' lattice cells and weights are laid
out per tile (`lay_out`), the lattice row is blended per row (`noise_rows`). What comes out is `sim.noise.value_noise`, to
rounding.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim.noise import njit, uniform, value_noise

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

T_FIELD, T_AX, T_BX, T_AY, T_BY, T_SEED, T_WEIGHT, TERM = 0, 1, 2, 3, 4, 5, 6, 7
"""A term of noise: which field it adds to, x = AX u + BX and y = AY v + BY on its lattice, seed, weight."""


def terms_of(field: int, wide: float, high: float, count: int, seed: int, weight: float = 1.0) -> list[list[float]]:
    """``count`` octaves as in `sim.noise.octaves` of (u / wide, v / high)."""
    rows, amplitude, ax, bx, ay, by = [], 1.0, 1.0 / wide, 0.0, 1.0 / high, 0.0
    norm = sum(0.55**k for k in range(count))
    for k in range(count):
        rows.append([field, ax, bx, ay, by, seed + 101 * k, weight * amplitude / norm])
        amplitude *= 0.55
        ax, bx, ay, by = 2.03 * ax, 2.03 * bx + 17.3, 2.03 * ay, 2.03 * by - 9.1
    return rows


@njit
def lay_out(terms: Vec, u0: float, texel: float, cells: Ints, shares: Floats) -> int:
    """For each term and texel of a row: the lattice cell, counted from the row's first, and how far across it, smoothed.
    Returns how many lattice values a row needs at most."""
    most = 0
    for t in range(terms.shape[0]):
        first = math.floor(terms[t, T_AX] * u0 + terms[t, T_BX])
        for j in range(cells.shape[1]):
            x = terms[t, T_AX] * (u0 + j * texel) + terms[t, T_BX]
            at = math.floor(x)
            f = x - at
            cells[t, j] = at - first
            shares[t, j] = f * f * (3.0 - 2.0 * f)
            most = max(most, at - first + 2)
    return most


@njit
def noise_rows(terms: Vec, u0: float, v: float, seed: int, cells: Ints, shares: Floats, lattice: Floats, fields: Floats) -> None:
    """Sets the ``fields`` that ``terms`` name to their sums along the row at ``v``."""
    n = cells.shape[1]
    for t in range(terms.shape[0]):
        field = int(terms[t, T_FIELD])
        if t == 0 or field != int(terms[t - 1, T_FIELD]):
            fields[field] = 0.0
        y = terms[t, T_AY] * v + terms[t, T_BY]
        j = math.floor(y)
        f = y - j
        f = f * f * (3.0 - 2.0 * f)
        i, key = math.floor(terms[t, T_AX] * u0 + terms[t, T_BX]), seed + int(terms[t, T_SEED])
        weight = terms[t, T_WEIGHT]
        for k in range(cells[t, n - 1] + 2):
            low = uniform(i + k, j, key)
            lattice[k] = weight * (2.0 * (low + f * (uniform(i + k, j + 1, key) - low)) - 1.0)
        _blend(cells[t], shares[t], lattice, fields[field])


@njit
def _blend(cells: Ints, shares: Floats, lattice: Floats, out: Floats) -> None:
    for j in range(out.shape[0]):
        k = np.uint64(cells[j])
        a = lattice[k]
        out[j] += a + shares[j] * (lattice[k + np.uint64(1)] - a)


@njit
def fade(wavelength: float, texel: float) -> float:
    """How much of a pattern of that wavelength a texel can show."""
    return min(max((wavelength / texel - 1.0) / 1.5, 0.0), 1.0)


@njit
def step(low: float, high: float, x: float) -> float:
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit
def specks(
    x0: float, y: float, texel: float, cell: float, seed: int, most: float, density: Floats, cover: Floats, height: Floats
) -> None:
    """Adds round growths, at most one in a cell, to the ``cover`` and ``height`` [m] of a row. A growth is there for the texels
    whose ``density``, times ``most``, exceeds its luck."""
    n = cover.shape[0]
    dense = 0.0
    for j in range(n):
        dense = max(dense, most * density[j])
    i0, i1, row = math.floor(x0 / cell), math.floor((x0 + n * texel) / cell), math.floor(y / cell)
    for j in range(row - 1, row + 2):
        for i in range(i0 - 1, i1 + 2):
            pick = uniform(i, j, seed)
            if pick >= dense:
                continue
            r = cell * (0.14 + 0.32 * uniform(i, j, seed + 1) ** 2)
            cx, dy = (i + uniform(i, j, seed + 2)) * cell, y - (j + uniform(i, j, seed + 3)) * cell
            soft = max(0.25, texel / r)
            half = (1.6 + soft) ** 2 * r * r - dy * dy
            if half <= 0.0:
                continue
            half, crater0 = math.sqrt(half), 0.35 * uniform(i, j, seed + 5)
            for k in range(max(math.ceil((cx - half - x0) / texel), 0), min(math.floor((cx + half - x0) / texel) + 1, n)):
                if pick >= most * density[k]:
                    continue
                dx = x0 + k * texel - cx
                d = math.sqrt(dx * dx + dy * dy) / r
                d *= 1.0 + 0.35 * value_noise(1.3 * dx / r + 13 * i, 1.3 * dy / r + 7 * j, seed + 4)
                if d < 1.0 + soft:
                    c = (1.0 - step(1.0 - soft, 1.0 + soft, d)) * (1.0 - crater0 * (1.0 - step(0.2, 0.5, d)))
                    cover[k] = max(cover[k], c)
                    height[k] = max(height[k], r * c * 0.55)


@njit
def scratches(x0: float, y: float, texel: float, seed: int, out: Floats) -> None:
    """Sets ``out`` to how deep the row is scratched, 0 to 1."""
    cell, n = 0.35, out.shape[0]
    out[:] = 0.0
    width = max(0.0012, 0.7 * texel)
    i0, i1, row = math.floor(x0 / cell), math.floor((x0 + n * texel) / cell), math.floor(y / cell)
    for j in range(row - 1, row + 2):
        for i in range(i0 - 1, i1 + 2):
            if uniform(i, j, seed) > 0.45:
                continue
            cx, dy = (i + uniform(i, j, seed + 1)) * cell, y - (j + uniform(i, j, seed + 2)) * cell
            a = (uniform(i, j, seed + 3) - 0.5) * 1.2
            half = 0.04 + 0.13 * uniform(i, j, seed + 4)
            if abs(dy) > 0.7 * half + 2.0 * width:
                continue
            ca, sa, reach = math.cos(a), math.sin(a), half + 2.0 * width
            for k in range(max(math.ceil((cx - reach - x0) / texel), 0), min(math.floor((cx + reach - x0) / texel) + 1, n)):
                dx = x0 + k * texel - cx
                along = dx * ca + dy * sa
                off = abs(-dx * sa + dy * ca + 0.03 * (along / half) ** 2 * half)
                if abs(along) < half and off < 2.0 * width:
                    deep = (1.0 - off / (2.0 * width)) * (1.0 - (along / half) ** 2) * min(1.0, 0.0014 / width + 0.2)
                    out[k] = max(out[k], deep)


@njit
def seams(x0: float, y: float, texel: float, bead: Floats, near: Floats) -> None:
    """Sets height [m] and nearness 0–1 of the plating's own welds: butts every 6 m, staggered; seams every 1.9 m."""
    d1 = abs(y - 1.9 * math.floor(y / 1.9 + 0.5))
    b1, n1 = 0.0022 * math.exp(-((d1 / 0.005) ** 2)), math.exp(-((d1 / 0.03) ** 2))
    shift = 3.0 * (math.floor(y / 1.9) % 2)
    bead[:], near[:] = b1, n1
    n = bead.shape[0]
    for butt in range(math.ceil((x0 - 0.15 - shift) / 6.0), math.floor((x0 + n * texel + 0.15 - shift) / 6.0) + 1):
        middle = 6.0 * butt + shift - x0
        for j in range(max(math.ceil((middle - 0.15) / texel), 0), min(math.floor((middle + 0.15) / texel) + 1, n)):
            d = abs(j * texel - middle)
            if d < d1:
                bead[j], near[j] = 0.0022 * math.exp(-((d / 0.005) ** 2)), math.exp(-((d / 0.03) ** 2))


@njit
def lanes(x0: float, y: float, texel: float, seed: int, out: Floats) -> None:
    """Adds to ``out`` what sets roller lanes of 24 cm apart from each other."""
    last, tone = -(1 << 62), 0.0
    for j in range(out.shape[0]):
        lane = math.floor((x0 + j * texel) / 0.24)
        if lane != last:
            last, tone = lane, 0.05 * (uniform(lane, math.floor(y / 1.4 + uniform(lane, 3, seed)), seed + 11) - 0.5)
        out[j] += tone


@njit
def to(x: float, target: float, share: float) -> float:
    """From ``x`` a ``share`` of the way to ``target``."""
    return x + share * (target - x)


@njit
def mix(c: Vec, r: float, g: float, b: float, a: float) -> None:
    c[0] += a * (r - c[0])
    c[1] += a * (g - c[1])
    c[2] += a * (b - c[2])


@njit
def decal(c: Vec, d: Vec, u: float, v: float, grain: float) -> None:
    du, dv = u - d[2], v - d[3]
    reach = d[4] + d[5]
    if abs(du) > reach or abs(dv) > reach:
        return
    ca, sa = math.cos(d[6]), math.sin(d[6])
    a, b = ca * du + sa * dv, -sa * du + ca * dv
    if abs(a) > d[4] or abs(b) > d[5]:
        return
    worn = 0.9 if grain > -0.55 else 0.25
    if d[1] == 0.0:
        edge = min(d[4] - abs(a), d[5] - abs(b))
        ring = math.sqrt((a / d[4]) ** 2 + (b / d[5]) ** 2)
        strength = 0.9 if edge < 0.03 else (0.8 if ring < 0.62 else 0.35)
        mix(c, d[7], d[8], d[9], strength * worn)
    elif d[1] == 1.0:
        pitch = 0.2
        k = math.floor(b / pitch + 50.0)
        y = (b / pitch + 50.0 - k) * 2.0
        if y < 1.0 and _segment((a if d[0] == 1.0 else -a) / d[4], y, int(k) % 10):
            mix(c, d[7], d[8], d[9], worn)
    elif (a / d[4]) ** 2 + (b / d[5]) ** 2 < 1.0:
        mix(c, d[7], d[8], d[9], worn)


@njit
def _segment(a: float, y: float, digit: int) -> bool:
    """Seven-segment figure in a in [-1, 1], y in [0, 1]."""
    bits = (0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F)[digit]
    w = 0.16
    left, right, upper = a < -1.0 + 2.2 * w, a > 1.0 - 2.2 * w, y > 0.5
    on = (bits & 1 and y > 1.0 - w) or (bits & 8 and y < w) or (bits & 64 and abs(y - 0.5) < 0.5 * w)
    on = on or (bits & 2 and right and upper) or (bits & 4 and right and not upper)
    return bool(on or (bits & 16 and left and not upper) or (bits & 32 and left and upper))
