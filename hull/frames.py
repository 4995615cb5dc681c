"""Frames: the ship's (x forward, y port, z up, origin at the aft perpendicular on the baseline) and the world's (NED)."""

import math

import numpy as np
from numpy.typing import NDArray

from wire.messages import Side

Vec = NDArray[np.float64]


def facing_sign(side: Side) -> int:
    """dx in the ship frame per metre that a vehicle facing ``side`` sways to its own right: P -1, S +1."""
    return -1 if side == "P" else 1


def wrap_pi(angle_rad: float) -> float:
    """The same angle in (-pi, pi]."""
    return math.pi - (math.pi - angle_rad) % (2.0 * math.pi)


class ShipPose:
    """A moored ship in the world: NED origin at the aft perpendicular on the centreline at the mean water surface.

    Args:
        heading_rad: of the bow, clockwise from north.
        draught_m: depth of the baseline.
    """

    def __init__(self, heading_rad: float = 0.0, *, draught_m: float) -> None:
        self.heading_rad = heading_rad
        self.draught_m = draught_m
        c, s = math.cos(heading_rad), math.sin(heading_rad)
        self._turn = np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])

    def dir_to_ned(self, direction: Vec) -> Vec:
        """(3,) or (n, 3) ship-frame directions in NED."""
        return np.asarray(direction @ self._turn.T)

    def dir_to_ship(self, direction: Vec) -> Vec:
        """(3,) or (n, 3) NED directions in the ship frame."""
        return np.asarray(direction @ self._turn)

    def to_ned(self, xyz: Vec) -> Vec:
        """(3,) or (n, 3) ship-frame points [m] in NED."""
        return np.asarray(self.dir_to_ned(xyz) + np.array([0.0, 0.0, self.draught_m]))

    def to_ship(self, ned: Vec) -> Vec:
        """(3,) or (n, 3) NED points [m] in the ship frame."""
        return self.dir_to_ship(ned - np.array([0.0, 0.0, self.draught_m]))

    def facing_heading(self, normal: Vec) -> float:
        """Heading [rad] of a vehicle that looks squarely at a hull point with outward ship-frame ``normal`` (3,)."""
        n = self.dir_to_ned(normal)
        return math.atan2(-n[1], -n[0])
