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
BAND_M = 2.5
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


class Sight(NamedTuple):
    """Samples of each section about the middle of a view, (n, k): girth ``s``; ``slope`` of the ray to it against the line of
    sight, up positive; ``cosine`` of its incidence; whether it lies ``ahead`` and below the sheer."""

    s: Vec
    slope: Vec
    cosine: Vec
    ahead: Bools


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

    def sight(self, at: Stations, mount_m: tuple[float, float, float]) -> "Sight":
        """What lies about the middle of the view of an instrument mounted at ``mount_m`` (body FRD, turned with the line of
        sight)."""
        eye = at.position + at.look * mount_m[0] - at.up * mount_m[2]
        reach = round(BAND_M / STEP_M)
        k = np.clip(np.rint(at.s / STEP_M).astype(np.intp)[:, None] + np.arange(-reach, reach + 1), 0, len(self.s) - 1)
        rows = np.arange(len(self.places))[:, None]
        to = self.point[rows, k] - eye[:, None, :]
        forward, upward = (to @ axis[:, :, None] for axis in (at.look, at.up))
        cosine = -(to * self.normal[rows, k]).sum(axis=2) / np.sqrt((to * to).sum(axis=2))
        slope = upward[:, :, 0] / np.maximum(forward[:, :, 0], 1e-9)
        s = self.s[k]
        return Sight(s, slope, cosine, (forward[:, :, 0] > 0.0) & (s <= self.sheer[:, None]))

    def window(self, sight: "Sight", half_rad: float, max_incidence_rad: float) -> Window:
        """What a camera sees of each section within ``half_rad`` above and below its axis, at most ``max_incidence_rad`` from
        square; one stretch about the middle of the view."""
        slope, limit = sight.slope, math.tan(half_rad)
        good = sight.ahead & (sight.cosine >= math.cos(max_incidence_rad))
        seen = good & (np.abs(slope) <= limit)
        middle = np.argmin(np.where(good, np.abs(slope), np.inf), axis=1)
        rows, columns = np.arange(len(self.places)), np.arange(slope.shape[1])
        below = np.where(~seen & (columns <= middle[:, None]), columns, -1).max(axis=1) + 1
        above = np.where(~seen & (columns >= middle[:, None]), columns, len(columns)).min(axis=1) - 1
        some = seen[rows, middle] & (above >= below)
        low = sight.s[rows, np.clip(below, 0, len(columns) - 1)] - self._beyond(slope, good, below, -1, limit)
        high = sight.s[rows, np.clip(above, 0, len(columns) - 1)] + self._beyond(slope, good, above, 1, limit)
        return Window(self.places, np.where(some, low, np.nan), np.where(some, high, np.nan))

    def met(self, sight: "Sight", down_rad: float, max_incidence_rad: float) -> Bools:
        """Where a beam that points ``down_rad`` below the line of sight meets the plating squarely enough."""
        square = sight.ahead & (sight.cosine >= math.cos(max_incidence_rad))
        return np.asarray((square & (sight.slope <= -math.tan(down_rad))).any(axis=1))

    def _beyond(self, slope: Vec, good: Bools, k: NDArray[np.intp], way: int, limit: float) -> Vec:
        """How far [m] past sample ``k`` the view really ends: where the slope reaches the limit, if nothing else ends it."""
        rows, size = np.arange(len(k)), slope.shape[1]
        inner, outer = np.clip(k, 0, size - 1), np.clip(k + way, 0, size - 1)
        a, b = np.abs(slope[rows, inner]), np.abs(slope[rows, outer])
        share = np.clip(np.divide(limit - a, b - a, out=np.zeros_like(a), where=b > a), 0.0, 1.0)
        return np.where(good[rows, outer] & (outer != inner), share * STEP_M, 0.0)
