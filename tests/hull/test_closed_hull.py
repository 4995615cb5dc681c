"""The closed hull: exact distance, sign, rays and places, against brute force and a barge's closed forms."""

import math

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from hull.surface import HullSurface
from hull.vessel import Vessel
from wire.messages import Side

from .conftest import closed_triangles

Ship = tuple[Vessel, HullSurface]
SIDES: tuple[Side, Side] = ("P", "S")


def around(surface: HullSurface, n: int, seed: int, margin: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    low, high = surface.grid.reshape(-1, 3).min(axis=0) - margin, surface.grid.reshape(-1, 3).max(axis=0) + margin
    low[1] = -high[1]
    return rng.uniform(low, high, (n, 3))


@pytest.mark.parametrize("name", ["ship", "patrol", "box"])
def test_distance_is_that_of_brute_force_over_all_triangles(name: str, request: pytest.FixtureRequest) -> None:
    got = request.getfixturevalue(name)
    surface = got if isinstance(got, HullSurface) else got[1]
    triangles = closed_triangles(surface)
    for xyz in around(surface, 45, seed=1):
        on = trimesh.triangles.closest_point(triangles, np.repeat(xyz[None], len(triangles), axis=0))
        expected = np.linalg.norm(on - xyz, axis=1).min()
        found = surface.nearest(xyz)
        assert abs(found.distance_m) == pytest.approx(expected, abs=1e-9)
        assert np.linalg.norm(found.point - xyz) == pytest.approx(expected, abs=1e-9)


def test_sign_is_that_of_the_solid_angle(patrol: Ship) -> None:
    surface = patrol[1]
    a, b, c = np.moveaxis(closed_triangles(surface), 1, 0)
    points = np.concatenate([around(surface, 100, seed=2, margin=1.0), around(surface, 100, seed=3, margin=-0.6)])
    inside = 0
    for xyz in points:
        p, q, r = a - xyz, b - xyz, c - xyz
        n, m, k = (np.linalg.norm(v, axis=1) for v in (p, q, r))
        dots = [np.einsum("ij,ij->i", u, v) for u, v in ((p, q), (q, r), (r, p))]
        angle = 2.0 * np.arctan2(np.einsum("ij,ij->i", p, np.cross(q, r)), n * m * k + dots[0] * k + dots[1] * n + dots[2] * m)
        turns = angle.sum() / (4.0 * math.pi)
        assert min(abs(turns), abs(turns - 1.0)) < 1e-6
        assert (surface.signed_distance(xyz) < 0.0) == (turns > 0.5)
        inside += turns > 0.5
    assert 20 < inside < 180


@pytest.mark.parametrize(
    ("xyz", "distance", "normal"),
    [
        ((5.0, 3.5, 1.5), 1.5, (0.0, 1.0, 0.0)),
        ((5.0, -3.5, 1.5), 1.5, (0.0, -1.0, 0.0)),
        ((5.0, 0.5, -2.0), 2.0, (0.0, 0.0, -1.0)),
        ((-3.0, 0.5, 1.0), 3.0, (-1.0, 0.0, 0.0)),
        ((12.0, -0.5, 1.0), 2.0, (1.0, 0.0, 0.0)),
        ((5.0, 0.0, 7.0), 4.0, (0.0, 0.0, 1.0)),
        ((5.0, 1.5, 1.5), -0.5, (0.0, 1.0, 0.0)),
        ((5.0, 0.0, 2.8), -0.2, (0.0, 0.0, 1.0)),
        ((0.3, 0.0, 1.5), -0.3, (-1.0, 0.0, 0.0)),
        ((5.0, 5.0, 7.0), 5.0, None),
        ((-3.0, 6.0, 1.0), 5.0, None),
    ],
)
def test_distances_from_a_barge(
    box: HullSurface, xyz: tuple[float, ...], distance: float, normal: tuple[float, ...] | None
) -> None:
    found = box.nearest(np.array(xyz))
    assert found.distance_m == pytest.approx(distance)
    if normal is not None:
        assert found.normal == pytest.approx(normal)


@settings(deadline=None, max_examples=150)
@given(u=st.floats(0.0, 1.0), v=st.floats(0.0, 1.0), side=st.sampled_from(SIDES))
def test_a_place_is_found_again_from_its_point(ship: Ship, u: float, v: float, side: Side) -> None:
    surface = ship[1]
    x = u * surface.length_m
    s = v * surface.max_girth(x)
    point = surface.point(side, x, s)
    found = surface.nearest(point)
    assert abs(found.distance_m) < 1e-9
    assert found.x_m == pytest.approx(x, abs=1e-6)
    assert found.s_m == pytest.approx(s, abs=1e-6)
    assert found.side == side or abs(point[1]) < 1e-9


@settings(deadline=None, max_examples=150)
@given(x=st.floats(12.0, 35.0), s=st.floats(0.3, 7.5), off=st.floats(0.05, 5.0), side=st.sampled_from(SIDES))
def test_a_point_off_the_parallel_body_leads_back_to_its_place(ship: Ship, x: float, s: float, off: float, side: Side) -> None:
    surface = ship[1]
    found = surface.nearest(surface.point(side, x, s) + off * surface.normal(side, x, s))
    assert found.side == side
    assert found.distance_m == pytest.approx(off, abs=0.003)
    assert found.x_m == pytest.approx(x, abs=0.01)


@settings(deadline=None, max_examples=150)
@given(x=st.floats(-60.0, 110.0), y=st.floats(-60.0, 60.0), z=st.floats(-60.0, 60.0), step=st.floats(0.001, 3.0))
def test_distance_never_changes_faster_than_one_moves(ship: Ship, x: float, y: float, z: float, step: float) -> None:
    surface, here = ship[1], np.array([x, y, z])
    for axis in np.eye(3):
        change = surface.signed_distance(here + step * axis) - surface.signed_distance(here)
        assert abs(change) <= step + 1e-9


def test_the_two_sides_mirror_each_other(ship: Ship) -> None:
    surface = ship[1]
    for xyz in around(surface, 50, seed=4):
        port, starboard = surface.nearest(xyz), surface.nearest(xyz * np.array([1.0, -1.0, 1.0]))
        assert {port.side, starboard.side} == {"P", "S"}
        assert port[1:4] == starboard[1:4]
        assert (port.normal * np.array([1.0, -1.0, 1.0]) == starboard.normal).all()


@settings(deadline=None, max_examples=100)
@given(x=st.floats(0.0, 50.0), depth=st.floats(-1.5, 3.5))
def test_depth_and_girth_are_each_others_inverse(ship: Ship, x: float, depth: float) -> None:
    surface = ship[1]
    assert surface.depth_at(x, surface.girth_at_depth(x, depth)) == pytest.approx(depth, abs=1e-9)


def test_girth_beyond_the_section_is_moved_to_its_edge(ship: Ship) -> None:
    surface = ship[1]
    assert surface.girth_at_depth(25.0, -99.0) == surface.max_girth(25.0)
    assert surface.girth_at_depth(25.0, 99.0) == 0.0
    assert surface.girth_at_depth(25.0, 3.6) == pytest.approx(3.6)  # the outermost place of the flat bottom
    assert surface.point("P", -5.0, -1.0) == pytest.approx(surface.point("P", 0.0, 0.0))
    assert surface.point("P", 99.0, 99.0) == pytest.approx(surface.point("P", 50.0, surface.max_girth(50.0)))


@pytest.mark.parametrize("name", ["ship", "patrol"])
def test_rays_hit_what_brute_force_hits(name: str, request: pytest.FixtureRequest) -> None:
    surface = request.getfixturevalue(name)[1]
    triangles = closed_triangles(surface)
    rng = np.random.default_rng(5)
    hits = 0
    for origin in around(surface, 45, seed=6):
        # Most rays aim at the ship, so that hits and misses both come up.
        x = rng.uniform(surface.stations[0], surface.stations[-1])
        aim = np.array([x, 0.0, rng.uniform(0.0, 2.0)]) + rng.normal(size=3)
        direction = (aim - origin) / np.linalg.norm(aim - origin)
        found = surface.raycast(origin, direction, 60.0)
        if surface.signed_distance(origin) < 0.0:
            assert found == 0.0
            continue
        expected = brute_ray(triangles, origin, direction)
        hits += expected is not None
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-6))
    assert hits > 20


