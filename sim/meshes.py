"""Triangle meshes in a local frame (along the hull, up the girth, off the hull) and their placing on the plating."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from sim.noise import octaves
from wire.messages import Side

Vec = NDArray[np.float64]


class Mesh(NamedTuple):
    """``vertices``/``normals`` (n, 3), ``uv`` (n, 2) [m], ``faces`` (m, 3) counter-clockwise seen from outside."""

    vertices: Vec
    normals: Vec
    uv: Vec
    faces: NDArray[np.int32]


class Anchor(NamedTuple):
    """A place on the plating. ``axes`` rows: along (+x turned by the angle), girthwise (to the sheer), outward; ship frame."""

    side: Side
    x_m: float
    s_m: float
    origin: Vec
    axes: Vec

    def to_ship(self, local: Vec) -> Vec:
        """(n, 3) local → ship frame."""
        return np.asarray(self.origin + local @ self.axes)


def anchor(surface: HullSurface, side: Side, x_m: float, depth_m: float, angle_deg: float = 0.0) -> Anchor:
    """The anchor at ``x_m`` and ``depth_m``; ``angle_deg`` turns "along" from +x towards the sheer."""
    s = surface.girth_at_depth(x_m, depth_m)
    normal = surface.normal(side, x_m, s)
    forward = np.array([1.0, 0.0, 0.0]) - normal * normal[0]
    forward /= np.linalg.norm(forward)
    step = surface.point(side, x_m, s + 0.05) - surface.point(side, x_m, max(s - 0.05, 0.0))
    up = step - normal * float(step @ normal) - forward * float(step @ forward)
    up /= np.linalg.norm(up)
    c, k = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    axes = np.stack([c * forward + k * up, -k * forward + c * up, normal])
    return Anchor(side, x_m, s, surface.point(side, x_m, s), axes)


def from_grid(points: Vec, normals: Vec, uv: Vec) -> Mesh:
    """Mesh of a (nu, nv, 3) grid; faces are turned to agree with the vertex normals."""
    nu, nv = points.shape[:2]
    a = (np.arange(nu - 1)[:, None] * nv + np.arange(nv - 1)[None, :]).reshape(-1)
    b, c, d = a + nv, a + nv + 1, a + 1
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    return orient(Mesh(points.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), faces))


def orient(mesh: Mesh) -> Mesh:
    """Turns faces whose winding disagrees with their vertex normals; drops those without area."""
    v, f = mesh.vertices, mesh.faces
    cross = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    mean = mesh.normals[f].mean(axis=1)
    keep = np.linalg.norm(cross, axis=1) > 1e-12
    wrong = np.einsum("ij,ij->i", cross, mean) < 0
    faces = np.where(wrong[:, None], f[:, ::-1], f)[keep]
    return mesh._replace(faces=np.ascontiguousarray(faces, dtype=np.int32))


def numeric_normals(points: Vec, centre: Vec) -> Vec:
    """Unit normals of a grid by differences, pointing away from ``centre``."""
    n = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    away = points - centre
    length = np.linalg.norm(n, axis=2, keepdims=True)
    flat = away / np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-12)
    n = np.where(length < 1e-10, flat, n / np.maximum(length, 1e-12))
    sign = np.sign(np.einsum("ijk,ijk->ij", n, away))[..., None]
    return np.asarray(np.where(sign == 0, 1.0, sign) * n)


def merge(meshes: list[Mesh]) -> Mesh:
    """One mesh of several."""
    offsets = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([m.faces + k for m, k in zip(meshes, offsets, strict=True)]).astype(np.int32),
    )


def place(mesh: Mesh, at: Anchor, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    """Local mesh moved by ``shift`` and set at the anchor."""
    moved = mesh._replace(vertices=at.to_ship(mesh.vertices + np.array(shift)), normals=mesh.normals @ at.axes)
    return orient(moved)


def turned(mesh: Mesh, angle_rad: float, axis: int) -> Mesh:
    """Mesh turned about a local axis (0 along, 1 girthwise, 2 outward)."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    turn = np.eye(3)
    turn[i, i], turn[i, j], turn[j, i], turn[j, j] = c, -s, s, c
    return mesh._replace(vertices=mesh.vertices @ turn.T, normals=mesh.normals @ turn.T)


