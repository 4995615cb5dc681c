"""Per-pixel shading: texture, bumped normal, lamps with shadows, daylight. Linear radiance out, before veil and lens.

Light changes slowly over a smooth surface, paint does not. In squares of one smooth part the light is taken at the corners and
interpolated (`sim.light.light_fields`), elsewhere at every pixel; paint, its relief and shadows at every pixel everywhere.
"""

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from sim.light import (
    F_RANGE,
    F_TU,
    F_TV,
    LAMP_FIELDS,
    PER_STEP,
    add_lamp,
    bumped,
    combine,
    fading,
    lamp_at,
    light_fields,
    lit,
    place_field,
    shadow_blocks,
)
from sim.noise import njit, njit_rows
from sim.paint import LAST16, SHIFT, blend, look

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
BLOCK, SMALLEST, MARK = 16, 4, 8
MAX_FOLD, MIN_ALIKE = 1.06, 0.985
"""A square is interpolated when its inverse depths lie within this ratio and its corners' normals within this cosine."""


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
    tiles: Words,
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
    exact: bool,
    radiance: Floats,
    depth: Floats,
) -> None:
    """Fills ``radiance`` (h, w, 3) R, G, B and ``depth`` (range along the ray [m], 1e3 for water). ``day``: daylight irradiance
    at the camera, ``down``: the world's down in the camera frame, ``along_of``: each part's texture direction u there. ``exact``:
    every pixel on its own."""
    h, w = face_of.shape
    rows, cols = (h + BLOCK - 1) // BLOCK, (w + BLOCK - 1) // BLOCK
    per_texel = 1.0 / texel
    fields = place_field(lamps.shape[0]) + 3 + LAMP_FIELDS * lamps.shape[0]
    marks = np.zeros((h // MARK + 1, w // MARK + 1), np.uint8)
    if shadows.shape[0] > 0:
        shadow_blocks(inv_z, rays_x, rays_y, lamps, shadows, grid, MARK, marks)
    for bi in numba.prange(rows):
        _block_row(
            bi, marks, cols, fields, per_texel, inv_z, face_of, w1_of, w2_of, rays_x, rays_y, faces, normals, uv,
            layer_of, part_of, along_of, turn, tiles, slots, layers, lamps, shadows, grid, table, day, kd, down, exact, radiance,
            depth,
        )  # fmt: skip


@njit
def _block_row(
    bi: int,
    marks: Bytes,
    cols: int,
    fields: int,
    per_texel: float,
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
    tiles: Words,
    slots: Ints,
    layers: Vec,
    lamps: Vec,
    shadows: Floats,
    grid: Vec,
    table: Floats,
    day: Vec,
    kd: Vec,
    down: Vec,
    exact: bool,
    radiance: Floats,
    depth: Floats,
) -> None:
    """One row of blocks."""
    h, w = face_of.shape
    corner, normal = np.zeros((4, fields)), np.zeros((4, 3))
    here, step, total, shares = np.zeros(fields), np.zeros(fields), np.zeros(fields), np.ones(lamps.shape[0])
    for bj in range(cols):
        # Ever smaller squares: the whole block, its quarters, theirs; single pixels where all that fails.
        done = np.uint64(0)
        for size in (BLOCK, BLOCK // 2, SMALLEST):
            for a in range(0, BLOCK, size):
                for b in range(0, BLOCK, size):
                    i0, j0 = bi * BLOCK + a, bj * BLOCK + b
                    if i0 >= h or j0 >= w or done & _bit(a, b):
                        continue
                    i1, j1 = min(i0 + size, h), min(j0 + size, w)
                    slot = -1
                    if not exact and _is_smooth(inv_z, face_of, part_of, i0, i1, j0, j1):
                        for k in range(4):
                            _at_corner(
                                corner[k], normal[k], (i1 - 1 if k >= 2 else i0), (j1 - 1 if k % 2 else j0), inv_z, face_of,
                                w1_of, w2_of, rays_x, rays_y, faces, normals, uv, layer_of, part_of, along_of, turn,
                                per_texel, lamps, table, day, kd, down,
                            )  # fmt: skip
                        slot = _common_tile(corner, normal, slots, layer_of[face_of[i0, j0]])
                    if slot >= 0:
                        gloss = layers[layer_of[face_of[i0, j0]], 5]
                        if _any_marked(marks, i0, i1, j0, j1):
                            _fill_shadowed(
                                tiles[slot], corner, gloss, i0, i1, j0, j1, here, step, total, shares, lamps, shadows,
                                grid, radiance, depth,
                            )  # fmt: skip
                        else:
                            _fill(tiles[slot], corner, gloss, i0, i1, j0, j1, here, step, shares, radiance, depth)
                        for p in range(a, a + size, SMALLEST):
                            for q in range(b, b + size, SMALLEST):
                                done |= _bit(p, q)
                    elif size == SMALLEST:
                        for i in range(i0, i1):
                            for j in range(j0, j1):
                                _pixel(
                                    i, j, inv_z, face_of, w1_of, w2_of, rays_x, rays_y, faces, normals, uv, layer_of, part_of,
                                    along_of, turn, tiles, slots, layers, per_texel, lamps, marks[i // MARK, j // MARK] > 0,
                                    shadows, grid, table, day, kd, down, radiance, depth,
                                )  # fmt: skip


@njit
def _bit(a: int, b: int) -> Any:
    return np.uint64(1) << np.uint64((a // SMALLEST) * (BLOCK // SMALLEST) + b // SMALLEST)


@njit
def _any_marked(marks: Bytes, i0: int, i1: int, j0: int, j1: int) -> bool:
    for a in range(i0 // MARK, (i1 - 1) // MARK + 1):
        for b in range(j0 // MARK, (j1 - 1) // MARK + 1):
            if marks[a, b]:
                return True
    return False


@njit
def _is_smooth(inv_z: Vec, face_of: Ints, part_of: Ints, i0: int, i1: int, j0: int, j1: int) -> bool:
    """One part fills the square, without a step in depth."""
    first = face_of[i0, j0]
    if first < 0:
        return False
    part = part_of[first]
    low, high = inv_z[i0, j0], inv_z[i0, j0]
    for i in range(i0, i1):
        for j in range(j0, j1):
            f = face_of[i, j]
            if f != first and (f < 0 or part_of[f] != part):
                return False
            low, high = min(low, inv_z[i, j]), max(high, inv_z[i, j])
    return bool(high < MAX_FOLD * low)


@njit
def _common_tile(corner: Vec, normal: Vec, slots: Ints, layer: int) -> int:
    """Slot of the one tile that holds all corners, whose normals must be alike; -1 else. Moves the corners' texture coordinates
    into the tile, in sixteenths of a texel."""
    for k in range(1, 4):
        if normal[0, 0] * normal[k, 0] + normal[0, 1] * normal[k, 1] + normal[0, 2] * normal[k, 2] < MIN_ALIKE:
            return -1
    tu, tv = int(max(corner[0, F_TU], 0.0)) >> SHIFT, int(max(corner[0, F_TV], 0.0)) >> SHIFT
    for k in range(1, 4):
        if int(max(corner[k, F_TU], 0.0)) >> SHIFT != tu or int(max(corner[k, F_TV], 0.0)) >> SHIFT != tv:
            return -1
    if tu >= slots.shape[1] or tv >= slots.shape[2]:
        return -1
    for k in range(4):
        corner[k, F_TU] = (corner[k, F_TU] - (tu << SHIFT)) * 16.0
        corner[k, F_TV] = (corner[k, F_TV] - (tv << SHIFT)) * 16.0
    return int(slots[layer, tu, tv])


@njit
def _row(corner: Vec, i: int, i0: int, i1: int, j0: int, j1: int, n: int, here: Vec, step: Vec) -> None:
    """Fields at the row's left end and their change per pixel."""
    a = (i - i0) / max(i1 - 1 - i0, 1)
    each = 1.0 / max(j1 - 1 - j0, 1)
    for k in range(n):
        left = corner[0, k] + a * (corner[2, k] - corner[0, k])
        right = corner[1, k] + a * (corner[3, k] - corner[1, k])
        here[k] = left
        step[k] = (right - left) * each


@njit
def _fill(
    tile: Words,
    corner: Vec,
    gloss: float,
    i0: int,
    i1: int,
    j0: int,
    j1: int,
    here: Vec,
    step: Vec,
    shares: Vec,
    radiance: Floats,
    depth: Floats,
) -> None:
    """A smooth square without shadows."""
    lamps = shares.shape[0]
    fields = place_field(lamps)
    shares[:] = 1.0
    for c in range(4):
        for k in range(lamps):
            add_lamp(corner[c], corner[c], k, lamps, 1.0)
    for i in range(i0, i1):
        _row(corner, i, i0, i1, j0, j1, fields, here, step)
        for j in range(j0, j1):
            x16, y16 = int(here[F_TU]), int(here[F_TV])
            rho0, rho1, rho2, su, sv = blend(tile, min(max(x16, 0), LAST16), min(max(y16, 0), LAST16))
            combine(here, lamps, shares, rho0, rho1, rho2, su, sv, gloss, radiance[i, j])
            depth[i, j] = here[F_RANGE]
            for k in range(fields):
                here[k] += step[k]


@njit
def _fill_shadowed(
    tile: Words,
    corner: Vec,
    gloss: float,
    i0: int,
    i1: int,
    j0: int,
    j1: int,
    here: Vec,
    step: Vec,
    total: Vec,
    shares: Vec,
    lamps: Vec,
    shadows: Floats,
    grid: Vec,
    radiance: Floats,
    depth: Floats,
) -> None:
    """A smooth square in which a lamp may be hidden: the lamps are weighed pixel by pixel."""
    fields, place = corner.shape[1], place_field(lamps.shape[0])
    for i in range(i0, i1):
        _row(corner, i, i0, i1, j0, j1, fields, here, step)
        for j in range(j0, j1):
            for k in range(place):
                total[k] = here[k]
            x, y, z = here[place], here[place + 1], here[place + 2]
            for k in range(lamps.shape[0]):
                shares[k] = lit(shadows, k, grid, x - lamps[k, 0], y - lamps[k, 1], z - lamps[k, 2])
                add_lamp(total, here, k, lamps.shape[0], shares[k])
            x16, y16 = int(here[F_TU]), int(here[F_TV])
            rho0, rho1, rho2, su, sv = blend(tile, min(max(x16, 0), LAST16), min(max(y16, 0), LAST16))
            combine(total, lamps.shape[0], shares, rho0, rho1, rho2, su, sv, gloss, radiance[i, j])
            depth[i, j] = here[F_RANGE]
            for k in range(fields):
                here[k] += step[k]


@njit
def _normal(f: int, w0: float, w1: float, w2: float, faces: Ints, normals: Vec, turn: Vec) -> tuple[float, float, float]:
    """Unit normal in the camera frame, interpolated over a face."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    s0 = w0 * normals[a, 0] + w1 * normals[b, 0] + w2 * normals[c, 0]
    s1 = w0 * normals[a, 1] + w1 * normals[b, 1] + w2 * normals[c, 1]
    s2 = w0 * normals[a, 2] + w1 * normals[b, 2] + w2 * normals[c, 2]
    m = 1.0 / math.sqrt(max(s0 * s0 + s1 * s1 + s2 * s2, 1e-18))
    return (
        (turn[0, 0] * s0 + turn[0, 1] * s1 + turn[0, 2] * s2) * m,
        (turn[1, 0] * s0 + turn[1, 1] * s1 + turn[1, 2] * s2) * m,
        (turn[2, 0] * s0 + turn[2, 1] * s1 + turn[2, 2] * s2) * m,
    )


@njit
def _texels(f: int, w0: float, w1: float, w2: float, faces: Ints, uv: Vec, per_texel: float) -> tuple[float, float]:
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    u = (w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]) * per_texel
    return u, (w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]) * per_texel


@njit
def _at_corner(
    out: Vec,
    normal: Vec,
    i: int,
    j: int,
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
    per_texel: float,
    lamps: Vec,
    table: Floats,
    day: Vec,
    kd: Vec,
    down: Vec,
) -> None:
    """All fields and the normal at a pixel that shows a surface."""
    f = face_of[i, j]
    z = 1.0 / inv_z[i, j]
    w1, w2 = w1_of[i, j], w2_of[i, j]
    w0 = 1.0 - w1 - w2
    n0, n1, n2 = _normal(f, w0, w1, w2, faces, normals, turn)
    normal[0], normal[1], normal[2] = n0, n1, n2
    flip = -1.0 if layer_of[f] == 0 else 1.0
    light_fields(
        out, rays_x[i, j] * z, rays_y[i, j] * z, z, n0, n1, n2, along_of[part_of[f]], flip, lamps, table, day, kd, down
    )  # fmt: skip
    out[F_TU], out[F_TV] = _texels(f, w0, w1, w2, faces, uv, per_texel)


@njit
def _pixel(
    i: int,
    j: int,
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
    tiles: Words,
    slots: Ints,
    layers: Vec,
    per_texel: float,
    lamps: Vec,
    shadowed: bool,
    shadows: Floats,
    grid: Vec,
    table: Floats,
    day: Vec,
    kd: Vec,
    down: Vec,
    radiance: Floats,
    depth: Floats,
) -> None:
    """One pixel on its own; water leaves the radiance as it is."""
    f = face_of[i, j]
    if f < 0:
        depth[i, j] = 1e3
        return
    z = 1.0 / inv_z[i, j]
    px, py = rays_x[i, j] * z, rays_y[i, j] * z
    dv = math.sqrt(px * px + py * py + z * z)
    depth[i, j] = dv
    w1, w2 = w1_of[i, j], w2_of[i, j]
    w0 = 1.0 - w1 - w2
    n0, n1, n2 = _normal(f, w0, w1, w2, faces, normals, turn)
    layer = layer_of[f]
    u, v = _texels(f, w0, w1, w2, faces, uv, per_texel)
    rho0, rho1, rho2, su, sv = look(tiles, slots, layers, layer, u, v)
    if su != 0.0 or sv != 0.0:
        p = part_of[f]
        n0, n1, n2 = bumped(n0, n1, n2, along_of[p, 0], along_of[p, 1], along_of[p, 2], su, -sv if layer == 0 else sv)
    last, gloss = table.shape[0] - 1, layers[layer, 5]
    e0, e1, e2, m0, m1, m2 = px / dv, py / dv, z / dv, 0.0, 0.0, 0.0
    for k in range(lamps.shape[0]):
        lx, ly, lz = lamps[k, 0] - px, lamps[k, 1] - py, lamps[k, 2] - z
        d, light, facing, shine = lamp_at(n0, n1, n2, e0, e1, e2, lx, ly, lz)
        if light <= 0.0:
            continue
        if shadowed:
            light *= lit(shadows, k, grid, -lx, -ly, -lz)
        at = min(int((d + dv) * PER_STEP + 0.5), last)
        facing, shine = facing * light, gloss * shine * light
        m0 += (rho0 * facing + shine) * table[at, 0]
        m1 += (rho1 * facing + shine) * table[at, 1]
        m2 += (rho2 * facing + shine) * table[at, 2]
    deeper = min(max(px * down[0] + py * down[1] + z * down[2], -1.0), 3.0)
    sky = 0.5 - 0.5 * (n0 * down[0] + n1 * down[1] + n2 * down[2])
    at = min(int(dv * PER_STEP + 0.5), last)
    radiance[i, j, 0] = m0 + rho0 * sky * day[0] * table[at, 0] * fading(kd[0] * deeper)
    radiance[i, j, 1] = m1 + rho1 * sky * day[1] * table[at, 1] * fading(kd[1] * deeper)
    radiance[i, j, 2] = m2 + rho2 * sky * day[2] * table[at, 2] * fading(kd[2] * deeper)