def brute_ray(triangles: np.ndarray, origin: np.ndarray, direction: np.ndarray) -> float | None:
    a, u, v = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    system = np.stack([u, v, np.repeat(-direction[None], len(u), axis=0)], axis=2)
    usable = np.abs(np.linalg.det(system)) > 1e-12
    w = np.linalg.solve(system[usable], (origin - a[usable])[..., None])[..., 0]
    ranges = w[(w[:, 0] >= 0) & (w[:, 1] >= 0) & (w[:, 0] + w[:, 1] <= 1) & (w[:, 2] >= 0), 2]
    return float(ranges.min()) if len(ranges) else None


def test_rays_at_a_barge(box: HullSurface) -> None:
    assert box.raycast(np.array([5.0, 6.0, 1.0]), np.array([0.0, -1.0, 0.0]), 10.0) == pytest.approx(4.0)
    assert box.raycast(np.array([5.0, 6.0, 1.0]), np.array([0.0, -1.0, 0.0]), 3.9) is None
    assert box.raycast(np.array([5.0, 6.0, 1.0]), np.array([0.0, 1.0, 0.0]), 50.0) is None
    assert box.raycast(np.array([-2.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), 50.0) == pytest.approx(2.0)
    assert box.raycast(np.array([14.0, 0.5, 1.0]), np.array([-1.0, 0.0, 0.0]), 50.0) == pytest.approx(4.0)
    assert box.raycast(np.array([5.0, -1.0, 9.0]), np.array([0.0, 0.0, -1.0]), 50.0) == pytest.approx(6.0)
    grazing = np.array([1.0, 0.0, 0.0])
    assert box.raycast(np.array([-5.0, 2.005, 1.0]), grazing, 50.0) is None  # 5 mm off the side all along it


def test_mesh_faces_outward_and_carries_its_places(ship: Ship) -> None:
    surface = ship[1]
    vertices, faces, uv = surface.mesh()
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    middles, outward = (a + b + c) / 3.0, np.cross(b - a, c - a)
    area = np.linalg.norm(outward, axis=1)
    for k in np.flatnonzero(area > 1e-3)[::97]:
        assert surface.signed_distance(middles[k] + 0.01 * outward[k] / area[k]) > 0.0
    for k in range(0, len(vertices), 501):
        side: Side = "P" if k < len(vertices) // 2 else "S"
        assert surface.point(side, uv[k, 0], abs(uv[k, 1])) == pytest.approx(vertices[k], abs=1e-9)


def test_a_grid_that_runs_backwards_or_is_not_finite_is_refused(box: HullSurface) -> None:
    with pytest.raises(ValueError, match="stations must increase"):
        HullSurface(box.grid[::-1].copy(), 2.0)
    broken = box.grid.copy()
    broken[2, 2, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        HullSurface(broken, 2.0)
