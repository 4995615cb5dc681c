"""Compiled inner loops. Scalar, sequential, no fastmath: bit-identical."""

import numpy as np
from numpy.typing import NDArray

from hull.kernels import njit

Vec = NDArray[np.float64]
Map = NDArray[np.float32]
_NEWTON = 5


@njit
def block_moments(a: NDArray[np.uint8], b: NDArray[np.uint8], out: Map) -> None:
    """Means over every 2 × 2 pixels of a, b, a², b² and a·b, into ``out`` (5, rows, cols)."""
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            sum_a = sum_b = sum_aa = sum_bb = sum_ab = 0
            for k in range(2):
                for n in range(2):
                    p, q = int(a[2 * i + k, 2 * j + n]), int(b[2 * i + k, 2 * j + n])
                    sum_a += p
                    sum_b += q
                    sum_aa += p * p
                    sum_bb += q * q
                    sum_ab += p * q
            out[0, i, j], out[1, i, j] = 0.25 * sum_a, 0.25 * sum_b
            out[2, i, j], out[3, i, j], out[4, i, j] = 0.25 * sum_aa, 0.25 * sum_bb, 0.25 * sum_ab


@njit
def largest_rectangle(clear: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """(row0, col0, row1, col1), ends excluded, of the largest all-true rectangle; the first of equals; empty if none."""
    rows, cols = clear.shape
    best = (0, 0, 0, 0)
    area = 0
    for top in range(rows):
        run = clear[top].copy()
        for bottom in range(top, rows):
            start, length, here = 0, 0, 0
            for col in range(cols):
                run[col] = run[col] and clear[bottom, col]
                here = here + 1 if run[col] else 0
                if here > length:
                    length, start = here, col + 1 - here
            if length == 0:
                break
            if length * (bottom + 1 - top) > area:
                area = length * (bottom + 1 - top)
                best = (top, start, bottom + 1, start + length)
    return best


@njit
def _patch_at(points: Vec, u: float, v: float, step: float, out: Vec) -> None:
    """The point at grid place (u, v) and its derivatives along x and girth, into ``out`` (3, 3)."""
    u, v = min(max(u, 0.0), points.shape[0] - 1.0001), min(max(v, 0.0), points.shape[1] - 1.0001)
    i, j = int(u), int(v)
    a, b = u - i, v - j
    for k in range(3):
        p00, p10, p01, p11 = points[i, j, k], points[i + 1, j, k], points[i, j + 1, k], points[i + 1, j + 1, k]
        low, high = p00 + a * (p10 - p00), p01 + a * (p11 - p01)
        left, right = p00 + b * (p01 - p00), p10 + b * (p11 - p10)
        out[0, k], out[1, k], out[2, k] = low + b * (high - low), (right - left) / step, (high - low) / step


@njit
def _tangent_step(at: Vec, miss: Vec) -> tuple[float, float]:
    """Least squares of miss = a·dx + b·ds."""
    xx = ss = xs = mx = ms = 0.0
    for k in range(3):
        xx += at[1, k] * at[1, k]
        ss += at[2, k] * at[2, k]
        xs += at[1, k] * at[2, k]
        mx += miss[k] * at[1, k]
        ms += miss[k] * at[2, k]
    det = max(xx * ss - xs * xs, 1e-9)
    return (ss * mx - xs * ms) / det, (xx * ms - xs * mx) / det


@njit
def _aim(at: Vec, centre: Vec, ray: Vec, miss: Vec) -> tuple[float, float]:
    """(distance along the ray to the tangent plane, cosine between the ray and the normal); ``miss``: from the tangent point."""
    n0 = at[1, 1] * at[2, 2] - at[1, 2] * at[2, 1]
    n1 = at[1, 2] * at[2, 0] - at[1, 0] * at[2, 2]
    n2 = at[1, 0] * at[2, 1] - at[1, 1] * at[2, 0]
    norm = np.sqrt(n0 * n0 + n1 * n1 + n2 * n2) + 1e-12
    n0, n1, n2 = n0 / norm, n1 / norm, n2 / norm
    slope = n0 * ray[0] + n1 * ray[1] + n2 * ray[2]
    cos = abs(slope) / np.sqrt(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2])
    if abs(slope) < 1e-3:
        slope = 1e-3
    gap = n0 * (at[0, 0] - centre[0]) + n1 * (at[0, 1] - centre[1]) + n2 * (at[0, 2] - centre[2])
    forward = gap / slope
    for k in range(3):
        miss[k] = centre[k] + forward * ray[k] - at[0, k]
    return forward, cos


@njit
def meet_rays(points: Vec, grid: tuple[float, float, float], start: tuple[float, float], eye: Vec, rays: Vec, out: Vec) -> None:
    """Newton's iteration for each ray from ``eye``. ``grid``: x and girth of ``points[0, 0]``, and the step; ``start``: x and
    girth. ``out`` (n, 6): x, girth, height of the place, distance along the ray, cosine of incidence, how far it is missed by."""
    at, miss = np.empty((3, 3)), np.empty(3)
    x0, s0, step = grid
    for n in range(rays.shape[0]):
        x, s = start
        forward, cos = 0.0, 0.0
        for _ in range(_NEWTON):
            _patch_at(points, (x - x0) / step, (s - s0) / step, step, at)
            forward, cos = _aim(at, eye, rays[n], miss)
            dx, ds = _tangent_step(at, miss)
            x, s = x + min(max(dx, -1.0), 1.0), s + min(max(ds, -1.0), 1.0)
            if max(abs(dx), abs(ds)) < 1e-5:
                break
        _patch_at(points, (x - x0) / step, (s - s0) / step, step, at)
        square = 0.0
        for k in range(3):
            square += (eye[k] + forward * rays[n, k] - at[0, k]) ** 2
        out[n, 0], out[n, 1], out[n, 2], out[n, 3], out[n, 4], out[n, 5] = x, s, at[0, 2], forward, cos, np.sqrt(square)
