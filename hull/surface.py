"""The unrolled hull surface: (side, x, girth s) <-> ship-frame xyz, normals, nearest point, mesh."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.kernels import nearest_kernel, raycast_kernel
from hull.places import girth_at_height_kernel, normal_kernel, place_kernel
from wire.messages import Side

Vec = NDArray[np.float64]


class Nearest(NamedTuple):
    """``distance_m`` [m] is signed: negative inside. ``point``, ``normal`` (outward unit): ship frame, shape (3,).

    These three are of the closed hull; ``x_m`` and ``s_m`` name the plating's nearest place, which is the same point unless the
    transom, the stem's end or the deck is nearer.
    """

    side: Side
    x_m: float
    s_m: float
    distance_m: float
    point: Vec
    normal: Vec


class HullSurface:
    """The shell plating as a grid of points, joined by triangles; port half, starboard is its mirror image. The transom, the
    stem's end and the deck from sheer to sheer close it. Signs, distances and rays are of that closed hull.

    Args:
        grid: (nx, ns, 3) ship frame [m]; constant x along a row, from the keel (j = 0, y = 0) to the sheer.
        draught_m: depth of the baseline below the water.

    Attributes: ``stations`` (nx,) row x; ``girths`` (nx, ns) girth s of each point; ``normals`` (nx, ns, 3) outward units.

    Raises:
        ValueError: fewer than 2 x 3 points, stations that do not increase, or numbers that are not finite.
    """

    def __init__(self, grid: NDArray[np.float64], draught_m: float) -> None:
        if grid.ndim != 3 or grid.shape[0] < 2 or grid.shape[1] < 3 or grid.shape[2] != 3 or not np.isfinite(grid).all():
            raise ValueError(f"hull grid: got shape {grid.shape}; expected at least (2, 3, 3), all finite")
        self.grid = np.ascontiguousarray(grid, dtype=np.float64)
        self.stations: Vec = np.ascontiguousarray(self.grid[:, 0, 0])
        if not (np.diff(self.stations) > 0).all():
            raise ValueError("hull grid: stations must increase from aft forward")
        self.draught_m = draught_m
        self.length_m = float(self.stations[-1] - self.stations[0])
        steps = np.linalg.norm(np.diff(self.grid, axis=1), axis=2)
        self.girths = np.concatenate([np.zeros((len(self.stations), 1)), np.cumsum(steps, axis=1)], axis=1)
        self.normals = _grid_normals(self.grid)

    def point(self, side: Side, x_m: float, s_m: float) -> Vec:
        """Ship-frame xyz (3,) [m] of a place on the plating; places beyond its edge are moved to the edge."""
        x, y, z = place_kernel(self.stations, self.girths, self.grid, float(x_m), float(s_m))
        return np.array([x, y if side == "P" else -y, z])

    def normal(self, side: Side, x_m: float, s_m: float) -> Vec:
        """Outward unit normal (3,), smooth across patches."""
        x, y, z = normal_kernel(self.stations, self.girths, self.normals, float(x_m), float(s_m))
        return np.array([x, y if side == "P" else -y, z])

    def nearest(self, xyz: Vec) -> Nearest:
        """The hull's point nearest to ship-frame ``xyz`` (3,) [m], and the plating's place (side, x, s) nearest to it."""
        row = nearest_kernel(self.stations, self.girths, self.grid, self.normals, float(xyz[0]), float(xyz[1]), float(xyz[2]))
        side: Side = "P" if row[0] > 0 else "S"
        return Nearest(side, row[1], row[2], row[3], np.array(row[7:10]), np.array(row[4:7]))

    def signed_distance(self, xyz: Vec) -> float:
        """Distance [m] from the closed hull, negative inside it."""
        return self.nearest(xyz).distance_m

    def raycast(self, origin: Vec, direction: Vec, max_m: float) -> float | None:
        """Range [m] from ``origin`` along unit ``direction`` (both (3,), ship frame) to the closed bare hull, or None.

        0 from a point inside the hull.
        """
        hit = raycast_kernel(self.stations, self.girths, self.grid, self.normals, origin, direction, max_m)
        return None if hit < 0 else float(hit)

    def max_girth(self, x_m: float) -> float:
        """Girth [m] from the keel to the sheer at ``x_m``."""
        return float(np.interp(x_m, self.stations, self.girths[:, -1]))

    def depth_at(self, x_m: float, s_m: float) -> float:
        """Depth [m] below the mean water surface; negative above it."""
        return self.draught_m - place_kernel(self.stations, self.girths, self.grid, float(x_m), float(s_m))[2]

    def girth_at_depth(self, x_m: float, depth_m: float) -> float:
        """Girth s [m] at which the section at ``x_m`` has that depth; on a flat bottom the outermost such s.

        Depths above the sheer give the sheer's girth, below the keel 0.
        """
        height = self.draught_m - float(depth_m)
        return girth_at_height_kernel(self.stations, self.girths, self.grid, float(x_m), height)

    def mesh(self) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]:
        """Both halves: vertices (n, 3) ship frame, faces (m, 3) outward, uv (n, 2) = (x, s; starboard negative)."""
        nx, ns = self.girths.shape
        port = self.grid.reshape(-1, 3)
        uv = np.stack([port[:, 0], self.girths.reshape(-1)], axis=1)
        a = (np.arange(nx - 1)[:, None] * ns + np.arange(ns - 1)[None, :]).reshape(-1)
        b, c, d = a + ns, a + ns + 1, a + 1
        faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
        if _points_inward(port, faces, self.normals.reshape(-1, 3)):
            faces = faces[:, ::-1]
        mirrored = port * np.array([1.0, -1.0, 1.0])
        vertices = np.concatenate([port, mirrored])
        both = np.concatenate([faces, faces[:, ::-1] + len(port)]).astype(np.int32)
        return vertices, both, np.concatenate([uv, uv * np.array([1.0, -1.0])])


def _grid_normals(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outward vertex normals: the area-weighted mean of the adjoining triangles' (the keel keeps y = 0 by symmetry)."""
    a, b = grid[:-1, :-1], grid[1:, :-1]
    c, d = grid[1:, 1:], grid[:-1, 1:]
    # Along x times along girth points outward on the port half for girth running up from the keel.
    first, second = np.cross(c - a, b - a), np.cross(d - a, c - a)
    total = np.zeros_like(grid)
    for normals, corners in ((first, ((0, 0), (1, 0), (1, 1))), (second, ((0, 0), (1, 1), (0, 1)))):
        for di, dj in corners:
            total[di : grid.shape[0] - 1 + di, dj : grid.shape[1] - 1 + dj] += normals
    total[:, 0, 1] = 0.0
    length = np.linalg.norm(total, axis=2, keepdims=True)
    flat = length[..., 0] < 1e-12
    total[flat] = (0.0, 0.0, -1.0)
    return np.asarray(total / np.where(length < 1e-12, 1.0, length))


def _points_inward(vertices: NDArray[np.float64], faces: NDArray[np.int32], normals: NDArray[np.float64]) -> bool:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    facing = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[faces[:, 0]])
    return bool(np.median(facing) < 0)
