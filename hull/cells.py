"""Many coverage cells at once, as arrays: a big ship has more than a million."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from hull.coverage import CellKey
from wire.messages import Side

SIDES: tuple[Side, Side] = ("P", "S")
_COLS, _ROWS = 1 << 24, 1 << 20
_MIDDLE = _COLS // 2


class Cells(Sequence[CellKey]):
    """Cells without repeats, in order of side, column and row, like a sorted tuple of `CellKey`; 8 bytes each.

    Args:
        codes: from `encode`; need not be sorted or unique.
    """

    def __init__(self, codes: NDArray[np.int64]) -> None:
        ordered = np.sort(codes)
        self.codes = ordered if len(ordered) < 2 else ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]

    @classmethod
    def of(cls, cells: Iterable[CellKey]) -> "Cells":
        rows = [(SIDES.index(cell.side), cell.col, cell.row) for cell in cells]
        side, col, row = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return cls(encode(side, col, row))

    @property
    def side(self) -> NDArray[np.int64]:
        """0 port, 1 starboard."""
        return self.codes // (_COLS * _ROWS)

    @property
    def col(self) -> NDArray[np.int64]:
        return self.codes // _ROWS % _COLS - _MIDDLE

    @property
    def row(self) -> NDArray[np.int64]:
        return self.codes % _ROWS

    def where(self, mask: NDArray[np.bool_]) -> "Cells":
        """Those for which ``mask`` (n,) is true."""
        out = Cells.__new__(Cells)
        out.codes = self.codes[mask]
        return out

    def minus(self, others: "Cells") -> "Cells":
        """Those that are not among ``others``."""
        return self.where(~np.isin(self.codes, others.codes, assume_unique=True))

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> CellKey: ...
    @overload
    def __getitem__(self, index: slice) -> "Cells": ...
    def __getitem__(self, index: int | slice) -> "CellKey | Cells":
        return Cells(self.codes[index]) if isinstance(index, slice) else next(iter(Cells(self.codes[[index]])))

    def __iter__(self) -> Iterator[CellKey]:
        sides, cols, rows = self.side.tolist(), self.col.tolist(), self.row.tolist()
        return (CellKey(SIDES[side], col, row) for side, col, row in zip(sides, cols, rows, strict=True))

    def __contains__(self, cell: object) -> bool:
        if not isinstance(cell, CellKey):
            return False
        code = encode(np.array(SIDES.index(cell.side)), np.array(cell.col), np.array(cell.row))
        at = int(np.searchsorted(self.codes, code))
        return at < len(self.codes) and bool(self.codes[at] == code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cells) and np.array_equal(self.codes, other.codes)

    def __hash__(self) -> int:
        return hash(self.codes.tobytes())


NO_CELLS = Cells(np.zeros(0, dtype=np.int64))


def encode(side: NDArray[np.int64], col: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number a cell, in the order of (side, column, row). ``side``: 0 port, 1 starboard; rows from 0 on."""
    return (np.asarray(side, np.int64) * _COLS + col + _MIDDLE) * _ROWS + row


def union(parts: Iterable[Cells]) -> Cells:
    """All cells of ``parts``."""
    return Cells(np.concatenate([NO_CELLS.codes, *(part.codes for part in parts)]))
