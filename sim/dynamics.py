"""Six degrees of freedom, after Fossen (2011), in scalar numba code.

State ``s``: position NED, attitude quaternion body→NED (w, x, y, z), velocity relative to the water and angular rate in body
FRD. Added mass stands inside the mass matrix. The water's own motion (current and wave orbits) carries the vehicle; for a
vehicle of nearly the water's density the Froude-Krylov force cancels the frame's acceleration, so both are left out.
In the Coriolis terms the added mass' anisotropy counts for `MUNK` only: potential flow's full Munk moment would tumble an
open-frame vehicle at 1 m/s, which separated flow does not do. Any factor leaves the terms free of power (they stay skew).
Not modelled, said openly: suction and wash beside the hull, and the hull's own shelter from current and waves.
Integrated with the explicit midpoint rule at 2.5 ms.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.presets import (
    P_ADDED,
    P_BUOYANCY,
    P_CBZ,
    P_HEIGHT,
    P_INERTIA,
    P_LINEAR,
    P_MASS,
    P_QUADRATIC,
    P_RHO,
    P_TETHER,
    P_WEIGHT,
)

Vec = NDArray[np.float64]

STEP_S = 0.0025
TETHER_DIAMETER_M = 0.0076
TETHER_CD = 1.2
TETHER_X_M = -0.15
SNAG_NPM, SNAG_NSPM = 400.0, 60.0
MUNK = 0.1

# State indices: what is integrated …
S_POS, S_QUAT, S_VEL, S_RATE = 0, 3, 7, 10
S_INTEGRATED = 13
# … and what is carried along: thruster forces, specific force (body), velocity over ground (NED), contact.
S_THRUST, S_ACCEL, S_GROUND = 13, 21, 24
S_CONTACT_N, S_PENETRATION, S_IMPACT, S_TOUCHES, S_MIN_GAP = 27, 28, 29, 30, 31
S_SIZE = 32

# Environment indices: current NED; wave amplitude, rad/s, wave number, direction N and E; contact plane (point NED, outward
# normal NED, distance of that point's plane from the vehicle's origin, active flag).
E_CURRENT, E_AMPLITUDE, E_OMEGA, E_NUMBER, E_DIR_N, E_DIR_E = 0, 3, 4, 5, 6, 7
E_POINT, E_NORMAL, E_ACTIVE = 8, 11, 14
# A snagged tether: where it is caught (NED), its slack [m], and whether it is.
E_SNAG, E_SNAGGED = 15, 19
# Current's growth per metre of depth, N and E.
E_SHEAR = 20
E_SIZE = 22


@njit(cache=True)  # type: ignore[untyped-decorator]
def rotate(q: Vec, v0: float, v1: float, v2: float) -> tuple[float, float, float]:
    """Body to NED."""
    w, x, y, z = q[0], q[1], q[2], q[3]
    return (
        (1 - 2 * (y * y + z * z)) * v0 + 2 * (x * y - w * z) * v1 + 2 * (x * z + w * y) * v2,
        2 * (x * y + w * z) * v0 + (1 - 2 * (x * x + z * z)) * v1 + 2 * (y * z - w * x) * v2,
        2 * (x * z - w * y) * v0 + 2 * (y * z + w * x) * v1 + (1 - 2 * (x * x + y * y)) * v2,
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def rotate_back(q: Vec, v0: float, v1: float, v2: float) -> tuple[float, float, float]:
    """NED to body."""
    w, x, y, z = q[0], q[1], q[2], q[3]
    return (
        (1 - 2 * (y * y + z * z)) * v0 + 2 * (x * y + w * z) * v1 + 2 * (x * z - w * y) * v2,
        2 * (x * y - w * z) * v0 + (1 - 2 * (x * x + z * z)) * v1 + 2 * (y * z + w * x) * v2,
        2 * (x * z + w * y) * v0 + 2 * (y * z - w * x) * v1 + (1 - 2 * (x * x + y * y)) * v2,
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def locate(s: Vec, turn: Vec, draught_m: float, xyz: Vec, to_ship: Vec) -> float:
    """Yaw [rad]. Sets ``xyz`` (3,) to the place in the ship frame, ``to_ship`` (3, 3) to body → ship; ``turn``: NED → ship."""
    q = s[S_QUAT : S_QUAT + 4]
    for k in range(3):
        xyz[k] = turn[k, 0] * s[0] + turn[k, 1] * s[1] + turn[k, 2] * (s[2] - draught_m)
        # The rows of `turn` are the ship's axes in NED: taken into the body they are the rows of body → ship.
        to_ship[k, 0], to_ship[k, 1], to_ship[k, 2] = rotate_back(q, turn[k, 0], turn[k, 1], turn[k, 2])
    w, x, y, z = q[0], q[1], q[2], q[3]
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


@njit(cache=True)  # type: ignore[untyped-decorator]
def water_velocity(e: Vec, n: float, east: float, down: float, t: float) -> tuple[float, float, float]:
    """Current with its shear, plus the deep-water wave orbit [m/s, NED] at a place and time; the orbit decays as exp(-k z)."""
    depth = max(down, 0.0)
    decay = e[E_AMPLITUDE] * e[E_OMEGA] * math.exp(-e[E_NUMBER] * depth)
    phase = e[E_NUMBER] * (e[E_DIR_N] * n + e[E_DIR_E] * east) - e[E_OMEGA] * t
    along = decay * math.cos(phase)
    current_n, current_e = e[0] + e[E_SHEAR] * depth, e[1] + e[E_SHEAR + 1] * depth
    return current_n + along * e[E_DIR_N], current_e + along * e[E_DIR_E], e[2] - decay * math.sin(phase)


@njit(cache=True)  # type: ignore[untyped-decorator]
def tether_force(p: Vec, u: float, v: float, w: float) -> tuple[float, float, float]:
    """Drag [N, body] of ``P_TETHER`` metres of 7.6 mm tether towed broadside (12 N for 10 m at 0.5 m/s)."""
    speed = math.sqrt(u * u + v * v + w * w)
    k = -0.5 * p[P_RHO] * TETHER_CD * TETHER_DIAMETER_M * p[P_TETHER] * speed
    return k * u, k * v, k * w


@njit(cache=True)  # type: ignore[untyped-decorator]
def snag_wrench(s: Vec, e: Vec, out: Vec) -> None:
    """Adds the pull of a caught tether (body) to ``out``: a spring with damping beyond its slack, which cannot push."""
    if e[E_SNAGGED] == 0.0:
        return
    d0, d1, d2 = e[E_SNAG] - s[0], e[E_SNAG + 1] - s[1], e[E_SNAG + 2] - s[2]
    away = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
    if away <= e[E_SNAG + 3] or away < 1e-6:
        return
    d0, d1, d2 = d0 / away, d1 / away, d2 / away
    leaving = -(d0 * s[S_GROUND] + d1 * s[S_GROUND + 1] + d2 * s[S_GROUND + 2])
    pull = max(SNAG_NPM * (away - e[E_SNAG + 3]) + SNAG_NSPM * leaving, 0.0)
    f0, f1, f2 = rotate_back(s[S_QUAT : S_QUAT + 4], pull * d0, pull * d1, pull * d2)
    out[0] += f0
    out[1] += f1
    out[2] += f2
    out[4] -= TETHER_X_M * f2
    out[5] += TETHER_X_M * f1


@njit(cache=True)  # type: ignore[untyped-decorator]
def derivative(s: Vec, p: Vec, e: Vec, wrench: Vec, t: float, out: Vec) -> None:
    """Time derivative of the 13 integrated numbers under ``wrench`` (thrusters and contact, body, N and N m)."""
    q = s[S_QUAT : S_QUAT + 4]
    u, v, w = s[7], s[8], s[9]
    a, b, c = s[10], s[11], s[12]
    wn, we, wd = water_velocity(e, s[0], s[1], s[2], t)
    gn, ge, gd = rotate(q, u, v, w)
    out[0], out[1], out[2] = gn + wn, ge + we, gd + wd
    out[3] = 0.5 * (-q[1] * a - q[2] * b - q[3] * c)
    out[4] = 0.5 * (q[0] * a + q[2] * c - q[3] * b)
    out[5] = 0.5 * (q[0] * b - q[1] * c + q[3] * a)
    out[6] = 0.5 * (q[0] * c + q[1] * b - q[2] * a)

    submerged = min(max((s[2] + 0.5 * p[P_HEIGHT]) / p[P_HEIGHT], 0.0), 1.0)
    buoyancy = p[P_BUOYANCY] * submerged
    fx, fy, fz = rotate_back(q, 0.0, 0.0, p[P_WEIGHT] - buoyancy)
    ux, uy, _ = rotate_back(q, 0.0, 0.0, -buoyancy)
    tx, ty, tz = tether_force(p, u, v, w)
    fx += tx + wrench[0]
    fy += ty + wrench[1]
    fz += tz + wrench[2]
    # Moment of buoyancy about the centre of mass: (0, 0, zb) x F = (-zb Fy, zb Fx, 0).
    ka = wrench[3] - p[P_CBZ] * uy
    kb = wrench[4] + p[P_CBZ] * ux - TETHER_X_M * tz
    kc = wrench[5] + TETHER_X_M * ty

    m = p[P_MASS]
    mu, mv, mw = m + p[P_ADDED], m + p[P_ADDED + 1], m + p[P_ADDED + 2]
    ia, ib, ic = p[P_INERTIA] + p[P_ADDED + 3], p[P_INERTIA + 1] + p[P_ADDED + 4], p[P_INERTIA + 2] + p[P_ADDED + 5]
    iso = m + p[P_ADDED]
    pu, pv, pw = iso * u, (iso + MUNK * (mv - iso)) * v, (iso + MUNK * (mw - iso)) * w
    ha, hb, hc = ia * a, ib * b, ic * c
    out[7] = (fx - (b * pw - c * pv) - _drag(p, 0, u)) / mu
    out[8] = (fy - (c * pu - a * pw) - _drag(p, 1, v)) / mv
    out[9] = (fz - (a * pv - b * pu) - _drag(p, 2, w)) / mw
    out[10] = (ka - (b * hc - c * hb) - (v * pw - w * pv) - _drag(p, 3, a)) / ia
    out[11] = (kb - (c * ha - a * hc) - (w * pu - u * pw) - _drag(p, 4, b)) / ib
    out[12] = (kc - (a * hb - b * ha) - (u * pv - v * pu) - _drag(p, 5, c)) / ic


@njit(cache=True)  # type: ignore[untyped-decorator]
def _drag(p: Vec, axis: int, speed: float) -> float:
    return float((p[P_LINEAR + axis] + p[P_QUADRATIC + axis] * abs(speed)) * speed)


@njit(cache=True)  # type: ignore[untyped-decorator]
def integrate(s: Vec, p: Vec, e: Vec, wrench: Vec, t: float, scratch: Vec) -> None:
    """One midpoint step of `STEP_S`; also leaves specific force and velocity over ground in ``s``. ``scratch``: (3, 13)."""
    k1, k2, mid = scratch[0], scratch[1], scratch[2]
    derivative(s, p, e, wrench, t, k1)
    for i in range(S_INTEGRATED):
        mid[i] = s[i] + 0.5 * STEP_S * k1[i]
    derivative(mid, p, e, wrench, t + 0.5 * STEP_S, k2)
    for i in range(S_INTEGRATED):
        s[i] += STEP_S * k2[i]
    norm = math.sqrt(s[3] * s[3] + s[4] * s[4] + s[5] * s[5] + s[6] * s[6])
    for i in range(3, 7):
        s[i] /= norm
    q = s[S_QUAT : S_QUAT + 4]
    u, v, w, a, b, c = s[7], s[8], s[9], s[10], s[11], s[12]
    g0, g1, g2 = rotate_back(q, 0.0, 0.0, 9.80665)
    s[S_ACCEL] = k2[7] + b * w - c * v - g0
    s[S_ACCEL + 1] = k2[8] + c * u - a * w - g1
    s[S_ACCEL + 2] = k2[9] + a * v - b * u - g2
    s[S_GROUND], s[S_GROUND + 1], s[S_GROUND + 2] = k2[0], k2[1], k2[2]


def mechanical_energy(s: Vec, p: Vec) -> float:
    """Kinetic (with added mass) plus potential energy [J] in still water, fully submerged; for tests."""
    m = p[P_MASS]
    inertia = [m + p[P_ADDED + i] for i in range(3)] + [p[P_INERTIA + i] + p[P_ADDED + 3 + i] for i in range(3)]
    kinetic = 0.5 * sum(float(k) * float(x) ** 2 for k, x in zip(inertia, s[7:13], strict=True))
    _, _, cb_down = rotate(s[S_QUAT : S_QUAT + 4], 0.0, 0.0, float(p[P_CBZ]))
    return float(kinetic - p[P_WEIGHT] * s[2] + p[P_BUOYANCY] * (s[2] + cb_down))
