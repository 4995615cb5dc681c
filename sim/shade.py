"""Per-pixel shading: texture, bumped normal, lamps with soft shadows, daylight. Linear radiance out, before veil and lens."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from sim.noise import njit, njit_rows
from sim.water_optics import LAMP_INTENSITY, STEP_M

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
BLOCK = 8


@njit
def wanted_tiles(
    face_of: Ints, w1_of: Vec, w2_of: Vec, faces: Ints, uv: Vec, layer_of: Ints, tile_m: float, wanted: Bytes
) -> None:
    """Marks ``wanted[layer, tile u, tile v]`` for what every second pixel of every second row shows."""
    nu, nv = wanted.shape[1], wanted.shape[2]
    for i in range(0, face_of.shape[0], 2):
        for j in range(0, face_of.shape[1], 2):
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
def _slot(slots: Ints, layer: int, x: float, y: float, size: int) -> tuple[int, int, int]:
    """(slot or -1, first texel u, first texel v) of the tile that holds texel (x, y)."""
    tu, tv = min(int(x) // size, slots.shape[1] - 1), min(int(y) // size, slots.shape[2] - 1)
    return slots[layer, tu, tv], tu * size, tv * size


@njit
def _texel(tiles: Bytes, slot: int, i: int, j: int, k: int, a: float, b: float) -> float:
    top = float(tiles[slot, i, j, k]) + a * (float(tiles[slot, i, j + 1, k]) - float(tiles[slot, i, j, k]))
    low = float(tiles[slot, i + 1, j, k]) + a * (float(tiles[slot, i + 1, j + 1, k]) - float(tiles[slot, i + 1, j, k]))
    return top + b * (low - top)


@njit
def _look(
    tiles: Bytes, slots: Ints, layers: Vec, layer: int, x: float, y: float
) -> tuple[float, float, float, float, float, float]:
    """Albedo R, G, B, slopes u, v and gloss at texel (x, y), bilinear. A tile missed by `wanted_tiles` gives the plain colour."""
    size = tiles.shape[1] - 1
    slot, u0, v0 = _slot(slots, layer, max(x, 0.0), max(y, 0.0), size)
    if slot < 0:
        return layers[layer, 1], layers[layer, 2], layers[layer, 3], 0.0, 0.0, layers[layer, 5]
    x, y = min(max(x, 0.0) - u0, size - 1e-6), min(max(y, 0.0) - v0, size - 1e-6)
    j, i = int(x), int(y)
    a, b = x - j, y - i
    r, g, bl = _texel(tiles, slot, i, j, 0, a, b), _texel(tiles, slot, i, j, 1, a, b), _texel(tiles, slot, i, j, 2, a, b)
    su = (_texel(tiles, slot, i, j, 3, a, b) - 128.0) / 64.0
    sv = (_texel(tiles, slot, i, j, 4, a, b) - 128.0) / 64.0
    return r * r / 65025.0, g * g / 65025.0, bl * bl / 65025.0, su, sv, layers[layer, 5]


@njit
def _lit(shadows: Floats, lamp: int, grid: Vec, x: float, y: float, z: float) -> float:
    """How much of a lamp reaches a point given in the lamp's own frame: 2 × 2 comparisons in its depth map."""
    if z < 0.05:
        return 1.0
    inv = 1.0 / z
    px, py = grid[0] + grid[2] * x * inv, grid[1] + grid[2] * y * inv
    h, w = shadows.shape[1], shadows.shape[2]
    if px < 0.0 or py < 0.0 or px >= w - 1 or py >= h - 1:
        return 1.0
    j, i = int(px), int(py)
    a, b = px - j, py - i
    limit = 1.0 / (z - 0.018)
    dark = 0.0
    if shadows[lamp, i, j] > limit:
        dark += (1.0 - a) * (1.0 - b)
    if shadows[lamp, i, j + 1] > limit:
        dark += a * (1.0 - b)
    if shadows[lamp, i + 1, j] > limit:
        dark += (1.0 - a) * b
    if shadows[lamp, i + 1, j + 1] > limit:
        dark += a * b
    return 1.0 - dark


