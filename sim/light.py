"""Lamps, daylight and lamp shadows at a point of a surface; linear radiance."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.noise import njit
from sim.water_optics import LAMP_INTENSITY, STEP_M

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
PER_STEP = 1.0 / STEP_M
# Fields of a smooth surface. By threes (R, G, B): light on a white patch for the normal, per slope u, per slope v, whatever the
# slope. Then range, texel u and v. Then of each lamp its highlight (R, G, B) and the half vector's lean to u and v. Up to here
# an unshadowed square needs them; then place x, y, z, and of each lamp alone the light for the normal, per slope u, per slope v.
F_LIGHT, F_U, F_V, F_ANY, F_RANGE, F_TU, F_TV, F_GLINT = 0, 3, 6, 9, 12, 13, 14, 15
GLINT_FIELDS, LAMP_FIELDS = 5, 9


class Light(NamedTuple):
    """``lamps`` (n, 3) in the camera frame. ``shadows``: their depth maps (n, h, w), none where nothing casts any; ``boxes``
    (n, 4): least and most x / z and y / z of what stands in them; ``grid``:
    centre and focal length of those. ``table``: `sim.water_optics.Optics`. ``day``: daylight irradiance at the camera and its
    decay ``kd`` along ``down``, the world's down in the camera frame. ``sun``: of `sim.caustics.sun_row`."""

    lamps: Vec
    shadows: Floats
    boxes: Vec
    grid: Vec
    table: Floats
    day: Vec
    kd: Vec
    down: Vec
    sun: Vec


@njit
def place_field(lamps: int) -> int:
    """Where x, y, z stand; lamp k's own light stands at that + 3 + LAMP_FIELDS · k."""
    return F_GLINT + GLINT_FIELDS * lamps


@njit
def lit(shadows: Floats, lamp: int, grid: Vec, x: float, y: float, z: float) -> float:
    """How much of a lamp reaches a point given in the lamp's own frame: 2 × 2 comparisons in its depth map."""
    if z < 0.05:
        return 1.0
    inv = 1.0 / z
    px, py = grid[0] + grid[2] * x * inv, grid[1] + grid[2] * y * inv
    h, w = shadows.shape[1], shadows.shape[2]
    if px < 0.0 or py < 0.0 or px >= w - 1 or py >= h - 1:
        return 1.0
    j, i = int(px), int(py)
    s00, s01, s10, s11 = shadows[lamp, i, j], shadows[lamp, i, j + 1], shadows[lamp, i + 1, j], shadows[lamp, i + 1, j + 1]
    if s00 + s01 + s10 + s11 == 0.0:
        return 1.0
    a, b = px - j, py - i
    limit = 1.0 / (z - 0.018)
    dark = 0.0
    if s00 > limit:
        dark += (1.0 - a) * (1.0 - b)
    if s01 > limit:
        dark += a * (1.0 - b)
    if s10 > limit:
        dark += (1.0 - a) * b
    if s11 > limit:
        dark += a * b
    return 1.0 - dark


@njit
def shadow_boxes(shadows: Floats, grid: Vec, boxes: Vec) -> None:
    """Fills the ``boxes`` of `Light`."""
    for m in range(shadows.shape[0]):
        left, right, top, bottom = shadows.shape[2], -1, shadows.shape[1], -1
        for i in range(shadows.shape[1]):
            for j in range(shadows.shape[2]):
                if shadows[m, i, j] > 0.0:
                    left, right, top, bottom = min(left, j), max(right, j), min(top, i), max(bottom, i)
        boxes[m, 0], boxes[m, 1] = (left - 1.0 - grid[0]) / grid[2], (right + 1.0 - grid[0]) / grid[2]
        boxes[m, 2], boxes[m, 3] = (top - 1.0 - grid[1]) / grid[2], (bottom + 1.0 - grid[1]) / grid[2]


