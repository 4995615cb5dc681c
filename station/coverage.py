"""How much of what was planned was really inspected, and why the rest was not. The wording is made here."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from hull.coverage import CELL_M2, CellKey
from hull.surface import HullSurface
from hull.zones import Zone, zone_cells
from wire import messages as m

NOT_SEEN = "not reached by the camera"


class CoverageSummary(NamedTuple):
    """Counts of planned cells. ``reasons``: why cells were not inspected, the commonest first; they add up to the rest."""

    planned: int
    inspected: int
    seen_poor: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def fraction(self) -> float:
        return self.inspected / self.planned if self.planned else 0.0


class CoverageCount:
    """Follows cell changes against the planned zones."""

    def __init__(self, zones: tuple[Zone, ...], surface: HullSurface) -> None:
        self._planned = {key for zone in zones for key in zone_cells(zone, surface)}
        self._states: dict[CellKey, m.CellState] = {}
        self._summary: CoverageSummary | None = None

    def apply(self, cells: Iterable[m.CellState]) -> None:
        for cell in cells:
            key = CellKey(cell.side, cell.col, cell.row)
            if key in self._planned:
                self._states[key] = cell
                self._summary = None

    def summary(self) -> CoverageSummary:
        """Counted anew only after a change: the page asks ten times a second."""
        if self._summary is None:
            self._summary = self._counted()
        return self._summary

    def _counted(self) -> CoverageSummary:
        inspected = sum(1 for cell in self._states.values() if cell.status == "inspected")
        counts: dict[str, int] = {}
        for cell in self._states.values():
            if cell.status != "inspected":
                counts[cell.reason or "seen, not good enough"] = counts.get(cell.reason or "seen, not good enough", 0) + 1
        unseen = len(self._planned) - len(self._states)
        if unseen:
            counts[NOT_SEEN] = counts.get(NOT_SEEN, 0) + unseen
        reasons = tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        return CoverageSummary(len(self._planned), inspected, len(self._states) - inspected, reasons)


def summarise(zones: tuple[Zone, ...], surface: HullSurface, cells: Iterable[m.CellState]) -> CoverageSummary:
    """The summary of a finished survey."""
    count = CoverageCount(zones, surface)
    count.apply(cells)
    return count.summary()


def percent(fraction: float) -> str:
    """Rounded down, so that 100 % means all of it; a little is "less than 1"."""
    if 0.0 < fraction < 0.01:
        return "less than 1"
    return str(math.floor(fraction * 100.0 + 1e-9))


def statement(contacts: int, fraction: float) -> str:
    """The sentence a survey may say: never that a hull is free of anything, only what was found where one looked."""
    number = {0: "No contacts", 1: "1 contact"}.get(contacts, f"{contacts} contacts")
    return f"{number} in the {percent(fraction)} % inspected"


def area_m2(cells: int) -> float:
    """Area [m²] of so many coverage cells."""
    return cells * CELL_M2
