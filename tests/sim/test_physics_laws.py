"""Laws the physics must keep, whatever the numbers: energy, independence of sensors, the same results without numba."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.dynamics import (
    E_AMPLITUDE,
    E_DIR_N,
    E_NUMBER,
    E_OMEGA,
    E_SHEAR,
    E_SIZE,
    S_QUAT,
    S_SIZE,
    STEP_S,
    integrate,
    mechanical_energy,
    water_velocity,
)
from sim.presets import P_ADDED, P_BUOYANCY, P_LINEAR, P_MASS, P_QUADRATIC, P_WEIGHT, PRESETS, parameter_array, preset_of
from sim.randoms import SENSOR_IDS, NoiseRows, NoiseStream
from sim.sensors.compass import Compass
from sim.sensors.dvl import Dvl, rate_hz
from wire.rig import BLUEROV2

ROOT = Path(__file__).parents[2]
SPEED = st.floats(-2.0, 2.0)
RATE = st.floats(-3.0, 3.0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    preset=st.sampled_from(sorted(PRESETS)),
    velocity=st.tuples(SPEED, SPEED, SPEED),
    rates=st.tuples(RATE, RATE, RATE),
    angles=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
    tether=st.floats(0.0, 50.0),
)
def test_energy_never_grows_without_thrust(preset, velocity, rates, angles, tether) -> None:
    p = parameter_array(PRESETS[preset], tether, 1025.0)
    s, e, scratch = np.zeros(S_SIZE), np.zeros(E_SIZE), np.zeros((3, 13))
    s[2] = 50.0
    s[S_QUAT], s[S_QUAT + 1 : S_QUAT + 4] = 1.0, angles
    s[S_QUAT : S_QUAT + 4] /= np.linalg.norm(s[S_QUAT : S_QUAT + 4])
    s[7:10], s[10:13] = velocity, rates
    before = mechanical_energy(s, p)
    for _ in range(40):
        for _ in range(10):
            integrate(s, p, e, np.zeros(6), 0.0, scratch)
        after = mechanical_energy(s, p)
        assert after <= before + 1e-6
        before = after


def test_a_randomised_vehicle_lies_between_the_two_and_is_its_seed_s() -> None:
    spec, heavy = PRESETS["spec"], PRESETS["tethered"]
    drawn = [preset_of("randomised", seed) for seed in range(200)]
    assert drawn[7].numbers() == preset_of("randomised", 7).numbers() != drawn[8].numbers()
    for field in ("added", "linear", "quadratic"):
        for k, (low, high) in enumerate(zip(getattr(spec, field), getattr(heavy, field), strict=True)):
            values = [getattr(one, field)[k] for one in drawn]
            low, high = min(low, high), max(low, high)
            assert low - 1e-9 <= min(values) <= low + 0.25 * (high - low) + 1e-9
            assert high - 0.25 * (high - low) - 1e-9 <= max(values) <= high + 1e-9
    assert {one.name for one in drawn} == {"randomised"}
    assert 11.5 <= min(one.mass_kg for one in drawn) <= max(one.mass_kg for one in drawn) <= 13.5
    assert all(1.0 <= one.buoyancy_n - one.mass_kg * 9.80665 <= 2.0 and -0.02 <= one.cb_z_m <= -0.01 for one in drawn)
    gains = [one.numbers()["thrust"] for one in drawn]
    assert 0.92 <= min(gains) < 0.95 and 1.05 < max(gains) <= 1.08
    assert preset_of("spec", 3) is spec
    with pytest.raises(KeyError):
        preset_of("warp", 1)


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_coasting_down_follows_the_closed_form(preset: str, axis: int) -> None:
    """m du/dt = -(l + q|u|) u from u0: u(t) = l u0 E / (l + q u0 (1 - E)), E = exp(-l t / m); for l = 0 u0 / (1 + q u0 t / m)."""
    p = parameter_array(PRESETS[preset], 0.0, 1025.0)
    p[P_BUOYANCY] = p[P_WEIGHT]
    linear, quadratic, mass = p[P_LINEAR + axis], p[P_QUADRATIC + axis], p[P_MASS] + p[P_ADDED + axis]
    s, e, scratch = np.zeros(S_SIZE), np.zeros(E_SIZE), np.zeros((3, 13))
    s[S_QUAT], s[2], s[7 + axis] = 1.0, 50.0, 1.0
    for k in range(1, 1201):
        integrate(s, p, e, np.zeros(6), 0.0, scratch)
        if k % 300 == 0:
            decay = math.exp(-linear * k * STEP_S / mass)
            slow = 1.0 / (1.0 + quadratic * k * STEP_S / mass)
            wanted = linear * decay / (linear + quadratic * (1.0 - decay)) if linear > 0.0 else slow
            assert s[7 + axis] == pytest.approx(wanted, rel=2e-4)


def test_a_free_vehicle_is_carried_by_the_current() -> None:
    p = parameter_array(PRESETS["spec"], 0.0, 1025.0)
    p[P_BUOYANCY] = p[P_WEIGHT]
    s, e, scratch = np.zeros(S_SIZE), np.zeros(E_SIZE), np.zeros((3, 13))
    s[S_QUAT], s[2], e[0], e[1] = 1.0, 10.0, 0.3, -0.1
    for _ in range(400):
        integrate(s, p, e, np.zeros(6), 0.0, scratch)
    assert s[0] == pytest.approx(0.3, abs=1e-9) and s[1] == pytest.approx(-0.1, abs=1e-9)


def test_wave_orbits_decay_with_depth_and_turn_once_a_period() -> None:
    e = np.zeros(E_SIZE)
    period = 4.0
    e[E_AMPLITUDE], e[E_OMEGA], e[E_DIR_N] = 0.5, 2 * math.pi / period, 1.0
    e[E_NUMBER] = e[E_OMEGA] ** 2 / 9.80665
    at_top = np.array([water_velocity(e, 0.0, 0.0, 0.0, t) for t in np.linspace(0, period, 400, endpoint=False)])
    assert np.hypot(at_top[:, 0], at_top[:, 2]) == pytest.approx(0.5 * e[E_OMEGA])
    assert np.abs(at_top.mean(axis=0)).max() < 1e-12
    length = 2 * math.pi / e[E_NUMBER]
    deep = np.hypot(*np.array(water_velocity(e, 0.0, 0.0, length / 2, 0.3))[[0, 2]])
    assert deep / (0.5 * e[E_OMEGA]) == pytest.approx(math.exp(-math.pi))


def test_every_sensor_has_its_own_numbers_in_any_order() -> None:
    """Sample k of a sensor depends on (seed, sensor, k) alone: asking others, or in another order, changes nothing."""
    assert len(set(SENSOR_IDS.values())) == len(SENSOR_IDS)
    alone = NoiseRows(9, "depth", 1).rows(0, 2000).copy()
    rows = {name: NoiseRows(9, name, 1) for name in SENSOR_IDS}
    mixed = []
    for k in range(2000):
        for name in sorted(rows):
            value = rows[name].row(k)
            if name == "depth":
                mixed.append(value.copy())
    assert np.array_equal(alone, np.array(mixed))
    backwards = NoiseRows(9, "depth", 1)
    assert all(np.array_equal(backwards.row(k), alone[k]) for k in (1999, 3, 700, 3))
    firsts = {name: float(NoiseStream(9, name).normal(0, 1)[0]) for name in SENSOR_IDS}
    assert len(set(firsts.values())) == len(firsts)


def test_shear_adds_to_the_current_with_depth() -> None:
    e = np.zeros(E_SIZE)
    e[0], e[E_SHEAR], e[E_SHEAR + 1] = 0.1, 0.05, -0.02
    assert water_velocity(e, 0.0, 0.0, 4.0, 0.0) == pytest.approx((0.3, -0.08, 0.0))
    assert water_velocity(e, 0.0, 0.0, -1.0, 0.0) == pytest.approx((0.1, 0.0, 0.0))


def test_the_dvl_slows_and_grows_noisier_with_range() -> None:
    dvl, at_rest = Dvl(4, BLUEROV2), np.zeros(3)

    def pings(range_m: float):
        return [dvl.ping(k, at_rest, at_rest, lambda o, d, most: range_m / d[:, 0]) for k in range(400)]

    spread, fom = {}, {}
    for range_m in (0.8, 4.0, 25.0):
        good = [p for p in pings(range_m) if p.valid]
        spread[range_m] = float(np.std([p.velocity for p in good]))
        fom[range_m] = float(np.median([p.fom for p in good]))
        assert np.median([p.altitude_m for p in good]) == pytest.approx(range_m, rel=0.01)
        assert spread[range_m] == pytest.approx(fom[range_m], rel=0.2), "fom is the standard deviation it claims to be"
    assert fom[25.0] > 2.5 * fom[0.8]
    assert fom[4.0] == pytest.approx(fom[0.8])
    assert (rate_hz(-1.0), rate_hz(0.8), rate_hz(50.0)) == (8.0, 8.0, 5.0)
    assert 6.0 < rate_hz(25.0) < 7.0


@pytest.mark.parametrize("seed", range(5))
def test_the_hulls_steel_turns_the_compass_more_the_nearer_it_is(seed: int) -> None:
    compass = Compass(seed, math.radians(12.0))
    peak = {d: max(abs(compass.disturbance(d, 0.1 * k)) for k in range(3000)) for d in (0.2, 0.4, 1.0, 3.0, 20.0)}
    assert peak[0.2] == peak[0.4] > peak[1.0] > peak[3.0] > peak[20.0]
    assert peak[1.0] == pytest.approx(math.radians(12.0), rel=0.1)
    assert peak[20.0] < math.radians(0.2)


SCRIPT = """
import json
from pathlib import Path
from hull.shell import load_ship
from sim.scenario import load_scenario, vessel_path
from sim.world import World
path = Path("sim/scenarios/coaster_default.yaml")
scenario = load_scenario(path)
world = World(scenario, *load_ship(vessel_path(scenario, path)))
world.let_go = True
world.autopilot.core.armed = True
world.autopilot.core.rc[4] = 1700
world.advance_to(0.1)
print(json.dumps([float(x) for x in world._s] + [float(x) for x in world._c]))
"""


@pytest.mark.slow
def test_without_numba_the_same_numbers() -> None:
    import json

    out = []
    for disabled in ("0", "1"):
        env = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": disabled}
        done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        out.append(np.array(json.loads(done.stdout)))
    assert np.abs(out[0]).max() > 0.0
    np.testing.assert_allclose(out[0], out[1], rtol=1e-9, atol=1e-9)