@njit
def _bumped(n0: float, n1: float, n2: float, a0: float, a1: float, a2: float, su: float, sv: float) -> tuple[float, float, float]:
    """The unit normal tilted by the relief's slopes along the direction ``a`` and across it."""
    d = a0 * n0 + a1 * n1 + a2 * n2
    t0, t1, t2 = a0 - d * n0, a1 - d * n1, a2 - d * n2
    m = t0 * t0 + t1 * t1 + t2 * t2
    if m < 1e-12:
        return n0, n1, n2
    m = 1.0 / math.sqrt(m)
    t0, t1, t2 = t0 * m, t1 * m, t2 * m
    b0, b1, b2 = n1 * t2 - n2 * t1, n2 * t0 - n0 * t2, n0 * t1 - n1 * t0
    o0, o1, o2 = n0 - su * t0 - sv * b0, n1 - su * t1 - sv * b1, n2 - su * t2 - sv * b2
    m = 1.0 / math.sqrt(o0 * o0 + o1 * o1 + o2 * o2)
    return o0 * m, o1 * m, o2 * m


@njit
def _lamp(
    n0: float, n1: float, n2: float, v0: float, v1: float, v2: float, lx: float, ly: float, lz: float
) -> tuple[float, float, float, float]:
    """(distance, intensity there, cosine of incidence, highlight) of a lamp at (lx, ly, lz) from the point; v: unit view."""
    d2 = lx * lx + ly * ly + lz * lz
    d = math.sqrt(d2)
    inv = 1.0 / d
    facing = (n0 * lx + n1 * ly + n2 * lz) * inv
    beam = -lz * inv
    if facing <= 0.0 or beam <= 0.0:
        return d, 0.0, 0.0, 0.0
    hx, hy, hz = lx * inv - v0, ly * inv - v1, lz * inv - v2
    half = n0 * hx + n1 * hy + n2 * hz
    p = half * half / (hx * hx + hy * hy + hz * hz)
    p = p * p
    p = p * p
    p = p * p
    return d, LAMP_INTENSITY * beam * beam * inv * inv, facing, p * p


@njit
def shadow_blocks(inv_z: Vec, rays_x: Vec, rays_y: Vec, lamps: Vec, shadows: Floats, grid: Vec, size: int, marks: Bytes) -> None:
    """Marks the blocks of ``size`` pixels, and their neighbours, where any lamp is hidden from any of every fourth pixels."""
    for i in range(0, inv_z.shape[0], 4):
        for j in range(0, inv_z.shape[1], 4):
            if inv_z[i, j] <= 0.0:
                continue
            z = 1.0 / inv_z[i, j]
            px, py = rays_x[i, j] * z, rays_y[i, j] * z
            for k in range(lamps.shape[0]):
                if _lit(shadows, k, grid, px - lamps[k, 0], py - lamps[k, 1], z - lamps[k, 2]) < 1.0:
                    bi, bj = i // size, j // size
                    for a in range(max(bi - 1, 0), min(bi + 2, marks.shape[0])):
                        for b in range(max(bj - 1, 0), min(bj + 2, marks.shape[1])):
                            marks[a, b] = 1
                    break


