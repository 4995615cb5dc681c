"""Water Linked A50, mounted facing the hull: four beams 22.5 degrees off its axis, 0.05-50 m.

Pings come at 8 Hz up to 5 m and slow down evenly to 5 Hz at 50 m; velocity noise and fom grow likewise beyond 5 m. The
instrument's span is 5-15 Hz by range; without a table of it, this law is ours.

Axes of the instrument: z along body +x (towards the hull), y along body +y, x along body −z. Beam k points
(sin 22.5° cos φ, sin 22.5° sin φ, cos 22.5°) with φ = 45°, 135°, 225°, 315° for id 0 … 3.
"""

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.randoms import NoiseRows
from sim.sensors.ranges import RayCast
from wire.rig import Rig

Vec = NDArray[np.float64]

RATE_HZ, FAR_RATE_HZ = 8.0, 5.0
NEAR_M = 5.0
NOISE_BY_RANGE = 0.1  # share by which the noise grows per metre beyond NEAR_M
LEAST_M, MOST_M = 0.05, 50.0
BEAM_DROPOUT = 0.01
PING_DROPOUT = 0.005
SPEED_NOISE, SPEED_SCALE = 0.004, 0.004
RANGE_NOISE_M, RANGE_SCALE = 0.004, 0.002
BODY_FROM_DVL: Vec = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])


class Beam(NamedTuple):
    """``velocity_mps``: of the instrument along the beam. ``distance_m``: −1 without a lock."""

    id: int
    velocity_mps: float
    distance_m: float
    valid: bool


class Ping(NamedTuple):
    """``velocity``: instrument axes [m/s], zeros when not valid. ``fom``: its standard deviation [m/s]."""

    velocity: tuple[float, float, float]
    fom: float
    valid: bool
    altitude_m: float
    beams: tuple[Beam, ...]


def rate_hz(altitude_m: float) -> float:
    """Pings a second at this range; without a lock (negative) the near rate."""
    far = min(max((altitude_m - NEAR_M) / (MOST_M - NEAR_M), 0.0), 1.0)
    return RATE_HZ + far * (FAR_RATE_HZ - RATE_HZ)


def noise_growth(range_m: float) -> float:
    """How many times the near noise a beam of this length has."""
    return 1.0 + NOISE_BY_RANGE * max(range_m - NEAR_M, 0.0)


class Dvl:
    """Pure: geometry and noise; the wire format is `sim.sensors.dvl_wire`."""

    def __init__(self, seed: int, rig: Rig) -> None:
        self._noise = NoiseRows(seed, "dvl", 8)
        self._chance = NoiseRows(seed, "dvl", 5, uniform=True)
        self._mount: Vec = np.array(rig.dvl_mount_m)
        tilt = rig.dvl_beam_angle_rad
        azimuths = [math.radians(45.0 + 90.0 * k) for k in range(4)]
        self.axes: Vec = np.array(
            [[math.sin(tilt) * math.cos(f), math.sin(tilt) * math.sin(f), math.cos(tilt)] for f in azimuths]
        )
        self._body_axes: Vec = np.ascontiguousarray(self.axes @ BODY_FROM_DVL.T)
        self._cosine = math.cos(tilt)
        subsets = [good for n in (3, 4) for good in combinations(range(4), n)]
        self._solvers = {good: self._solver(good) for good in subsets}

    def ping(self, count: int, velocity_body: Vec, rate_body: Vec, cast: RayCast, lost: bool = False) -> Ping:
        """Ping ``count``. Velocity of the body's origin over the hull, angular rate, both body; ``lost``: no lock by fault."""
        normals = self._noise.row(count).tolist()
        uniform = self._chance.row(count).tolist()
        m = self._mount
        p, q, r = (float(w) for w in rate_body)
        at_mount = velocity_body + np.array([q * m[2] - r * m[1], r * m[0] - p * m[2], p * m[1] - q * m[0]])
        if lost or uniform[4] < PING_DROPOUT:
            hits, speeds = [-1.0] * 4, [0.0] * 4
        else:
            hits = cast(m, self._body_axes, MOST_M).tolist()
            speeds = (self._body_axes @ at_mount).tolist()
        beams = []
        for k, (hit, along) in enumerate(zip(hits, speeds, strict=True)):
            if hit < LEAST_M or uniform[k] < BEAM_DROPOUT:
                beams.append(Beam(k, 0.0, -1.0, False))
                continue
            along += noise_growth(hit) * (SPEED_NOISE + SPEED_SCALE * abs(along)) * normals[k]
            distance = hit * (1.0 + RANGE_SCALE * normals[4 + k]) + RANGE_NOISE_M * normals[4 + k]
            beams.append(Beam(k, along, max(distance, LEAST_M), True))
        return self._solve(tuple(beams))

    def _solve(self, beams: tuple[Beam, ...]) -> Ping:
        good = tuple(b.id for b in beams if b.valid)
        if len(good) < 3:
            return Ping((0.0, 0.0, 0.0), 10.0, False, -1.0, beams)
        solver, spread = self._solvers[good]
        x, y, z = (solver @ np.array([beams[k].velocity_mps for k in good])).tolist()
        distances = [beams[k].distance_m for k in good]
        fom = noise_growth(max(distances)) * SPEED_NOISE * spread
        return Ping((x, y, z), fom, True, sum(distances) / len(good) * self._cosine, beams)

    def _solver(self, good: tuple[int, ...]) -> tuple[Vec, float]:
        """Least squares from beams' speeds to velocity, and the mean standard deviation of its axes for unit noise."""
        axes = self.axes[list(good)]
        inverse = np.linalg.inv(axes.T @ axes)
        return inverse @ axes.T, math.sqrt(float(inverse.trace()) / 3.0)