def capsule(half_length: float, radius: float, around: int = 40, cap: int = 8) -> Mesh:
    """Cylinder along local x with hemispherical ends; ``half_length`` to the hemispheres' centres."""
    t = np.linspace(-math.pi / 2, 0.0, cap + 1)
    left = np.stack([-half_length + radius * np.sin(t), radius * np.cos(t)], 1)
    profile = np.concatenate([left, left[::-1] * np.array([-1.0, 1.0])])
    lean = np.concatenate([np.sin(t), -np.sin(t[::-1])])
    phi = np.linspace(0.0, 2 * math.pi, around + 1)
    ring = np.stack([np.cos(phi), np.sin(phi)], 1)
    points = np.concatenate([np.repeat(profile[:, None, :1], around + 1, 1), profile[:, None, 1:] * ring[None]], axis=2)
    across = np.sqrt(np.maximum(1.0 - lean**2, 0.0))
    normals = np.concatenate([np.repeat(lean[:, None, None], around + 1, 1), across[:, None, None] * ring[None]], axis=2)
    uv = np.stack(np.broadcast_arrays(profile[:, :1] + half_length + radius, radius * phi[None]), axis=2)
    return from_grid(points, normals, uv)


def ellipsoid(half: tuple[float, float, float], chord_error_m: float) -> Mesh:
    """Ellipsoid of semi-axes ``half``, centred; its faces lie at most ``chord_error_m`` inside it."""
    steps = max(8, math.ceil(math.pi * math.sqrt(max(half) / (2.0 * chord_error_m))))
    lat, lon = np.linspace(-math.pi / 2, math.pi / 2, steps + 1), np.linspace(0.0, 2.0 * math.pi, 2 * steps + 1)
    unit = np.stack(
        np.broadcast_arrays(np.sin(lat)[:, None], np.cos(lat)[:, None] * np.cos(lon), np.cos(lat)[:, None] * np.sin(lon)), axis=2
    )
    points = unit * np.array(half)
    normals = unit / np.array(half)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    uv = np.stack(np.broadcast_arrays(points[..., 0] + half[0], max(half[1], half[2]) * lon[None]), axis=2)
    return from_grid(points, normals, uv)


def rounded_box(half: tuple[float, float, float], radius: float, steps: int = 3) -> Mesh:
    """Box with rounded edges, centred."""
    h = np.array(half)
    radius = min(radius, 0.95 * float(h.min()))
    sides = []
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        cuts = [np.concatenate([np.linspace(-h[k], -h[k] + radius, steps + 1), np.linspace(h[k] - radius, h[k], steps + 1)])
                for k in (i, j)]  # fmt: skip
        gu, gv = np.meshgrid(*cuts, indexing="ij")
        for sign in (-1.0, 1.0):
            p = np.zeros((*gu.shape, 3))
            p[..., i], p[..., j], p[..., axis] = gu, gv, sign * h[axis]
            inner = np.clip(p, -(h - radius), h - radius)
            n = p - inner
            n /= np.linalg.norm(n, axis=2, keepdims=True)
            uv = np.stack([gu + h[i] + 2.0 * axis * 0.5, gv + h[j] + (0.0 if sign < 0 else 0.5)], axis=2)
            sides.append(from_grid(inner + radius * n, n, uv))
    return merge(sides)


