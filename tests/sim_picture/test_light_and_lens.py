"""What changes over time and with the rig: threads of sunlight, the gain, motion blur, lamps. And that hands do not count."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from hull.surface import HullSurface
from hull.vessel import Vessel
from sim.caustics import MEAN_THREAD, NO_SUN, caustic, sun_row, thread
from sim.crew import Crew, take
from sim.noise import njit, octaves
from sim.patterns import lay_out, noise_rows, terms_of
from sim.render import Renderer
from sim.scenario import CameraLook, Scenario, Sun, VehicleSetup, Water
from sim.scene import Scene
from tests.sim_picture.test_picture import BARE_X, TORPEDO_X, pose, scenario, ship
from wire.rig import BLUEROV2

__all__ = ["scenario", "ship"]
Vec = NDArray[np.float64]
Ship = tuple[Vessel, HullSurface]


def renderer_of(scenario: Scenario, ship: Ship, hands: int = 1, **changes: object) -> Renderer:
    changed = scenario.model_copy(update=changes)
    return Renderer(Scene(changed, *ship), changed.water, BLUEROV2, 3, crew=Crew(hands))


def shallow(renderer: Renderer, depth_m: float, x: float = BARE_X) -> tuple[Vec, Vec]:
    """As `pose`, at another depth: moved up or down along the side."""
    position, rotation = pose(renderer, x, 0.8)
    return position + np.array([0.0, 0.0, depth_m - 1.5]), rotation


@njit
def _count(ticket: NDArray[np.int64], done: NDArray[np.int64]) -> None:
    while True:
        band = take(ticket)
        if band >= done.shape[0]:
            return
        done[band] += 1


def test_a_crew_does_every_band_once() -> None:
    for hands in (1, 2, 4):
        done = np.zeros(5000, np.int64)
        Crew(hands).work(_count, done)
        assert (done == 1).all()


def test_hands_do_not_change_a_bit(ship: Ship, scenario: Scenario) -> None:
    water = Water(c_rgb=(0.9, 0.55, 0.65), ambient=0.6, particles_per_m3=300.0, sun=Sun())
    one, three = renderer_of(scenario, ship, 1, water=water), renderer_of(scenario, ship, 3, water=water)
    for k, x in enumerate((BARE_X, TORPEDO_X)):
        place = pose(one, x, 0.8, 0.1)
        assert np.array_equal(one.render(*place, 0.3, k), three.render(*place, 0.3, k))
    assert np.array_equal(one.pool.tiles, three.pool.tiles)


def test_noise_by_the_row_is_noise_by_the_texel() -> None:
    terms = np.array(terms_of(0, 0.42, 0.34, 5, 16) + terms_of(1, 0.006, 0.006, 1, 32, 0.5))
    n, texel, u0, seed = 258, 1.0 / 512, 20.5, 1000
    cells, shares = np.empty((len(terms), n), np.int32), np.empty((len(terms), n), np.float32)
    lattice, fields = np.empty(lay_out(terms, u0, texel, cells, shares), np.float32), np.zeros((2, n), np.float32)
    for v in (0.013, 3.77):
        noise_rows(terms, u0, v, seed, cells, shares, lattice, fields)
        for j in range(0, n, 7):
            u = u0 + j * texel
            assert fields[0, j] == pytest.approx(octaves(u / 0.42, v / 0.34, 5, seed + 16), abs=2e-6)
            assert fields[1, j] == pytest.approx(0.5 * octaves(u / 0.006, v / 0.006, 1, seed + 32), abs=2e-6)


def test_sunlight_is_gathered_not_made() -> None:
    draws = np.random.default_rng(1).uniform(0.0, 300.0, (40_000, 3))
    assert np.mean([thread(*d) for d in draws]) == pytest.approx(MEAN_THREAD, rel=0.02)
    level = {}
    for depth in (0.0, 0.8, 3.0, 8.0):
        row = sun_row(Sun(share=0.8), 0.3, 0.55, 0.13, np.array([4.0, -7.0, depth]), np.eye(3), 2.0)
        factor = np.array([caustic(row, x, y, 0.0) for x, y in draws[:8000, :2] * 0.1])
        assert factor.min() >= 0.0
        assert factor.mean() == pytest.approx(1.0, abs=0.06)
        level[depth] = float(factor.std())
    assert level[0.0] < 0.01 < level[8.0] < 0.25 * level[3.0] < level[3.0] < level[0.8]
    assert sun_row(None, 0.0, 0.5, 0.1, np.zeros(3), np.eye(3), 0.0) is NO_SUN


def test_threads_of_sunlight_move_over_shallow_plating_only(ship: Ship, scenario: Scenario) -> None:
    water = Water(c_rgb=(0.5, 0.25, 0.3), ambient=1.5, particles_per_m3=0.0)
    dull = renderer_of(scenario, ship, water=water)
    bright = renderer_of(scenario, ship, water=water.model_copy(update={"sun": Sun(share=0.7)}))
    apart = {}
    for depth in (0.8, 2.8):
        place = shallow(dull, depth)
        plain = dull.render(*place, 1.0, 1).astype(np.float64)
        lit, later = bright.render(*place, 1.0, 1).astype(np.float64), bright.render(*place, 1.4, 1).astype(np.float64)
        apart[depth] = float(np.abs(lit - plain).mean())
        assert float(np.abs(later - lit).mean()) > 0.3 * apart[depth]
        assert lit.mean() == pytest.approx(plain.mean(), rel=0.1)
    assert apart[0.8] > 1.5 * apart[2.8] > 0.0


def test_gain_hunts_with_time_within_its_swing(ship: Ship, scenario: Scenario) -> None:
    steady = renderer_of(scenario, ship)
    hunting = renderer_of(scenario, ship, camera=CameraLook(gain_swing=0.3, gain_period_s=1.5))
    place = pose(steady, BARE_X, 0.8)
    assert len({steady.render(*place, 0.4 * k, 1).mean() for k in range(4)}) == 1
    means = np.array([hunting.render(*place, 0.4 * k, 1).mean() for k in range(16)])
    middle = steady.render(*place, 0.0, 1).mean()
    assert np.ptp(means) > 0.08 * middle
    # Gamma 2.2: a swing of ±30 % of the light is -15 … +13 % of the number.
    assert (means > 0.84 * middle).all() and (means < 1.14 * middle).all()
    assert np.array_equal(hunting.render(*place, 2.0, 1), hunting.render(*place, 2.0, 1))


def test_motion_blurs_along_the_way_while_the_shutter_is_open(ship: Ship, scenario: Scenario) -> None:
    shut = renderer_of(scenario, ship)
    slow = renderer_of(scenario, ship, camera=CameraLook(exposure_s=0.02))
    position, rotation = pose(shut, BARE_X, 0.8)
    ahead = rotation @ np.array([0.0, 0.5, 0.0])  # to the right in the picture: 5.7 px in 20 ms at 0.8 m
    still = slow.render(position, rotation, 0.0, 1)
    assert np.array_equal(still, shut.render(position, rotation, 0.0, 1, ahead, np.zeros(3)))
    for motion in ((ahead, np.zeros(3)), (np.zeros(3), np.array([0.0, 0.0, 0.6]))):
        moved = slow.render(position, rotation, 0.0, 1, *motion)
        # Noise hides under means of four; what is fine across the motion stays.
        a, b = (p[..., 1].astype(np.float64).reshape(120, 4, 640).mean(1) for p in (still, moved))
        assert np.abs(np.diff(b, axis=1)).mean() < 0.9 * np.abs(np.diff(a, axis=1)).mean()
        assert np.abs(np.diff(b, axis=0)).mean() > np.abs(np.diff(b, axis=1)).mean()


def test_more_lamps_give_more_light(ship: Ship, scenario: Scenario) -> None:
    level = []
    for lamps in (2, 3, 4):
        renderer = renderer_of(scenario, ship, vehicle=VehicleSetup(lamps=lamps))
        assert len(renderer.optics.lamps) == lamps
        level.append(float(renderer.direct(*pose(renderer, BARE_X, 0.8))[0].mean()))
    assert level[0] < level[1] < level[2] < 2.2 * level[0]


@pytest.mark.parametrize(
    ("model", "values", "field"),
    [
        (VehicleSetup, {"lamps": 5}, "lamps"),
        (VehicleSetup, {"lamps": 1}, "lamps"),
        (Sun, {"share": 1.2}, "share"),
        (Sun, {"elevation_deg": 0.0}, "elevation_deg"),
        (CameraLook, {"gain_swing": 0.9}, "gain_swing"),
        (CameraLook, {"gain_period_s": 0.0}, "gain_period_s"),
        (CameraLook, {"exposure_s": -0.01}, "exposure_s"),
        (CameraLook, {"exposure_s": math.nan}, "exposure_s"),
        (CameraLook, {"shutter": 0.01}, "shutter"),
    ],
)
def test_impossible_looks_are_refused(model: type[Sun | CameraLook | VehicleSetup], values: dict[str, float], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        model(**values)
