"""Z-buffer raster with exact lens distortion: every pixel has its own ray, every face is tested in ray space.

Homogeneous coordinates (Olano & Greer 1997): with V = [v0 v1 v2] in the camera frame (x right, y down, z ahead), V⁻¹·(x, y, 1)
are the barycentric weights over depth, so nothing needs clipping. The planes are set up in double precision, the pixels filled in
single; no fastmath.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.noise import njit
from wire.rig import CameraRig

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
BAND_ROWS = 24


def distort(camera: CameraRig, x: Vec, y: Vec) -> tuple[Vec, Vec]:
    """Ideal normalised coordinates → pixel (Brown, k1 k2)."""
    q = x * x + y * y
    d = 1.0 + camera.k1 * q + camera.k2 * q * q
    return np.asarray(camera.cx + camera.fx * d * x), np.asarray(camera.cy + camera.fy * d * y)


def pixel_rays(camera: CameraRig) -> tuple[Vec, Vec]:
    """Ideal (x, y) of every pixel's centre, each (height, width): `distort` inverted by Newton's rule on the radius."""
    u, v = np.meshgrid(np.arange(camera.width, dtype=np.float64), np.arange(camera.height, dtype=np.float64))
    px, py = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy
    wanted = np.hypot(px, py)
    r = wanted.copy()
    for _ in range(12):
        q = r * r
        slope = 1.0 + 3.0 * camera.k1 * q + 5.0 * camera.k2 * q * q
        r = r - (r * (1.0 + camera.k1 * q + camera.k2 * q * q) - wanted) / slope
    scale = np.where(wanted > 1e-12, r / np.maximum(wanted, 1e-12), 1.0)
    return np.ascontiguousarray(px * scale), np.ascontiguousarray(py * scale)


@njit
def _factor_range(k1: float, k2: float, q0: float, q1: float) -> tuple[float, float]:
    a, b = 1.0 + k1 * q0 + k2 * q0 * q0, 1.0 + k1 * q1 + k2 * q1 * q1
    low, high = min(a, b), max(a, b)
    if k2 != 0.0:
        turn = -k1 / (2.0 * k2)
        if q0 < turn < q1:
            t = 1.0 + k1 * turn + k2 * turn * turn
            low, high = min(low, t), max(high, t)
    return low, high


@njit
def _bounds(x0: float, x1: float, y0: float, y1: float, lens: Vec, w: int, h: int) -> tuple[int, int, int, int]:
    """Pixel rectangle (left, right, top, bottom; right and bottom exclusive) that holds an ideal rectangle. ``lens``: fx fy cx cy
    k1 k2 and the image's ideal half extents."""
    x0, x1 = max(x0, -lens[6]), min(x1, lens[6])
    y0, y1 = max(y0, -lens[7]), min(y1, lens[7])
    if x0 >= x1 or y0 >= y1:
        return 0, 0, 0, 0
    nx = 0.0 if x0 <= 0.0 <= x1 else min(abs(x0), abs(x1))
    ny = 0.0 if y0 <= 0.0 <= y1 else min(abs(y0), abs(y1))
    fx, fy = max(abs(x0), abs(x1)), max(abs(y0), abs(y1))
    low, high = _factor_range(lens[4], lens[5], nx * nx + ny * ny, fx * fx + fy * fy)
    left = math.floor(lens[2] + lens[0] * min(x0 * low, x0 * high)) - 1
    right = math.ceil(lens[2] + lens[0] * max(x1 * low, x1 * high)) + 2
    top = math.floor(lens[3] + lens[1] * min(y0 * low, y0 * high)) - 1
    bottom = math.ceil(lens[3] + lens[1] * max(y1 * low, y1 * high)) + 2
    return max(left, 0), min(right, w), max(top, 0), min(bottom, h)


class Faces(NamedTuple):
    """A scene's faces in flat arrays. ``parts`` rows: first face, last + 1, first vertex, last + 1, layer, cut flag, group.
    ``cuts`` rows: layer, least and most u, least and most v of openings in the plating."""

    vertices: Vec
    normals: Vec
    uv: Vec
    faces: Ints
    parts: Ints
    cuts: Vec


class Drawn(NamedTuple):
    """What a drawing leaves. Per pixel: ``inv_z`` [1/m], 0 for water, and ``hit``, a row of the next two or -1. Per face in
    sight: ``planes`` (n, 9), whose three products with (x, y, 1) are the corners' weights over depth; ``owner`` (n, 4): face,
    part, layer, whether an opening may cut it, group (of parts that make one smooth surface); ``bounds`` (n, 4): its pixels.
    ``at``: room for vertices in the camera frame."""

    inv_z: Floats
    hit: Ints
    planes: Vec
    owner: Ints
    bounds: Ints
    at: Vec


