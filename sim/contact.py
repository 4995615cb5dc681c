"""Contact with the hull: a penalty force at the corners of the frame, against the hull's tangent plane near the vehicle.

The plane is renewed every slow tick (20 ms) from the signed distance of hull and attachments; at 2 m/s that is 4 cm of travel.
Stiffness 20 kN/m per corner stops 2 m/s within about 4 cm, well before the next plane, so nothing tunnels.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.dynamics import (
    E_ACTIVE,
    E_NORMAL,
    E_POINT,
    S_CONTACT_N,
    S_GROUND,
    S_IMPACT,
    S_MIN_GAP,
    S_PENETRATION,
    S_QUAT,
    S_TOUCHES,
    rotate_back,
    snag_wrench,
)

Vec = NDArray[np.float64]

HALF_LENGTH_M, HALF_WIDTH_M, HALF_HEIGHT_M = 0.2285, 0.169, 0.127
STIFFNESS_NPM = 20_000.0
DAMPING_NSPM = 120.0
FRICTION = 0.3


@njit(cache=True)  # type: ignore[untyped-decorator]
def set_plane(e: Vec, s: Vec, turn: Vec, distance_m: float, x: float, y: float, z: float, within_m: float) -> None:
    """Puts the plane ``distance_m`` from the vehicle's origin, with the ship-frame normal (x, y, z), in force for
    `contact_wrench`; none when it is farther than ``within_m``. ``turn``: NED → ship."""
    e[E_ACTIVE] = 0.0
    if distance_m > within_m:
        return
    for k in range(3):
        along = turn[0, k] * x + turn[1, k] * y + turn[2, k] * z
        e[E_NORMAL + k], e[E_POINT + k] = along, s[k] - distance_m * along
    e[E_ACTIVE] = 1.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def contact_wrench(s: Vec, e: Vec, out: Vec) -> None:
    """Adds what holds the vehicle, a caught tether and the hull's contact, as force and moment (body) to ``out``.

    Reports depth, force, impact speed and touches of the hull in ``s``; ``S_TOUCHES`` counts contacts that begin after at least
    one step without any.
    """
    snag_wrench(s, e, out)
    if e[E_ACTIVE] == 0.0:
        s[S_CONTACT_N] = 0.0
        return
    q = s[S_QUAT : S_QUAT + 4]
    n0, n1, n2 = e[E_NORMAL], e[E_NORMAL + 1], e[E_NORMAL + 2]
    gap0 = (s[0] - e[E_POINT]) * n0 + (s[1] - e[E_POINT + 1]) * n1 + (s[2] - e[E_POINT + 2]) * n2
    nb0, nb1, nb2 = rotate_back(q, n0, n1, n2)
    vb0, vb1, vb2 = rotate_back(q, s[S_GROUND], s[S_GROUND + 1], s[S_GROUND + 2])
    total, deepest = 0.0, 1e9
    for i in range(8):
        x = HALF_LENGTH_M if i & 1 else -HALF_LENGTH_M
        y = HALF_WIDTH_M if i & 2 else -HALF_WIDTH_M
        z = HALF_HEIGHT_M if i & 4 else -HALF_HEIGHT_M
        gap = gap0 + x * nb0 + y * nb1 + z * nb2
        deepest = min(deepest, gap)
        if gap >= 0.0:
            continue
        cu = vb0 + s[11] * z - s[12] * y
        cv = vb1 + s[12] * x - s[10] * z
        cw = vb2 + s[10] * y - s[11] * x
        closing = cu * nb0 + cv * nb1 + cw * nb2
        push = max(-STIFFNESS_NPM * gap - DAMPING_NSPM * closing, 0.0)
        t0, t1, t2 = cu - closing * nb0, cv - closing * nb1, cw - closing * nb2
        slip = math.sqrt(t0 * t0 + t1 * t1 + t2 * t2)
        grip = FRICTION * push / max(slip, 0.05)
        f0, f1, f2 = push * nb0 - grip * t0, push * nb1 - grip * t1, push * nb2 - grip * t2
        out[0] += f0
        out[1] += f1
        out[2] += f2
        out[3] += y * f2 - z * f1
        out[4] += z * f0 - x * f2
        out[5] += x * f1 - y * f0
        total += push
        if s[S_CONTACT_N] == 0.0 and total == push:
            s[S_TOUCHES] += 1.0
            s[S_IMPACT] = max(s[S_IMPACT], -closing)
    s[S_CONTACT_N] = total
    s[S_PENETRATION] = max(s[S_PENETRATION], -deepest)
    s[S_MIN_GAP] = min(s[S_MIN_GAP], deepest)
