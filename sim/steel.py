"""What one can hit and measure ranges to: the hull's plating and the solids of fittings, clutter and attachments.

One signed distance and one ray cast for contact, sonar and DVL. Ship frame, metres. Compiled, a whole sensor's beams a call.
"""

import math

import numpy as np
from numpy.typing import NDArray

from hull.kernels import njit, raycast_kernel, signed_distance_kernel
from hull.surface import HullSurface
from sim import solids

Vec = NDArray[np.float64]

GRADIENT_M = 0.01


@njit
def _distance(stations: Vec, girths: Vec, grid: Vec, normals: Vec, table: Vec, x: float, y: float, z: float) -> float:
    hull = signed_distance_kernel(stations, girths, grid, normals, x, y, z)
    return min(hull, solids.distance(table, x, y, z))


@njit
def _plane(
    stations: Vec, girths: Vec, grid: Vec, normals: Vec, table: Vec, xyz: Vec, within_m: float
) -> tuple[float, float, float, float]:
    x, y, z = xyz[0], xyz[1], xyz[2]
    d = _distance(stations, girths, grid, normals, table, x, y, z)
    gx, gy, gz = 0.0, 0.0, 0.0
    if d <= within_m:
        for axis in range(3):
            px = x + GRADIENT_M if axis == 0 else x
            py = y + GRADIENT_M if axis == 1 else y
            pz = z + GRADIENT_M if axis == 2 else z
            change = _distance(stations, girths, grid, normals, table, px, py, pz) - d
            if axis == 0:
                gx = change
            elif axis == 1:
                gy = change
            else:
                gz = change
    norm = math.sqrt(gx * gx + gy * gy + gz * gz)
    if norm < 1e-9:
        return d, 0.0, 0.0, -1.0
    return d, gx / norm, gy / norm, gz / norm


@njit
def _casts(
    stations: Vec, girths: Vec, grid: Vec, normals: Vec, table: Vec, origin: Vec, directions: Vec, max_m: float, water_z: float,
    out: Vec,
) -> None:  # fmt: skip
    for k in range(directions.shape[0]):
        direction = directions[k]
        reach, up = max_m, -1.0
        if direction[2] > 1e-6 and origin[2] < water_z and (water_z - origin[2]) / direction[2] <= max_m:
            up = (water_z - origin[2]) / direction[2]
            reach = up
        hit = raycast_kernel(stations, girths, grid, normals, origin, direction, reach)
        solid = solids.cast(table, origin, direction, reach if hit < 0.0 else hit)
        if solid >= 0.0:
            hit = solid
        out[k] = up if hit < 0.0 else hit


class Steel:
    """``table``: rows of `sim.solids`; None for the bare hull."""

    def __init__(self, surface: HullSurface, table: Vec | None = None) -> None:
        self.solids: Vec = np.zeros((0, solids.ROW)) if table is None else table
        self._hull = (surface.stations, surface.girths, surface.grid, surface.normals, self.solids)

    def signed_distance(self, xyz_ship: Vec) -> float:
        """Distance [m] of a point (3,), negative inside."""
        return float(_distance(*self._hull, float(xyz_ship[0]), float(xyz_ship[1]), float(xyz_ship[2])))

    def plane(self, xyz_ship: Vec, within_m: float) -> tuple[float, float, float, float]:
        """Signed distance [m] and its unit gradient (outward normal; forward differences of 1 cm). Farther than ``within_m`` the
        normal is not worked out: (0, 0, −1)."""
        return _plane(*self._hull, xyz_ship, within_m)

    def raycast(self, origin_ship: Vec, direction_ship: Vec, max_m: float) -> float | None:
        """Range [m] along the unit direction (3,) to hull or solids, or None beyond ``max_m``."""
        hit = float(self.casts(origin_ship, np.ascontiguousarray(direction_ship).reshape(1, 3), max_m)[0])
        return None if hit < 0.0 else hit

    def casts(self, origin_ship: Vec, directions_ship: Vec, max_m: float, water_z: float = -1e9) -> Vec:
        """Ranges [m] (n,) along unit directions (n, 3); −1 beyond ``max_m``. From below, the water surface at ``water_z`` returns
        an echo too."""
        out = np.empty(len(directions_ship))
        _casts(*self._hull, origin_ship, directions_ship, max_m, water_z, out)
        return out
