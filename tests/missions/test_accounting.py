"""Coverage accounting: nothing counts as inspected on less evidence than two usable, square looks, one with relief."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hull.coverage import CELL_M, CellKey
from missions.accounting import Accounting
from tests.missions.fakes import report
from wire import messages as m

CELLS = [CellKey("S", col, row) for col in range(100, 120) for row in range(50, 60)]
ALL = ((9.9, 4.9), (12.1, 4.9), (12.1, 6.1), (9.9, 6.1))
POSE = m.HullPose(
    side="S", x_m=11.0, s_m=5.5, depth_m=1.5, standoff_m=0.8, yaw_off_rad=0.0, x_std_m=0.1, standoff_std_m=0.02, yaw_std_rad=0.02
)  # fmt: skip


def fed(*reports: m.FrameReport, pose: m.HullPose | None = None) -> Accounting:
    accounting = Accounting(CELLS, (0.8, 0.6))
    for one in reports:
        accounting.take(one, pose)
    return accounting


def reasons(accounting: Accounting) -> dict[str, int]:
    out: dict[str, int] = {}
    for _key, status, reason in accounting.planned_states():
        out[f"{status}: {reason}"] = out.get(f"{status}: {reason}", 0) + 1
    return out


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], {"not_seen: not reached by the camera": 200}),
        ([{}], {"seen_poor: one look": 200}),
        ([{"relief": False}, {"relief": False}], {"seen_poor: no relief": 200}),
        ([{}, {}], {"inspected: ": 200}),
        ([{"relief": False}, {}], {"inspected: ": 200}),
        ([{}, {"relief": False}], {"inspected: ": 200}),
        ([{}, {"reason": "turbid"}], {"seen_poor: one look": 200}),
        ([{"reason": "turbid"}, {}, {}], {"inspected: ": 200}),
        ([{}, {}, {"reason": "turbid"}], {"inspected: ": 200}),
        ([{"incidence_rad": math.radians(36)}, {"incidence_rad": math.radians(-36)}], {"seen_poor: oblique": 200}),
        ([{"incidence_rad": math.radians(34)}, {"incidence_rad": math.radians(34)}], {"inspected: ": 200}),
        ([{"side": "P"}, {"side": "P"}], {"not_seen: not reached by the camera": 200}),
    ],
)
def test_what_counts(reports: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert reasons(fed(*(report(1.0, ALL, **values) for values in reports))) == expected


def test_an_unusable_frame_names_the_cells_it_was_aimed_at() -> None:
    accounting = fed(report(1.0, (), reason="turbid"), pose=POSE)
    assert reasons(accounting) == {"seen_poor: turbid": 48, "not_seen: not reached by the camera": 152}
    assert reasons(fed(report(1.0, (), reason="turbid"))) == {"not_seen: not reached by the camera": 200}


def test_only_cells_wholly_inside_count() -> None:
    edge = ((10.05, 5.05), (10.35, 5.05), (10.35, 5.35), (10.05, 5.35))
    accounting = fed(report(1.0, edge), report(1.2, edge))
    assert accounting.inspected() == 4
    assert len(accounting.missing()) == 196


def test_changes_are_handed_out_once_and_in_pieces() -> None:
    accounting = fed(report(1.0, ALL), report(1.2, ALL))
    first, second, third = accounting.changed(150), accounting.changed(150), accounting.changed(150)
    assert (len(first), len(third)) == (150, 0)
    keys = [(c.col, c.row) for c in (*first, *second)]
    assert keys == sorted(set(keys))
    assert {(c.col, c.row) for c in CELLS} <= set(keys)
    accounting.take(report(1.4, ALL), None)
    assert accounting.changed(2000) == ()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.floats(9.5, 12.5), st.floats(4.5, 6.5), st.booleans(), st.sampled_from(["", "turbid"]), st.floats(-1.0, 1.0)
        ),
        max_size=12,
    )
)
def test_never_more_than_the_evidence(rows: list[tuple[float, float, bool, str, float]]) -> None:
    accounting = Accounting(CELLS, (0.8, 0.6))
    looks: dict[CellKey, int] = {}
    relief: set[CellKey] = set()
    for x, s, has_relief, reason, tilt in rows:
        corners = ((x - 0.3, s - 0.3), (x + 0.3, s - 0.3), (x + 0.3, s + 0.3), (x - 0.3, s + 0.3))
        accounting.take(report(1.0, corners, reason=reason, relief=has_relief, incidence_rad=tilt), None)
        for cell in CELLS:
            low, high = (cell.col * CELL_M, cell.row * CELL_M), ((cell.col + 1) * CELL_M, (cell.row + 1) * CELL_M)
            inside = (
                x - 0.3 <= low[0] + 1e-9 and high[0] <= x + 0.3 + 1e-9 and s - 0.3 <= low[1] + 1e-9 and high[1] <= s + 0.3 + 1e-9
            )
            if inside and not reason and abs(tilt) <= math.radians(35.0):
                looks[cell] = looks.get(cell, 0) + 1
                relief |= {cell} if has_relief else set()
    for key, status, _reason in accounting.planned_states():
        if status == "inspected":
            assert looks.get(key, 0) >= 2
            assert key in relief


def wide(x0: float, x1: float) -> tuple[tuple[float, float], ...]:
    return ((x0, 4.9), (x1, 4.9), (x1, 6.1), (x0, 6.1))


@pytest.mark.parametrize(("x_std_m", "lost"), [(0.0, 0), (0.04, 1), (0.1, 2), (0.14, 3), (0.25, 5), (0.4, 8), (0.6, 12)])
def test_an_uncertain_place_costs_the_ends_of_what_was_seen(x_std_m: float, lost: int) -> None:
    one = report(1.0, wide(10.0, 12.0), x_std_m=x_std_m)
    accounting = fed(one, one)
    assert accounting.inspected() == 10 * max(0, 20 - 2 * lost)
    if lost:
        assert reasons(accounting)["seen_poor: position uncertain"] == 10 * min(20, 2 * lost)
    farther = report(1.0, wide(8.0, 14.0), x_std_m=x_std_m)
    assert fed(farther, farther).inspected() == 200, "what lies well inside was seen wherever it was"


def test_a_place_known_worse_than_that_says_nothing() -> None:
    lost = report(1.0, wide(5.0, 20.0), x_std_m=0.7)
    accounting = fed(lost, lost, pose=POSE)
    assert accounting.inspected() == 0 and reasons(accounting) == {"seen_poor: position uncertain": 200}


def position_fix(shift_m: float, before_m: float = 0.5, after_m: float = 0.02, side: m.Side = "S") -> m.PositionFix:
    return m.PositionFix(t=2.0, name="sea chest", side=side, x_shift_m=shift_m, x_std_before_m=before_m, x_std_m=after_m)


def test_a_fix_moves_what_was_seen_before_it() -> None:
    early = report(1.0, wide(9.0, 11.5), x_std_m=0.25)
    accounting = fed(early, early)
    assert accounting.inspected() == 10 * 10  # to x = 11.0
    accounting.changed(2000)
    accounting.correct(position_fix(0.4))
    assert accounting.inspected() == 10 * 18, "to 11.9, less one cell for what the fix leaves open"
    assert {cell.status for cell in accounting.changed(2000) if cell.col == 110} == {"inspected"}


def test_a_fix_takes_back_what_was_not_seen_after_all() -> None:
    early = report(1.0, wide(9.0, 13.0), x_std_m=0.25)
    accounting = fed(early, early)
    assert accounting.inspected() == 200
    accounting.changed(2000)
    accounting.correct(position_fix(-1.5))
    assert accounting.inspected() == 10 * 14
    lost = [cell for cell in accounting.changed(2000) if cell.status == "seen_poor"]
    assert {cell.col for cell in lost} >= {114, 119}
    assert {cell.reason for cell in lost} == {
        "moved by a position fix",
        "position uncertain",
    }


def test_a_fix_leaves_alone_what_was_placed_as_surely_and_the_other_side() -> None:
    sure = report(1.0, ALL, x_std_m=0.04)
    accounting = fed(sure, sure)
    before = accounting.inspected()
    accounting.correct(position_fix(0.5))
    accounting.correct(position_fix(0.5, side="P"))
    assert accounting.inspected() == before == 200