def canvas(height: int, width: int, faces: Faces, views: int = 1) -> Drawn:
    """Room for drawings of one size, to be used again and again; for several ``views``, one below the other."""
    n = len(faces.faces) * views
    return Drawn(
        np.zeros((height * views, width), np.float32),
        np.zeros((height * views, width), np.int32),
        np.empty((n, 9)),
        np.empty((n, 5), np.int32),
        np.empty((n, 4), np.int32),
        np.empty((len(faces.vertices), 3)),
    )


@njit
def _may_be_cut(f: int, faces: Ints, uv: Vec, cuts: Vec, layer: int) -> bool:
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    u0, u1 = min(uv[a, 0], uv[b, 0], uv[c, 0]), max(uv[a, 0], uv[b, 0], uv[c, 0])
    v0, v1 = min(uv[a, 1], uv[b, 1], uv[c, 1]), max(uv[a, 1], uv[b, 1], uv[c, 1])
    for k in range(cuts.shape[0]):
        if cuts[k, 0] == layer and u0 < cuts[k, 2] and u1 > cuts[k, 1] and v0 < cuts[k, 4] and v1 > cuts[k, 3]:
            return True
    return False


@njit
def _inside_cut(cuts: Vec, layer: int, u: float, v: float) -> bool:
    for k in range(cuts.shape[0]):  # noqa: SIM110 (numba has no any() over a generator)
        if cuts[k, 0] == layer and cuts[k, 1] < u < cuts[k, 2] and cuts[k, 3] < v < cuts[k, 4]:
            return True
    return False


@njit
def _collect(g: Faces, part: int, turn: Vec, eye: Vec, lens: Vec, row: int, up: int, h: int, d: Drawn) -> int:
    w = d.inv_z.shape[1]
    near = 0.03
    first, end, layer, cutting = g.parts[part, 0], g.parts[part, 1], g.parts[part, 4], g.parts[part, 5] > 0
    at = d.at
    for v in range(g.parts[part, 2], g.parts[part, 3]):
        x, y, z = g.vertices[v, 0] - eye[0], g.vertices[v, 1] - eye[1], g.vertices[v, 2] - eye[2]
        at[v, 0] = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
        at[v, 1] = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
        at[v, 2] = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
    for f in range(first, end):
        a, b, c = g.faces[f, 0], g.faces[f, 1], g.faces[f, 2]
        ax, ay, az, bx, by, bz, cx, cy, cz = (
            at[a, 0], at[a, 1], at[a, 2], at[b, 0], at[b, 1], at[b, 2], at[c, 0], at[c, 1], at[c, 2]
        )  # fmt: skip
        if az < near and bz < near and cz < near:
            continue
        a0, a1, a2 = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
        det = ax * a0 + ay * a1 + az * a2
        if det > -1e-14:
            continue
        left, right, top, bottom = 0, w, 0, h
        if az > near and bz > near and cz > near:
            px, qx, rx, py, qy, ry = ax / az, bx / bz, cx / cz, ay / az, by / bz, cy / cz
            left, right, top, bottom = _bounds(min(px, qx, rx), max(px, qx, rx), min(py, qy, ry), max(py, qy, ry), lens, w, h)
        if left >= right or top >= bottom:
            continue
        k = 1.0 / det
        p, o, e = d.planes[row], d.owner[row], d.bounds[row]
        p[0], p[1], p[2] = a0 * k, a1 * k, a2 * k
        p[3], p[4], p[5] = (cy * az - cz * ay) * k, (cz * ax - cx * az) * k, (cx * ay - cy * ax) * k
        p[6], p[7], p[8] = (ay * bz - az * by) * k, (az * bx - ax * bz) * k, (ax * by - ay * bx) * k
        o[4] = g.parts[part, 6]
        o[0], o[1], o[2], o[3] = f, part, layer, (1 if cutting and _may_be_cut(f, g.faces, g.uv, g.cuts, layer) else 0)
        e[0], e[1], e[2], e[3] = left, right, up + top, up + bottom
        row += 1
    return row


@njit
def weights(planes: Vec, row: int, x: float, y: float) -> tuple[float, float, float]:
    """Shares of a face's three corners on the ray (x, y, 1)."""
    p = planes[row]
    l0, l1, l2 = p[0] * x + p[1] * y + p[2], p[3] * x + p[4] * y + p[5], p[6] * x + p[7] * y + p[8]
    k = 1.0 / (l0 + l1 + l2)
    return l0 * k, l1 * k, l2 * k


@njit
def _slack(p: Vec, k: int, lens: Vec) -> float:
    """What single precision may lose of one weight over depth; so much outside still counts as inside, so that no seam opens."""
    return 3e-7 * float(abs(p[k]) * lens[6] + abs(p[k + 1]) * lens[7] + abs(p[k + 2]))