@njit_rows
def shade(
    inv_z: Vec,
    face_of: Ints,
    w1_of: Vec,
    w2_of: Vec,
    rays_x: Vec,
    rays_y: Vec,
    faces: Ints,
    normals: Vec,
    uv: Vec,
    layer_of: Ints,
    part_of: Ints,
    along_of: Vec,
    turn: Vec,
    tiles: Bytes,
    slots: Ints,
    layers: Vec,
    texel: float,
    lamps: Vec,
    shadows: Floats,
    grid: Vec,
    table: Floats,
    day: Vec,
    kd: Vec,
    down: Vec,
    radiance: Floats,
    depth: Floats,
) -> None:
    """Fills ``radiance`` (h, w, 3) R, G, B and ``depth`` (range along the ray [m], 1e3 for water). ``day``: daylight irradiance
    at the camera, ``down``: the world's down in the camera frame, ``along_of``: each part's texture direction u there."""
    last = table.shape[0] - 1
    per_texel, per_step = 1.0 / texel, 1.0 / STEP_M
    blocks = np.zeros((face_of.shape[0] // BLOCK + 1, face_of.shape[1] // BLOCK + 1), np.uint8)
    if shadows.shape[0] > 0:
        shadow_blocks(inv_z, rays_x, rays_y, lamps, shadows, grid, BLOCK, blocks)
    for i in numba.prange(face_of.shape[0]):
        for j in range(face_of.shape[1]):
            f = face_of[i, j]
            if f < 0:
                depth[i, j] = 1e3
                continue
            z = 1.0 / inv_z[i, j]
            px, py = rays_x[i, j] * z, rays_y[i, j] * z
            dv = math.sqrt(px * px + py * py + z * z)
            depth[i, j] = dv
            w1, w2 = w1_of[i, j], w2_of[i, j]
            w0 = 1.0 - w1 - w2
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            s0 = w0 * normals[a, 0] + w1 * normals[b, 0] + w2 * normals[c, 0]
            s1 = w0 * normals[a, 1] + w1 * normals[b, 1] + w2 * normals[c, 1]
            s2 = w0 * normals[a, 2] + w1 * normals[b, 2] + w2 * normals[c, 2]
            m = 1.0 / math.sqrt(max(s0 * s0 + s1 * s1 + s2 * s2, 1e-18))
            n0 = (turn[0, 0] * s0 + turn[0, 1] * s1 + turn[0, 2] * s2) * m
            n1 = (turn[1, 0] * s0 + turn[1, 1] * s1 + turn[1, 2] * s2) * m
            n2 = (turn[2, 0] * s0 + turn[2, 1] * s1 + turn[2, 2] * s2) * m
            layer = layer_of[f]
            x = w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]
            y = w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]
            rho0, rho1, rho2, su, sv, gloss = _look(tiles, slots, layers, layer, x * per_texel, y * per_texel)
            if su != 0.0 or sv != 0.0:
                p = part_of[f]
                n0, n1, n2 = _bumped(n0, n1, n2, along_of[p, 0], along_of[p, 1], along_of[p, 2], su, -sv if layer == 0 else sv)
            e0, e1, e2, m0, m1, m2 = px / dv, py / dv, z / dv, 0.0, 0.0, 0.0
            shadowed = blocks[i // BLOCK, j // BLOCK] > 0
            for k in range(lamps.shape[0]):
                lx, ly, lz = lamps[k, 0] - px, lamps[k, 1] - py, lamps[k, 2] - z
                d, light, facing, shine = _lamp(n0, n1, n2, e0, e1, e2, lx, ly, lz)
                if light <= 0.0:
                    continue
                if shadowed:
                    light *= _lit(shadows, k, grid, -lx, -ly, -lz)
                at = min(int((d + dv) * per_step + 0.5), last)
                facing, shine = facing * light, gloss * shine * light
                m0 += (rho0 * facing + shine) * table[at, 0]
                m1 += (rho1 * facing + shine) * table[at, 1]
                m2 += (rho2 * facing + shine) * table[at, 2]
            deeper = min(max(px * down[0] + py * down[1] + z * down[2], -1.0), 3.0)
            sky = 0.5 - 0.5 * (n0 * down[0] + n1 * down[1] + n2 * down[2])
            at = min(int(dv * per_step + 0.5), last)
            radiance[i, j, 0] = m0 + rho0 * sky * day[0] * table[at, 0] * _fading(kd[0] * deeper)
            radiance[i, j, 1] = m1 + rho1 * sky * day[1] * table[at, 1] * _fading(kd[1] * deeper)
            radiance[i, j, 2] = m2 + rho2 * sky * day[2] * table[at, 2] * _fading(kd[2] * deeper)


@njit
def _fading(e: float) -> float:
    """exp(-e) to 1 % for -0.8 < e < 1 (daylight within a picture), never negative."""
    return 1.0 / (1.0 + e + 0.5 * e * e) if e > 0.0 else 1.0 - e + 0.5 * e * e
