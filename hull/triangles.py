"""Triangles, scalar: the closest point and the ray hit. No fastmath: bit-identical runs."""

from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F")
Vec = NDArray[np.float64]
_EDGE = 1e-9  # rays that pass this far beyond an edge still hit, so that none slips between neighbours


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
def ray_triangle(o: tuple[float, float, float], d: tuple[float, float, float], a: Vec, b: Vec, c: Vec) -> float:
    """Range along ``d`` from ``o`` to triangle abc, hit from either side; -1 where it misses (Moller and Trumbore, 1997)."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    hx, hy, hz = d[1] * vz - d[2] * vy, d[2] * vx - d[0] * vz, d[0] * vy - d[1] * vx
    det = ux * hx + uy * hy + uz * hz
    if abs(det) < 1e-14:
        return -1.0
    sx, sy, sz = o[0] - a[0], o[1] - a[1], o[2] - a[2]
    u = (sx * hx + sy * hy + sz * hz) / det
    qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
    v = (d[0] * qx + d[1] * qy + d[2] * qz) / det
    if u < -_EDGE or v < -_EDGE or u + v > 1.0 + _EDGE:
        return -1.0
    t = (vx * qx + vy * qy + vz * qz) / det
    return t if t >= 0.0 else -1.0
