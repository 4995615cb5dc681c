"""Numba kernels on the hull grid: nearest point, signed distance, ray cast. Scalar, sequential, no fastmath: bit-identical.

The plating is the triangle mesh of the grid (two triangles a patch: a b c and a c d, with a at (i, j), b at (i + 1, j), c at
(i + 1, j + 1), d at (i, j + 1)), the port half; starboard is its mirror image. Flat caps close it: the transom at the first
station, the stem's end at the last, a deck from sheer to sheer. ``grid`` and ``normals`` are (nx, ns, 3), ``girths`` (nx, ns) is
the girth s of each grid point, ``stations`` (nx,) their x. All in the ship frame [m].

Searches are exact: patches are passed over only when their bounding boxes are farther than the best point known.
"""

import numpy as np

from hull.places import section_corner, strip_at
from hull.triangles import Vec, closest_on_triangle, njit, ray_triangle

__all__ = ["Vec", "nearest_kernel", "njit", "raycast_kernel", "signed_distance_kernel"]


@njit
def _in_section(stations: Vec, grid: Vec, px: float, py: float, pz: float) -> bool:
    """Whether (|y|, z) lies within the mesh's section at ``px``, deck as lid; ``px`` is moved to the ship's ends."""
    i, u = strip_at(stations, px)
    py, inside = abs(py), False
    last_y, last_z = 0.0, 0.0
    for k in range(2 * grid.shape[1] - 1):
        y, z = section_corner(grid[:, :, 1], i, u, k), section_corner(grid[:, :, 2], i, u, k)
        if k > 0 and (last_z <= pz) != (z <= pz) and last_y + (y - last_y) * (pz - last_z) / (z - last_z) > py:
            inside = not inside
        last_y, last_z = y, z
    return inside


@njit
def _patch_gap2(grid: Vec, i: int, j: int, px: float, py: float, pz: float) -> float:
    """Squared distance to the bounding box of a patch."""
    gap2 = 0.0
    for k in range(3):
        p = px if k == 0 else (py if k == 1 else pz)
        low = min(grid[i, j, k], grid[i + 1, j, k], grid[i + 1, j + 1, k], grid[i, j + 1, k])
        high = max(grid[i, j, k], grid[i + 1, j, k], grid[i + 1, j + 1, k], grid[i, j + 1, k])
        gap = max(low - p, p - high, 0.0)
        gap2 += gap * gap
    return gap2


@njit
def _strip_gap2(stations: Vec, i: int, px: float) -> float:
    gap = float(max(stations[i] - px, px - stations[i + 1], 0.0))
    return gap * gap


@njit
def _search_strip(grid: Vec, i: int, px: float, py: float, pz: float, best: float, out: Vec) -> float:
    """Improves ``best`` (squared distance) within strip ``i``; ``out`` becomes (i, j, half, wa, wb, wc)."""
    for j in range(grid.shape[1] - 1):
        if _patch_gap2(grid, i, j, px, py, pz) >= best:
            continue
        for half in range(2):
            i1, j1 = (i + 1, j) if half == 0 else (i + 1, j + 1)
            i2, j2 = (i + 1, j + 1) if half == 0 else (i, j + 1)
            wa, wb, wc = closest_on_triangle(px, py, pz, grid[i, j], grid[i1, j1], grid[i2, j2])
            d2 = 0.0
            for k in range(3):
                p = px if k == 0 else (py if k == 1 else pz)
                e = p - (wa * grid[i, j, k] + wb * grid[i1, j1, k] + wc * grid[i2, j2, k])
                d2 += e * e
            if d2 < best:
                best = d2
                out[0], out[1], out[2], out[3], out[4], out[5] = i, j, half, wa, wb, wc
    return best


