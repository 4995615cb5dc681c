"""Marine snow and bubbles. Snow is fixed in the drifting water, so that consecutive frames show the same particles, moved."""

import math

import numpy as np
from numpy.typing import NDArray

from sim.noise import hash3, mix64, njit, unit

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
CELL_M = 0.20
REACH_M = 1.4
SINK_MPS = 0.0015
MOST = 20_000


@njit
def splat(radiance: Floats, depth: Floats, snow: Vec, first: int, end: int) -> None:
    """Adds the particles of `find_snow` to rows ``first`` to ``end`` - 1 of ``radiance`` (3, h, w), where they are nearer than
    what is there."""
    w = depth.shape[1]
    for n in range(snow.shape[0]):
        x, y, d, sigma = snow[n, 0], snow[n, 1], snow[n, 2], snow[n, 3]
        reach, scale = math.ceil(2.5 * sigma), 1.0 / (2.0 * sigma * sigma)
        for i in range(max(int(y) - reach, first), min(int(y) + reach + 2, end)):
            for j in range(max(int(x) - reach, 0), min(int(x) + reach + 2, w)):
                if depth[i, j] >= d:
                    g = math.exp(-((j - x) ** 2 + (i - y) ** 2) * scale)
                    for k in range(3):
                        radiance[k, i, j] += np.float32(g * snow[n, 4 + k])


@njit
def find_snow(
    eye: Vec,
    turn: Vec,
    drift: Vec,
    density: float,
    seed: int,
    lens: Vec,
    lamps: Vec,
    table: Floats,
    step_m: float,
    day: Vec,
    out: Vec,
) -> int:
    """Lists in ``out`` (n, 7) the particles before the camera: pixel x and y, range [m], spread [px], brightness R, G, B;
    returns how many. ``eye``, ``turn`` (world → camera), ``drift`` (where the water went since t = 0): NED [m]. ``lens``: as in
    `sim.raster`."""
    found = 0
    expected = density * CELL_M**3
    base = eye - drift
    reach = math.ceil(REACH_M / CELL_M)
    i0, j0, k0 = math.floor(base[0] / CELL_M), math.floor(base[1] / CELL_M), math.floor(base[2] / CELL_M)
    ahead = turn[2]
    for di in range(-reach, reach + 1):
        for dj in range(-reach, reach + 1):
            for dk in range(-reach, reach + 1):
                i, j, k = i0 + di, j0 + dj, k0 + dk
                mx, my, mz = (i + 0.5) * CELL_M - base[0], (j + 0.5) * CELL_M - base[1], (k + 0.5) * CELL_M - base[2]
                if mx * ahead[0] + my * ahead[1] + mz * ahead[2] < -0.2:
                    continue
                bits = hash3(i, j, seed + 7907 * k)
                count = int(expected + unit(bits))
                for _ in range(count):
                    b1 = mix64(bits)
                    b2 = mix64(b1)
                    b3 = mix64(b2)
                    bits = mix64(b3)
                    dx = (i + unit(b1)) * CELL_M - base[0]
                    dy = (j + unit(b2)) * CELL_M - base[1]
                    dz = (k + unit(b3)) * CELL_M - base[2]
                    size = 0.0002 + 0.0008 * unit(bits) ** 5
                    if found < out.shape[0] and _particle(
                        dx, dy, dz, turn, size, 0.22, lens, lamps, table, step_m, day, out[found]
                    ):
                        found += 1
    return found


@njit
def find_bubbles(
    places: Vec, sizes: Vec, eye: Vec, turn: Vec, lens: Vec, lamps: Vec, table: Floats, step_m: float, day: Vec, out: Vec,
    found: int,
) -> int:  # fmt: skip
    """Adds to the ``found`` rows of `find_snow` the bubbles at ``places`` (n, 3) of ``sizes`` (n,) [m] that are before the
    camera; returns how many rows there are then. ``places``, ``eye`` and ``turn`` in one frame."""
    for k in range(places.shape[0]):
        dx, dy, dz = places[k, 0] - eye[0], places[k, 1] - eye[1], places[k, 2] - eye[2]
        if found < out.shape[0] and _particle(dx, dy, dz, turn, 0.5 * sizes[k], 0.5, lens, lamps, table, step_m, day, out[found]):
            found += 1
    return found


@njit
def _particle(
    dx: float,
    dy: float,
    dz: float,
    turn: Vec,
    size: float,
    albedo: float,
    lens: Vec,
    lamps: Vec,
    table: Floats,
    step_m: float,
    day: Vec,
    out: Vec,
) -> bool:
    """Fills a row of `find_snow`; False out of the picture."""
    x = turn[0, 0] * dx + turn[0, 1] * dy + turn[0, 2] * dz
    y = turn[1, 0] * dx + turn[1, 1] * dy + turn[1, 2] * dz
    z = turn[2, 0] * dx + turn[2, 1] * dy + turn[2, 2] * dz
    if z < 0.12:
        return False
    nx, ny = x / z, y / z
    if abs(nx) > lens[6] or abs(ny) > lens[7]:
        return False
    d = math.sqrt(x * x + y * y + z * z)
    q = nx * nx + ny * ny
    f = 1.0 + lens[4] * q + lens[5] * q * q
    px, py = lens[2] + lens[0] * f * nx, lens[3] + lens[1] * f * ny
    blur = 0.0011 * abs(1.0 / z - 1.25)
    sharp = lens[0] * size / z
    sigma = math.sqrt(0.45 + sharp * sharp + (lens[0] * blur) ** 2)
    share = min(sharp * sharp / (sigma * sigma) * 1.2, 1.0)
    last = table.shape[0] - 1
    out[0], out[1], out[2], out[3], out[4], out[5], out[6] = px, py, d, sigma, 0.0, 0.0, 0.0
    for k in range(lamps.shape[0]):
        lx, ly, lz = x - lamps[k, 0], y - lamps[k, 1], z - lamps[k, 2]
        r2 = lx * lx + ly * ly + lz * lz
        r = math.sqrt(r2)
        beam = max(lz / r, 0.0)
        at = min(int((r + d) / step_m + 0.5), last)
        for m in range(3):
            out[4 + m] += albedo * share * beam * beam / max(r2, 0.01) * table[at, m]
    at = min(int(d / step_m + 0.5), last)
    for m in range(3):
        out[4 + m] += 0.25 * share * day[m] * table[at, m]
    return True
