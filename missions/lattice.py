"""The hull sampled for planning, and what a camera beside it sees of every section: arrays, all stations at once.

Everything is done on the port half; starboard is its mirror image, and so is what a camera sees there.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface

Vec = NDArray[np.float64]
Bools = NDArray[np.bool_]
STEP_M = 0.05
"""Between samples along the girth."""
BAND_M = 3.0
"""Farther along the girth than this from the middle of the view nothing is looked for."""


class Stations(NamedTuple):
    """Where a vehicle is beside each place, and how it looks. ``position``, ``look``, ``up``: (n, 3); ``s``: (n,) girth of the
    nearest plating; ``lean``: (n,) angle between the line of sight and that plating's normal [rad]."""

    position: Vec
    look: Vec
    up: Vec
    s: Vec
    lean: Vec


class Window(NamedTuple):
    """Girths seen, ``low`` to ``high`` at each of the places ``x`` along a lane; NaN where nothing is."""

    x: Vec
    low: Vec
    high: Vec


class Lattice:
    """Sections at ``places`` (n,) along x, each sampled every `STEP_M` of girth from the keel up: ``point`` and ``normal`` are
    (n, k, 3), ``depth`` (n, k); ``sheer`` (n,) is where each section ends. Samples above the sheer repeat it."""

    def __init__(self, surface: HullSurface, places: Vec) -> None:
        self.places = np.asarray(places, dtype=np.float64)
        stations = surface.stations
        i = np.clip(np.searchsorted(stations, self.places, side="right") - 1, 0, len(stations) - 2)
        u = np.clip((self.places - stations[i]) / (stations[i + 1] - stations[i]), 0.0, 1.0)[:, None]
        girths = (1.0 - u) * surface.girths[i] + u * surface.girths[i + 1]
        self.sheer: Vec = girths[:, -1]
        self.s: Vec = np.arange(math.ceil(float(self.sheer.max()) / STEP_M) + 1, dtype=np.float64) * STEP_M
        fields = np.concatenate([surface.grid, surface.normals], axis=2)
        mixed = (1.0 - u[:, :, None]) * fields[i] + u[:, :, None] * fields[i + 1]
        rows = [[np.interp(self.s, girth, row[:, k]) for k in range(6)] for girth, row in zip(girths, mixed, strict=True)]
        table: Vec = np.array(rows, dtype=np.float64).transpose(0, 2, 1)
        self.point: Vec = table[:, :, :3]
        size = np.sqrt((table[:, :, 3:] ** 2).sum(axis=2, keepdims=True))
        self.normal: Vec = table[:, :, 3:] / size
        self.depth: Vec = surface.draught_m - self.point[:, :, 2]

    @property
    def lean(self) -> Vec:
        """(n, k) angle of the plating from the vertical [rad], positive where it looks down."""
        return np.asarray(np.arcsin(np.clip(-self.normal[:, :, 2], -1.0, 1.0)))

    def girth_at_depth(self, depth_m: Vec) -> Vec:
        """(n,) outermost girth at which each section has that depth."""
        below = self.depth >= depth_m[:, None]
        last = below.shape[1] - 1 - np.argmax(below[:, ::-1], axis=1)
        k = np.minimum(last, below.shape[1] - 2)
        rows = np.arange(len(self.places))
        d0, d1 = self.depth[rows, k], self.depth[rows, k + 1]
        share = np.clip(np.divide(d0 - depth_m, d0 - d1, out=np.zeros_like(d0), where=d0 > d1), 0.0, 1.0)
        return np.where(below.any(axis=1), np.minimum((k + share) * STEP_M, self.sheer), 0.0)

    def at(self, field: Vec, s_m: Vec) -> Vec:
        """(n, …) of ``field`` (n, k, …) at a girth of each section."""
        where = np.clip(s_m / STEP_M, 0.0, len(self.s) - 1.001)
        k = where.astype(np.intp)
        share = (where - k).reshape(-1, *([1] * (field.ndim - 2)))
        rows = np.arange(len(self.places))
        return np.asarray((1.0 - share) * field[rows, k] + share * field[rows, k + 1])

    def abreast(self, depth_m: float, standoff_m: float) -> Stations:
        """A vehicle at ``depth_m`` that looks level at the plating; on leaning plating the nearest point is not at its depth."""
        at = np.full(len(self.places), depth_m)
        for _ in range(3):
            s = self.girth_at_depth(at)
            normal = self.at(self.normal, s)
            at = depth_m + standoff_m * normal[:, 2]
        return self._facing(self.girth_at_depth(at), normal, standoff_m, np.zeros(len(self.places)))

    def square_to(self, s_m: float, standoff_m: float, max_tilt_rad: float) -> Stations:
        """A vehicle square off girth ``s_m``, its camera turned up to look squarely, by at most ``max_tilt_rad``."""
        s = np.minimum(s_m, self.sheer)
        normal = self.at(self.normal, s)
        tilt = np.clip(np.arcsin(np.clip(-normal[:, 2], -1.0, 1.0)), 0.0, max_tilt_rad)
        return self._facing(s, normal, standoff_m, tilt)

    def _facing(self, s: Vec, normal: Vec, standoff_m: float, tilt: Vec) -> Stations:
        normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        level = -normal * np.array([1.0, 1.0, 0.0])
        size = np.linalg.norm(level, axis=1, keepdims=True)
        level = np.where(size < 1e-3, np.array([0.0, -1.0, 0.0]), level / np.maximum(size, 1e-9))
        z = np.array([0.0, 0.0, 1.0])
        c, k = np.cos(tilt)[:, None], np.sin(tilt)[:, None]
        look, up = level * c + z * k, z * c - level * k
        lean = np.arccos(np.clip(-(look * normal).sum(axis=1), -1.0, 1.0))
        return Stations(self.at(self.point, s) + normal * standoff_m, look, up, s, lean)

    def window(self, at: Stations, mount_m: tuple[float, float, float], half_rad: float, max_incidence_rad: float) -> Window:
        """What a camera mounted at ``mount_m`` (body FRD, turned with the line of sight) sees of each section within ``half_rad``
        above and below its axis, at most ``max_incidence_rad`` from square; one stretch about the middle of the view."""
        eye = at.position + at.look * mount_m[0] - at.up * mount_m[2]
        first, last = np.searchsorted(self.s, (at.s.min() - BAND_M, at.s.max() + BAND_M))
        s = self.s[first:last]
        to = self.point[:, first:last] - eye[:, None, :]
        forward, upward = (np.einsum("nkc,nc->nk", to, axis) for axis in (at.look, at.up))
        slope = upward / np.maximum(forward, 1e-9)
        facing = -np.einsum("nkc,nkc->nk", to, self.normal[:, first:last])
        square = facing >= math.cos(max_incidence_rad) * np.linalg.norm(to, axis=2)
        limit = math.tan(half_rad)
        good = square & (forward > 0.0) & (s <= self.sheer[:, None])
        seen = good & (np.abs(slope) <= limit)
        middle = np.argmin(np.where(good, np.abs(slope), np.inf), axis=1)
        rows, columns = np.arange(len(self.places)), np.arange(len(s))
        below = np.where(~seen & (columns <= middle[:, None]), columns, -1).max(axis=1) + 1
        above = np.where(~seen & (columns >= middle[:, None]), columns, len(s)).min(axis=1) - 1
        some = seen[rows, middle] & (above >= below)
        low = s[np.clip(below, 0, len(s) - 1)] - self._beyond(slope, good, below, -1, limit)
        high = s[np.clip(above, 0, len(s) - 1)] + self._beyond(slope, good, above, 1, limit)
        return Window(self.places, np.where(some, low, np.nan), np.where(some, high, np.nan))

    def met(self, at: Stations, mount_m: tuple[float, float, float], down_rad: float, max_incidence_rad: float) -> Bools:
        """Where a beam from ``mount_m`` that points ``down_rad`` below the line of sight meets the plating squarely enough."""
        eye = at.position + at.look * mount_m[0] - at.up * mount_m[2]
        first, last = np.searchsorted(self.s, (at.s.min() - BAND_M, at.s.max() + BAND_M))
        to = self.point[:, first:last] - eye[:, None, :]
        forward, upward = (np.einsum("nkc,nc->nk", to, axis) for axis in (at.look, at.up))
        facing = -np.einsum("nkc,nkc->nk", to, self.normal[:, first:last])
        square = facing >= math.cos(max_incidence_rad) * np.linalg.norm(to, axis=2)
        return np.asarray((square & (forward > 0.0) & (upward <= -math.tan(down_rad) * forward)).any(axis=1))

    def _beyond(self, slope: Vec, good: Bools, k: NDArray[np.intp], way: int, limit: float) -> Vec:
        """How far [m] past sample ``k`` the view really ends: where the slope reaches the limit, if nothing else ends it."""
        rows, size = np.arange(len(k)), slope.shape[1]
        inner, outer = np.clip(k, 0, size - 1), np.clip(k + way, 0, size - 1)
        a, b = np.abs(slope[rows, inner]), np.abs(slope[rows, outer])
        share = np.clip(np.divide(limit - a, b - a, out=np.zeros_like(a), where=b > a), 0.0, 1.0)
        return np.where(good[rows, outer] & (outer != inner), share * STEP_M, 0.0)
