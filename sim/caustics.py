"""Sunlight focused by ripples: bright threads that wander over whatever lies shallow.

The sun's direct share of the daylight is gathered into threads of the same mean. It grows from nothing at the surface (a ripple
focuses some decimetres down), and decays with depth as the direct beam does against all daylight, exp(−(c − kd) z / cos θ): c
is the beam's attenuation, kd the daylight's, θ the beam's angle in the water by Snell. Strongest near 1 m in clear water, gone
by 3 m in a harbour; that light fluctuates most within the first metres is what Dera & Stramski measured (1986, Oceanologia 23,
15–42). The threads' width, spacing and pace are assumed: looks, not waves.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim.noise import njit, value_noise
from sim.scenario import Sun

Vec = NDArray[np.float64]
SPACING_M, PACE_MPS, FOCUS_M, REFRACTION = 0.17, 0.3, 0.4, 1.34
MEAN_THREAD = 0.272
"""Mean of a thread's brightness before it is scaled to a mean of 1."""
NO_SUN: Vec = np.zeros(0)


def sun_row(sun: Sun | None, heading_rad: float, c: float, kd: float, eye: Vec, turn: Vec, t: float) -> Vec:
    """What `caustic` needs: share, decay [1/m], where the light comes from per metre of depth (north, east), time, then the
    camera's place and its rotation to the world (9). Empty without sun. ``heading_rad``: the ship's; ``turn``: world → camera."""
    if sun is None or sun.share == 0.0 or eye[2] > 12.0:
        return NO_SUN
    sine = math.cos(math.radians(sun.elevation_deg)) / REFRACTION
    cosine = math.sqrt(1.0 - sine * sine)
    towards = heading_rad + math.radians(sun.azimuth_deg)
    slant = sine / cosine
    head = [sun.share, max(c - kd, 0.0) / cosine, slant * math.cos(towards), slant * math.sin(towards), t]
    return np.concatenate([head, eye, turn.T.reshape(-1)])


@njit
def thread(u: float, v: float, t: float) -> float:
    """Brightness 0 to 1 at a place of the surface [m]."""
    a = t * PACE_MPS / SPACING_M
    u, v = u / SPACING_M, v / SPACING_M
    s = value_noise(u + a, v + 0.3 * a, 4001) + 0.8 * value_noise(0.9 * u - 0.8 * v - 0.7 * a, 0.8 * u + 0.9 * v + 0.6 * a, 4002)
    ridge = max(1.0 - 1.6 * abs(s), 0.0)
    return ridge * ridge


@njit
def caustic(sun: Vec, x: float, y: float, z: float) -> float:
    """Factor on the daylight at a point of the camera frame; 1 in the mean."""
    depth = sun[7] + sun[14] * x + sun[15] * y + sun[16] * z
    if depth <= 0.0:
        return 1.0
    strength = sun[0] * math.exp(-sun[1] * depth) * (1.0 - math.exp(-depth / FOCUS_M))
    if strength < 0.01:
        return 1.0
    north = sun[5] + sun[8] * x + sun[9] * y + sun[10] * z
    east = sun[6] + sun[11] * x + sun[12] * y + sun[13] * z
    bright = thread(north + depth * sun[2], east + depth * sun[3], sun[4])
    return float(1.0 + strength * (bright / MEAN_THREAD - 1.0))
