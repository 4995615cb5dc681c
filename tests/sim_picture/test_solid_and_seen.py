"""What the camera sees is where sonar, DVL and contact have it, to 1 cm, on every vessel of the library, stern gear and all."""

import math
from pathlib import Path

import numpy as np
import pytest

from hull.shell import load_ship
from sim.render import Renderer
from sim.scenario import Scenario
from sim.scene import FITTING_ID, HULL_ID, Scene
from tests.hull.conftest import closed_triangles
from wire.rig import BLUEROV2

LIBRARY = Path(__file__).parents[2] / "missions" / "library"
VESSELS = sorted(path.name for path in LIBRARY.glob("*.vessel.yaml"))
SOLID = ("propeller", "rudder", "bulb", "skeg", "bilge_keel")
AGREE_M = 0.01


def scene_of(name: str) -> Scene:
    vessel, surface = load_ship(LIBRARY / name)
    return Scene(Scenario(name="bare", vessel=name), vessel, surface)


def looks(scene: Scene) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Eye, point looked at), ship frame: about each solid fitting from three sides, and along the ship."""
    vessel, surface = scene.vessel, scene.surface
    out = []
    for fitting in vessel.fittings:
        if fitting.kind not in SOLID:
            continue
        x, z = vessel.frame_to_x(fitting.frame), surface.draught_m - fitting.depth_m
        y = 0.0
        if fitting.kind == "bilge_keel":
            y = float(surface.point(fitting.side, x, surface.girth_at_depth(x, fitting.depth_m))[1])
        middle, side = np.array([x, y, z]), -1.0 if fitting.side == "S" else 1.0
        reach = 1.2 + 0.6 * max(fitting.size_m[1:]) if fitting.kind != "bilge_keel" else 1.2
        out += [(middle + reach * np.array([dx, side, dz]), middle) for dx, dz in ((0.0, 0.0), (1.0, -0.4), (-1.0, 0.3))]
    for x in np.linspace(0.1, 0.9, 6) * vessel.length_m:
        point = surface.point("S", x, surface.girth_at_depth(x, 0.5 * vessel.draught_m))
        out.append((point + np.array([0.2, -1.5, 0.0]), point))
    return out


def heading_to(renderer: Renderer, eye: np.ndarray, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A body whose camera is at ``eye`` and looks at ``point``."""
    ahead = renderer.ship.dir_to_ned(point - eye)
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross([0.0, 0.0, 1.0], ahead)
    right /= np.linalg.norm(right)
    rotation = np.stack([ahead, right, np.cross(ahead, right)], axis=1)
    return renderer.ship.to_ned(eye) - rotation @ np.array(renderer.rig.camera.mount_m), rotation


@pytest.mark.parametrize("name", VESSELS)
def test_seen_points_lie_on_the_steel_and_nothing_solid_is_invisible(name: str) -> None:
    scene = scene_of(name)
    renderer = Renderer(scene, scene.scenario.water, BLUEROV2, 1)
    wanted = {FITTING_ID + k for k, fitting in enumerate(scene.vessel.fittings) if fitting.kind in SOLID}
    rng, seen, checked = np.random.default_rng(3), set(), 0
    for eye, point in looks(scene):
        if scene.signed_distance(eye) < 0.3:
            continue
        place = heading_to(renderer, eye, point)
        depth, ids = renderer.truth(*place)
        view = renderer.view(*place)
        rows, cols = rng.integers(0, depth.shape[0], 250), rng.integers(0, depth.shape[1], 250)
        for i, j in zip(rows, cols, strict=True):
            if ids[i, j] != HULL_ID and ids[i, j] not in wanted:
                continue
            ray = np.array([renderer.rays_x[i, j], renderer.rays_y[i, j], 1.0])
            spot = view.eye + (ray * float(depth[i, j])) @ view.turn
            assert abs(scene.signed_distance(spot)) <= AGREE_M, (name, int(ids[i, j]), spot)
            deep = min(scene.signed_distance(view.eye + f * (spot - view.eye)) for f in np.linspace(0.2, 0.98, 40))
            assert deep > -AGREE_M, (name, int(ids[i, j]), spot, deep)
            seen.add(int(ids[i, j]))
            checked += 1
    assert wanted <= seen and checked > 500


@pytest.mark.parametrize("name", VESSELS)
def test_the_shell_is_closed(name: str) -> None:
    triangles = closed_triangles(scene_of(name).surface)
    area = 0.5 * np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    assert np.abs(area.sum(axis=0)).max() < 1e-6 * np.linalg.norm(area, axis=1).sum()


def test_a_cut_up_keel_rises_aft_and_the_parallel_body_stays_as_it_was() -> None:
    surface = load_ship(LIBRARY / "container230.vessel.yaml")[1]
    start = 0.16 * 230.0
    heights = [float(surface.point("P", x, 0.0)[2]) for x in (0.0, 0.25 * start, 0.5 * start, start, 100.0)]
    assert heights[0] == pytest.approx(8.0) and heights[2] == pytest.approx(8.0 * 0.5**1.5, abs=0.05)
    assert heights == sorted(heights, reverse=True) and heights[3:] == pytest.approx([0.0, 0.0], abs=0.01)
    half = 0.5 * 32.2
    girth = half - 3.0 + 0.5 * math.pi * 3.0 + (19.0 - 3.0)
    assert surface.max_girth(115.0) == pytest.approx(girth, abs=0.02)
