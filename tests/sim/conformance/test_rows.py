"""Every row of docs/conformance.md: always on the stand-in, on the real firmware where `ardusub` is on PATH."""

import re
import shutil
from pathlib import Path

import pytest

from sim.conformance.row import Row, run_row
from sim.conformance.table import ROWS, page

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"
BINARY = shutil.which("ardusub")
NAMES = [f"{number}-{row.fact}-{row.doing}" for number, row in enumerate(ROWS, 1)]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_stand_in(row: Row) -> None:
    assert run_row(row, None) == ""


@pytest.mark.sitl
@pytest.mark.slow
@pytest.mark.skipif(BINARY is None, reason="no ardusub on PATH: ArduPilot's firmware server publishes one")
@pytest.mark.parametrize(
    "row", [row for row in ROWS if not row.only], ids=[n for n, r in zip(NAMES, ROWS, strict=True) if not r.only]
)
def test_firmware(row: Row) -> None:
    assert run_row(row, Path(str(BINARY))) == ""


def test_a_row_that_fails_says_what_it_found() -> None:
    wrong = ROWS[0]._replace(check=lambda driver: driver.arm())  # before it has booted
    assert "arming accepted" in run_row(wrong, None)


def test_the_page_shows_these_rows() -> None:
    assert len(ROWS) >= 60
    shown = re.findall(r"^\| \d+ \| (.+?) \| (.+?) \| (.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = re.findall(r"^\| \d+ \| (.+?) \| (.+?) \| (.+?) \|", page([(row, "", None) for row in ROWS], "today"), re.MULTILINE)
    assert shown == wanted, "run python -m sim.conformance --ardusub PATH --out docs/conformance.md"
