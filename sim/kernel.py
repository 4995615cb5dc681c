"""The inner loop: estimate, control, thrusters, contact, dynamics, ``n`` steps of 2.5 ms in one compiled call."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.autopilot import layout as a
from sim.autopilot.control import control
from sim.autopilot.estimator import estimate
from sim.contact import contact_wrench
from sim.dynamics import S_THRUST, STEP_S, integrate
from sim.presets import P_ALLOCATION, P_CURVE, P_TAU
from sim.thrusters import current_a, thrust_n

Vec = NDArray[np.float64]


@njit(cache=True)  # type: ignore[untyped-decorator]
def apply_thrusters(s: Vec, c: Vec, p: Vec, wrench: Vec) -> None:
    """First-order lag towards the curve's force; sets ``wrench`` and the current drawn."""
    keep = math.exp(-STEP_S / p[P_TAU])
    amps = 0.0
    for i in range(6):
        wrench[i] = 0.0
    for k in range(int(c[a.THRUSTERS])):
        steady = thrust_n(c[a.PWM + k], c[a.VOLTS], p[P_CURVE]) * c[a.THRUSTER_GAIN + k]
        force = steady + (s[S_THRUST + k] - steady) * keep
        s[S_THRUST + k] = force
        amps += current_a(force, c[a.VOLTS])
        for i in range(6):
            wrench[i] += p[P_ALLOCATION + 8 * i + k] * force
    c[a.AMPS] = amps


@njit(cache=True)  # type: ignore[untyped-decorator]
def advance(s: Vec, c: Vec, p: Vec, e: Vec, noise: Vec, first: int, n: int, scratch: Vec) -> None:
    """``n`` steps from step ``first``; time is counted in steps, so that cuts do not change its rounding.

    ``noise``: (n, 6) standard normals. ``scratch``: (4, 13)."""
    wrench = scratch[3, :6]
    for i in range(n):
        estimate(s, c, noise[i])
        control(c)
        apply_thrusters(s, c, p, wrench)
        contact_wrench(s, e, wrench)
        integrate(s, p, e, wrench, (first + i) * STEP_S, scratch)
