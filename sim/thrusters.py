"""Six T200 thrusters on the BlueROV2 vectored frame: PWM to force and moment.

Curve: thrust 3.71 kgf ahead and 2.92 kgf astern at 12 V and 1900/1100 us, growing with voltage as V^1.2 (fits Blue Robotics'
T200 tables at 10-20 V within 4 %), dead band +-25 us about 1500, shape 0.4 u + 0.6 u^2 between (approximates the tables' curve).
Current: 17 A per thruster at full thrust and 12 V, as thrust^1.5. Directions and order are ArduSub's FRAME_CONFIG 1.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Vec = NDArray[np.float64]

KGF = 9.80665
FULL_AHEAD_N = 3.71 * KGF
FULL_ASTERN_N = 2.92 * KGF
FULL_CURRENT_A = 17.0
SQ = 0.7071067811865476

# Position [m] and direction of the force for PWM > 1500 (body FRD):
# 1 front right, 2 front left, 3 rear right, 4 rear left, 5 right, 6 left.
POSITIONS: Vec = np.array(
    [
        [0.156, 0.111, 0.0],
        [0.156, -0.111, 0.0],
        [-0.156, 0.111, 0.0],
        [-0.156, -0.111, 0.0],
        [0.0, 0.111, 0.0],
        [0.0, -0.111, 0.0],
    ]
)
DIRECTIONS: Vec = np.array([[-SQ, SQ, 0.0], [-SQ, -SQ, 0.0], [SQ, SQ, 0.0], [SQ, -SQ, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])


class Thrusters(NamedTuple):
    """``allocation`` (6, n): column k is the force [N] and moment [N m], body, of thruster k at 1 N. ``curve``: `T200_CURVE` or
    `SITL_CURVE`."""

    curve: float
    allocation: Vec


T200_CURVE, SITL_CURVE = 0.0, 1.0
T200 = Thrusters(T200_CURVE, np.vstack([DIRECTIONS.T, np.cross(POSITIONS, DIRECTIONS).T]))
SITL_FULL_N, _SITL_ARM_M = 51.48, 0.25
SITL_THRUSTERS = Thrusters(
    SITL_CURVE,
    np.array(
        [
            [-1.0, -1.0, 1.0, 1.0, 0.0, 0.0],
            [1.0, -1.0, 1.0, -1.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0, 1.0],
            [0.0, 0.0, 0.0, 0.0, _SITL_ARM_M, -_SITL_ARM_M],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [_SITL_ARM_M, -_SITL_ARM_M, -_SITL_ARM_M, _SITL_ARM_M, 0.0, 0.0],
        ]
    ),
)


# BlueROV2 Heavy: the same horizontal thrusters, vertical ones at the corners: front right, front left, rear right, rear left.
_CORNERS: Vec = np.array([[0.12, 0.218, 0.0], [0.12, -0.218, 0.0], [-0.12, 0.218, 0.0], [-0.12, -0.218, 0.0]])
_DOWN: Vec = np.tile(np.array([0.0, 0.0, 1.0]), (4, 1))


def of_frame(thrusters: Thrusters, frame: str) -> Thrusters:
    """The same horizontal thrusters with the vertical ones of ``frame``: "vectored" (two) or "vectored_6dof" (four at the
    corners, 0.12 m ahead and aft and 0.218 m to the side of the middle)."""
    if frame == "vectored":
        return thrusters
    vertical = np.vstack([_DOWN.T, np.cross(_CORNERS, _DOWN).T])
    return Thrusters(thrusters.curve, np.hstack([thrusters.allocation[:, :4], vertical]))


@njit(cache=True)  # type: ignore[untyped-decorator]
def thrust_n(pwm: float, volts: float, curve: float = T200_CURVE) -> float:
    """Steady force [N] of one thruster; positive for PWM above 1500. PWM outside 1000 … 2000 stops it, as the ESC does.
    SITL's curve is quadratic, knows no voltage and jumps at the dead band's edge."""
    if pwm <= 1000.0 or pwm >= 2000.0 or volts <= 0.0:
        return 0.0
    off = abs(pwm - 1500.0) - 25.0
    if off <= 0.0:
        return 0.0
    if curve == SITL_CURVE:
        share = (pwm - 1500.0) / 400.0
        return float(SITL_FULL_N * share * abs(share))
    u = min(off / 375.0, 1.0)
    scale = (volts / 12.0) ** 1.2 * (0.4 * u + 0.6 * u * u)
    return float(FULL_AHEAD_N * scale if pwm > 1500.0 else -FULL_ASTERN_N * scale)


@njit(cache=True)  # type: ignore[untyped-decorator]
def current_a(force_n: float, volts: float) -> float:
    """Current [A] that one thruster draws for ``force_n``."""
    full = FULL_AHEAD_N if force_n > 0.0 else FULL_ASTERN_N
    load = abs(force_n) / full
    if volts <= 0.0:
        return 0.0
    return float(FULL_CURRENT_A * load**1.5 * 12.0 / volts)
