"""What a mission will do, before anyone gets wet: numbers, refusals and a drawing of the lanes on the unrolled hull."""

from pathlib import Path

import numpy as np

from hull.cells import SIDES, Cells
from hull.coverage import CELL_M, CELL_M2
from hull.surface import HullSurface
from missions.canvas import Canvas
from missions.drag import endurance_s
from missions.feasibility import max_standoff_m, optical_depth, px_per_cm, refusals, usable_s
from missions.lanes import Lane
from missions.mission import Mission, load_mission_with_ship
from missions.planner import Plan, Timed, plan, timetable
from wire.rig import BLUEROV2, Rig

MARGIN = 40.0
WIDTH = 1700.0
SEEN = "#a8d5a2"
REASONS = ("#f2c48d", "#d7c3e8", "#e9a6a0", "#c9c9c9", "#f4e59b", "#b7d3ea")


def preview(
    mission_path: Path | str,
    svg_path: Path | str | None = None,
    rig: Rig = BLUEROV2,
    png_path: Path | str | None = None,
) -> dict[str, object]:
    """Plain values about the plan; with ``svg_path`` or ``png_path`` also the drawing.

    Raises:
        hull.document.DocumentError: the mission or its vessel file is wrong.
        OSError, ValueError: the drawing could not be written.
    """
    mission, vessel, surface, _file = load_mission_with_ship(Path(mission_path))
    planned = plan(mission, vessel, surface, rig)
    paths = [Path(path) for path in (svg_path, png_path) if path is not None]
    if paths:
        picture = drawing(mission, planned, surface, vessel.frame_spacing_m)
        for path in paths:
            picture.write(path)
    return {"vessel": vessel.name, **numbers(mission, planned)}


def numbers(mission: Mission, planned: Plan) -> dict[str, object]:
    """Areas [m²], lengths [m], times [s], battery (1 = full) and what stands against it."""
    depth = optical_depth(mission, planned.footprint.range_m)
    return {
        "mission": mission.name,
        "zones": [zone.name for zone in planned.zones],
        "planned_m2": round(planned.planned_m2, 2),
        "reachable_m2": round(planned.planned_m2 - len(planned.unreachable) * CELL_M2, 2),
        "not_reachable_m2": {reason: round(len(cells) * CELL_M2, 2) for reason, cells in planned.missed},
        "cells": len(planned.cells),
        "cells_out_of_view": len(planned.unreachable),
        "view_m": [round(planned.footprint.width_m, 3), round(planned.footprint.height_m, 3)],
        "px_per_cm": round(px_per_cm(mission, planned.rig, planned.footprint.range_m), 1),
        "optical_depth": None if depth is None else round(depth, 2),
        "max_standoff_m": round(max_standoff_m(mission, planned.rig), 2),
        "lanes": [
            {"side": k.side, "depth_m": k.depth_m, "x_from_m": k.x_from_m, "x_to_m": k.x_to_m, "zone": k.zone}
            for k in planned.lanes
        ],
        "landmarks": [visit.name for visit in planned.visits],
        "landmarks_left_out": dict(planned.left_out),
        "no_go": [box.name for box in planned.nogo],
        "length_m": round(planned.length_m, 1),
        "time_s": round(planned.time_s),
        "batteries": round(planned.time_s / usable_s(mission), 2),
        "battery": round(planned.time_s / endurance_s(mission.water.current_mps), 2),
        "tether_m": round(planned.tether_m, 1),
        "tether_turns": round(planned.turns, 2),
        "refusals": refusals(mission, planned),
    }


class Sheet:
    """The unrolled hull on paper: bow to the right and starboard up when both sides are drawn, as seen from below; a single side
    as seen from outside, sheer up."""

    def __init__(self, planned: Plan, surface: HullSurface) -> None:
        drawn = sorted({SIDES[int(code)] for code in np.unique(planned.cells.side)} | {lane.side for lane in planned.lanes})
        self.sides = drawn or ["S"]
        self.first, self.last = float(surface.stations[0]), float(surface.stations[-1])
        self.top = float(surface.girths[:, -1].max())
        self.scale = min(30.0, (WIDTH - 2.0 * MARGIN) / (self.last - self.first))
        self.width = 2.0 * MARGIN + self.scale * (self.last - self.first)
        self.keel = MARGIN + 20.0 + (self.scale * self.top if "S" in self.sides or len(self.sides) == 1 else 0.0)
        self.foot = self.keel + (self.scale * self.top if len(self.sides) == 2 else 0.0)

    def x(self, x_m: float) -> float:
        mirrored = self.sides == ["P"]
        return MARGIN + self.scale * ((self.last - x_m) if mirrored else (x_m - self.first))

    def y(self, side: str, s_m: float) -> float:
        down = side == "P" and len(self.sides) == 2
        return self.keel + self.scale * (s_m if down else -s_m)