def lumpy_bag(half: tuple[float, float, float], seed: int, steps: int = 48) -> Mesh:
    """Superellipsoid with lumps of about ±8 %, centred."""
    theta = np.linspace(-math.pi / 2, math.pi / 2, steps // 2 + 1)
    phi = np.linspace(0.0, 2 * math.pi, steps + 1)

    def power(v: Vec, e: float) -> Vec:
        return np.asarray(np.sign(v) * np.abs(v) ** e)

    c, s = power(np.cos(theta), 0.8), power(np.sin(theta), 0.8)
    points = np.stack(
        [
            half[0] * c[:, None] * power(np.cos(phi), 0.75)[None],
            half[1] * c[:, None] * power(np.sin(phi), 0.75)[None],
            half[2] * np.repeat(s[:, None], len(phi), 1),
        ],
        axis=2,
    )
    for i, th in enumerate(theta):
        for j in range(len(phi)):
            p = phi[j % steps]
            a, b = math.cos(th) * math.cos(p), math.cos(th) * math.sin(p)
            lump = octaves(2.2 * a + 7.0, 2.2 * b + 1.7 * math.sin(th), 3, seed)
            points[i, j] *= 1.0 + 0.14 * lump
    wrapped = np.concatenate([points[:, -2:-1], points, points[:, 1:2]], axis=1)
    normals = numeric_normals(wrapped, np.zeros(3))[:, 1:-1]
    return from_grid(points, normals, points[..., :2] + np.array([half[0], half[1]]) * 1.3)


def prism(radius: float, height: float, sides: int = 6, top_radius: float | None = None, crown: float = 0.0) -> Mesh:
    """Prism, cone stump or pipe end standing on z = 0: wall and lid (``crown`` sinks the lid's middle)."""
    top = radius if top_radius is None else top_radius
    phi = np.linspace(0.0, 2 * math.pi, sides + 1)
    ring = np.stack([np.cos(phi), np.sin(phi)], 1)
    wall = np.stack([np.c_[radius * ring, np.zeros(sides + 1)], np.c_[top * ring, np.full(sides + 1, height)]])
    lean = np.array([height, radius - top])
    lean = lean / max(float(np.linalg.norm(lean)), 1e-12)
    n = np.repeat(np.c_[lean[0] * ring, np.full(sides + 1, lean[1])][None], 2, 0)
    lid = np.stack([np.c_[top * ring, np.full(sides + 1, height)], np.tile([0.0, 0.0, height - crown], (sides + 1, 1))])
    up = np.zeros_like(lid)
    up[..., 2] = 1.0
    uv = np.abs(wall[..., :2]) + 0.01
    return merge([from_grid(wall, n, uv), from_grid(lid, up, np.abs(lid[..., :2]) + 0.01)])


def sheet(outline_u: Vec, outline_v: Vec, height: Vec) -> Mesh:
    """Height field over a local grid, normals by differences, outward up."""
    gu, gv = np.meshgrid(outline_u, outline_v, indexing="ij")
    points = np.stack([gu, gv, height], axis=2)
    normals = numeric_normals(points, np.array([0.0, 0.0, -1e3]))
    return from_grid(points, normals, np.stack([gu - gu.min(), gv - gv.min()], axis=2))


def plating(surface: HullSurface, side: Side, x: Vec, s: Vec) -> tuple[Vec, Vec]:
    """Points and outward unit normals, both (n, 3), of many places at once; as `HullSurface.point` and `.normal`."""
    stations, girths = surface.stations, surface.girths
    i = np.clip(np.searchsorted(stations, x, side="right") - 1, 0, len(stations) - 2)
    u = np.clip((x - stations[i]) / (stations[i + 1] - stations[i]), 0.0, 1.0)[:, None]
    rows = (1.0 - u) * girths[i] + u * girths[i + 1]
    j = np.clip((rows <= s[:, None]).sum(axis=1) - 1, 0, rows.shape[1] - 2)
    n = np.arange(len(x))
    width = np.maximum(rows[n, j + 1] - rows[n, j], 1e-12)
    v = np.clip((s - rows[n, j]) / width, 0.0, 1.0)[:, None]
    out = []
    for field in (surface.grid, surface.normals):
        low, high = (1.0 - u) * field[i, j] + u * field[i + 1, j], (1.0 - u) * field[i, j + 1] + u * field[i + 1, j + 1]
        out.append(((1.0 - v) * low + v * high) * np.array([1.0, 1.0 if side == "P" else -1.0, 1.0]))
    return out[0], out[1] / np.linalg.norm(out[1], axis=1, keepdims=True)


def conform(mesh: Mesh, surface: HullSurface, at: Anchor) -> Mesh:
    """Local mesh bent onto the plating: local z is kept as height along the plating's normal."""
    plate_x = np.array([1.0, 0.0, 0.0]) - at.axes[2] * at.axes[2, 0]
    plate_x /= np.linalg.norm(plate_x)
    c, s = float(at.axes[0] @ plate_x), float(at.axes[1] @ plate_x)
    u, v, h = mesh.vertices.T
    points, normals = plating(surface, at.side, at.x_m + (c * u + s * v) * abs(plate_x[0]), at.s_m - s * u + c * v)
    leaning = mesh.normals @ at.axes + mesh.normals[:, 2:] * (normals - at.axes[2])
    leaning /= np.maximum(np.linalg.norm(leaning, axis=1, keepdims=True), 1e-12)
    return orient(mesh._replace(vertices=points + h[:, None] * normals, normals=leaning))
