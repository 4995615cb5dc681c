"""The rendered picture against geometry and formula: projection, depth, attenuation, ids, relief, determinism."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hull.frames import ShipPose
from hull.shell import load_ship
from hull.surface import HullSurface
from hull.vessel import Vessel
from sim.attachments import BULGE_M, grating
from sim.meshes import anchor
from sim.render import Renderer
from sim.scenario import Attachment, Clutter, Scenario, Water
from sim.scene import ATTACHMENT_ID, CLUTTER_ID, FITTING_ID, HULL_ID, Scene
from sim.water_optics import lamp_irradiance
from wire.rig import BLUEROV2, CameraRig

Vec = NDArray[np.float64]
VESSEL_FILE = Path(__file__).parents[2] / "missions/library/coaster50.vessel.yaml"
TORPEDO_X, ANODE_X, PATTERN_X, GRATING_X, BARE_X = 21.9, 24.0, 26.4, 29.0, 31.6


@pytest.fixture(scope="session")
def ship() -> tuple[Vessel, HullSurface]:
    vessel, surface = load_ship(VESSEL_FILE)
    return vessel.model_copy(update={"fittings": ()}), surface


@pytest.fixture(scope="session")
def scenario(ship: tuple[Vessel, HullSurface]) -> Scenario:
    frame = ship[0].x_to_frame
    return Scenario(
        name="picture",
        vessel="coaster50.vessel.yaml",
        water=Water(c_rgb=(0.9, 0.55, 0.65), ambient=0.0, particles_per_m3=0.0),
        attachments=[
            Attachment(kind="torpedo", side="S", frame=frame(TORPEDO_X), depth_m=1.5, size_m=(0.9, 0.2, 0.2), fouling=0.2),
            Attachment(
                kind="grating_tamper", side="S", frame=frame(GRATING_X), depth_m=1.5, size_m=(0.5, 0.5, 0.06), paint="bare"
            ),
        ],
        clutter=[
            Clutter(kind="anode", side="S", frame=frame(ANODE_X), depth_m=1.5, size_m=(0.3, 0.12, 0.04)),
            Clutter(kind="painted_pattern", side="S", frame=frame(PATTERN_X), depth_m=1.5, size_m=(0.6, 0.3)),
        ],
        seed=1,
    )


@pytest.fixture(scope="session")
def renderer(ship: tuple[Vessel, HullSurface], scenario: Scenario) -> Renderer:
    return Renderer(Scene(scenario, *ship), scenario.water, BLUEROV2, 3)


def pose(renderer: Renderer, x: float, standoff: float, yaw: float = 0.0, pitch: float = 0.0) -> tuple[Vec, Vec]:
    """Body pose with the camera ``standoff`` off the starboard plating at depth 1.5 m."""
    surface, ship = renderer.scene.surface, renderer.ship
    s = surface.girth_at_depth(x, 1.5)
    normal = surface.normal("S", x, s)
    heading = ship.facing_heading(normal) + yaw
    cy, sy, cp, sp = math.cos(heading), math.sin(heading), math.cos(pitch), math.sin(pitch)
    rotation = np.array([[cy * cp, -sy, cy * sp], [sy * cp, cy, sy * sp], [-sp, 0.0, cp]])
    eye = ship.to_ned(surface.point("S", x, s) + standoff * normal)
    return eye - rotation @ np.array(BLUEROV2.camera.mount_m), rotation


def test_a_hull_point_lands_on_its_pixel(renderer: Renderer) -> None:
    """Recomputed by hand: NED → body → pinhole → Brown; and the truth picture has the point's depth there."""
    position, rotation = pose(renderer, BARE_X, 0.8, 0.15, -0.1)
    surface, camera = renderer.scene.surface, BLUEROV2.camera
    depth, ids = renderer.truth(position, rotation)
    for dx, ds in ((0.0, 0.0), (0.35, 0.2), (-0.4, -0.25), (0.3, -0.2)):
        point = surface.point("S", BARE_X + dx, surface.girth_at_depth(BARE_X, 1.5) + ds)
        body = rotation.T @ (ShipPose(draught_m=surface.draught_m).to_ned(point) - position) - np.array(camera.mount_m)
        x, y = body[1] / body[0], body[2] / body[0]
        q = x * x + y * y
        d = 1 + camera.k1 * q + camera.k2 * q * q
        u, v, z = renderer.project(position, rotation, point[None])
        assert u[0] == pytest.approx(camera.cx + camera.fx * d * x, abs=1e-6)
        assert v[0] == pytest.approx(camera.cy + camera.fy * d * y, abs=1e-6)
        i, j = round(float(v[0])), round(float(u[0]))
        assert ids[i, j] == HULL_ID
        assert depth[i, j] == pytest.approx(z[0], abs=0.003)


