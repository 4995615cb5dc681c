"""Per-pixel shading: texture, bumped normal, lamps with shadows, daylight. Linear radiance out, before veil and lens.

Light changes slowly over a smooth surface, paint does not. In squares of one smooth part the light is taken at the corners and
interpolated (`sim.light.light_fields`, `sim.rows`), elsewhere at every pixel; paint, its relief and shadows at every pixel
everywhere.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.caustics import caustic
from sim.crew import take
from sim.light import (
    F_TU,
    F_TV,
    LAMP_FIELDS,
    PER_STEP,
    Light,
    add_lamp,
    bumped,
    fading,
    lamp_at,
    light_fields,
    lit,
    place_field,
)
from sim.noise import njit
from sim.paint import SHIFT, Paint, look, note_tiles
from sim.raster import BAND_ROWS, Drawn, Faces, fill_band, weights
from sim.rows import DAY, LANES, SHARE, add_part, add_shine, finish, look_row, make_room, search_row, set_light, set_row

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
BLOCK, SMALLEST, MARK = LANES, 4, 8
MAX_FOLD, MIN_ALIKE = 1.06, 0.985
"""A square is interpolated when its inverse depths lie within this ratio and its corners' normals within this cosine."""


@njit
def fill(
    ticket: Any,
    count: int,
    g: Faces,
    d: Drawn,
    lens: Vec,
    rays_x: Floats,
    rays_y: Floats,
    light: Light,
    marks: Bytes,
    wanted: Bytes,
) -> None:
    """Draws the ``count`` faces that `sim.raster.collect` listed, marks where they lie in the shade of a lamp (``marks``: one for
    MARK × MARK pixels) and which tiles of paint they show (``wanted``, if it has any layers). ``ticket``: see `sim.crew`, as of
    all kernels that take one."""
    while True:
        band = take(ticket)
        first, end = band * BAND_ROWS, min((band + 1) * BAND_ROWS, d.inv_z.shape[0])
        if first >= end:
            return
        fill_band(first, end, count, g, lens, rays_x, rays_y, d)
        if light.shadows.shape[0] > 0:
            for k in range(first // MARK, min((end + MARK - 1) // MARK, marks.shape[0])):
                _mark(k, d.inv_z, rays_x, rays_y, light.lamps, light.shadows, light.boxes, light.grid, marks)
        if wanted.shape[0] > 0:
            note_tiles(first, end, g, d, rays_x, rays_y, wanted)


@njit
def shade(
    ticket: Any, g: Faces, d: Drawn, light: Light, paint: Paint, turn: Vec, along: Vec, rays_x: Floats, rays_y: Floats,
    exact: bool, marks: Bytes, radiance: Floats, depth: Floats, small: Floats,
) -> None:  # fmt: skip
    """Fills ``radiance`` (3, h, w) R, G, B, ``depth`` (range along the ray [m], 1e3 for water) and ``small`` (h/4, w/4, 3), the
    means of 4 × 4 pixels. ``turn``: ship → camera. ``along``: each part's texture direction u in the camera frame. ``exact``:
    every pixel on its own."""
    while True:
        band = take(ticket)
        if band * BLOCK >= depth.shape[0]:
            return
        _block_row(band, g, d, light, paint, turn, along, rays_x, rays_y, exact, marks, radiance, depth)
        _shrink(band, radiance, small)


@njit
def _mark(
    k: int, inv_z: Floats, rays_x: Floats, rays_y: Floats, lamps: Vec, shadows: Floats, boxes: Vec, grid: Vec, marks: Bytes
) -> None:
    """Marks the blocks of one row of blocks where any lamp is hidden from any of every fourth pixels."""
    marks[k] = 0
    for m in range(lamps.shape[0]):
        lx, ly, lz, x0, x1, y0, y1 = lamps[m, 0], lamps[m, 1], lamps[m, 2], boxes[m, 0], boxes[m, 1], boxes[m, 2], boxes[m, 3]
        for i in range(MARK * k, min(MARK * k + MARK, inv_z.shape[0]), 4):
            for j in range(0, inv_z.shape[1], 4):
                inv = inv_z[i, j]
                if inv <= 0.0:
                    continue
                z = 1.0 / inv
                x, y, z = rays_x[i, j] * z - lx, rays_y[i, j] * z - ly, z - lz
                # Within the box of what casts shadows, seen from the lamp?
                if x0 * z < x < x1 * z and y0 * z < y < y1 * z and lit(shadows, m, grid, x, y, z) < 1.0:
                    marks[k, j // MARK] = 1


@njit
def _shrink(bi: int, radiance: Floats, small: Floats) -> None:
    sixteenth = np.float32(1.0 / 16.0)
    for i in range(bi * BLOCK // 4, min((bi + 1) * BLOCK // 4, small.shape[0])):
        for c in range(3):
            r0, r1, r2, r3 = radiance[c, 4 * i], radiance[c, 4 * i + 1], radiance[c, 4 * i + 2], radiance[c, 4 * i + 3]
            for j in range(small.shape[1]):
                total = np.float32(0.0)
                for k in range(4 * j, 4 * j + 4):
                    total += (r0[k] + r1[k]) + (r2[k] + r3[k])
                small[i, j, c] = total * sixteenth


@njit
def _block_row(
    bi: int, g: Faces, d: Drawn, light: Light, paint: Paint, turn: Vec, along: Vec, rays_x: Floats, rays_y: Floats, exact: bool,
    marks: Bytes, radiance: Floats, depth: Floats,
) -> None:  # fmt: skip
    """One row of blocks."""
    h, w = depth.shape
    lamps = light.lamps.shape[0]
    fields = place_field(lamps) + 3 + LAMP_FIELDS * lamps
    corner, normal, row, room = np.zeros((4, fields)), np.zeros((4, 3)), np.zeros((2, fields), np.float32), make_room(lamps)
    some = light.shadows.shape[0] > 0
    for bj in range((w + BLOCK - 1) // BLOCK):
        # Ever smaller squares: the whole block, its quarters, theirs; single pixels where all that fails.
        done = np.uint64(0)
        for size in (BLOCK, BLOCK // 2, SMALLEST):
            for a in range(0, BLOCK, size):
                for b in range(0, BLOCK, size):
                    i0, j0 = bi * BLOCK + a, bj * BLOCK + b
                    if i0 >= h or j0 >= w or done & _bit(a, b):
                        continue
                    i1, j1 = min(i0 + size, h), min(j0 + size, w)
                    if not exact and _is_smooth(d.hit, d.inv_z, d.owner, i0, i1, j0, j1):
                        _at_corners(i0, i1, j0, j1, g, d, turn, along, rays_x, rays_y, light, 1.0 / paint.texel, corner, normal)
                        if _alike(normal):
                            shadowed = some and _any_marked(marks, i0, i1, j0, j1)
                            _fill(
                                d.owner[d.hit[i0, j0], 2],
                                shadowed,
                                i0,
                                i1,
                                j0,
                                j1,
                                paint,
                                light,
                                corner,
                                row,
                                room,
                                radiance,
                                depth,
                            )
                            for p in range(a, a + size, SMALLEST):
                                for q in range(b, b + size, SMALLEST):
                                    done |= _bit(p, q)
                            continue
                    if size == SMALLEST:
                        shadowed = some and _any_marked(marks, i0, i1, j0, j1)
                        _pixels(i0, i1, j0, j1, g, d, light, paint, turn, along, rays_x, rays_y, shadowed, radiance, depth)


@njit
def _bit(a: int, b: int) -> Any:
    return np.uint64(1) << np.uint64((a // SMALLEST) * (BLOCK // SMALLEST) + b // SMALLEST)


@njit
def _any_marked(marks: Bytes, i0: int, i1: int, j0: int, j1: int) -> bool:
    """Whether there is a mark on or beside the pixels' blocks."""
    for a in range(max(i0 // MARK - 1, 0), min((i1 - 1) // MARK + 2, marks.shape[0])):
        for b in range(max(j0 // MARK - 1, 0), min((j1 - 1) // MARK + 2, marks.shape[1])):
            if marks[a, b]:
                return True
    return False


@njit
def _is_smooth(hits: Ints, inv_z: Floats, owner: Ints, i0: int, i1: int, j0: int, j1: int) -> bool:
    """One surface fills the square, without a step in depth."""
    first = hits[i0, j0]
    if first < 0:
        return False
    others, left = np.int32(0), np.uint64(j0)
    for k in range(i0, i1):
        up = np.uint64(k)
        for m in range(j1 - j0):
            others |= hits[up, left + np.uint64(m)] ^ first
    low, high = inv_z[i0, j0], inv_z[i0, j0]
    if others == 0:  # one plane
        for i in (i0, i1 - 1):
            for j in (j0, j1 - 1):
                low, high = min(low, inv_z[i, j]), max(high, inv_z[i, j])
        return bool(high < MAX_FOLD * low)
    group = owner[first, 4]
    for i in range(i0, i1):
        for j in range(j0, j1):
            f = hits[i, j]
            if f != first and (f < 0 or owner[f, 4] != group):
                return False
            low, high = min(low, inv_z[i, j]), max(high, inv_z[i, j])
    return bool(high < MAX_FOLD * low)


@njit
def _alike(normal: Vec) -> bool:
    for k in range(1, 4):
        if normal[0, 0] * normal[k, 0] + normal[0, 1] * normal[k, 1] + normal[0, 2] * normal[k, 2] < MIN_ALIKE:
            return False
    return True


@njit
def _fill(
    layer: int, shadowed: bool, i0: int, i1: int, j0: int, j1: int, paint: Paint, light: Light, corner: Vec, row: Floats,
    room: Floats, radiance: Floats, depth: Floats,
) -> None:  # fmt: skip
    """A smooth square."""
    lamps, gloss = light.lamps.shape[0], paint.layers[layer, 5]
    slot = _common_tile(corner, paint.slots, layer)
    apart = shadowed or light.sun.shape[0] > 0
    if not apart:
        for c in range(4):
            for k in range(lamps):
                add_lamp(corner[c], corner[c], k, lamps, 1.0)
    if slot >= 0 and not apart:
        _fill_plain(paint.words[slot], gloss, lamps, i0, i1, j0, j1, corner, row, room, radiance, depth)
        return
    words, slots, plain = paint.words, paint.slots, paint.layers[layer]
    lamp_at, shadows, grid, sun, place = light.lamps, light.shadows, light.grid, light.sun, place_field(lamps)
    for i in range(i0, i1):
        set_row(corner, i, i0, i1, j0, j1, corner.shape[1] if apart else place, row)
        search_row(words, slots, plain, layer, corner, i, i0, i1, j0, j1, room)
        if sun.shape[0] > 0:
            _sunshine(sun, row, place, room)
        set_light(row, room)
        for k in range(lamps):
            share = -1
            if apart:
                # In shadow and in the sun the sources are weighed pixel by pixel.
                share = SHARE + LANES * k
                if shadowed:
                    _shares(lamp_at, shadows, grid, k, row, place, room, share, j1 - j0)
                else:
                    room[share : share + LANES] = 1.0
                add_part(row, place + 3 + LAMP_FIELDS * k, share, room)
            add_shine(row, k, share, gloss, room)
        finish(row, room, i, j0, j1, radiance, depth)


@njit
def _fill_plain(
    tile: Words, gloss: float, lamps: int, i0: int, i1: int, j0: int, j1: int, corner: Vec, row: Floats, room: Floats,
    radiance: Floats, depth: Floats,
) -> None:  # fmt: skip
    """The most common square: one tile, no shadow."""
    for i in range(i0, i1):
        set_row(corner, i, i0, i1, j0, j1, place_field(lamps), row)
        look_row(tile, corner, i, i0, i1, j0, j1, room)
        set_light(row, room)
        for k in range(lamps):
            add_shine(row, k, -1, gloss, room)
        finish(row, room, i, j0, j1, radiance, depth)


@njit
def _shares(lamps: Vec, shadows: Floats, grid: Vec, k: int, row: Floats, place: int, room: Floats, at: int, n: int) -> None:
    """How much of lamp ``k`` reaches each of the row's pixels."""
    x, y, z = row[0, place] - lamps[k, 0], row[0, place + 1] - lamps[k, 1], row[0, place + 2] - lamps[k, 2]
    for j in range(n):
        room[at + j] = lit(shadows, k, grid, x + j * row[1, place], y + j * row[1, place + 1], z + j * row[1, place + 2])


@njit
def _sunshine(sun: Vec, row: Floats, place: int, room: Floats) -> None:
    """Daylight's share at each of the row's pixels, from every fourth."""
    x, y, z, dx, dy, dz = row[0, place], row[0, place + 1], row[0, place + 2], row[1, place], row[1, place + 1], row[1, place + 2]
    here = caustic(sun, x, y, z)
    for k in range(0, LANES, 4):
        next_one = caustic(sun, x + (k + 4) * dx, y + (k + 4) * dy, z + (k + 4) * dz)
        for j in range(4):
            room[DAY + k + j] = here + 0.25 * j * (next_one - here)
        here = next_one


@njit
def _common_tile(corner: Vec, slots: Ints, layer: int) -> int:
    """Slot of the one tile that holds all corners; -1 else."""
    tu, tv = int(max(corner[0, F_TU], 0.0)) >> SHIFT, int(max(corner[0, F_TV], 0.0)) >> SHIFT
    for k in range(4):
        if (
            corner[k, F_TU] < 0.0
            or corner[k, F_TV] < 0.0
            or int(corner[k, F_TU]) >> SHIFT != tu
            or int(corner[k, F_TV]) >> SHIFT != tv
        ):
            return -1
    return int(slots[layer, tu, tv]) if tu < slots.shape[1] and tv < slots.shape[2] else -1


@njit
def _surface(
    hit: int, x: float, y: float, planes: Vec, owner: Ints, faces: Ints, normals: Vec, uv: Vec, turn: Vec
) -> tuple[float, float, float, float, float]:
    """Unit normal in the camera frame and texture coordinates of a face where the ray (x, y, 1) meets it."""
    f = owner[hit, 0]
    w0, w1, w2 = weights(planes, hit, x, y)
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    s0 = w0 * normals[a, 0] + w1 * normals[b, 0] + w2 * normals[c, 0]
    s1 = w0 * normals[a, 1] + w1 * normals[b, 1] + w2 * normals[c, 1]
    s2 = w0 * normals[a, 2] + w1 * normals[b, 2] + w2 * normals[c, 2]
    m = 1.0 / math.sqrt(max(s0 * s0 + s1 * s1 + s2 * s2, 1e-18))
    return (
        (turn[0, 0] * s0 + turn[0, 1] * s1 + turn[0, 2] * s2) * m,
        (turn[1, 0] * s0 + turn[1, 1] * s1 + turn[1, 2] * s2) * m,
        (turn[2, 0] * s0 + turn[2, 1] * s1 + turn[2, 2] * s2) * m,
        w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0],
        w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1],
    )


@njit
def _at_corners(
    i0: int, i1: int, j0: int, j1: int, g: Faces, d: Drawn, turn: Vec, along: Vec, rays_x: Floats, rays_y: Floats, light: Light,
    per_texel: float, out: Vec, normal: Vec,
) -> None:  # fmt: skip
    """All fields and the normal at a square's corners."""
    hits, inv_z, planes, owner, faces, normals, uv = d.hit, d.inv_z, d.planes, d.owner, g.faces, g.normals, g.uv
    lamps, table, day, kd, down = light.lamps, light.table, light.day, light.kd, light.down
    for k in range(4):
        i, j = (i1 - 1 if k >= 2 else i0), (j1 - 1 if k % 2 else j0)
        hit, x, y, z = hits[i, j], float(rays_x[i, j]), float(rays_y[i, j]), 1.0 / inv_z[i, j]
        n0, n1, n2, u, v = _surface(hit, x, y, planes, owner, faces, normals, uv, turn)
        normal[k, 0], normal[k, 1], normal[k, 2] = n0, n1, n2
        flip, part = -1.0 if owner[hit, 2] == 0 else 1.0, owner[hit, 1]
        light_fields(
            out[k], x * z, y * z, z, n0, n1, n2, along[part, 0], along[part, 1], along[part, 2], flip, lamps, table, day, kd, down
        )  # fmt: skip
        out[k, F_TU], out[k, F_TV] = u * per_texel, v * per_texel


@njit
def _pixels(
    i0: int, i1: int, j0: int, j1: int, g: Faces, d: Drawn, light: Light, paint: Paint, turn: Vec, along: Vec, rays_x: Floats,
    rays_y: Floats, shadowed: bool, radiance: Floats, depth: Floats,
) -> None:  # fmt: skip
    """Pixels on their own."""
    hits, inv_z, planes, owner, faces, normals, uv = d.hit, d.inv_z, d.planes, d.owner, g.faces, g.normals, g.uv
    lamps, shadows, grid, table = light.lamps, light.shadows, light.grid, light.table
    words, slots, layers, per_texel = paint.words, paint.slots, paint.layers, 1.0 / paint.texel
    day, kd, down, sun, last = light.day, light.kd, light.down, light.sun, light.table.shape[0] - 1
    for i in range(i0, i1):
        for j in range(j0, j1):
            hit = hits[i, j]
            if hit < 0:
                depth[i, j] = 1e3
                radiance[0, i, j], radiance[1, i, j], radiance[2, i, j] = 0.0, 0.0, 0.0
                continue
            x, y, z = float(rays_x[i, j]), float(rays_y[i, j]), 1.0 / inv_z[i, j]
            px, py = x * z, y * z
            dv = math.sqrt(px * px + py * py + z * z)
            depth[i, j] = dv
            part, layer = owner[hit, 1], owner[hit, 2]
            n0, n1, n2, u, v = _surface(hit, x, y, planes, owner, faces, normals, uv, turn)
            rho0, rho1, rho2, su, sv = look(words, slots, layers, layer, u * per_texel, v * per_texel)
            if su != 0.0 or sv != 0.0:
                n0, n1, n2 = bumped(n0, n1, n2, along[part, 0], along[part, 1], along[part, 2], su, -sv if layer == 0 else sv)
            gloss, e0, e1, e2, m0, m1, m2 = layers[layer, 5], px / dv, py / dv, z / dv, 0.0, 0.0, 0.0
            for k in range(lamps.shape[0]):
                lx, ly, lz = lamps[k, 0] - px, lamps[k, 1] - py, lamps[k, 2] - z
                r, there, facing, shine = lamp_at(n0, n1, n2, e0, e1, e2, lx, ly, lz)
                if there <= 0.0:
                    continue
                if shadowed:
                    there *= lit(shadows, k, grid, -lx, -ly, -lz)
                at = min(int((r + dv) * PER_STEP + 0.5), last)
                facing, shine = facing * there, gloss * shine * there
                m0 += (rho0 * facing + shine) * table[at, 0]
                m1 += (rho1 * facing + shine) * table[at, 1]
                m2 += (rho2 * facing + shine) * table[at, 2]
            deeper = min(max(px * down[0] + py * down[1] + z * down[2], -1.0), 3.0)
            sky = 0.5 - 0.5 * (n0 * down[0] + n1 * down[1] + n2 * down[2])
            if sun.shape[0] > 0:
                sky *= caustic(sun, px, py, z)
            at = min(int(dv * PER_STEP + 0.5), last)
            radiance[0, i, j] = m0 + rho0 * sky * day[0] * table[at, 0] * fading(kd[0] * deeper)
            radiance[1, i, j] = m1 + rho1 * sky * day[1] * table[at, 1] * fading(kd[1] * deeper)
            radiance[2, i, j] = m2 + rho2 * sky * day[2] * table[at, 2] * fading(kd[2] * deeper)
