"""From a pixel to a place on the hull.

The hull around the vehicle is sampled once into a small grid over (x, girth), and rays meet it by Newton's iteration on
the bilinear patch. Everything is in the ship frame (x forward, y port, z up, metres).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from vision.history import Belief
from vision.kernels import meet_rays
from vision.optics import CAMERA_TO_BODY, Optics
from wire.messages import Side

Vec = NDArray[np.float64]
_STEP_M = 0.125
_REACH_M = 2.0
_MOVE_M = 0.5


class View(NamedTuple):
    """Camera centre and body axes in the ship frame: ``rotation`` columns are body forward, right and down."""

    centre: Vec
    rotation: Vec


class Hits(NamedTuple):
    """Where rays meet the hull. ``ok`` (n,): a meeting ahead of the camera and inside the sampled patch.
    ``x``, ``s``: ship x and girth [m]; ``depth``: below the water line [m]; ``forward``: distance along the optical axis [m];
    ``cos``: cosine of incidence."""

    ok: NDArray[np.bool_]
    x: Vec
    s: Vec
    depth: Vec
    forward: Vec
    cos: Vec


def attitude(roll_rad: float, pitch_rad: float, heading_rad: float) -> Vec:
    """Body FRD to ship axes (x, y, z up), heading 0 towards +x, positive to starboard (seen from above clockwise)."""
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    cp, sp = math.cos(pitch_rad), math.sin(pitch_rad)
    ch, sh = math.cos(heading_rad), math.sin(heading_rad)
    level = np.array(
        [
            [cp * ch, sr * sp * ch - cr * sh, cr * sp * ch + sr * sh],
            [cp * sh, sr * sp * sh + cr * ch, cr * sp * sh - sr * ch],
            [-sp, sr * cp, cr * cp],
        ]
    )
    return np.asarray(np.diag([1.0, -1.0, -1.0]) @ level, np.float64)


def vehicle_view(surface: HullSurface, belief: Belief, mount_m: tuple[float, float, float]) -> View:
    """Camera centre and axes as the belief has them (`wire.messages.HullPose` gives the meaning)."""
    pose = belief.pose
    normal = np.asarray(surface.normal(pose.side, pose.x_m, pose.s_m), np.float64)
    origin = np.asarray(surface.point(pose.side, pose.x_m, pose.s_m), np.float64) + normal * pose.standoff_m
    square = math.atan2(normal[1], -normal[0])
    rotation = attitude(belief.roll_rad, belief.pitch_rad, square + pose.yaw_off_rad)
    return View(origin + rotation @ np.asarray(mount_m, np.float64), rotation)


class Patch:
    """The hull sampled around one place: ``points`` (nx, ns, 3) every `_STEP_M` of x and girth."""

    def __init__(self, surface: HullSurface, side: Side, x_m: float, s_m: float) -> None:
        self.side, self.x_m, self.s_m = side, x_m, s_m
        self._draught_m = surface.draught_m
        x_low, x_high = float(surface.stations[0]), float(surface.stations[-1])
        s_high = surface.max_girth(x_m)
        self._x0 = max(x_low, x_m - _REACH_M)
        self._s0 = max(0.0, s_m - _REACH_M)
        nx = max(2, int((min(x_high, x_m + _REACH_M) - self._x0) / _STEP_M) + 1)
        ns = max(2, int((min(s_high, s_m + _REACH_M) - self._s0) / _STEP_M) + 1)
        girths: Vec = np.arange(ns, dtype=np.float64) * _STEP_M + self._s0
        rows = [_section(surface, self._x0 + i * _STEP_M, girths) for i in range(nx)]
        self.points: Vec = np.array(rows) * (1.0, 1.0 if side == "P" else -1.0, 1.0)

    def serves(self, side: Side, x_m: float, s_m: float) -> bool:
        return side == self.side and abs(x_m - self.x_m) < _MOVE_M and abs(s_m - self.s_m) < _MOVE_M

    def _sample(self, x: Vec, s: Vec) -> Vec:
        """Points (n, 3)."""
        nx, ns = self.points.shape[:2]
        u = np.clip((x - self._x0) / _STEP_M, 0.0, nx - 1.0001)
        v = np.clip((s - self._s0) / _STEP_M, 0.0, ns - 1.0001)
        i, j = u.astype(np.intp), v.astype(np.intp)
        a, b = (u - i)[:, None], (v - j)[:, None]
        p00, p10 = self.points[i, j], self.points[i + 1, j]
        p01, p11 = self.points[i, j + 1], self.points[i + 1, j + 1]
        low, high = p00 + a * (p10 - p00), p01 + a * (p11 - p01)
        return np.asarray(low + b * (high - low), np.float64)

    def points_at(self, x: Vec, s: Vec) -> tuple[Vec, NDArray[np.bool_]]:
        """Points (n, 3), and whether each (x, s) lies within what was sampled."""
        nx, ns = self.points.shape[:2]
        inside = (x >= self._x0) & (x <= self._x0 + (nx - 1) * _STEP_M) & (s >= self._s0) & (s <= self._s0 + (ns - 1) * _STEP_M)
        return self._sample(x, s), inside

    def meet(self, view: View, rays: Vec) -> Hits:
        """Where body-frame ``rays`` (n, 3), with forward component 1, meet the hull."""
        directions = np.ascontiguousarray(rays @ view.rotation.T)
        out = np.empty((len(rays), 6))
        meet_rays(self.points, (self._x0, self._s0, _STEP_M), (self.x_m, self.s_m), view.centre, directions, out)
        x, s, z, forward, cos, gap = out.T
        return Hits((gap < 0.02) & (forward > 0.05), x, s, self._draught_m - z, forward, cos)


def _section(surface: HullSurface, x_m: float, girths: Vec) -> Vec:
    """Port-side points (n, 3) at ``x_m``, as `HullSurface.point` gives them one by one."""
    i = int(np.clip(np.searchsorted(surface.stations, x_m, side="right") - 1, 0, len(surface.stations) - 2))
    u = (x_m - surface.stations[i]) / (surface.stations[i + 1] - surface.stations[i])
    row = (1.0 - u) * surface.girths[i] + u * surface.girths[i + 1]
    points = (1.0 - u) * surface.grid[i] + u * surface.grid[i + 1]
    return np.stack([np.interp(girths, row, points[:, k]) for k in range(3)], axis=1)


class Placer:
    """Keeps the patch near the vehicle and answers for one frame at a time: call `look` first."""

    def __init__(self, surface: HullSurface, optics: Optics) -> None:
        self._surface = surface
        self._optics = optics
        self._patch: Patch | None = None

    def look(self, belief: Belief) -> "Look":
        pose = belief.pose
        if self._patch is None or not self._patch.serves(pose.side, pose.x_m, pose.s_m):
            self._patch = Patch(self._surface, pose.side, pose.x_m, pose.s_m)
        view = vehicle_view(self._surface, belief, self._optics.rig.mount_m)
        return Look(belief, view, self._patch, self._optics)


class Look:
    """One frame's geometry by belief."""

    def __init__(self, belief: Belief, view: View, patch: Patch, optics: Optics) -> None:
        self.belief = belief
        self.view = view
        self._patch = patch
        self._optics = optics
        around = np.array([[0.0, 0.0], [60.0, 0.0], [0.0, 60.0], [-60.0, 0.0], [0.0, -60.0]])
        self._around = around + self.principal
        self._hits = self.place(self._around)
        self.seen = bool(self._hits.ok[0])
        self.range_m = float(self._hits.forward[0]) if self.seen else math.inf
        self.incidence_rad = math.acos(min(1.0, float(self._hits.cos[0]))) if self.seen else math.pi / 2
        self._plane: tuple[Vec, float] | None = None

    @property
    def side(self) -> Side:
        return self._patch.side

    @property
    def principal(self) -> tuple[float, float]:
        """Working pixel on the optical axis."""
        return float(self._optics.matrix[0, 2]), float(self._optics.matrix[1, 2])

    @property
    def right_is_aft(self) -> bool:
        """The picture's right is towards smaller x."""
        return bool(self.view.rotation[0, 1] < 0)

    def place(self, pixels: Vec) -> Hits:
        """Working pixels (n, 2) on the hull."""
        return self._patch.meet(self.view, self._optics.rays(pixels))

    def project(self, x: Vec, s: Vec) -> tuple[Vec, NDArray[np.bool_]]:
        """Working pixels (n, 2) of places on the hull, and whether each is ahead of the camera and within the sampled patch."""
        points, inside = self._patch.points_at(x, s)
        body = (points - self.view.centre) @ self.view.rotation
        ahead = inside & (body[:, 0] > 0.05)
        body[:, 0] = np.maximum(body[:, 0], 0.05)
        return self._optics.project(body), ahead

    def footprint(self, box: tuple[float, float, float, float]) -> tuple[tuple[float, float], ...]:
        """(x, s) around the image rectangle ``box`` (x0, y0, x1, y1 in working pixels); () when any of it misses."""
        x0, y0, x1, y1 = box
        k = np.arange(4) / 4.0
        edge = [(x0 + (x1 - x0) * k, np.full(4, y0)), (np.full(4, x1), y0 + (y1 - y0) * k)]
        edge += [(x1 - (x1 - x0) * k, np.full(4, y1)), (np.full(4, x0), y1 - (y1 - y0) * k)]
        hits = self.place(np.concatenate([np.stack(part, axis=1) for part in edge]))
        if not hits.ok.all():
            return ()
        return tuple((float(x), float(s)) for x, s in zip(hits.x, hits.s, strict=True))

    def motion_from(self, other: "Look") -> tuple[Vec, Vec]:
        """(R, t) with p_other = R p_this + t, in camera axes (x right, y down, z forward) [m]."""
        to_camera = CAMERA_TO_BODY.T
        rotation = to_camera @ other.view.rotation.T @ self.view.rotation @ to_camera.T
        shift = to_camera @ other.view.rotation.T @ (self.view.centre - other.view.centre)
        return np.asarray(rotation, np.float64), np.asarray(shift, np.float64)

    def plane(self) -> tuple[Vec, float]:
        """Unit normal n towards the hull and distance d of the tangent plane ahead, n·p = d, in camera axes."""
        if self._plane is None:
            self._plane = self._fit_plane()
        return self._plane

    def _fit_plane(self) -> tuple[Vec, float]:
        points = self._optics.rays(self._around) * self._hits.forward[:, None] @ CAMERA_TO_BODY
        offset = points - points.mean(axis=0)
        normal = np.linalg.svd(offset)[2][2]
        normal = normal * (1.0 if normal[2] >= 0 else -1.0)
        return np.asarray(normal, np.float64), float(normal @ points.mean(axis=0))
