"""Magnetic heading beside a steel hull.

The hull's own field turns the compass by an angle that grows as the distance falls and swings along the ship:
``at_1m`` x (1 / max(d, 0.4))^1.5 x pattern(x), at most 60 degrees, pattern within ±1 with random phases and a period of about
11 m. A plausible shape, not a measured ship; open water leaves 1 degree.
"""

import math

from sim.autopilot.estimator import wrap
from sim.randoms import NoiseRows, NoiseStream

NOISE_RAD = math.radians(0.5)
MOST_RAD = math.radians(60.0)


class Compass:
    """``at_1m_rad``: peak error one metre from the plating."""

    def __init__(self, seed: int, at_1m_rad: float) -> None:
        self._noise = NoiseRows(seed, "compass", 1)
        phases = NoiseStream(seed, "compass_bias").uniform(0, 3)
        self._phase_1, self._phase_2 = float(phases[0]) * 2 * math.pi, float(phases[1]) * 2 * math.pi
        self._bias = math.radians(1.0) * (2.0 * float(phases[2]) - 1.0)
        self._at_1m = at_1m_rad

    def disturbance(self, distance_m: float, x_ship: float) -> float:
        """Error [rad] from the hull's steel."""
        pattern = 0.6 * math.sin(2 * math.pi * x_ship / 11.0 + self._phase_1)
        pattern += 0.4 * math.sin(2 * math.pi * x_ship / 27.0 + self._phase_2)
        strength = self._at_1m * (1.0 / max(distance_m, 0.4)) ** 1.5
        return float(min(max(strength * pattern, -MOST_RAD), MOST_RAD))

    def heading(self, count: int, true_yaw: float, distance_m: float, x_ship: float, swing_rad: float = 0.0) -> float:
        """Reading ``count`` [rad]. ``swing_rad``: added by a fault."""
        error = self._bias + self.disturbance(distance_m, x_ship) + swing_rad
        return float(wrap(true_yaw + error + NOISE_RAD * float(self._noise.row(count)[0])))
