"""Several surveys at a time, scored: the table, bad input, and neighbours that must stay apart."""

from pathlib import Path
from typing import Any

import pytest

import hullscan
from sim.campaign import COLUMNS, campaign, parse_seeds, table

ROOT = Path(__file__).parents[2]
MISSION = ROOT / "missions" / "library" / "coaster_short.yaml"
NEIGHBOURS = ROOT / "sim" / "scenarios" / "coaster_neighbours.yaml"


@pytest.mark.parametrize(("text", "expected"), [("1", [1]), ("1-3,7", [1, 2, 3, 7]), (" 2 , 4-4", [2, 4])])
def test_seeds(text: str, expected: list[int]) -> None:
    assert parse_seeds(text) == expected


@pytest.mark.parametrize("text", ["", "a", "1-", "-3", "3-1", "1;2"])
def test_bad_seeds_say_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"--seeds: got .*expected"):
        parse_seeds(text)


def test_a_bad_scenario_is_one_line_before_anything_flies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\nvessel: none.yaml\n")
    out = tmp_path / "out"
    assert hullscan.main(["campaign", str(MISSION), "--sim", str(bad), "--out", str(out)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1 and not out.exists()


def test_the_table_has_a_row_a_flight() -> None:
    row: dict[str, Any] = {key: 1.0 for key, _, _ in COLUMNS}
    row |= {"scenario": "a", "seed": 2, "ended": "completed", "sockets": True, "firmware": False, "pd": None}
    lines = table([row, row]).splitlines()
    assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| a (sockets) | 2 | completed | - |")


@pytest.mark.slow
def test_neighbours_are_found_apart(tmp_path: Path) -> None:
    said: list[str] = []
    (row,) = campaign(MISSION, [NEIGHBOURS], [1], tmp_path, 2, sockets=False, rate=1.0, say=said.append)
    assert row["ended"] == "completed" and len(said) == 1
    assert (row["attachments"], row["pd"], row["false_contacts"], row["duplicates"]) == (3, 1.0, 0, 0), row["missed"]
    assert row["collisions"] == 0 and row["position_error_p95_m"] < 0.3