def drawing(mission: Mission, planned: Plan, surface: HullSurface, frame_m: float) -> Canvas:
    """Cells that will be seen (green) and those that will not (by reason), lanes with their numbers and start times, landmarks,
    no-go boxes and where the vehicle goes into the water."""
    sheet = Sheet(planned, surface)
    reasons = planned.missed
    canvas = Canvas(sheet.width, sheet.foot + MARGIN + 22.0 + 16.0 * (len(reasons) + 3), mission.name)
    colours = {reason: REASONS[i % len(REASONS)] for i, (reason, _cells) in enumerate(reasons)}
    _cells(canvas, sheet, planned.cells, SEEN, "planned")
    for reason, cells in reasons:
        _cells(canvas, sheet, cells, colours[reason], "missed")
    _outline(canvas, sheet, surface, frame_m)
    _boxes(canvas, sheet, planned, surface)
    _lanes(canvas, sheet, planned, surface, timetable(mission, planned.lanes, planned.visits, planned.launch_x_m))
    s = surface.girth_at_depth(planned.launch_x_m, 0.0)
    canvas.dot(sheet.x(planned.launch_x_m), sheet.y(mission.launch.side, s), 5.0, "#0057b8", "launch")
    canvas.text(sheet.x(planned.launch_x_m) + 7.0, sheet.y(mission.launch.side, s) - 4.0, "launch", "#0057b8")
    _legend(canvas, sheet, mission, planned, colours)
    return canvas


def _cells(canvas: Canvas, sheet: Sheet, cells: Cells, colour: str, name: str) -> None:
    """One box a run of cells along x."""
    if not len(cells):
        return
    order = np.lexsort((cells.col, cells.row, cells.side))
    side, row, col = cells.side[order], cells.row[order], cells.col[order]
    fresh = np.concatenate([[True], (np.diff(col) != 1) | (np.diff(row) != 0) | (np.diff(side) != 0)])
    starts = np.flatnonzero(fresh)
    stops = np.concatenate([starts[1:], [len(col)]]) - 1
    for a, b in zip(starts.tolist(), stops.tolist(), strict=True):
        half = SIDES[int(side[a])]
        x = sheet.x(float(col[a]) * CELL_M), sheet.x(float(col[b] + 1) * CELL_M)
        y = sheet.y(half, float(row[a]) * CELL_M), sheet.y(half, float(row[a] + 1) * CELL_M)
        canvas.box(x[0], y[0], x[1], y[1], colour, name)


def _outline(canvas: Canvas, sheet: Sheet, surface: HullSurface, frame_m: float) -> None:
    places = np.linspace(sheet.first, sheet.last, 161).tolist()
    for side in sheet.sides:
        lines = (
            ("sheer", "#555555", [surface.max_girth(x) for x in places]),
            ("waterline", "#0057b8", [surface.girth_at_depth(x, 0.0) for x in places]),
            ("keel", "#555555", [0.0] * len(places)),
        )
        for name, colour, girth in lines:
            canvas.line(tuple((sheet.x(x), sheet.y(side, s)) for x, s in zip(places, girth, strict=True)), colour, name)
        _name(canvas, sheet, side)
    step = 10 if sheet.scale * frame_m * 10 > 45 else 50 if sheet.scale * frame_m * 50 > 45 else 100
    for frame in range(0, int(sheet.last / frame_m) + 1, step):
        x = sheet.x(frame * frame_m)
        canvas.line(((x, sheet.foot + 2.0), (x, sheet.foot + 8.0)), "#555555", "frame")
        canvas.text(x - 6.0, sheet.foot + 20.0, str(frame), "#555555", 10.0)


def _name(canvas: Canvas, sheet: Sheet, side: str) -> None:
    """At the left, just off the keel."""
    x = min(sheet.x(sheet.first), sheet.x(sheet.last)) + 2.0
    below = side == "P" and len(sheet.sides) == 2
    canvas.text(x, sheet.y(side, 0.0) + (14.0 if below else -4.0), {"S": "starboard", "P": "port"}[side], "#555555")