def test_right_in_the_picture_is_forward_on_starboard(renderer: Renderer) -> None:
    position, rotation = pose(renderer, BARE_X, 0.8)
    surface = renderer.scene.surface
    s = surface.girth_at_depth(BARE_X, 1.5)
    points = np.stack([surface.point("S", BARE_X + 0.2, s), surface.point("S", BARE_X, s + 0.2)])
    u, v, _ = renderer.project(position, rotation, points)
    assert u[0] > 320 + 80
    assert v[1] < 240 - 80


@pytest.mark.parametrize("x", [TORPEDO_X, ANODE_X, PATTERN_X, BARE_X])
def test_truth_depth_equals_raycast(renderer: Renderer, x: float) -> None:
    position, rotation = pose(renderer, x, 0.8, 0.1)
    depth, ids = renderer.truth(position, rotation)
    view = renderer.view(position, rotation)
    checked = 0
    for i in range(20, 480, 55):
        for j in range(15, 640, 61):
            ray = np.array([renderer.rays_x[i, j], renderer.rays_y[i, j], 1.0])
            length = float(np.linalg.norm(ray))
            hit = renderer.scene.raycast(view.eye, view.turn.T @ ray / length, 5.0)
            assert hit is not None
            if abs(hit / length - depth[i, j]) > 0.01:
                # Straps, fins and feet are drawn but not hit; then the picture is nearer, at the object.
                assert ids[i, j] >= ATTACHMENT_ID
                assert depth[i, j] < hit / length
            else:
                checked += 1
    assert checked >= 85


