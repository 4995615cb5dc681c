"""Numba kernels on the hull grid: nearest point, signed distance, ray cast. Scalar, sequential, no fastmath: bit-identical.

The surface is the triangle mesh of the grid (two triangles a patch), the port half; starboard is its mirror image. ``grid`` and
``normals`` are (nx, ns, 3), ``girths`` (nx, ns) is the girth s of each grid point, ``stations`` (nx,) their x.
"""

from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F")
Vec = NDArray[np.float64]


def njit(function: F) -> F:
    """numba.njit with caching, typed."""
    compiled: Any = numba.njit(cache=True, fastmath=False)(function)
    return compiled  # type: ignore[no-any-return]


@njit
def closest_on_triangle(px: float, py: float, pz: float, a: Vec, b: Vec, c: Vec) -> tuple[float, float, float]:
    """Barycentric (wa, wb, wc) of the point of triangle abc closest to p (Ericson, Real-Time Collision Detection, 5.1.5)."""
    abx, aby, abz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    acx, acy, acz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    apx, apy, apz = px - a[0], py - a[1], pz - a[2]
    d1 = abx * apx + aby * apy + abz * apz
    d2 = acx * apx + acy * apy + acz * apz
    if d1 <= 0.0 and d2 <= 0.0:
        return 1.0, 0.0, 0.0
    bpx, bpy, bpz = px - b[0], py - b[1], pz - b[2]
    d3 = abx * bpx + aby * bpy + abz * bpz
    d4 = acx * bpx + acy * bpy + acz * bpz
    if d3 >= 0.0 and d4 <= d3:
        return 0.0, 1.0, 0.0
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        v = d1 / (d1 - d3) if d1 != d3 else 0.0
        return 1.0 - v, v, 0.0
    cpx, cpy, cpz = px - c[0], py - c[1], pz - c[2]
    d5 = abx * cpx + aby * cpy + abz * cpz
    d6 = acx * cpx + acy * cpy + acz * cpz
    if d6 >= 0.0 and d5 <= d6:
        return 0.0, 0.0, 1.0
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        w = d2 / (d2 - d6) if d2 != d6 else 0.0
        return 1.0 - w, 0.0, w
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and (d4 - d3) >= 0.0 and (d5 - d6) >= 0.0:
        total = (d4 - d3) + (d5 - d6)
        w = (d4 - d3) / total if total != 0.0 else 0.0
        return 0.0, 1.0 - w, w
    total = va + vb + vc
    if total == 0.0:
        return 1.0, 0.0, 0.0
    return va / total, vb / total, vc / total


@njit
def _nearest_vertex(stations: Vec, grid: Vec, px: float, py: float, pz: float) -> tuple[int, int]:
    nx, ns = grid.shape[0], grid.shape[1]
    middle = min(max(np.searchsorted(stations, px), 0), nx - 1)
    best, bi, bj = 1e30, 0, 0
    for step in range(nx):
        grew = False
        for sign in range(2):
            i = middle + step if sign == 0 else middle - step - 1
            if i < 0 or i >= nx:
                continue
            dx = stations[i] - px
            if dx * dx >= best:
                continue
            grew = True
            for j in range(ns):
                ex, ey, ez = grid[i, j, 0] - px, grid[i, j, 1] - py, grid[i, j, 2] - pz
                d = ex * ex + ey * ey + ez * ez
                if d < best:
                    best, bi, bj = d, i, j
        if not grew and step > 0:
            break
    return bi, bj


@njit
def nearest_kernel(
    stations: Vec, girths: Vec, grid: Vec, normals: Vec, px: float, py: float, pz: float
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """(side sign: +1 port, x, s, signed distance, normal x, y, z, point x, y, z), ship frame [m].

    Exact on the mesh around the nearest grid point; negative inside.
    """
    mirror = 1.0 if py >= 0.0 else -1.0
    py = abs(py)
    nx, ns = grid.shape[0], grid.shape[1]
    vi, vj = _nearest_vertex(stations, grid, px, py, pz)
    best = 1e30
    out = np.zeros(8)
    for i in range(max(vi - 1, 0), min(vi + 1, nx - 1)):
        for j in range(max(vj - 4, 0), min(vj + 4, ns - 1)):
            for half in range(2):
                i1, j1 = (i + 1, j) if half == 0 else (i + 1, j + 1)
                i2, j2 = (i + 1, j + 1) if half == 0 else (i, j + 1)
                wa, wb, wc = closest_on_triangle(px, py, pz, grid[i, j], grid[i1, j1], grid[i2, j2])
                qx = wa * grid[i, j, 0] + wb * grid[i1, j1, 0] + wc * grid[i2, j2, 0]
                qy = wa * grid[i, j, 1] + wb * grid[i1, j1, 1] + wc * grid[i2, j2, 1]
                qz = wa * grid[i, j, 2] + wb * grid[i1, j1, 2] + wc * grid[i2, j2, 2]
                d = (px - qx) ** 2 + (py - qy) ** 2 + (pz - qz) ** 2
                if d < best:
                    best = d
                    out[0] = wa * girths[i, j] + wb * girths[i1, j1] + wc * girths[i2, j2]
                    for k in range(3):
                        out[1 + k] = wa * normals[i, j, k] + wb * normals[i1, j1, k] + wc * normals[i2, j2, k]
                    out[4], out[5], out[6] = qx, qy, qz
    length = np.sqrt(out[1] ** 2 + out[2] ** 2 + out[3] ** 2)
    n0, n1, n2 = out[1] / length, out[2] / length, out[3] / length
    inside = (px - out[4]) * n0 + (py - out[5]) * n1 + (pz - out[6]) * n2
    distance = np.sqrt(best) if inside >= 0.0 else -np.sqrt(best)
    return mirror, out[4], out[0], distance, n0, n1 * mirror, n2, out[4], out[5] * mirror, out[6]


@njit
def signed_distance_kernel(stations: Vec, girths: Vec, grid: Vec, normals: Vec, px: float, py: float, pz: float) -> float:
    """Distance [m] to the hull, negative inside."""
    return nearest_kernel(stations, girths, grid, normals, px, py, pz)[3]


@njit
def raycast_kernel(stations: Vec, girths: Vec, grid: Vec, normals: Vec, origin: Vec, direction: Vec, max_m: float) -> float:
    """Range [m] along unit ``direction`` to the bare hull by sphere tracing to 1 mm; -1 where it misses within ``max_m``."""
    t = 0.0
    for _ in range(200):
        d = signed_distance_kernel(
            stations,
            girths,
            grid,
            normals,
            origin[0] + t * direction[0],
            origin[1] + t * direction[1],
            origin[2] + t * direction[2],
        )
        if d < 1e-3:
            return t
        t += d
        if t > max_m:
            return -1.0
    return -1.0