@njit
def _search_plating(stations: Vec, grid: Vec, px: float, py: float, pz: float, out: Vec) -> float:
    """Squared distance to the port plating's nearest point; ``out`` as in `_search_strip`."""
    middle, _u = strip_at(stations, px)
    best = 1e300
    for j in range(grid.shape[1]):
        dx, dy, dz = grid[middle, j, 0] - px, grid[middle, j, 1] - py, grid[middle, j, 2] - pz
        best = min(best, dx * dx + dy * dy + dz * dz)
    best = best * (1.0 + 1e-9) + 1e-18  # a bound that the search itself reaches again
    best = _search_strip(grid, middle, px, py, pz, best, out)
    low, high = middle - 1, middle + 1
    while low >= 0 or high < len(stations) - 1:
        if low >= 0:
            if _strip_gap2(stations, low, px) < best:
                best = _search_strip(grid, low, px, py, pz, best, out)
                low -= 1
            else:
                low = -1
        if high < len(stations) - 1:
            if _strip_gap2(stations, high, px) < best:
                best = _search_strip(grid, high, px, py, pz, best, out)
                high += 1
            else:
                high = len(stations)
    return best


@njit
def _deck_corners(grid: Vec, i: int) -> tuple[Vec, Vec, Vec, Vec]:
    """The deck over strip ``i`` of the port half: sheer aft, sheer forward, middle forward, middle aft. Flat across."""
    a, b = grid[i, -1].copy(), grid[i + 1, -1].copy()
    c, d = b.copy(), a.copy()
    c[1], d[1] = 0.0, 0.0
    return a, b, c, d


