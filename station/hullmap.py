"""The unrolled hull as numbers that a page or an SVG can draw: x along, girth up from the keel."""

from typing import Any

from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import Zone, flat_bottom_girth

COLUMNS = 80


def sides_of(zones: tuple[Zone, ...]) -> list[str]:
    """Sides the mission looks at; starboard when it says nothing."""
    sides = {side for zone in zones for side in (("P", "S") if zone.side == "bottom" else (zone.side,))}
    return sorted(sides) or ["S"]


def xs_of(surface: HullSurface, columns: int = COLUMNS) -> list[float]:
    """Evenly spaced x [m] from the aftmost to the foremost station."""
    first, last = float(surface.stations[0]), float(surface.stations[-1])
    return [first + (last - first) * i / (columns - 1) for i in range(columns)]


def contour(surface: HullSurface, depth_m: float, xs: list[float]) -> list[float | None]:
    """Girth [m] of that depth at each x; None where the section does not go so deep."""
    out: list[float | None] = []
    for x in xs:
        s = surface.girth_at_depth(x, depth_m)
        out.append(round(s, 3) if surface.depth_at(x, 0.0) > depth_m else None)
    return out


def contour_depths(surface: HullSurface) -> list[float]:
    """Depths [m] worth a line: the waterline and every metre (every fifth on a deep ship)."""
    step = 1 if surface.draught_m < 8 else 5
    return [float(d) for d in range(0, int(surface.draught_m) + 1, step)]


def zone_outline(zone: Zone, side: str, surface: HullSurface) -> dict[str, Any]:
    """Polygon (x, s) of a planned zone on one side."""
    steps = 24
    xs = [zone.x_m[0] + (zone.x_m[1] - zone.x_m[0]) * i / steps for i in range(steps + 1)]
    if zone.side == "bottom":
        upper, lower = [flat_bottom_girth(surface, x) for x in xs], [0.0 for _ in xs]
    else:
        upper = [surface.girth_at_depth(x, zone.depth_m[0]) for x in xs]
        lower = [surface.girth_at_depth(x, zone.depth_m[1]) for x in xs]
    edge = [(x, s) for x, s in zip(xs, upper, strict=True)]
    back = [(x, s) for x, s in zip(reversed(xs), reversed(lower), strict=True)]
    return {"name": zone.name, "side": side, "points": [[round(x, 3), round(s, 3)] for x, s in edge + back]}


def hull_map(vessel: Vessel, surface: HullSurface, zones: tuple[Zone, ...]) -> dict[str, Any]:
    """Everything about the ship that the map shows and that does not change."""
    xs = xs_of(surface)
    outlines = [
        zone_outline(zone, side, surface) for zone in zones for side in (("P", "S") if zone.side == "bottom" else (zone.side,))
    ]
    fittings = [
        {
            "kind": fitting.kind.replace("_", " "),
            "side": fitting.side,
            "x": round(vessel.frame_to_x(fitting.frame), 3),
            "s": round(surface.girth_at_depth(vessel.frame_to_x(fitting.frame), fitting.depth_m), 3),
            "length": fitting.size_m[0],
            "width": fitting.size_m[1],
        }
        for fitting in vessel.fittings
    ]
    return {
        "sides": sides_of(zones),
        "frame_spacing_m": vessel.frame_spacing_m,
        "draught_m": surface.draught_m,
        "length_m": vessel.length_m,
        "x": [round(x, 3) for x in xs],
        "sheer": [round(surface.max_girth(x), 3) for x in xs],
        "contours": [{"depth_m": d, "s": contour(surface, d, xs)} for d in contour_depths(surface)],
        "zones": outlines,
        "fittings": fittings,
    }
