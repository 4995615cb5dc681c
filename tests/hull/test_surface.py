import math

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from hull.frames import ShipPose, facing_sign, wrap_pi
from hull.surface import HullSurface
from hull.vessel import Vessel

from .conftest import closed_triangles

SIDES = st.sampled_from(["P", "S"])
X = st.floats(2.0, 47.0)


@settings(deadline=None, max_examples=60)
@given(side=SIDES, x=X, share=st.floats(0.02, 0.98), out=st.floats(0.0, 3.0))
def test_nearest_inverts_point_along_the_normal(side: str, x: float, share: float, out: float, surface: HullSurface) -> None:
    s = share * surface.max_girth(x)
    normal = surface.normal(side, x, s)
    found = surface.nearest(surface.point(side, x, s) + out * normal)
    # The interpolated normal and the facets' own differ a little where plating curves.
    assert found.distance_m == pytest.approx(out, abs=0.01 + 0.02 * out)
    assert abs(found.x_m - x) < 0.05 + 0.1 * out
    assert abs(found.s_m - s) < 0.05 + 0.12 * out
    assert found.side == side or surface.point(side, x, s)[1] ** 2 < 0.1


def test_wall_side_and_flat_bottom_are_exact(surface: HullSurface) -> None:
    side = surface.nearest(np.array([25.0, -6.0, 2.1]))
    assert side.distance_m == pytest.approx(1.5, abs=1e-9)
    assert side.normal == pytest.approx([0.0, -1.0, 0.0], abs=1e-9)
    bottom = surface.nearest(np.array([25.0, 1.0, -0.7]))
    assert bottom.distance_m == pytest.approx(0.7, abs=1e-9)
    assert bottom.s_m == pytest.approx(1.0, abs=1e-9)
    assert surface.signed_distance(np.array([25.0, 0.0, 1.0])) == pytest.approx(-1.0, abs=1e-9)


def test_bilge_is_round_to_two_millimetres(surface: HullSurface) -> None:
    centre = np.array([25.0, 4.5 - 0.9, 0.9])
    for angle in np.linspace(0.0, math.pi / 2, 37):
        direction = np.array([0.0, math.sin(angle), -math.cos(angle)])
        assert surface.nearest(centre + 1.4 * direction).distance_m == pytest.approx(0.5, abs=2.1e-3)


def test_girth_is_arc_length_and_depth_its_inverse(surface: HullSurface) -> None:
    assert surface.max_girth(25.0) == pytest.approx(3.6 + math.pi / 2 * 0.9 + 4.3, abs=0.01)
    for depth in (0.0, 0.7, 1.5, 2.6, 3.2):
        s = surface.girth_at_depth(25.0, depth)
        assert surface.depth_at(25.0, s) == pytest.approx(depth, abs=1e-9)
    assert surface.girth_at_depth(25.0, 99.0) == 0.0
    assert surface.girth_at_depth(25.0, -99.0) == pytest.approx(surface.max_girth(25.0))


@settings(deadline=None, max_examples=40)
@given(x=st.floats(-2.0, 52.0), y=st.floats(-8.0, 8.0), z=st.floats(-2.0, 4.0))
def test_distance_agrees_with_brute_force(x: float, y: float, z: float, surface: HullSurface) -> None:
    point = np.array([x, y, z])
    triangles = closed_triangles(surface)
    closest = trimesh.triangles.closest_point(triangles, np.tile(point, (len(triangles), 1)))
    brute = float(np.min(np.linalg.norm(closest - point, axis=1)))
    found = abs(surface.signed_distance(point))
    assert found == pytest.approx(brute, abs=1e-9)


def test_mesh_faces_outward_and_mirrors(surface: HullSurface) -> None:
    vertices, faces, uv = surface.mesh()
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    middle = (a + b + c) / 3.0
    amidships = (middle[:, 0] > 15) & (middle[:, 0] < 35) & (np.linalg.norm(normal, axis=1) > 1e-9)
    outward = np.einsum("ij,ij->i", normal, middle - np.array([25.0, 0.0, 2.6]) * np.array([0, 1, 1]) - middle * [1, 0, 0])
    assert (outward[amidships] > 0).all()
    half = len(vertices) // 2
    assert vertices[half:] == pytest.approx(vertices[:half] * [1, -1, 1])
    assert (uv[half:, 1] <= 0).all()


def test_raycast_hits_where_geometry_says(surface: HullSurface) -> None:
    hit = surface.raycast(np.array([25.0, -8.0, 2.0]), np.array([0.0, 1.0, 0.0]), 50.0)
    assert hit == pytest.approx(3.5, abs=2e-3)
    slanted = np.array([0.0, math.cos(0.39), math.sin(0.39)])
    assert surface.raycast(np.array([25.0, -8.0, 1.5]), slanted, 50.0) == pytest.approx(3.5 / math.cos(0.39), abs=5e-3)
    assert surface.raycast(np.array([25.0, -8.0, 2.0]), np.array([0.0, -1.0, 0.0]), 50.0) is None
    assert surface.raycast(np.array([25.0, -8.0, 2.0]), np.array([0.0, 1.0, 0.0]), 1.0) is None


def test_block_coefficient_comes_out_as_given(ship: tuple[Vessel, HullSurface]) -> None:
    vessel, surface = ship
    vertices, faces, _ = surface.mesh()
    immersed = trimesh.intersections.slice_faces_plane(
        vertices, faces, np.array([0.0, 0.0, -1.0]), np.array([0.0, 0.0, vessel.draught_m])
    )
    shell = trimesh.Trimesh(immersed[0], immersed[1], process=True)
    # Divergence theorem on z: bottom and sides only need the waterplane added.
    a, b, c = (shell.vertices[shell.faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a) / 2.0
    below = -np.sum((vessel.draught_m - (a[:, 2] + b[:, 2] + c[:, 2]) / 3.0) * cross[:, 2])
    given_coefficient = vessel.block_coefficient
    assert given_coefficient is not None
    assert below / (vessel.length_m * vessel.beam_m * vessel.draught_m) == pytest.approx(given_coefficient, abs=0.02)


@settings(deadline=None)
@given(heading=st.floats(-7.0, 7.0), x=st.floats(-99, 99), y=st.floats(-99, 99), z=st.floats(-99, 99))
def test_ship_pose_round_trip(heading: float, x: float, y: float, z: float) -> None:
    pose = ShipPose(heading, draught_m=3.6)
    point = np.array([x, y, z])
    assert pose.to_ship(pose.to_ned(point)) == pytest.approx(point, abs=1e-9)
    assert pose.to_ned(np.array([0.0, 0.0, 3.6])) == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_facing_and_right_hand() -> None:
    pose = ShipPose(0.0, draught_m=1.0)
    for side, outward in (("P", [0.0, 1.0, 0.0]), ("S", [0.0, -1.0, 0.0])):
        heading = pose.facing_heading(np.array(outward))
        right = np.array([-math.sin(heading), math.cos(heading), 0.0])
        assert pose.dir_to_ship(right)[0] == pytest.approx(facing_sign(side))
    assert wrap_pi(3 * math.pi) == pytest.approx(math.pi)
    assert wrap_pi(-math.pi / 2) == pytest.approx(-math.pi / 2)


@pytest.mark.parametrize("shape", [(1, 3, 3), (2, 2, 3), (2, 3, 2)])
def test_unusable_grids_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="hull grid"):
        HullSurface(np.zeros(shape), 1.0)
