"""Fish and bubbles: where they are, how fast, what they hide, and that time alone decides."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hull.document import DocumentError
from hull.shell import load_ship
from sim.life import ECHO_SHARE, RISE_MPS, Bubbles, Swimmers, fish_mesh
from sim.render import Renderer
from sim.scenario import load_scenario, vessel_path
from sim.scene import CLUTTER_ID, Scene
from sim.world import World
from wire.rig import BLUEROV2

FILE = Path(__file__).parents[2] / "sim" / "scenarios" / "coaster_fish.yaml"
SHOAL = CLUTTER_ID + 1


@pytest.fixture(scope="module")
def scene() -> Scene:
    scenario = load_scenario(FILE)
    return Scene(scenario, *load_ship(vessel_path(scenario, FILE)))


@pytest.fixture(scope="module")
def renderer(scene: Scene) -> Renderer:
    return Renderer(scene, scene.scenario.water, BLUEROV2, 1)


def looking_at(renderer: Renderer, frame: float, depth: float) -> tuple[Any, Any]:
    surface, x = renderer.scene.surface, 0.6 * frame
    s = surface.girth_at_depth(x, depth)
    normal = surface.normal("S", x, s)
    heading = renderer.ship.facing_heading(normal)
    c, k = np.cos(heading), np.sin(heading)
    return renderer.ship.to_ned(surface.point("S", x, s) + 0.8 * normal), np.array([[c, -k, 0.0], [k, c, 0.0], [0.0, 0.0, 1.0]])


def test_fish_stay_in_the_water_and_swim_as_fast_as_fish(scene: Scene) -> None:
    assert len(scene.fish) == 1 + 12 + 2 + 25
    for _, fish in scene.fish[::5]:
        places = np.array([fish.place(t)[0] for t in np.arange(0.0, 60.0, 0.2)])
        assert min(scene.signed_distance(p) for p in places[::10]) > 0.3 * fish.length
        assert places[:, 2].max() < scene.surface.draught_m
        speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) / 0.2
        assert 0.3 * fish.length < np.median(speeds) < 4.0 * fish.length
        turn = fish.place(7.0)[1]
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
        step = fish.place(7.01)[0] - fish.place(6.99)[0]
        assert float(step @ turn[0]) / np.linalg.norm(step) > 0.999  # nose first


def test_a_fish_is_as_long_as_it_says_and_whole() -> None:
    mesh = fish_mesh(0.3)
    assert np.ptp(mesh.vertices[:, 0]) == pytest.approx(0.3, rel=0.02)
    assert np.ptp(mesh.vertices[:, 1]) < 0.07 and 0.07 < np.ptp(mesh.vertices[:, 2]) < 0.15
    assert np.isfinite(mesh.normals).all() and np.linalg.norm(mesh.normals, axis=1) == pytest.approx(np.ones(len(mesh.normals)))


def test_fish_are_in_the_truth_at_their_time_and_hide_nothing_without(renderer: Renderer) -> None:
    place = looking_at(renderer, 37.0, 1.3)
    ids = [renderer.truth(*place, t=t)[1] for t in (12.0, 12.2, 12.0)]
    assert (ids[0] == SHOAL).sum() > 200 and (ids[0] != ids[1]).any() and (ids[0] == ids[2]).all()
    assert SHOAL not in renderer.truth(*place)[1]


def test_the_picture_depends_on_time_alone(renderer: Renderer) -> None:
    place = looking_at(renderer, 37.0, 1.3)
    first = renderer.render(*place, 12.0, 5)
    renderer.render(*place, 40.0, 6)
    renderer.truth(*place)
    assert (renderer.render(*place, 12.0, 5) == first).all()
    assert (renderer.render(*place, 12.6, 5) != first).mean() > 0.02


def test_bubbles_rise_and_are_the_same_ones_a_moment_later() -> None:
    stream = Bubbles(np.array([20.0, -4.6, 0.5]), np.array([1.0, 0.0, 0.0]), (0.1, 0.05), 10.0, 3.5, 7)
    before, sizes = stream.at(100.0)
    after, _ = stream.at(100.05)
    life = 3.0 / RISE_MPS
    assert len(before) == pytest.approx(10.0 * life, abs=1.5)
    shared = min(len(before), len(after)) - 1
    lift = (
        after[-shared - 1 : -1, 2] - before[-shared:, 2] if len(after) > len(before) else after[-shared:, 2] - before[-shared:, 2]
    )
    assert lift == pytest.approx(np.full(shared, 0.05 * RISE_MPS), abs=1e-6)
    assert before[:, 2].min() >= 0.5 - 1e-9 and before[:, 2].max() <= 3.5 + 1e-6
    assert 0.002 <= sizes.min() <= sizes.max() <= 0.006 and np.ptp(before[:, 0]) < 0.15
    assert len(stream._replace(surface_z=0.0).at(5.0)[0]) <= 1


def test_the_sounder_hears_a_fish_in_its_beam_now_and_then(scene: Scene) -> None:
    swimmers = Swimmers((scene.fish[0][1],))
    middle = swimmers.fish[0].place(3.0)[0]
    origin = middle + np.array([0.0, -0.5, 0.0])
    towards = np.array([0.0, 1.0, 0.0])
    assert swimmers.echo(3.0, origin, towards, 0.12, 0.0) == pytest.approx(0.5)
    assert swimmers.echo(3.0, origin, towards, 0.12, ECHO_SHARE) is None
    assert swimmers.echo(3.0, origin, -towards, 0.12, 0.0) is None
    assert swimmers.echo(3.0, origin + np.array([0.4, 0.0, 0.0]), towards, 0.12, 0.0) is None
    assert Swimmers(()).echo(3.0, origin, towards, 0.12, 0.0) is None


def test_the_world_s_range_is_shorter_with_fish_and_never_longer(scene: Scene) -> None:
    launch = scene.scenario.vehicle.launch.model_copy(update={"frame": 37.0, "depth_m": 1.3, "offset_m": 1.0})
    scenario = scene.scenario.model_copy(update={"vehicle": scene.scenario.vehicle.model_copy(update={"launch": launch})})
    shorter = 0
    worlds = [World(scenario, scene.vessel, scene.surface, scene.steel, 1, swimmers=s) for s in (None, scene.swimmers)]
    for k in range(600):
        readings = []
        for world in worlds:
            world._s[2] = 1.3  # nobody is armed: it would float up
            world.advance_to(0.1 * (k + 1))
            readings.append(world.echoes[0].distance_m)
        bare, with_fish = readings
        assert (bare is None) == (with_fish is None)
        if bare is not None and with_fish is not None:
            assert with_fish <= bare
            shorter += with_fish < bare
    assert 3 < shorter < 300


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("count: 12", "count: 0", "count"),
        ("count: 12", "count: 1000", "count"),
        ("size_m: [0.30, 0.12, 0.04]", "size_m: [0.30, 0.12, 0.04], count: 3", "count"),
        ("size_m: [0.12, 2.0, 0.30]", "size_m: [0.12, 2.0]", "size_m"),
        ("kind: bubbles", "kind: shark", "kind"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = FILE.read_text()
    assert old in text
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace(old, new, 1))
    with pytest.raises(DocumentError, match=field):
        load_scenario(bad)
