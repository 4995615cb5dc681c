"""What a mission will do, before anyone gets wet: numbers, refusals and a drawing of the lanes on the unrolled hull."""

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from hull.coverage import CELL_M
from hull.surface import HullSurface
from missions.feasibility import refusals
from missions.mission import Mission, load_mission_with_ship
from missions.planner import Plan, plan
from wire.rig import BLUEROV2, Rig

SCALE = 20.0
MARGIN = 30.0


def preview(mission_path: Path | str, svg_path: Path | str | None = None, rig: Rig = BLUEROV2) -> dict[str, object]:
    """Plain values about the plan; with ``svg_path`` also the drawing.

    Raises:
        hull.document.DocumentError: the mission or its vessel file is wrong.
        OSError: the drawing could not be written.
    """
    mission, vessel, surface, _file = load_mission_with_ship(Path(mission_path))
    planned = plan(mission, vessel, surface, rig)
    if svg_path is not None:
        Path(svg_path).write_text(drawing(mission, planned, surface), encoding="utf-8")
    return {
        "mission": mission.name,
        "vessel": vessel.name,
        "zones": [zone.name for zone in planned.zones],
        "planned_m2": round(planned.planned_m2, 2),
        "cells": len(planned.cells),
        "cells_out_of_view": len(planned.unreachable),
        "view_m": [round(planned.footprint.width_m, 3), round(planned.footprint.height_m, 3)],
        "lanes": [
            {"side": lane.side, "depth_m": lane.depth_m, "x_from_m": lane.x_from_m, "x_to_m": lane.x_to_m, "zone": lane.zone}
            for lane in planned.lanes
        ],
        "landmarks": [visit.name for visit in planned.visits],
        "length_m": round(planned.length_m, 1),
        "time_s": round(planned.time_s),
        "refusals": refusals(mission, planned),
    }


def drawing(mission: Mission, planned: Plan, surface: HullSurface) -> str:
    """SVG of the launch side: bow to the right on starboard, to the left on port, keel at the bottom; 20 px a metre."""
    side = mission.launch.side
    first, last = float(surface.stations[0]), float(surface.stations[-1])
    top = max(surface.max_girth(float(x)) for x in surface.stations)

    def px(x_m: float) -> float:
        return MARGIN + SCALE * ((x_m - first) if side == "S" else (last - x_m))

    def py(s_m: float) -> float:
        return MARGIN + SCALE * (top - s_m)

    width, height = 2 * MARGIN + SCALE * (last - first), 2 * MARGIN + SCALE * top
    box = f'viewBox="0 0 {width:.0f} {height:.0f}"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12">',
        f"<title>{escape(mission.name)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    places = [first + (last - first) * i / 100 for i in range(101)]
    for name, colour, girth in (
        ("sheer", "#333", [surface.max_girth(x) for x in places]),
        ("waterline", "#06c", [surface.girth_at_depth(x, 0.0) for x in places]),
        ("keel", "#333", [0.0] * 101),
    ):
        points = " ".join(f"{px(x):.1f},{py(s):.1f}" for x, s in zip(places, girth, strict=True))
        out.append(f'<polyline id="{name}" points="{points}" fill="none" stroke="{colour}"/>')
    out.append(f'<path id="planned" fill="#9c9" d="{_cells_path(planned, side, px, py)}"/>')
    for i, lane in enumerate(planned.lanes):
        ends = f'x1="{px(lane.x_from_m):.1f}" x2="{px(lane.x_to_m):.1f}" y1="{py(lane.s_m):.1f}" y2="{py(lane.s_m):.1f}"'
        out.append(f'<line class="lane" {ends} stroke="#c30" stroke-width="1.5"/>')
        out.append(f'<text x="{px(lane.x_from_m):.1f}" y="{py(lane.s_m) - 2:.1f}" fill="#c30" font-size="8">{i + 1}</text>')
    for visit in planned.visits:
        s = surface.girth_at_depth(visit.x_m, visit.depth_m)
        out.append(
            f'<circle cx="{px(visit.x_m):.1f}" cy="{py(s):.1f}" r="4" fill="#fc0"><title>{escape(visit.name)}</title></circle>'
        )
    size = f"{len(planned.lanes)} lanes, {planned.planned_m2:.1f} m², about {planned.time_s / 60:.0f} min"
    label = f"{mission.name}, side {side}: {size}"
    out.append(f'<text x="{MARGIN:.0f}" y="18">{escape(label)}</text>')
    return "\n".join([*out, "</svg>", ""])


def _cells_path(planned: Plan, side: str, px: Callable[[float], float], py: Callable[[float], float]) -> str:
    """One rectangle a run of planned cells along x."""
    rows: dict[int, list[int]] = {}
    for cell in planned.cells:
        if cell.side == side:
            rows.setdefault(cell.row, []).append(cell.col)
    parts = []
    for row, cols in sorted(rows.items()):
        start = cols[0]
        for col, following in zip(cols, [*cols[1:], None], strict=True):
            if following is None or following != col + 1:
                x0, x1 = px(start * CELL_M), px((col + 1) * CELL_M)
                y0, y1 = py(row * CELL_M), py((row + 1) * CELL_M)
                parts.append(f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z")
                start = following if following is not None else start
    return "".join(parts)
