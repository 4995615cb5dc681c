import pytest

from hull.zones import zone_cells
from station.coverage import NOT_SEEN, percent, statement, summarise
from station.drawing import draw_side
from station.hullmap import hull_map
from tests.station.fakes import SURFACE, VESSEL, ZONE, finding
from wire import messages as m


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0"), (0.001, "less than 1"), (0.5, "50"), (0.999, "99"), (1.0, "100"), (0.29, "29"), (0.58, "58")],
)
def test_percent_is_rounded_down(fraction: float, text: str) -> None:
    assert percent(fraction) == text


def test_statement() -> None:
    assert statement(0, 0.431) == "No contacts in the 43 % inspected"
    assert statement(1, 1.0) == "1 contact in the 100 % inspected"
    assert statement(3, 0.0) == "3 contacts in the 0 % inspected"


def test_reasons_add_up_to_what_was_not_inspected() -> None:
    planned = zone_cells(ZONE, SURFACE)
    states = [
        m.CellState(
            side=k.side, col=k.col, row=k.row, status="seen_poor" if i % 3 else "inspected", reason="murky" if i % 3 else ""
        )
        for i, k in enumerate(planned[:300])
    ]
    outside = m.CellState(side="P", col=1, row=1, status="inspected", reason="")
    summary = summarise((ZONE,), SURFACE, [*states, outside])
    assert (summary.planned, summary.inspected, summary.seen_poor) == (len(planned), 100, 200)
    assert dict(summary.reasons) == {NOT_SEEN: len(planned) - 300, "murky": 200}


def test_the_drawing_joins_cells_and_mirrors_port() -> None:
    cells = [m.CellState(side="S", col=200 + i, row=60, status="inspected", reason="") for i in range(5)]
    hull = hull_map(VESSEL, SURFACE, (ZONE,))
    drawing = draw_side(hull, "S", cells, [finding(1)], True)
    assert len(drawing["rects"]) == 1
    assert drawing["rects"][0]["w"] == pytest.approx(5 * drawing["rects"][0]["h"], abs=0.5)
    assert len(drawing["contacts"]) == 1
    port = draw_side(hull, "P", [], [], False)
    starboard = draw_side(hull, "S", [], [], False)
    assert port["frames"][0]["x"] > starboard["frames"][0]["x"]
