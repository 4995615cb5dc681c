"""Forward and upward echo sounders (Ping class): nearest echo in a narrow cone, 0.2-50 m."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.randoms import NoiseRows

Vec = NDArray[np.float64]
RayCast = Callable[[Vec, Vec, float], Vec]
"""(origin (3,), unit directions (n, 3), longest range [m]), body frame → ranges (n,) [m], −1 without an echo."""

LEAST_M, MOST_M = 0.2, 50.0
CONE = 0.12  # tangent of the half angle that returns an echo
DROPOUT = 0.01
ALIKE_M = 0.3


class RangeFinder:
    """``axis``: body unit vector; ``mount``: body position [m]. ``confidence``: of the last reading [%]: how much of the cone
    came back within `ALIKE_M` of the nearest echo, less with distance; 0 without one. A plausible rule, not the maker's."""

    def __init__(self, seed: int, sensor: str, axis: Vec, mount: Vec) -> None:
        self._noise = NoiseRows(seed, sensor, 1)
        self._chance = NoiseRows(seed, sensor, 1, uniform=True)
        self._mount = mount
        side = np.array([0.0, 1.0, 0.0])
        other = np.cross(axis, side)
        edges = [_unit(axis + s * CONE * v) for v in (side, other) for s in (1.0, -1.0)]
        self._rays: Vec = np.stack([axis, *edges])
        self.confidence = 0

    def read(self, count: int, cast: RayCast, dropout: float = DROPOUT) -> float | None:
        """Reading ``count`` [m]; None without an echo."""
        self.confidence = 0
        hits = cast(self._mount, self._rays, MOST_M)
        echoes = hits[hits >= 0.0]
        if len(echoes) == 0 or float(self._chance.row(count)[0]) < dropout:
            return None
        draw = float(self._noise.row(count)[0])
        reading = float(echoes.min()) * (1.0 + 0.003 * draw) + 0.005 * draw
        if not LEAST_M <= reading <= MOST_M:
            return None
        alike = np.count_nonzero(echoes <= echoes.min() + ALIKE_M) / len(hits)
        self.confidence = round(100.0 * alike * (1.0 - 0.5 * reading / MOST_M))
        return reading


def _unit(v: Vec) -> Vec:
    out: Vec = v / np.linalg.norm(v)
    return out