@njit
def _search_caps(stations: Vec, grid: Vec, px: float, py: float, pz: float, best: float, out: Vec) -> float:
    """Improves ``best`` on transom, stem's end and deck of the port half; ``out`` becomes (point, normal)."""
    for end in range(2):
        x = stations[0] if end == 0 else stations[-1]
        if (px - x) ** 2 < best and _in_section(stations, grid, x, py, pz):
            best = (px - x) ** 2
            out[0], out[1], out[2], out[3], out[4], out[5] = x, py, pz, 2.0 * end - 1.0, 0.0, 0.0
    for i in range(len(stations) - 1):
        if _strip_gap2(stations, i, px) >= best:
            continue
        a, b, c, d = _deck_corners(grid, i)
        for half in range(2):
            e, f = (b, c) if half == 0 else (c, d)
            wa, wb, wc = closest_on_triangle(px, py, pz, a, e, f)
            # By hand: whole-array arithmetic takes numba seconds to compile.
            x = wa * a[0] + wb * e[0] + wc * f[0]
            y = wa * a[1] + wb * e[1] + wc * f[1]
            z = wa * a[2] + wb * e[2] + wc * f[2]
            d2 = (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2
            if d2 < best:
                best = d2
                slope = (b[2] - a[2]) / (b[0] - a[0])
                length = np.sqrt(1.0 + slope * slope)
                out[0], out[1], out[2] = x, y, z
                out[3], out[4], out[5] = -slope / length, 0.0, 1.0 / length
    return best


@njit
def nearest_kernel(
    stations: Vec, girths: Vec, grid: Vec, normals: Vec, px: float, py: float, pz: float
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """(side sign: +1 port, x, s, signed distance, normal x, y, z, point x, y, z), ship frame [m].

    Distance (negative inside), normal and point are of the closed hull; x and s are of the plating's nearest place. They name the
    same point unless a cap (transom, stem's end, deck) is nearer. On the plating the normal is the smooth one.
    """
    mirror = 1.0 if py >= 0.0 else -1.0
    py = abs(py)
    w = np.zeros(6)
    best = _search_plating(stations, grid, px, py, pz, w)
    i, j, half = int(w[0]), int(w[1]), int(w[2])
    i1, j1 = (i + 1, j) if half == 0 else (i + 1, j + 1)
    i2, j2 = (i + 1, j + 1) if half == 0 else (i, j + 1)
    s = w[3] * girths[i, j] + w[4] * girths[i1, j1] + w[5] * girths[i2, j2]
    out = np.zeros(6)
    for k in range(3):
        out[k] = w[3] * grid[i, j, k] + w[4] * grid[i1, j1, k] + w[5] * grid[i2, j2, k]
        out[3 + k] = w[3] * normals[i, j, k] + w[4] * normals[i1, j1, k] + w[5] * normals[i2, j2, k]
    out[3:6] /= np.sqrt(out[3] ** 2 + out[4] ** 2 + out[5] ** 2)
    x = out[0]
    along = stations[0] <= px <= stations[-1]
    inside = along and _in_section(stations, grid, px, py, pz)
    # Outside, beside the ship and below the sheer, a cap's nearest point is on its edge, which is plating.
    if inside or not along or pz > grid[:, -1, 2].min():
        best = _search_caps(stations, grid, px, py, pz, best, out)
    distance = -np.sqrt(best) if inside else np.sqrt(best)
    return mirror, x, s, distance, out[3], out[4] * mirror, out[5], out[0], out[1] * mirror, out[2]


@njit
def signed_distance_kernel(stations: Vec, girths: Vec, grid: Vec, normals: Vec, px: float, py: float, pz: float) -> float:
    """Distance [m] to the closed hull, negative inside."""
    return nearest_kernel(stations, girths, grid, normals, px, py, pz)[3]


@njit
def _box_missed(grid: Vec, i: int, j: int, o: tuple[float, float, float], d: tuple[float, float, float], reach: float) -> bool:
    """Whether the ray passes a patch's bounding box (grown by 1 um) by, or reaches it only beyond ``reach``."""
    near, far = 0.0, reach
    for k in range(3):
        low = min(grid[i, j, k], grid[i + 1, j, k], grid[i + 1, j + 1, k], grid[i, j + 1, k]) - 1e-6
        high = max(grid[i, j, k], grid[i + 1, j, k], grid[i + 1, j + 1, k], grid[i, j + 1, k]) + 1e-6
        if abs(d[k]) < 1e-12:
            if o[k] < low or o[k] > high:
                return True
            continue
        t0, t1 = (low - o[k]) / d[k], (high - o[k]) / d[k]
        near, far = max(near, min(t0, t1)), min(far, max(t0, t1))
    return near > far


@njit
def _ray_strip(grid: Vec, i: int, o: tuple[float, float, float], d: tuple[float, float, float], best: float) -> float:
    """The first hit nearer than ``best`` on the port plating and port deck of strip ``i``, else ``best``."""
    for j in range(grid.shape[1] - 1):
        if _box_missed(grid, i, j, o, d, best):
            continue
        a, c = grid[i, j], grid[i + 1, j + 1]
        for half in range(2):
            t = ray_triangle(o, d, a, grid[i + 1, j], c) if half == 0 else ray_triangle(o, d, a, c, grid[i, j + 1])
            if 0.0 <= t < best:
                best = t
    if d[2] < 0.0:
        a, b, c, e = _deck_corners(grid, i)
        for half in range(2):
            t = ray_triangle(o, d, a, b, c) if half == 0 else ray_triangle(o, d, a, c, e)
            if 0.0 <= t < best:
                best = t
    return best


@njit
def raycast_kernel(stations: Vec, girths: Vec, grid: Vec, normals: Vec, origin: Vec, direction: Vec, max_m: float) -> float:
    """Range [m] along unit ``direction`` to the closed hull; 0 from inside it, -1 where it misses within ``max_m``."""
    ox, oy, oz = origin[0], origin[1], origin[2]
    dx, dy, dz = direction[0], direction[1], direction[2]
    if stations[0] <= ox <= stations[-1] and _in_section(stations, grid, ox, oy, oz):
        return 0.0
    best = max_m + 1e-9
    for end in range(2):
        x = stations[0] if end == 0 else stations[-1]
        if dx != 0.0 and 0.0 <= (x - ox) / dx < best:
            t = (x - ox) / dx
            if _in_section(stations, grid, x, oy + t * dy, oz + t * dz):
                best = t
    ends = ox + best * dx
    onward = 1 if dx >= 0.0 else -1
    near = 1.0 if oy >= 0.0 else -1.0
    i, last = strip_at(stations, ox - onward * 1e-6)[0], strip_at(stations, ends + onward * 1e-6)[0]
    while True:
        best = _ray_strip(grid, i, (ox, near * oy, oz), (dx, near * dy, dz), best)
        if -near * dy * best >= abs(oy) - 1e-5:
            best = _ray_strip(grid, i, (ox, -near * oy, oz), (dx, -near * dy, dz), best)
        if i == last:
            break
        i += onward
        edge = stations[i] if onward > 0 else stations[i + 1]
        if (edge - ox) * onward > best * abs(dx) + 1e-6:
            break
    return best if best <= max_m else -1.0