def _boxes(canvas: Canvas, sheet: Sheet, planned: Plan, surface: HullSurface) -> None:
    """What of each no-go box lies abreast of the plating; one beyond the ship's end is drawn as far as the paper goes."""
    for box in planned.nogo:
        x0, x1 = max(box.x_m[0], sheet.first - 1.0), min(box.x_m[1], sheet.last + 1.0)
        if x1 <= x0:
            x0, x1 = (sheet.first - 1.0, sheet.first) if x1 < sheet.first else (sheet.last, sheet.last + 1.0)
        at = min(max((x0 + x1) / 2.0, sheet.first), sheet.last)
        for side in sheet.sides:
            s = [surface.girth_at_depth(at, depth) for depth in box.depth_m]
            corners = [
                (sheet.x(x), sheet.y(side, girth)) for x, girth in ((x0, s[0]), (x1, s[0]), (x1, s[1]), (x0, s[1]), (x0, s[0]))
            ]
            canvas.line(tuple(corners), "#b00020", "no-go", 1.5, dashed=True)


def _lanes(canvas: Canvas, sheet: Sheet, planned: Plan, surface: HullSurface, timed: Timed) -> None:
    marks = len(planned.visits)
    before: tuple[str, float, float] | None = None
    labels: list[tuple[float, float]] = []
    for i, lane in enumerate(planned.lanes):
        course = _course(lane, surface)
        points = tuple((sheet.x(x), sheet.y(lane.side, s)) for x, s in course)
        if before is not None and before[0] == lane.side:
            canvas.line((before[1:], points[0]), "#d98a6a", "change", 0.8, dashed=True)
        canvas.line(points, "#c03000", "lane", 1.2)
        x, y = points[0]
        x += 4.0 if points[-1][0] >= x else -52.0
        if all(abs(x - a) > 56.0 or abs(y - b) > 10.0 for a, b in labels):
            labels.append((x, y))
            canvas.text(x, y - 2.0, f"{i + 1}  {_clock(timed.starts_s[marks + i])}", "#c03000", 9.0)
        before = (lane.side, *points[-1])
    for visit, t in zip(planned.visits, timed.starts_s, strict=False):
        s = surface.girth_at_depth(visit.x_m, visit.depth_m)
        canvas.dot(sheet.x(visit.x_m), sheet.y(visit.side, s), 5.0, "#e0a000", "landmark")
        canvas.text(sheet.x(visit.x_m) + 7.0, sheet.y(visit.side, s) + 4.0, f"{visit.name} {_clock(t)}", "#6a4b00", 10.0)


def _course(lane: Lane, surface: HullSurface) -> list[tuple[float, float]]:
    """(x, girth) along a lane."""
    xs = np.linspace(lane.x_from_m, lane.x_to_m, 41).tolist()
    return [(x, surface.girth_at_depth(x, lane.depth_m) if lane.attitude == "level" else lane.s_m) for x in xs]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"


def _legend(canvas: Canvas, sheet: Sheet, mission: Mission, planned: Plan, colours: dict[str, str]) -> None:
    reach = planned.planned_m2 - len(planned.unreachable) * CELL_M2
    battery = planned.time_s / endurance_s(mission.water.current_mps)
    size = f"{len(planned.lanes)} lanes, {planned.length_m:.0f} m, {planned.planned_m2:.1f} m² planned, {reach:.1f} m² in view"
    canvas.text(MARGIN, 18.0, f"{mission.name}: {size}, about {_clock(planned.time_s)} h, {battery:.1f} batteries", size=14.0)
    y = sheet.foot + 44.0
    rows = [(SEEN, f"in a lane's view: {reach:.1f} m²")]
    rows += [(colours[reason], f"not reachable: {reason}: {len(cells) * CELL_M2:.1f} m²") for reason, cells in planned.missed]
    rows += [("#b00020", f"no-go: {', '.join(box.name for box in planned.nogo)}")] if planned.nogo else []
    for i, (colour, text) in enumerate(rows):
        canvas.box(MARGIN, y + 16.0 * i - 9.0, MARGIN + 14.0, y + 16.0 * i + 2.0, colour)
        canvas.text(MARGIN + 20.0, y + 16.0 * i, text)
