"""What a row is, and how one is run."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sim.conformance.driver import Driver, Mismatch, flight

Check = Callable[[Driver], None]


class Row(NamedTuple):
    """``fact``: paragraph of FACTS.md. ``check`` raises Mismatch. ``only``: why the firmware cannot be asked, else ""."""

    fact: str
    doing: str
    expected: str
    check: Check
    only: str = ""


def run_row(row: Row, binary: Path | None) -> str:
    """ "" when it passes, else what was found; on a vehicle of its own.

    Raises:
        sim.ardusub.faults.FirmwareFault: the firmware does not start, or ended.
    """
    with flight(binary) as driver:
        try:
            row.check(driver)
        except Mismatch as miss:
            return str(miss)
    return ""
