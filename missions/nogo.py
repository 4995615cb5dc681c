"""Where the vehicle never goes: about propeller, rudder, bulb and skeg, and about what stands too far off the plating."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from hull.vessel import CENTRELINE, Fitting, Vessel
from wire.rig import Rig

STERN_MARGIN_M = 1.0
"""Kept from propeller and rudder: a tether that touches them is caught."""
ROOM_M = 0.2
"""Between the vehicle's keep-out sphere and a fitting that it passes."""
FLUSH_M = 0.05
"""What stands less proud than this is passed like plating."""
Bools = NDArray[np.bool_]
Vec = NDArray[np.float64]


class NoGo(NamedTuple):
    """A box in the ship frame: ``x_m``, ``y_m`` and ``depth_m`` from, to; its mirror image on the other side counts too."""

    name: str
    x_m: tuple[float, float]
    y_m: tuple[float, float]
    depth_m: tuple[float, float]

    def holds(self, x: Vec, y: Vec, depth: Vec) -> Bools:
        """Which points lie inside."""
        y = np.abs(y)
        inside = (x >= self.x_m[0]) & (x <= self.x_m[1]) & (y >= self.y_m[0]) & (y <= self.y_m[1])
        return np.asarray(inside & (depth >= self.depth_m[0]) & (depth <= self.depth_m[1]))


def no_go(vessel: Vessel, surface: HullSurface, rig: Rig, standoff_m: float) -> tuple[NoGo, ...]:
    """Boxes for a vehicle that flies ``standoff_m`` off the plating."""
    boxes = []
    for fitting in vessel.fittings:
        if fitting.kind in CENTRELINE:
            turning = fitting.kind in ("propeller", "rudder")
            boxes.append(_centre(fitting, vessel, STERN_MARGIN_M if turning else rig.radius_m + ROOM_M))
        elif fitting.size_m[2] > max(FLUSH_M, standoff_m - rig.radius_m - ROOM_M):
            boxes.append(_proud(fitting, vessel, surface, rig))
    return tuple(boxes)


def _centre(fitting: Fitting, vessel: Vessel, margin_m: float) -> NoGo:
    x, (along, high, wide) = vessel.frame_to_x(fitting.frame), fitting.size_m
    reach = along / 2.0 + margin_m, wide / 2.0 + margin_m, high / 2.0 + margin_m
    depth = fitting.depth_m
    return NoGo(fitting.name, (x - reach[0], x + reach[0]), (0.0, reach[1]), (max(0.0, depth - reach[2]), depth + reach[2]))


def _proud(fitting: Fitting, vessel: Vessel, surface: HullSurface, rig: Rig) -> NoGo:
    x, (along, girth, height) = vessel.frame_to_x(fitting.frame), fitting.size_m
    s, spare = surface.girth_at_depth(x, fitting.depth_m), rig.radius_m + ROOM_M
    corners = [
        surface.point("P", x, s + ds) + up * surface.normal("P", x, s + ds)
        for ds in (-girth / 2.0, girth / 2.0)
        for up in (0.0, height)
    ]
    y, depth = [float(c[1]) for c in corners], [surface.draught_m - float(c[2]) for c in corners]
    return NoGo(
        fitting.name,
        (x - along / 2.0 - spare, x + along / 2.0 + spare),
        (max(0.0, min(y) - spare), max(y) + spare),
        (max(0.0, min(depth) - spare), max(depth) + spare),
    )