@njit
def bumped(n0: float, n1: float, n2: float, a0: float, a1: float, a2: float, su: float, sv: float) -> tuple[float, float, float]:
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
def lamp_at(
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
def fading(e: float) -> float:
    """exp(-e) to 1 % for -0.8 < e < 1 (daylight within a picture), never negative."""
    return 1.0 / (1.0 + e + 0.5 * e * e) if e > 0.0 else 1.0 - e + 0.5 * e * e


@njit
def light_fields(
    out: Vec,
    px: float,
    py: float,
    z: float,
    n0: float,
    n1: float,
    n2: float,
    a0: float,
    a1: float,
    a2: float,
    flip: float,
    lamps: Vec,
    table: Floats,
    day: Vec,
    kd: Vec,
    down: Vec,
) -> None:
    """Fills the fields of a point with unit normal n but for the texel coordinates: daylight into the sums, each lamp unshadowed
    into its own. ``a``: the texture's direction u; ``flip``: -1 where texture v runs against n × u."""
    d = a0 * n0 + a1 * n1 + a2 * n2
    t0, t1, t2 = a0 - d * n0, a1 - d * n1, a2 - d * n2
    m = 1.0 / math.sqrt(max(t0 * t0 + t1 * t1 + t2 * t2, 1e-12))
    t0, t1, t2 = t0 * m, t1 * m, t2 * m
    b0, b1, b2 = (n1 * t2 - n2 * t1) * flip, (n2 * t0 - n0 * t2) * flip, (n0 * t1 - n1 * t0) * flip
    dv = math.sqrt(px * px + py * py + z * z)
    v0, v1, v2 = px / dv, py / dv, z / dv
    last = table.shape[0] - 1
    at = min(int(dv * PER_STEP + 0.5), last)
    deeper = min(max(px * down[0] + py * down[1] + z * down[2], -1.0), 3.0)
    for c in range(3):
        half = 0.5 * day[c] * table[at, c] * fading(kd[c] * deeper)
        out[F_LIGHT + c] = -half * (n0 * down[0] + n1 * down[1] + n2 * down[2])
        out[F_U + c] = -half * (t0 * down[0] + t1 * down[1] + t2 * down[2])
        out[F_V + c] = -half * (b0 * down[0] + b1 * down[1] + b2 * down[2])
        out[F_ANY + c] = half
    place = place_field(lamps.shape[0])
    out[F_RANGE], out[place], out[place + 1], out[place + 2] = dv, px, py, z
    for k in range(lamps.shape[0]):
        glint, own = F_GLINT + GLINT_FIELDS * k, place + 3 + LAMP_FIELDS * k
        lx, ly, lz = lamps[k, 0] - px, lamps[k, 1] - py, lamps[k, 2] - z
        d, there, facing, shine = lamp_at(n0, n1, n2, v0, v1, v2, lx, ly, lz)
        inv = 1.0 / d
        lu, lv = (t0 * lx + t1 * ly + t2 * lz) * inv, (b0 * lx + b1 * ly + b2 * lz) * inv
        hx, hy, hz = lx * inv - v0, ly * inv - v1, lz * inv - v2
        lean = 1.0 / max(n0 * hx + n1 * hy + n2 * hz, 1e-3)
        out[glint + 3], out[glint + 4] = lean * (t0 * hx + t1 * hy + t2 * hz), lean * (b0 * hx + b1 * hy + b2 * hz)
        at = min(int((d + dv) * PER_STEP + 0.5), last)
        for c in range(3):
            w = there * table[at, c]
            out[own + c], out[own + 3 + c], out[own + 6 + c] = facing * w, lu * w, lv * w
            out[glint + c] = shine * w


@njit
def add_lamp(out: Vec, fields: Vec, k: int, lamps: int, share: float) -> None:
    """Adds ``share`` of lamp ``k``'s own light to the sums in ``out``."""
    own = place_field(lamps) + 3 + LAMP_FIELDS * k
    for c in range(LAMP_FIELDS):
        out[c] += share * fields[own + c]