@njit
def _fill_face(row: int, top: int, bottom: int, d: Drawn, lens: Vec, rays_x: Floats, rays_y: Floats) -> None:
    p, left, right = d.planes[row], d.bounds[row, 0], d.bounds[row, 1]
    a0, a1, a2 = np.float32(p[0]), np.float32(p[1]), np.float32(p[2] + _slack(p, 0, lens))
    b0, b1, b2 = np.float32(p[3]), np.float32(p[4]), np.float32(p[5] + _slack(p, 3, lens))
    c0, c1, c2 = np.float32(p[6]), np.float32(p[7]), np.float32(p[8] + _slack(p, 6, lens))
    s0, s1, s2 = np.float32(p[0] + p[3] + p[6]), np.float32(p[1] + p[4] + p[7]), np.float32(p[2] + p[5] + p[8])
    nought, me, first = np.float32(0.0), np.int32(row), np.uint64(left)
    inv_z, hit = d.inv_z, d.hit
    for k in range(top, bottom):
        # Unsigned indices: no question whether they count from the end.
        i = np.uint64(k)
        for m in range(right - left):
            j = first + np.uint64(m)
            x, y, old = rays_x[i, j], rays_y[i, j], inv_z[i, j]
            inv = s0 * x + s1 * y + s2
            seen = (a0 * x + a1 * y + a2 >= nought) & (b0 * x + b1 * y + b2 >= nought) & (c0 * x + c1 * y + c2 >= nought)
            seen = seen & (inv > old)
            inv_z[i, j] = inv if seen else old
            hit[i, j] = me if seen else hit[i, j]


@njit
def _fill_cut_face(row: int, top: int, bottom: int, d: Drawn, g: Faces, rays_x: Floats, rays_y: Floats) -> None:
    """The same for a face with an opening in it."""
    p, o = d.planes[row], d.owner[row]
    f0, f1, f2 = g.faces[o[0], 0], g.faces[o[0], 1], g.faces[o[0], 2]
    for i in range(top, bottom):
        for j in range(d.bounds[row, 0], d.bounds[row, 1]):
            x, y = rays_x[i, j], rays_y[i, j]
            l0, l1, l2 = p[0] * x + p[1] * y + p[2], p[3] * x + p[4] * y + p[5], p[6] * x + p[7] * y + p[8]
            inv = l0 + l1 + l2
            if min(l0, l1, l2) < -1e-6 or inv <= d.inv_z[i, j]:
                continue
            w0, w1, w2 = l0 / inv, l1 / inv, l2 / inv
            u = w0 * g.uv[f0, 0] + w1 * g.uv[f1, 0] + w2 * g.uv[f2, 0]
            v = w0 * g.uv[f0, 1] + w1 * g.uv[f1, 1] + w2 * g.uv[f2, 1]
            if not _inside_cut(g.cuts, o[2], u, v):
                d.inv_z[i, j] = inv
                d.hit[i, j] = row


@njit
def collect(g: Faces, chosen: Ints, turn: Vec, eye: Vec, lens: Vec, row: int, up: int, height: int, d: Drawn) -> int:
    """Lists from ``row`` on the faces of the ``chosen`` parts that look at the camera and reach into a picture of ``height``
    rows that begins at row ``up`` of the canvas; returns the next free row. ``turn``: ship → camera (3, 3); ``eye``: camera in
    the ship frame."""
    for k in range(chosen.shape[0]):
        row = _collect(g, chosen[k], turn, eye, lens, row, up, height, d)
    return row


@njit
def fill_band(first: int, end: int, count: int, g: Faces, lens: Vec, rays_x: Floats, rays_y: Floats, d: Drawn) -> None:
    """Draws the ``count`` faces listed into rows ``first`` to ``end`` - 1; of what lies at the same depth, the first."""
    d.inv_z[first:end] = 0.0
    d.hit[first:end] = -1
    for row in range(count):
        top, bottom = max(d.bounds[row, 2], first), min(d.bounds[row, 3], end)
        if top < bottom:
            if d.owner[row, 3]:
                _fill_cut_face(row, top, bottom, d, g, rays_x, rays_y)
            else:
                _fill_face(row, top, bottom, d, lens, rays_x, rays_y)


@njit
def depth_and_ids(d: Drawn, object_id: Ints, depth: Floats, ids: Ints) -> None:
    """Depth [m] and the id of the part in each pixel; 0 and 0 for water."""
    for i in range(depth.shape[0]):
        for j in range(depth.shape[1]):
            row = d.hit[i, j]
            depth[i, j] = 1.0 / d.inv_z[i, j] if row >= 0 else 0.0
            ids[i, j] = object_id[d.owner[row, 1]] if row >= 0 else 0
