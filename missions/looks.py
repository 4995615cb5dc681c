"""The evidence for one side's cells: how often each was looked at, with and without relief, and how surely the looks were placed.

A look placed by an uncertain x may have been of a neighbour. Looks are therefore kept in classes by the number of columns that
two standard deviations of x cover, and a cell counts in a class only if all cells that near to it along x count too: what lies
inside a wide stretch of looks was seen wherever exactly the stretch lies, what lies at its end was perhaps not.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hull.coverage import CELL_M, CellKey

MIN_LOOKS = 2
REACHES = (0, 1, 2, 3, 5, 8, 12)
"""Columns to either side; farther, and a look says nothing about any cell."""
SIGMAS = 2.0
Bools = NDArray[np.bool_]


def reach_class(x_std_m: float) -> int | None:
    """Index into `REACHES` for a look placed with ``x_std_m``; None when it says nothing about any cell."""
    columns = math.ceil(SIGMAS * x_std_m / CELL_M - 1e-9)
    return next((k for k, reach in enumerate(REACHES) if reach >= columns), None)


class Layer:
    """One side. Arrays are indexed (column − ``col``, row − ``row``); ``planned``: to be inspected; ``kept``: those and their
    neighbours, for which a status is told; the arrays reach `REACHES`[-1] columns farther, for evidence."""

    def __init__(self, cells: list[CellKey]) -> None:
        cols, rows = np.array([c.col for c in cells]), np.array([c.row for c in cells])
        wide = REACHES[-1] + 1
        self.col, self.row = int(cols.min()) - wide, int(rows.min()) - 1
        shape = (int(cols.max()) - self.col + wide + 1, int(rows.max()) - self.row + 2)
        self.planned: Bools = np.zeros(shape, dtype=bool)
        self.planned[cols - self.col, rows - self.row] = True
        self.kept = _grown(self.planned)
        self.looks = np.zeros((len(REACHES), *shape), dtype=np.int32)
        self.relief: NDArray[np.bool_] = np.zeros((len(REACHES), *shape), dtype=bool)
        self.restored: Bools = np.zeros(shape, dtype=bool)
        self.status = np.zeros(shape, dtype=np.int8)
        self.reason = np.zeros(shape, dtype=np.int16)

    def indices(self, cells: list[CellKey]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions of those ``cells`` that lie within the arrays."""
        where = np.array([(c.col - self.col, c.row - self.row) for c in cells], dtype=np.intp).reshape(-1, 2)
        inside = (where >= 0).all(axis=1) & (where < np.array(self.planned.shape)).all(axis=1)
        return where[inside, 0], where[inside, 1]

    def add(self, i: NDArray[np.intp], j: NDArray[np.intp], klass: int, relief: bool) -> slice:
        """One look at these cells; the columns whose standing may have changed."""
        self.looks[klass, i, j] += 1
        if relief:
            self.relief[klass, i, j] = True
        if not len(i):
            return slice(0, 0)
        return slice(max(0, int(i.min()) - REACHES[-1]), int(i.max()) + REACHES[-1] + 1)

    def standing(self, columns: slice) -> tuple[Bools, Bools, Bools, Bools]:
        """Of these columns: looked at at all, enough looks, those with relief, and inspected."""
        wide = slice(max(0, columns.start - REACHES[-1]), columns.stop + REACHES[-1])
        inner = slice(columns.start - wide.start, columns.stop - wide.start)
        inspected = self.restored[wide].copy()
        looks, relief = np.zeros(inspected.shape, np.int32), np.zeros(inspected.shape, np.bool_)
        for k, reach in enumerate(REACHES):
            own = self.looks[k, wide]
            if own.any():  # without looks of its own a class has what the surer ones have, and reaches less
                looks += own
                relief |= self.relief[k, wide]
                inspected |= _eroded((looks >= MIN_LOOKS) & relief, reach)
        enough = looks >= MIN_LOOKS
        return looks[inner] > 0, enough[inner], (enough & relief)[inner], inspected[inner]

    def shift(self, columns: int, klass: int) -> None:
        """Looks less surely placed than class ``klass`` were really ``columns`` farther forward; now they are that sure."""
        for k in range(klass + 1, len(REACHES)):
            self.looks[klass] += _moved(self.looks[k], columns)
            self.relief[klass] |= _moved(self.relief[k], columns)
            self.looks[k], self.relief[k] = 0, False


def _eroded(good: Bools, reach: int) -> Bools:
    """True where all columns within ``reach`` are."""
    if reach == 0:
        return good
    padded = np.zeros((len(good) + 2 * reach + 1, good.shape[1]), np.int32)
    padded[reach + 1 : reach + 1 + len(good)] = good
    count = np.cumsum(padded, axis=0)
    full = 2 * reach + 1
    return np.asarray(count[full:] - count[:-full] == full)


def _moved(array: NDArray[Any], columns: int) -> NDArray[Any]:
    out = np.zeros_like(array)
    if columns >= 0:
        out[columns:] = array[: len(array) - columns]
    else:
        out[:columns] = array[-columns:]
    return out


def _grown(mask: Bools) -> Bools:
    """With the eight neighbours of every true cell."""
    out = mask.copy()
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            out |= np.roll(np.roll(mask, di, axis=0), dj, axis=1)
    return out
