"""Landmarks: fittings placed on the surface, for planning, correcting position and knowing what belongs there."""

from typing import NamedTuple

from hull.surface import HullSurface
from hull.vessel import FittingKind, Vessel
from wire.messages import Side


class Landmark(NamedTuple):
    """A fitting's middle on the unrolled surface and its size (along x, along girth, off the hull) [m]."""

    name: str
    kind: FittingKind
    side: Side
    x_m: float
    s_m: float
    depth_m: float
    size_m: tuple[float, float, float]


def landmarks(vessel: Vessel, surface: HullSurface) -> tuple[Landmark, ...]:
    """All fittings of ``vessel`` in the file's order."""
    out = []
    for f in vessel.fittings:
        x = vessel.frame_to_x(f.frame)
        out.append(Landmark(f.name, f.kind, f.side, x, surface.girth_at_depth(x, f.depth_m), f.depth_m, f.size_m))
    return tuple(out)
