"""Bar30 pressure sensor: 2 mm noise, wave pressure included."""

import math

from sim.dynamics import E_AMPLITUDE, E_DIR_E, E_DIR_N, E_NUMBER, E_OMEGA, Vec
from sim.randoms import NoiseRows

SURFACE_PA = 101_325.0
NOISE_M = 0.002
GRAVITY = 9.80665


class DepthSensor:
    """``pressure`` [Pa] at the vehicle's origin."""

    def __init__(self, seed: int, density: float) -> None:
        self._noise = NoiseRows(seed, "depth", 1)
        self._weight = density * GRAVITY

    def pressure(self, count: int, position_ned: Vec, env: Vec, t: float, offset_m: float = 0.0) -> float:
        """Reading ``count``. ``offset_m``: a depth jump from a fault. In air it reads the atmosphere."""
        n, e, depth = float(position_ned[0]), float(position_ned[1]), float(position_ned[2])
        phase = env[E_NUMBER] * (env[E_DIR_N] * n + env[E_DIR_E] * e) - env[E_OMEGA] * t
        wave = env[E_AMPLITUDE] * math.exp(-env[E_NUMBER] * max(depth, 0.0)) * math.cos(phase)
        head = max(depth + wave, 0.0) if depth > -0.1 else 0.0
        head += offset_m + NOISE_M * float(self._noise.row(count)[0])
        return SURFACE_PA + self._weight * head
