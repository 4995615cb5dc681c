"""Numba kernels on the unrolled surface: (x, girth s) -> point and normal, depth -> girth. Arguments as in `hull.kernels`.

Between two stations the section is a polyline whose corners lie, in turn, on the lines between grid points and on the patches'
diagonals: exactly the triangle mesh of `hull.kernels`, so that a place, its point and the nearest place to that point agree.
"""

import numpy as np

from hull.triangles import Vec, njit


@njit
def strip_at(stations: Vec, x: float) -> tuple[int, float]:
    """(i, u): the strip between stations that holds ``x`` and where in it, 0 to 1; beyond the ends, the end."""
    i = min(max(int(np.searchsorted(stations, x, side="right")) - 1, 0), len(stations) - 2)
    return i, min(max((x - stations[i]) / (stations[i + 1] - stations[i]), 0.0), 1.0)


@njit
def section_corner(field: Vec, i: int, u: float, k: int) -> float:
    """Corner ``k`` of 2 ns - 1 of the section at ``u`` in strip ``i``, of one (nx, ns) field."""
    return float((1.0 - u) * field[i, k // 2] + u * field[i + 1, (k + 1) // 2])


@njit
def place_kernel(stations: Vec, girths: Vec, grid: Vec, x: float, s: float) -> tuple[float, float, float]:
    """Port-side (x, y, z) [m] of a place; places beyond the plating's edge are moved to it."""
    i, u = strip_at(stations, x)
    low, high = 0, 2 * girths.shape[1] - 2
    while high - low > 1:
        middle = (low + high) // 2
        if section_corner(girths, i, u, middle) <= s:
            low = middle
        else:
            high = middle
    g0, g1 = section_corner(girths, i, u, low), section_corner(girths, i, u, high)
    v = min(max((s - g0) / (g1 - g0), 0.0), 1.0) if g1 > g0 else 0.0
    y = (1.0 - v) * section_corner(grid[:, :, 1], i, u, low) + v * section_corner(grid[:, :, 1], i, u, high)
    z = (1.0 - v) * section_corner(grid[:, :, 2], i, u, low) + v * section_corner(grid[:, :, 2], i, u, high)
    return (1.0 - u) * stations[i] + u * stations[i + 1], y, z


@njit
def normal_kernel(stations: Vec, girths: Vec, normals: Vec, x: float, s: float) -> tuple[float, float, float]:
    """Outward port-side unit normal, blended between the grid's corners: smooth across patches."""
    i, u = strip_at(stations, x)
    j, last = 0, girths.shape[1] - 2
    while j < last and (1.0 - u) * girths[i, j + 1] + u * girths[i + 1, j + 1] <= s:
        j += 1
    g0 = (1.0 - u) * girths[i, j] + u * girths[i + 1, j]
    g1 = (1.0 - u) * girths[i, j + 1] + u * girths[i + 1, j + 1]
    v = min(max((s - g0) / (g1 - g0), 0.0), 1.0) if g1 > g0 else 0.0
    n = np.zeros(3)
    for k in range(3):
        low = (1.0 - u) * normals[i, j, k] + u * normals[i + 1, j, k]
        n[k] = (1.0 - v) * low + v * ((1.0 - u) * normals[i, j + 1, k] + u * normals[i + 1, j + 1, k])
    length = np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2)
    return n[0] / length, n[1] / length, n[2] / length


@njit
def girth_at_height_kernel(stations: Vec, girths: Vec, grid: Vec, x: float, z: float) -> float:
    """The girth [m] at which the section at ``x`` last rises past height ``z``; its sheer above that, 0 below the keel."""
    i, u = strip_at(stations, x)
    heights = grid[:, :, 2]
    k = 2 * girths.shape[1] - 2
    if section_corner(heights, i, u, k) <= z:
        return section_corner(girths, i, u, k)
    while k > 0 and section_corner(heights, i, u, k) > z:
        k -= 1
    z0, z1 = section_corner(heights, i, u, k), section_corner(heights, i, u, k + 1)
    if z0 > z:
        return 0.0
    g0 = section_corner(girths, i, u, k)
    return g0 + (section_corner(girths, i, u, k + 1) - g0) * (z - z0) / (z1 - z0)
