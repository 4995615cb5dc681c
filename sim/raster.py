"""Z-buffer raster with exact lens distortion: every pixel has its own ray, every face is tested in ray space.

Homogeneous coordinates (Olano & Greer 1997): with V = [v0 v1 v2] in the camera frame (x right, y down, z ahead), V⁻¹·(x, y, 1)
are the barycentric weights over depth, so nothing needs clipping. Scalar, sequential, no fastmath.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from sim.noise import njit, njit_rows
from wire.rig import CameraRig

Vec = NDArray[np.float64]
Ints = NDArray[np.int32]
BANDS = 4


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


@njit
def _inside_cut(cuts: Vec, layer: float, u: float, v: float) -> bool:
    for k in range(cuts.shape[0]):  # noqa: SIM110 (numba has no any() over a generator)
        if cuts[k, 0] == layer and cuts[k, 1] < u < cuts[k, 2] and cuts[k, 3] < v < cuts[k, 4]:
            return True
    return False


@njit
def _face(
    ax: float,
    ay: float,
    az: float,
    bx: float,
    by: float,
    bz: float,
    cx: float,
    cy: float,
    cz: float,
    index: int,
    faces: Ints,
    uv: Vec,
    cuts: Vec,
    layer: float,
    cutting: bool,
    rays_x: Vec,
    rays_y: Vec,
    lens: Vec,
    first: int,
    end: int,
    inv_z: Vec,
    face_of: Ints,
    w1_of: Vec,
    w2_of: Vec,
) -> None:
    near = 0.03
    if az < near and bz < near and cz < near:
        return
    a0, a1, a2 = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    det = ax * a0 + ay * a1 + az * a2
    if det > -1e-14:
        return
    h, w = rays_x.shape
    left, right, top, bottom = 0, w, 0, h
    if az > near and bz > near and cz > near:
        px, qx, rx, py, qy, ry = ax / az, bx / bz, cx / cz, ay / az, by / bz, cy / cz
        left, right, top, bottom = _bounds(min(px, qx, rx), max(px, qx, rx), min(py, qy, ry), max(py, qy, ry), lens, w, h)
    top, bottom = max(top, first), min(bottom, end)
    if left >= right or top >= bottom:
        return
    k = 1.0 / det
    a0, a1, a2 = a0 * k, a1 * k, a2 * k
    b0, b1, b2 = (cy * az - cz * ay) * k, (cz * ax - cx * az) * k, (cx * ay - cy * ax) * k
    c0, c1, c2 = (ay * bz - az * by) * k, (az * bx - ax * bz) * k, (ax * by - ay * bx) * k
    for i in range(top, bottom):
        for j in range(left, right):
            x, y = rays_x[i, j], rays_y[i, j]
            l0, l1, l2 = a0 * x + a1 * y + a2, b0 * x + b1 * y + b2, c0 * x + c1 * y + c2
            if min(l0, l1, l2) < -1e-9:
                continue
            inv = l0 + l1 + l2
            if inv <= inv_z[i, j]:
                continue
            w1, w2 = l1 / inv, l2 / inv
            if cutting:
                w0 = 1.0 - w1 - w2
                f0, f1, f2 = faces[index, 0], faces[index, 1], faces[index, 2]
                u = w0 * uv[f0, 0] + w1 * uv[f1, 0] + w2 * uv[f2, 0]
                v = w0 * uv[f0, 1] + w1 * uv[f1, 1] + w2 * uv[f2, 1]
                if _inside_cut(cuts, layer, u, v):
                    continue
            inv_z[i, j] = inv
            face_of[i, j] = index
            w1_of[i, j], w2_of[i, j] = w1, w2


@njit
def raster(
    first: int,
    end: int,
    vertices: Vec,
    uv: Vec,
    faces: Ints,
    parts: Vec,
    chosen: Ints,
    cuts: Vec,
    turn: Vec,
    eye: Vec,
    rays_x: Vec,
    rays_y: Vec,
    lens: Vec,
    inv_z: Vec,
    face_of: Ints,
    w1_of: Vec,
    w2_of: Vec,
) -> None:
    """Draws the ``chosen`` parts into rows ``first`` to ``end`` - 1. ``turn``: ship → camera (3, 3); ``eye``: camera in the ship
    frame. ``parts`` rows: first and last + 1 face, layer, cut flag. Buffers in: inv_z 0, face_of -1."""
    e0, e1, e2 = eye[0], eye[1], eye[2]
    t00, t01, t02 = turn[0, 0], turn[0, 1], turn[0, 2]
    t10, t11, t12 = turn[1, 0], turn[1, 1], turn[1, 2]
    t20, t21, t22 = turn[2, 0], turn[2, 1], turn[2, 2]
    for k in range(chosen.shape[0]):
        part = chosen[k]
        cutting = parts[part, 3] > 0.0
        for f in range(int(parts[part, 0]), int(parts[part, 1])):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            x, y, z = vertices[a, 0] - e0, vertices[a, 1] - e1, vertices[a, 2] - e2
            ax, ay, az = t00 * x + t01 * y + t02 * z, t10 * x + t11 * y + t12 * z, t20 * x + t21 * y + t22 * z
            x, y, z = vertices[b, 0] - e0, vertices[b, 1] - e1, vertices[b, 2] - e2
            bx, by, bz = t00 * x + t01 * y + t02 * z, t10 * x + t11 * y + t12 * z, t20 * x + t21 * y + t22 * z
            x, y, z = vertices[c, 0] - e0, vertices[c, 1] - e1, vertices[c, 2] - e2
            cx, cy, cz = t00 * x + t01 * y + t02 * z, t10 * x + t11 * y + t12 * z, t20 * x + t21 * y + t22 * z
            _face(
                ax,
                ay,
                az,
                bx,
                by,
                bz,
                cx,
                cy,
                cz,
                f,
                faces,
                uv,
                cuts,
                parts[part, 2],
                cutting,
                rays_x,
                rays_y,
                lens,
                first,
                end,
                inv_z,
                face_of,
                w1_of,
                w2_of,
            )


@njit_rows
def raster_bands(
    vertices: Vec,
    uv: Vec,
    faces: Ints,
    parts: Vec,
    chosen: Ints,
    cuts: Vec,
    turn: Vec,
    eye: Vec,
    rays_x: Vec,
    rays_y: Vec,
    lens: Vec,
    inv_z: Vec,
    face_of: Ints,
    w1_of: Vec,
    w2_of: Vec,
) -> None:
    """`raster` over the whole picture, in bands of rows side by side; for large pictures."""
    rows = (rays_x.shape[0] + BANDS - 1) // BANDS
    for band in numba.prange(BANDS):
        raster(
            band * rows, min((band + 1) * rows, rays_x.shape[0]), vertices, uv, faces, parts, chosen, cuts, turn, eye, rays_x,
            rays_y, lens, inv_z, face_of, w1_of, w2_of,
        )  # fmt: skip
