"""The hull map of the report as plain numbers for an SVG: pixels, y down, seen from outside as on the page."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hull.coverage import CELL_M
from wire import messages as m

WIDTH = 980.0
PAD = 46.0


def _mapper(side: str, box: tuple[float, float, float, float], scale: float) -> Callable[[float, float], tuple[float, float]]:
    x0, x1, _, s1 = box

    def to_pixels(x: float, s: float) -> tuple[float, float]:
        along = x1 - x if side == "P" else x - x0
        return round(PAD + along * scale, 1), round(8.0 + (s1 - s) * scale, 1)

    return to_pixels


def _points(to_pixels: Callable[[float, float], tuple[float, float]], pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{px:g},{py:g}" for px, py in (to_pixels(x, s) for x, s in pairs))


def _runs(cells: Iterable[m.CellState], side: str) -> list[tuple[int, int, int, str]]:
    """(first col, cols, row, status): neighbours along x of one status joined."""
    chosen = sorted((c.row, c.col, c.status) for c in cells if c.side == side)
    runs: list[tuple[int, int, int, str]] = []
    for row, col, status in chosen:
        if runs and runs[-1][2] == row and runs[-1][3] == status and runs[-1][0] + runs[-1][1] == col:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, row, status)
        else:
            runs.append((col, 1, row, status))
    return runs


def _box(hull: dict[str, Any], side: str, close: bool) -> tuple[float, float, float, float]:
    if close:
        points = [point for zone in hull["zones"] if zone["side"] == side for point in zone["points"]]
        xs, ss = [p[0] for p in points], [p[1] for p in points]
        return min(xs) - 0.8, max(xs) + 0.8, max(0.0, min(ss) - 0.4), max(ss) + 0.9
    return hull["x"][0] - 0.4, hull["x"][-1] + 0.4, 0.0, max(hull["sheer"]) + 0.1


def draw_side(
    hull: dict[str, Any], side: str, cells: Sequence[m.CellState], contacts: Sequence[m.Finding], close: bool
) -> dict[str, Any]:
    """One drawing: the whole side, or (``close``) its planned zones."""
    box = _box(hull, side, close)
    scale = (WIDTH - 2 * PAD) / (box[1] - box[0])
    at = _mapper(side, box, scale)
    xs = hull["x"]
    outline = [(xs[0], 0.0), *zip(xs, hull["sheer"], strict=True), (xs[-1], 0.0)]
    size = CELL_M * scale
    rects = []
    for col, count, row, status in _runs(cells, side):
        px, py = at((col + count if side == "P" else col) * CELL_M, (row + 1) * CELL_M)
        rects.append({"x": px, "y": py, "w": round(count * size, 1), "h": round(size, 1), "status": status})
    contours = []
    for line in hull["contours"]:
        pairs = [(x, s) for x, s in zip(xs, line["s"], strict=True) if s is not None]
        if len(pairs) > 1:
            label = at(xs[0], min(pairs, key=lambda p: abs(p[0] - (box[0] + box[1]) / 2))[1])[1]
            contours.append({"depth": line["depth_m"], "points": _points(at, pairs), "label": label})
    return {
        "side": side,
        "close": close,
        "width": WIDTH,
        "height": round(8.0 + (box[3] - box[2]) * scale + 26.0, 1),
        "left": PAD,
        "clip_height": round((box[3] - box[2]) * scale, 1),
        "outline": _points(at, outline),
        "contours": contours,
        "zones": [_points(at, map(tuple, zone["points"])) for zone in hull["zones"] if zone["side"] == side],
        "rects": rects,
        "frames": _frames(hull, box, at),
        "contacts": [
            {"number": c.number, "x": at(c.x_m, c.s_m)[0], "y": at(c.x_m, c.s_m)[1]} for c in contacts if c.side == side
        ],
    }


def _frames(
    hull: dict[str, Any], box: tuple[float, float, float, float], at: Callable[[float, float], tuple[float, float]]
) -> list[dict[str, Any]]:
    spacing = hull["frame_spacing_m"]
    low, high = max(box[0], hull["x"][0]), min(box[1], hull["x"][-1])
    step = 5 if (high - low) / spacing <= 60 else 10
    frames = range(int(-(-low // (spacing * step))) * step, int(high / spacing) + 1, step)
    return [{"frame": frame, "x": at(frame * spacing, 0.0)[0]} for frame in frames]
