"""Coverage accounting: which cells were really inspected, on the evidence of vision's frame reports alone.

A cell is inspected once at least `MIN_LOOKS` usable frames, near and square enough, had it wholly in their footprint and relief
could be measured in at least one of them. Anything less is "seen_poor" with the best reason known. Never the other way round.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hull.coverage import CELL_M, CellKey, cells_in_polygon
from wire.messages import CellState, FrameReport, HullPose, Side

MIN_LOOKS = 2
MAX_INCIDENCE_RAD = math.radians(35.0)
UNSEEN = "not reached by the camera"
ONE_LOOK, NO_RELIEF = "one look", "no relief"
INSPECTED, POOR, NONE = 2, 1, 0


class Layer:
    """One side's counts."""

    def __init__(self, cells: list[CellKey]) -> None:
        cols, rows = np.array([c.col for c in cells]), np.array([c.row for c in cells])
        self.col, self.row = int(cols.min()) - 1, int(rows.min()) - 1
        shape = (int(cols.max()) - self.col + 2, int(rows.max()) - self.row + 2)
        self.planned = np.zeros(shape, dtype=bool)
        self.planned[cols - self.col, rows - self.row] = True
        self.kept = _grown(self.planned)
        self.looks = np.zeros(shape, dtype=np.int32)
        self.relief = np.zeros(shape, dtype=bool)
        self.status = np.zeros(shape, dtype=np.int8)
        self.reason = np.zeros(shape, dtype=np.int16)

    def indices(self, cells: list[CellKey]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions of those ``cells`` that are kept."""
        where = np.array([(c.col - self.col, c.row - self.row) for c in cells], dtype=np.intp).reshape(-1, 2)
        inside = (where >= 0).all(axis=1) & (where < np.array(self.planned.shape)).all(axis=1)
        where = where[inside]
        where = where[self.kept[where[:, 0], where[:, 1]]]
        return where[:, 0], where[:, 1]


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
        self._reasons: list[str] = ["", ONE_LOOK, NO_RELIEF]
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
        i, j = layer.indices(cells_in_polygon(report.side, report.footprint))
        layer.looks[i, j] += 1
        if report.relief_ok:
            layer.relief[i, j] = True
        looked = layer.looks[i, j] >= MIN_LOOKS
        status = np.where(looked & layer.relief[i, j], INSPECTED, POOR)
        reason = np.where(status == INSPECTED, 0, np.where(looked, 2, 1))
        self._set(report.side, layer, i, j, status, reason)

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
        blank = layer.looks[i, j] == 0
        blank &= layer.status[i, j] != INSPECTED
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


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the eight neighbours of every true cell."""
    out = mask.copy()
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            out |= np.roll(np.roll(mask, di, axis=0), dj, axis=1)
    return out
