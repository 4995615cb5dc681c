"""Coverage accounting: which cells were really inspected, on the evidence of vision's frame reports alone.

A cell is inspected once at least `MIN_LOOKS` usable frames, near and square enough, had it wholly in their footprint and relief
could be measured in at least one of them, wherever within two standard deviations the vehicle really was (`missions.looks`).
Anything less is "seen_poor" with the best reason known. A position fix moves what was placed before it, and only that can take
"inspected" back.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hull.coverage import CELL_M, CellKey, cells_in_polygon
from missions.looks import Layer, reach_class
from wire.messages import CellState, FrameReport, HullPose, PositionFix, Side

MAX_INCIDENCE_RAD = math.radians(35.0)
UNSEEN = "not reached by the camera"
ONE_LOOK, NO_RELIEF, UNSURE, MOVED = "one look", "no relief", "position uncertain", "moved by a position fix"
INSPECTED, POOR, NONE = 2, 1, 0


class Accounting:
    """Feed it reports; `changed` hands out cells whose status or reason changed since the last call.

    Args:
        cells: planned.
        view_m: width and height of the view, to name the cells that an unusable frame was aimed at.
    """

    def __init__(self, cells: Iterable[CellKey], view_m: tuple[float, float]) -> None:
        ordered = sorted(cells)
        self._view_m = view_m
        self._layers: dict[Side, Layer] = {}
        for side in ("P", "S"):
            own = [cell for cell in ordered if cell.side == side]
            if own:
                self._layers[own[0].side] = Layer(own)
        self._reasons: list[str] = ["", ONE_LOOK, NO_RELIEF, UNSURE, MOVED]
        self._dirty: set[CellKey] = set()
        self.planned = len(ordered)

    def take(self, report: FrameReport, pose: HullPose | None) -> None:
        """Counts a report. ``pose``: the vehicle's when it was taken, used only to say where an unusable frame was aimed."""
        refused = self._refusal(report)
        if refused:
            self._note(self._aimed_at(report, pose), refused)
            return
        layer = self._layers.get(report.side) if report.side is not None else None
        if layer is None or report.side is None:
            return
        klass = reach_class(report.x_std_m)
        cells = cells_in_polygon(report.side, report.footprint)
        if klass is None:
            self._note(cells, UNSURE)
            return
        i, j = layer.indices(cells)
        self._judge(report.side, layer, layer.add(i, j, klass, report.relief_ok))

    def correct(self, fix: PositionFix) -> None:
        """Moves the looks that were placed less surely than ``fix`` now places them."""
        layer = self._layers.get(fix.side)
        klass = reach_class(math.hypot(fix.x_std_m, CELL_M / 4.0))  # moved by whole cells
        if layer is None or klass is None:
            return
        layer.shift(round(fix.x_shift_m / CELL_M), klass)
        everything = slice(0, len(layer.status))
        lost = (layer.status == INSPECTED) & ~layer.standing(everything)[3]
        layer.status[lost], layer.reason[lost] = POOR, self._reasons.index(MOVED)
        self._mark(fix.side, layer, *np.nonzero(lost))
        self._judge(fix.side, layer, everything)

    def _judge(self, side: Side, layer: Layer, columns: slice) -> None:
        looked, enough, relief, inspected = layer.standing(columns)
        status = np.where(inspected, INSPECTED, POOR)
        names = [0, self._reasons.index(UNSURE), self._reasons.index(NO_RELIEF), self._reasons.index(ONE_LOOK)]
        reason = np.select([inspected, relief, enough], names[:3], names[3])
        i, j = np.nonzero(layer.kept[columns] & (looked | inspected))
        self._set(side, layer, i + columns.start, j, status[i, j], reason[i, j])

    def _refusal(self, report: FrameReport) -> str:
        if not report.usable:
            return report.reason or "unusable"
        return "oblique" if abs(report.incidence_rad) > MAX_INCIDENCE_RAD else ""

    def _aimed_at(self, report: FrameReport, pose: HullPose | None) -> list[CellKey]:
        if report.footprint and report.side is not None:
            return cells_in_polygon(report.side, report.footprint)
        if pose is None:
            return []
        w, h = self._view_m[0] / 2.0, self._view_m[1] / 2.0
        x, s = pose.x_m, pose.s_m
        return cells_in_polygon(pose.side, ((x - w, s - h), (x + w, s - h), (x + w, s + h), (x - w, s + h)))

    def _note(self, cells: list[CellKey], reason: str) -> None:
        """An unusable look leaves its reason on cells with no usable look."""
        layer = self._layers.get(cells[0].side) if cells else None
        if layer is None:
            return
        if reason not in self._reasons:
            self._reasons.append(reason)
        i, j = layer.indices(cells)
        blank = (layer.looks[:, i, j].sum(axis=0) == 0) & (layer.status[i, j] != INSPECTED) & layer.kept[i, j]
        i, j = i[blank], j[blank]
        self._set(cells[0].side, layer, i, j, np.full(len(i), POOR), np.full(len(i), self._reasons.index(reason)))

    def _set(
        self,
        side: Side,
        layer: Layer,
        i: NDArray[np.intp],
        j: NDArray[np.intp],
        status: NDArray[np.int_],
        reason: NDArray[np.int_],
    ) -> None:
        new = (layer.status[i, j] != INSPECTED) & ((layer.status[i, j] != status) | (layer.reason[i, j] != reason))
        i, j = i[new], j[new]
        layer.status[i, j], layer.reason[i, j] = status[new], reason[new]
        self._mark(side, layer, i, j)

    def _mark(self, side: Side, layer: Layer, i: NDArray[np.intp], j: NDArray[np.intp]) -> None:
        self._dirty.update(CellKey(side, layer.col + int(a), layer.row + int(b)) for a, b in zip(i, j, strict=True))

    def restore(self, cells: Iterable[CellState]) -> None:
        """Takes over what an earlier process published; `changed` does not hand it out again. Cells not planned are ignored."""
        for cell in cells:
            layer = self._layers.get(cell.side)
            if layer is None:
                continue
            if cell.reason not in self._reasons:
                self._reasons.append(cell.reason)
            i, j = layer.indices([CellKey(cell.side, cell.col, cell.row)])
            i, j = i[layer.kept[i, j]], j[layer.kept[i, j]]
            layer.restored[i, j] = cell.status == "inspected"
            layer.status[i, j] = INSPECTED if cell.status == "inspected" else POOR
            layer.reason[i, j] = self._reasons.index(cell.reason)

    def changed(self, limit: int) -> tuple[CellState, ...]:
        """Cells changed since they were last handed out, in order, at most ``limit``; the rest comes with the next call."""
        keys = sorted(self._dirty)[:limit]
        self._dirty.difference_update(keys)
        return tuple(self.state(key) for key in keys)

    def state(self, key: CellKey) -> CellState:
        """A kept cell that has been seen."""
        layer = self._layers[key.side]
        at = key.col - layer.col, key.row - layer.row
        good = bool(layer.status[at] == INSPECTED)
        reason = self._reasons[int(layer.reason[at])]
        return CellState(side=key.side, col=key.col, row=key.row, status="inspected" if good else "seen_poor", reason=reason)

    def inspected(self) -> int:
        """Planned cells inspected."""
        return sum(int((layer.planned & (layer.status == INSPECTED)).sum()) for layer in self._layers.values())

    def missing(self) -> list[CellKey]:
        """Planned cells not inspected, in order."""
        out = []
        for side, layer in self._layers.items():
            for a, b in np.argwhere(layer.planned & (layer.status != INSPECTED)):
                out.append(CellKey(side, layer.col + int(a), layer.row + int(b)))
        return out

    def planned_states(self) -> list[tuple[CellKey, str, str]]:
        """(cell, "inspected", "seen_poor" or "not_seen", reason) of every planned cell, in order."""
        out = []
        for side, layer in self._layers.items():
            for a, b in np.argwhere(layer.planned):
                key = CellKey(side, layer.col + int(a), layer.row + int(b))
                if layer.status[a, b] == NONE:
                    out.append((key, "not_seen", UNSEEN))
                else:
                    cell = self.state(key)
                    out.append((key, cell.status, cell.reason))
        return out

    def covered_until(self, side: Side, s_low: float, s_high: float, x_from: float, x_reached: float) -> float:
        """The last x, going from ``x_from`` no farther than ``x_reached``, where at least half of the planned cells between
        the two girths are inspected; ``x_from`` when there is none."""
        layer = self._layers.get(side)
        if layer is None:
            return x_from
        low, high = math.floor(s_low / CELL_M) - layer.row, math.floor(s_high / CELL_M) - layer.row
        rows = slice(max(0, low), max(0, high + 1))
        planned = layer.planned[:, rows].sum(axis=1)
        good = (layer.planned[:, rows] & (layer.status[:, rows] == INSPECTED)).sum(axis=1)
        x = (layer.col + np.arange(len(planned)) + 0.5) * CELL_M
        way = 1.0 if x_reached >= x_from else -1.0
        fits = (planned > 0) & (2 * good >= planned) & (way * (x - x_from) >= 0.0) & (way * (x_reached - x) >= 0.0)
        if not fits.any():
            return x_from
        return float(x[fits].max() if way > 0 else x[fits].min())