def test_mesh_agrees_with_signed_distance(renderer: Renderer) -> None:
    parts = renderer.scene.parts
    hull = [p for p in parts if p.object_id == HULL_ID]
    worst = 0.0
    for part in hull[:: max(1, len(hull) // 8)]:
        middle = part.mesh.vertices[part.mesh.faces].mean(axis=1)
        for point in middle[:: max(1, len(middle) // 12)]:
            worst = max(worst, abs(renderer.scene.surface.signed_distance(point)))
    assert worst < 0.01


def test_torpedo_mesh_lies_on_its_solid(renderer: Renderer) -> None:
    body = next(p for p in renderer.scene.parts if p.object_id == ATTACHMENT_ID)
    gaps = [renderer.scene.signed_distance(v) for v in body.mesh.vertices[::17]]
    assert max(gaps) < 0.002  # below the plating the hull's own distance is the lesser


def test_a_grey_patch_fades_by_the_formula(ship: tuple[Vessel, HullSurface], scenario: Scenario) -> None:
    """Plain colour, no texture, daylight or bump: radiance equals albedo times the documented lamp sum, per channel."""
    plain = Renderer(Scene(scenario.model_copy(update={"attachments": [], "clutter": []}), *ship), scenario.water, BLUEROV2, 1)
    plain.pool.layers[:, 1:4] = 0.18
    plain.pool.layers[:, 5] = 0.0
    plain.pool.ensure = lambda wanted: [-1] * len(wanted)  # type: ignore[method-assign]
    c = np.array(scenario.water.attenuation_rgb)
    for standoff in (0.5, 0.8, 1.3, 2.2):
        position, rotation = pose(plain, BARE_X, standoff)
        radiance, reach = plain.direct(position, rotation)
        z = float(reach[240, 320])
        assert z == pytest.approx(standoff, abs=0.01)
        ray = np.array([plain.rays_x[240, 320], plain.rays_y[240, 320], 1.0])
        normal = plain.view(position, rotation).turn @ plain.scene.surface.nearest(plain.view(position, rotation).eye).normal
        expected = 0.18 * lamp_irradiance(c, plain.optics.lamps, z * ray / np.linalg.norm(ray), normal) * np.exp(-c * z)
        assert radiance[240, 320] == pytest.approx(expected, rel=0.01)


def test_hull_coloured_torpedo_is_there_but_not_by_colour(renderer: Renderer) -> None:
    position, rotation = pose(renderer, TORPEDO_X, 0.8)
    depth, ids = renderer.truth(position, rotation)
    body = ids == ATTACHMENT_ID
    assert 0.1 < body.mean() < 0.5
    assert depth[240, 320] == pytest.approx(0.6, abs=0.01)
    hue = []
    for place, rows, columns in ((TORPEDO_X, slice(200, 280), slice(280, 360)), (BARE_X, slice(100, 400), slice(100, 500))):
        radiance, reach = renderer.direct(*pose(renderer, place, 0.8))
        # The nearer surface loses less red on the way: compare the paint, not the water.
        paint = radiance * np.exp(2.0 * renderer.optics.c * reach[..., None])
        paint = paint[rows, columns].reshape(-1, 3)
        hue.append(np.median(paint / paint.sum(axis=1, keepdims=True), axis=0))
    assert np.abs(hue[0] - hue[1]).max() < 0.08


def test_painted_pattern_is_seen_and_flat(renderer: Renderer) -> None:
    position, rotation = pose(renderer, PATTERN_X, 0.8)
    depth, ids = renderer.truth(position, rotation)
    assert set(np.unique(ids)) == {HULL_ID}
    s = renderer.scene.surface
    point = s.point("S", PATTERN_X, s.girth_at_depth(PATTERN_X, 1.5))
    assert renderer.scene.signed_distance(point) == pytest.approx(0.0, abs=1e-6)
    a, b = renderer.direct(position, rotation)[0], renderer.direct(*pose(renderer, BARE_X, 0.8))[0]
    centre = (slice(215, 265), slice(280, 360))
    assert abs(float(np.log(a[centre].mean() / b[centre].mean()))) > 0.15
    assert np.ptp(depth[200:280, 250:390]) < 0.005


def test_tampered_grating_opens_the_plating(renderer: Renderer) -> None:
    position, rotation = pose(renderer, GRATING_X, 0.8)
    depth, ids = renderer.truth(position, rotation)
    inside = ids == ATTACHMENT_ID + 1
    assert inside.mean() > 0.1
    assert depth[inside].max() > 0.9  # the chest's floor, 16 cm behind the plating
    assert 0.08 < 0.8 - depth[inside].min() < 0.12  # the bag squeezed out at the lifted edge


def test_intact_grating_lies_low_and_tampered_one_can_be_hit(renderer: Renderer) -> None:
    scene = renderer.scene
    at = anchor(scene.surface, "S", BARE_X, 1.5)
    built = grating((0.5, 0.5, 0.02), at, scene.surface, 1, tampered=False)
    assert max(scene.surface.signed_distance(v) for p in built.pieces for v in p.mesh.vertices[::3]) <= 0.02
    spot = anchor(scene.surface, "S", GRATING_X, 1.5)
    bulge = spot.to_ship(np.array([0.3 * 0.25, 0.25 - 0.03, 0.0]))
    hit = scene.raycast(bulge + 0.8 * spot.axes[2], -spot.axes[2], 2.0)
    assert hit == pytest.approx(0.8 - BULGE_M, abs=0.005)
    assert scene.signed_distance(bulge + (BULGE_M + 0.05) * spot.axes[2]) == pytest.approx(0.05, abs=0.005)


def test_ids_and_truth_objects(renderer: Renderer) -> None:
    objects = renderer.scene.truth_objects()
    assert [o.id for o in objects] == [ATTACHMENT_ID, ATTACHMENT_ID + 1, CLUTTER_ID, CLUTTER_ID + 1]
    assert [o.role for o in objects] == ["attachment", "attachment", "clutter", "clutter"]
    assert objects[0].x_m == pytest.approx(TORPEDO_X)
    assert objects[0].centre[1] < 0
    _, ids = renderer.truth(*pose(renderer, ANODE_X, 0.8))
    assert set(np.unique(ids)) == {HULL_ID, CLUTTER_ID}
    assert FITTING_ID not in ids


def test_same_arguments_same_bits(renderer: Renderer, ship: tuple[Vessel, HullSurface], scenario: Scenario) -> None:
    """Whatever was rendered before, and in a new renderer."""
    water = scenario.water.model_copy(update={"particles_per_m3": 300.0, "ambient": 0.6})
    one = Renderer(renderer.scene, water, BLUEROV2, 3)
    two = Renderer(Scene(scenario, *ship), water, BLUEROV2, 3)
    place = pose(one, BARE_X, 0.8)
    first = one.render(*place, 1.0, 5)
    two.render(*pose(two, ANODE_X, 1.9), 0.5, 4)
    assert np.array_equal(first, two.render(*place, 1.0, 5))
    assert not np.array_equal(first, two.render(*place, 1.0, 6))
    assert first.shape == (480, 640, 3)
    assert first.dtype == np.uint8
    assert 40 < first.mean() < 160


def test_points_in_view_knows_what_hides_them(renderer: Renderer) -> None:
    position, rotation = pose(renderer, TORPEDO_X, 0.8)
    surface = renderer.scene.surface
    s = surface.girth_at_depth(TORPEDO_X, 1.5)
    places = [(0.0, 0.0), (0.0, 0.3), (0.0, -0.3), (3.0, 0.0)]
    points = np.stack([surface.point("S", TORPEDO_X + dx, s + ds) for dx, ds in places])
    normals = np.stack([surface.normal("S", TORPEDO_X + dx, s + ds) for dx, ds in places])
    mask, distance, incidence = renderer.points_in_view(position, rotation, points, normals)
    assert mask.tolist() == [False, True, True, False]  # behind the torpedo, above, below, out of the picture
    assert distance[1] == pytest.approx(math.hypot(0.8, 0.3), abs=0.01)
    assert incidence[1] == pytest.approx(math.atan2(0.3, 0.8), abs=0.02)


def test_rays_invert_the_lens(renderer: Renderer) -> None:
    from sim.raster import distort

    u, v = distort(CameraRig(), renderer.rays_x, renderer.rays_y)
    assert np.abs(u - np.arange(640)[None]).max() < 1e-9
    assert np.abs(v - np.arange(480)[:, None]).max() < 1e-9


@pytest.mark.parametrize("x", [TORPEDO_X, ANODE_X, PATTERN_X, GRATING_X, BARE_X])
def test_interpolated_light_is_what_every_pixel_on_its_own_would_get(renderer: Renderer, x: float) -> None:
    place = pose(renderer, x, 0.7, 0.2, 0.05)
    fast, fast_range = renderer.direct(*place)
    renderer.exact = True
    try:
        slow, slow_range = renderer.direct(*place)
    finally:
        renderer.exact = False
    level = float(slow.mean())
    apart = np.abs(fast - slow)
    assert not np.array_equal(fast, slow), "the fast way was taken"
    # Measured: 2.1 % in the mean; up to 38 % of the mean level in 1 % of the pixels, glints on steep little bumps; 4 mm of range.
    assert float(apart.mean()) < 0.03 * level and float(np.percentile(apart, 99)) < 0.5 * level
    assert float(np.abs(fast_range - slow_range).max()) < 0.006
