import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hull.coverage import CELL_M, CELL_M2, cell_at, cell_centre, cells_in_polygon
from hull.landmarks import landmarks
from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import Zone, flat_bottom_girth, zone_cells


@given(x=st.floats(-5, 300), s=st.floats(0, 40))
def test_cell_holds_its_place(x: float, s: float) -> None:
    cx, cs = cell_centre(cell_at("P", x, s))
    assert abs(cx - x) <= CELL_M / 2 + 1e-9 and abs(cs - s) <= CELL_M / 2 + 1e-9


@settings(max_examples=50)
@given(
    angle=st.floats(0, 6.3),
    width=st.floats(0.15, 2.0),
    height=st.floats(0.15, 2.0),
    turn=st.booleans(),
    x=st.floats(0, 50),
    s=st.floats(2, 9),
)
def test_only_cells_wholly_inside(angle: float, width: float, height: float, turn: bool, x: float, s: float) -> None:
    c, n = np.cos(angle), np.sin(angle)
    local = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    corners = local @ np.array([[c, n], [-n, c]]) + [x, s]
    order = corners if turn else corners[::-1]
    got = set(cells_in_polygon("S", tuple(map(tuple, order))))

    def inside(px: float, ps: float) -> bool:
        u, v = (np.array([px, ps]) - [x, s]) @ np.array([[c, n], [-n, c]]).T
        return bool(abs(u) <= width / 2 + 1e-9 and abs(v) <= height / 2 + 1e-9)

    for key in got:
        mx, ms = cell_centre(key)
        assert all(inside(mx + i * CELL_M / 2, ms + j * CELL_M / 2) for i in (-1, 1) for j in (-1, 1))
    assert len(got) * CELL_M2 <= width * height + 1e-9
    assert len(got) * CELL_M2 >= max(width - 2 * CELL_M * 1.5, 0) * max(height - 2 * CELL_M * 1.5, 0) - 1e-9


@pytest.mark.parametrize(
    "corners", [(), ((0.0, 0.0), (1.0, 1.0)), ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)), ((0.0, 0.0), (float("nan"), 1.0), (1.0, 0.0))]
)
def test_degenerate_polygons_have_no_cells(corners: tuple[tuple[float, float], ...]) -> None:
    assert cells_in_polygon("P", corners) == []


def test_zone_area_is_length_times_depth_on_wall_sides(surface: HullSurface) -> None:
    cells = zone_cells(Zone("z", "S", (18.0, 32.4), (0.7, 2.6)), surface)
    assert len(cells) * CELL_M2 == pytest.approx(14.4 * 1.9, rel=0.02)
    assert len(set(cells)) == len(cells)
    for key in cells:
        x, s = cell_centre(key)
        assert 18.0 <= x <= 32.4 and 0.7 - 0.051 <= surface.depth_at(x, s) <= 2.6 + 0.051


def test_bottom_zone_takes_both_halves_up_to_the_bilge(surface: HullSurface) -> None:
    cells = zone_cells(Zone("b", "bottom", (20.0, 21.0), (0.0, 0.0)), surface)
    assert {key.side for key in cells} == {"P", "S"}
    assert flat_bottom_girth(surface, 20.5) == pytest.approx(3.6 + 0.19, abs=0.05)
    assert len(cells) * CELL_M2 == pytest.approx(2 * 1.0 * flat_bottom_girth(surface, 20.5), rel=0.05)


def test_landmarks_lie_where_the_file_says(ship: tuple[Vessel, HullSurface]) -> None:
    vessel, surface = ship
    for mark, fitting in zip(landmarks(vessel, surface), vessel.fittings, strict=True):
        assert mark.x_m == pytest.approx(fitting.frame * vessel.frame_spacing_m)
        if 0 < mark.x_m < 50 and fitting.depth_m < 3.5:
            assert surface.depth_at(mark.x_m, mark.s_m) == pytest.approx(fitting.depth_m, abs=1e-6)
