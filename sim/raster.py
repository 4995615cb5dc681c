"""Z-buffer raster with exact lens distortion: every pixel has its own ray, every face is tested in ray space.

Homogeneous coordinates (Olano & Greer 1997): with V = [v0 v1 v2] in the camera frame (x right, y down, z ahead), V⁻¹·(x, y, 1) are the
barycentric weights over depth, so nothing needs clipping. Scalar, sequential, no fastmath.
"""

import math

import numpy as np
from numpy.typing import NDArray

from hull.kernels import njit
from wire.rig import CameraRig

Vec = NDArray[np.float64]
Ints = NDArray[np.int32]


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
    """Pixel rectangle (left, right, top, bottom; right and bottom exclusive) that holds an ideal rectangle. ``lens``: fx fy cx cy k1
    k2 and the image's ideal half extents."""
    x0, x1 = max(x0, -lens[6]), min(x1, lens[6])
    y0, y1 = max(y0, -lens[7]), min(y1, lens[7])
    if x0 >= x1 or y0 >= y1:
        return 0, 0, 0, 0
    nx = 0.0 if x0 <= 0.0 <= x1 else min(abs(x0), abs(x1))
    ny = 0.0 if y0 <= 0.0 <= y1 else min(abs(y0), abs(y1))
    fx, fy = max(abs(x0), abs(x1)), max(abs(y0), abs(y1))
    low, high = _factor_range(lens[4], lens[5], nx * nx + ny * ny, fx * fx + fy * fy)
    left = int(math.floor(lens[2] + lens[0] * min(x0 * low, x0 * high))) - 1
    right = int(math.ceil(lens[2] + lens[0] * max(x1 * low, x1 * high))) + 2
    top = int(math.floor(lens[3] + lens[1] * min(y0 * low, y0 * high))) - 1
    bottom = int(math.ceil(lens[3] + lens[1] * max(y1 * low, y1 * high))) + 2
    return max(left, 0), min(right, w), max(top, 0), min(bottom, h)


@njit
def _inside_cut(cuts: Vec, layer: float, u: float, v: float) -> bool:
    for k in range(cuts.shape[0]):
        if cuts[k, 0] == layer and cuts[k, 1] < u < cuts[k, 2] and cuts[k, 3] < v < cuts[k, 4]:
            return True
    return False


@njit
def _face(
    a: Vec, b: Vec, c: Vec, index: int, corner_uv: Vec, cuts: Vec, layer: float, rays_x: Vec, rays_y: Vec, lens: Vec, inv_z: Vec,
    face_of: Ints, w1_of: Vec, w2_of: Vec,
) -> None:  # fmt: skip
    near = 0.03
    if a[2] < near and b[2] < near and c[2] < near:
        return
    bcx, bcy, bcz = b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]
    det = a[0] * bcx + a[1] * bcy + a[2] * bcz
    if det > -1e-12:
        return
    h, w = rays_x.shape
    if a[2] > near and b[2] > near and c[2] > near:
        ax, bx, cx = a[0] / a[2], b[0] / b[2], c[0] / c[2]
        ay, by, cy = a[1] / a[2], b[1] / b[2], c[1] / c[2]
        left, right, top, bottom = _bounds(
            min(ax, min(bx, cx)), max(ax, max(bx, cx)), min(ay, min(by, cy)), max(ay, max(by, cy)), lens, w, h
        )
    else:
        left, right, top, bottom = 0, w, 0, h
    if left >= right or top >= bottom:
        return
    k = 1.0 / det
    a0, a1, a2 = bcx * k, bcy * k, bcz * k
    b0, b1, b2 = (c[1] * a[2] - c[2] * a[1]) * k, (c[2] * a[0] - c[0] * a[2]) * k, (c[0] * a[1] - c[1] * a[0]) * k
    c0, c1, c2 = (a[1] * b[2] - a[2] * b[1]) * k, (a[2] * b[0] - a[0] * b[2]) * k, (a[0] * b[1] - a[1] * b[0]) * k
    cutting = cuts.shape[0] > 0
    for i in range(top, bottom):
        for j in range(left, right):
            x, y = rays_x[i, j], rays_y[i, j]
            l0 = a0 * x + a1 * y + a2
            if l0 < -1e-9:
                continue
            l1 = b0 * x + b1 * y + b2
            if l1 < -1e-9:
                continue
            l2 = c0 * x + c1 * y + c2
            if l2 < -1e-9:
                continue
            inv = l0 + l1 + l2
            if inv <= inv_z[i, j]:
                continue
            w1, w2 = l1 / inv, l2 / inv
            if cutting:
                w0 = 1.0 - w1 - w2
                u = w0 * corner_uv[0, 0] + w1 * corner_uv[1, 0] + w2 * corner_uv[2, 0]
                v = w0 * corner_uv[0, 1] + w1 * corner_uv[1, 1] + w2 * corner_uv[2, 1]
                if _inside_cut(cuts, layer, u, v):
                    continue
            inv_z[i, j] = inv
            face_of[i, j] = index
            w1_of[i, j], w2_of[i, j] = w1, w2


@njit
def raster(
    vertices: Vec, uv: Vec, faces: Ints, parts: Vec, chosen: Ints, cuts: Vec, turn: Vec, eye: Vec, rays_x: Vec, rays_y: Vec, lens: Vec,
    inv_z: Vec, face_of: Ints, w1_of: Vec, w2_of: Vec,
) -> None:  # fmt: skip
    """Draws the ``chosen`` parts. ``turn``: ship → camera (3, 3); ``eye``: camera in the ship frame. ``parts`` rows: first and last + 1
    face, layer, cut flag. Buffers in: inv_z 0, face_of -1."""
    corner = np.empty((3, 3))
    corner_uv = np.empty((3, 2))
    none = cuts[:0]
    for k in range(chosen.shape[0]):
        part = parts[chosen[k]]
        for f in range(int(part[0]), int(part[1])):
            for m in range(3):
                p = vertices[faces[f, m]]
                dx, dy, dz = p[0] - eye[0], p[1] - eye[1], p[2] - eye[2]
                for r in range(3):
                    corner[m, r] = turn[r, 0] * dx + turn[r, 1] * dy + turn[r, 2] * dz
                corner_uv[m] = uv[faces[f, m]]
            used = cuts if part[3] > 0.0 else none
            _face(
                corner[0], corner[1], corner[2], f, corner_uv, used, part[2], rays_x, rays_y, lens, inv_z, face_of, w1_of, w2_of
            )
