"""Signed distance of capsules, boxes and ellipsoids, and ray casts against them: one table row per solid, ship frame, metres."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hull.kernels import njit

Vec = NDArray[np.float64]

CAPSULE, BOX, ELLIPSOID = 0, 1, 2
ROW = 18
# kind, centre (3), axes (9), half sizes (3), edge radius, bounding radius


def solid(kind: int, centre: Vec, axes: Vec, half: tuple[float, float, float], radius: float = 0.0) -> Vec:
    """A table row. CAPSULE: ``half[0]`` = half length of the axis, ``radius``. BOX: half sizes including the edge ``radius``."""
    bound = half[0] + radius if kind == CAPSULE else math.sqrt(sum(h * h for h in half))
    return np.concatenate([[float(kind)], centre, axes.reshape(-1), half, [radius, bound]])


@njit
def _one(row: Any, x: float, y: float, z: float) -> Any:
    dx, dy, dz = x - row[1], y - row[2], z - row[3]
    a = abs(dx * row[4] + dy * row[5] + dz * row[6])
    b = abs(dx * row[7] + dy * row[8] + dz * row[9])
    c = abs(dx * row[10] + dy * row[11] + dz * row[12])
    if row[0] == CAPSULE:
        a = max(a - row[13], 0.0)
        return math.sqrt(a * a + b * b + c * c) - row[16]
    if row[0] == BOX:
        r = row[16]
        qa, qb, qc = a - row[13] + r, b - row[14] + r, c - row[15] + r
        outside = math.sqrt(max(qa, 0.0) ** 2 + max(qb, 0.0) ** 2 + max(qc, 0.0) ** 2)
        return outside + min(max(qa, qb, qc), 0.0) - r
    ra, rb, rc = row[13], row[14], row[15]
    k0 = math.sqrt((a / ra) ** 2 + (b / rb) ** 2 + (c / rc) ** 2)
    k1 = math.sqrt((a / (ra * ra)) ** 2 + (b / (rb * rb)) ** 2 + (c / (rc * rc)) ** 2)
    if k1 < 1e-12:
        return -min(ra, rb, rc)
    return k0 * (k0 - 1.0) / k1


@njit
def distance(table: Vec, x: float, y: float, z: float) -> float:
    """Signed distance [m] to the nearest solid; 1e9 without any. Ellipsoids: first order, exact at their surface."""
    best = 1e9
    for k in range(table.shape[0]):
        row = table[k]
        far = math.sqrt((x - row[1]) ** 2 + (y - row[2]) ** 2 + (z - row[3]) ** 2) - row[17]
        if far < best:
            best = min(best, _one(row, x, y, z))
    return best


@njit
def cast(table: Vec, origin: Vec, direction: Vec, max_m: float) -> float:
    """Range [m] along the unit ``direction`` to the first solid by sphere tracing to 0.5 mm; -1 when none within ``max_m``."""
    best = -1.0
    limit = max_m
    for k in range(table.shape[0]):
        row = table[k]
        ox, oy, oz = row[1] - origin[0], row[2] - origin[1], row[3] - origin[2]
        along = ox * direction[0] + oy * direction[1] + oz * direction[2]
        off = ox * ox + oy * oy + oz * oz - along * along
        if off > row[17] * row[17] or along < -row[17] or along - row[17] > limit:
            continue
        t = max(along - row[17], 0.0)
        for _ in range(120):
            d = _one(row, origin[0] + t * direction[0], origin[1] + t * direction[1], origin[2] + t * direction[2])
            if d < 5e-4:
                best, limit = t, t
                break
            t += 0.9 * d
            if t > limit:
                break
    return best
