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
