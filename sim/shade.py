"""Per-pixel shading: texture, bumped normal, lamps with soft shadows, daylight. Linear radiance out, before veil and lens."""

import math

import numpy as np
from numpy.typing import NDArray

from hull.kernels import njit
from sim.textures import TEXELS
from sim.water_optics import LAMP_INTENSITY, STEP_M

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]


@njit
def wanted_tiles(
    face_of: Ints, w1_of: Vec, w2_of: Vec, faces: Ints, uv: Vec, layer_of: Ints, tile_m: float, wanted: Bytes
) -> None:  # fmt: skip
    """Marks ``wanted[layer, tile u, tile v]`` for what every second pixel of every second row shows, and its neighbours' edges."""
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
def _sample(tiles: Bytes, slots: Ints, layers: Vec, layer: int, u: float, v: float, texel: float, out: Vec) -> None:
    """Albedo (0–2), slopes (3, 4) and gloss (5) at a place, bilinear. A tile missed by `wanted_tiles` gives the plain colour."""
    x, y = max(u, 0.0) / texel, max(v, 0.0) / texel
    tu, tv = min(int(x) // TEXELS, slots.shape[1] - 1), min(int(y) // TEXELS, slots.shape[2] - 1)
    slot = slots[layer, tu, tv]
    if slot < 0:
        out[0], out[1], out[2] = layers[layer, 1], layers[layer, 2], layers[layer, 3]
        out[3], out[4], out[5] = 0.0, 0.0, layers[layer, 5]
        return
    x, y = min(x - tu * TEXELS, TEXELS - 1e-6), min(y - tv * TEXELS, TEXELS - 1e-6)
    j, i = int(x), int(y)
    a, b = x - j, y - i
    w00, w01, w10, w11 = (1.0 - a) * (1.0 - b), a * (1.0 - b), (1.0 - a) * b, a * b
    tile = tiles[slot]
    for k in range(5):
        value = w00 * tile[i, j, k] + w01 * tile[i, j + 1, k] + w10 * tile[i + 1, j, k] + w11 * tile[i + 1, j + 1, k]
        if k < 3:
            out[k] = value * value * (1.0 / 65025.0)
        else:
            out[k] = (value - 128.0) * (1.0 / 64.0)
    out[5] = tile[i, j, 5] * (1.0 / 255.0)


@njit
def _lit(shadow: Vec, grid: Vec, x: float, y: float, z: float) -> float:
    """How much of a lamp reaches a point given in the lamp's own frame: 2 × 2 comparisons in its depth map."""
    if z < 0.05:
        return 1.0
    px, py = grid[0] + grid[2] * x / z, grid[1] + grid[2] * y / z
    h, w = shadow.shape
    j, i = int(math.floor(px)), int(math.floor(py))
    if j < 0 or i < 0 or j >= w - 1 or i >= h - 1:
        return 1.0
    a, b = px - j, py - i
    limit = 1.0 / (z - 0.018) if z > 0.04 else 1e9
    dark = 0.0
    if shadow[i, j] > limit:
        dark += (1.0 - a) * (1.0 - b)
    if shadow[i, j + 1] > limit:
        dark += a * (1.0 - b)
    if shadow[i + 1, j] > limit:
        dark += (1.0 - a) * b
    if shadow[i + 1, j + 1] > limit:
        dark += a * b
    return 1.0 - dark


@njit
def _bumped(n: Vec, along: Vec, su: float, sv: float) -> None:
    """Tilts the unit normal ``n`` by the relief's slopes along ``along`` and across it."""
    d = along[0] * n[0] + along[1] * n[1] + along[2] * n[2]
    t0, t1, t2 = along[0] - d * n[0], along[1] - d * n[1], along[2] - d * n[2]
    m = math.sqrt(t0 * t0 + t1 * t1 + t2 * t2)
    if m < 1e-6:
        return
    t0, t1, t2 = t0 / m, t1 / m, t2 / m
    b0, b1, b2 = n[1] * t2 - n[2] * t1, n[2] * t0 - n[0] * t2, n[0] * t1 - n[1] * t0
    n0, n1, n2 = n[0] - su * t0 - sv * b0, n[1] - su * t1 - sv * b1, n[2] - su * t2 - sv * b2
    m = 1.0 / math.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
    n[0], n[1], n[2] = n0 * m, n1 * m, n2 * m


@njit
def _lamps(n: Vec, px: float, py: float, pz: float, dv: float, gloss: float, lamps: Vec, shadows: Vec, grid: Vec, table: Floats,
           matt: Vec, shine: Vec) -> None:  # fmt: skip
    """Adds diffuse irradiance and highlight of all lamps, attenuated all the way to the lens."""
    last = table.shape[0] - 1
    for k in range(lamps.shape[0]):
        lx, ly, lz = lamps[k, 0] - px, lamps[k, 1] - py, lamps[k, 2] - pz
        d2 = lx * lx + ly * ly + lz * lz
        d = math.sqrt(d2)
        facing = (n[0] * lx + n[1] * ly + n[2] * lz) / d
        beam = -lz / d
        if facing <= 0.0 or beam <= 0.0:
            continue
        light = LAMP_INTENSITY * beam * beam / d2
        if shadows.shape[0] > 0:
            light *= _lit(shadows[k], grid, -lx, -ly, -lz)
        at = min(int((d + dv) / STEP_M + 0.5), last)
        hx, hy, hz = lx / d - px / dv, ly / d - py / dv, lz / d - pz / dv
        half = (n[0] * hx + n[1] * hy + n[2] * hz) / math.sqrt(hx * hx + hy * hy + hz * hz)
        p = half * half
        p = p * p
        p = p * p
        p = p * p
        bright = gloss * p * p * light
        for m in range(3):
            matt[m] += light * facing * table[at, m]
            shine[m] += bright * table[at, m]


@njit
def shade(
    inv_z: Vec, face_of: Ints, w1_of: Vec, w2_of: Vec, rays_x: Vec, rays_y: Vec, faces: Ints, normals: Vec, uv: Vec, layer_of: Ints,
    along_of: Vec, turn: Vec, tiles: Bytes, slots: Ints, layers: Vec, texel: float, lamps: Vec, shadows: Vec, grid: Vec, table: Floats,
    day: Vec, kd: Vec, down: Vec, radiance: Floats, depth: Floats,
) -> None:  # fmt: skip
    """Fills ``radiance`` (h, w, 3) R, G, B and ``depth`` (range along the ray [m], 1e3 for water). ``day``: daylight irradiance at the
    camera, ``down``: the world's down in the camera frame."""
    n, tex = np.empty(3), np.empty(6)
    matt, shine, along = np.empty(3), np.empty(3), np.empty(3)
    last = table.shape[0] - 1
    for i in range(face_of.shape[0]):
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
            m = 1.0 / max(math.sqrt(s0 * s0 + s1 * s1 + s2 * s2), 1e-9)
            layer = layer_of[f]
            for k in range(3):
                n[k] = (turn[k, 0] * s0 + turn[k, 1] * s1 + turn[k, 2] * s2) * m
                along[k] = along_of[f, k]
                matt[k], shine[k] = 0.0, 0.0
            u = w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]
            v = w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]
            _sample(tiles, slots, layers, layer, u, v, texel, tex)
            if tex[3] != 0.0 or tex[4] != 0.0:
                _bumped(n, along, tex[3], -tex[4] if layer == 0 else tex[4])
            _lamps(n, px, py, z, dv, tex[5], lamps, shadows, grid, table, matt, shine)
            deeper = px * down[0] + py * down[1] + z * down[2]
            sky = 0.5 - 0.5 * (n[0] * down[0] + n[1] * down[1] + n[2] * down[2])
            at = min(int(dv / STEP_M + 0.5), last)
            for k in range(3):
                e = kd[k] * deeper
                fading = 1.0 - e + 0.5 * e * e if abs(e) < 1.0 else math.exp(-e)
                radiance[i, j, k] = tex[k] * (matt[k] + day[k] * fading * sky * table[at, k]) + shine[k]
