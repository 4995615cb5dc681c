"""Bar30 pressure sensor: 2 mm noise, wave pressure included."""

import math

from sim.dynamics import E_AMPLITUDE, E_DIR_E, Vec
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
        n, e, depth = position_ned.tolist()
        amplitude, omega, number, dir_n, dir_e = env[E_AMPLITUDE : E_DIR_E + 1].tolist()
        phase = number * (dir_n * n + dir_e * e) - omega * t
        wave = amplitude * math.exp(-number * max(depth, 0.0)) * math.cos(phase)
        head = max(depth + wave, 0.0) if depth > -0.1 else 0.0
        head += offset_m + NOISE_M * float(self._noise.row(count)[0])
        return SURFACE_PA + self._weight * head
