"""Forward and upward echo sounders (Ping class): nearest echo in a narrow cone, 0.2-50 m."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.randoms import NoiseRows

Vec = NDArray[np.float64]
RayCast = Callable[[Vec, Vec, float], float | None]

LEAST_M, MOST_M = 0.2, 50.0
CONE = 0.12  # tangent of the half angle that returns an echo
DROPOUT = 0.01


class RangeFinder:
    """``axis``: body unit vector; ``mount``: body position [m]."""

    def __init__(self, seed: int, sensor: str, axis: Vec, mount: Vec) -> None:
        self._noise = NoiseRows(seed, sensor, 1)
        self._chance = NoiseRows(seed, sensor, 1, uniform=True)
        self._mount = mount
        side = np.array([0.0, 1.0, 0.0])
        other = np.cross(axis, side)
        self._rays = [axis] + [_unit(axis + s * CONE * v) for v in (side, other) for s in (1.0, -1.0)]

    def read(self, count: int, cast: RayCast, dropout: float = DROPOUT) -> float | None:
        """Reading ``count`` [m]; None without an echo. ``cast(origin_body, direction_body, max_m)``."""
        draw = self._noise.row(count)
        hits = [d for d in (cast(self._mount, ray, MOST_M) for ray in self._rays) if d is not None]
        if not hits or float(self._chance.row(count)[0]) < dropout:
            return None
        reading = min(hits) * (1.0 + 0.003 * float(draw[0])) + 0.005 * float(draw[0])
        return reading if LEAST_M <= reading <= MOST_M else None


def _unit(v: Vec) -> Vec:
    out: Vec = v / np.linalg.norm(v)
    return out
