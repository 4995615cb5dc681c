import math

import numpy as np
import pytest

from sim.autopilot import layout as a
from sim.autopilot.control import set_frame
from sim.dynamics import E_SIZE, S_QUAT, S_SIZE, STEP_S, integrate, mechanical_energy
from sim.kernel import advance
from sim.presets import P_ADDED, P_BUOYANCY, P_LINEAR, P_MASS, P_QUADRATIC, P_WEIGHT, PRESETS, parameter_array
from sim.thrusters import FULL_AHEAD_N, FULL_ASTERN_N, T200, thrust_n


def still(depth: float = 10.0) -> np.ndarray:
    s = np.zeros(S_SIZE)
    s[S_QUAT], s[2] = 1.0, depth
    return s


def run(s: np.ndarray, p: np.ndarray, wrench: np.ndarray, seconds: float) -> None:
    e, scratch = np.zeros(E_SIZE), np.zeros((3, 13))
    for _ in range(round(seconds / STEP_S)):
        integrate(s, p, e, wrench, 0.0, scratch)


@pytest.mark.parametrize("preset", ["spec", "tethered"])
@pytest.mark.parametrize("force", [2.0, 20.0, 80.0])
def test_surge_ends_at_the_closed_form_speed_and_time(preset: str, force: float) -> None:
    p = parameter_array(PRESETS[preset], 0.0, 1025.0)
    p[P_BUOYANCY] = p[P_WEIGHT]
    linear, quadratic, mass = p[P_LINEAR], p[P_QUADRATIC], p[P_MASS] + p[P_ADDED]
    root = math.sqrt(linear**2 + 4 * quadratic * force)
    terminal = (root - linear) / (2 * quadratic)
    # Riccati: u(t) = terminal (1 - E) / (1 + r E), E = exp(-root t / m), r = terminal / other root's magnitude
    other = (root + linear) / (2 * quadratic)
    t = 0.7 * mass / root
    decay = math.exp(-root * t / mass)
    s = still()
    run(s, p, np.array([force, 0, 0, 0, 0, 0.0]), t)
    steps = round(t / STEP_S) * STEP_S
    decay = math.exp(-root * steps / mass)
    assert s[7] == pytest.approx(terminal * (1 - decay) / (1 + terminal / other * decay), rel=1e-3)
    run(s, p, np.array([force, 0, 0, 0, 0, 0.0]), 40.0)
    assert s[7] == pytest.approx(terminal, rel=1e-4)


def test_spec_reaches_the_vendors_speed() -> None:
    p = parameter_array(PRESETS["spec"], 0.0, 1025.0)
    s, c = still(), np.zeros(a.SIZE)
    c[a.EST_Q], c[a.VOLTS], c[a.ARMED], c[a.FORWARD] = 1.0, 12.4, 1.0, 1.0
    set_frame(c, "vectored")
    advance(s, c, p, np.zeros(E_SIZE), np.zeros((6000, 6)), 0, 6000, np.zeros((4, 13)))
    assert s[7] == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("preset", ["spec", "tethered"])
def test_energy_never_grows_without_thrust(preset: str) -> None:
    p = parameter_array(PRESETS[preset], 5.0, 1025.0)
    rng = np.random.default_rng(1)
    for _ in range(5):
        s = still(50.0)
        s[7:10], s[10:13] = rng.normal(0, 1.0, 3), rng.normal(0, 2.0, 3)
        q = rng.normal(0, 1, 4)
        s[3:7] = q / np.linalg.norm(q)
        before = mechanical_energy(s, p)
        for _ in range(200):
            run(s, p, np.zeros(6), 0.05)
            after = mechanical_energy(s, p)
            assert after <= before + 1e-6
            before = after


def test_it_rights_itself() -> None:
    p = parameter_array(PRESETS["spec"], 0.0, 1025.0)
    s = still(50.0)
    s[3], s[4] = math.cos(0.4), math.sin(0.4)
    run(s, p, np.zeros(6), 30.0)
    assert abs(s[4]) < 0.02


def test_thrust_curve() -> None:
    assert thrust_n(1520.0, 12.0) == 0.0
    assert thrust_n(1900.0, 12.0) == pytest.approx(FULL_AHEAD_N)
    assert thrust_n(1100.0, 12.0) == pytest.approx(-FULL_ASTERN_N)
    assert thrust_n(1900.0, 16.0) == pytest.approx(5.25 * 9.80665, rel=0.04)
    assert thrust_n(2000.0, 12.0) == 0.0


@pytest.mark.parametrize(
    ("pwm", "axis", "sign"),
    [
        ((1300, 1300, 1700, 1700, 1500, 1500), 0, 1),
        ((1700, 1300, 1700, 1300, 1500, 1500), 1, 1),
        ((1682, 1317, 1317, 1682, 1500, 1500), 5, 1),
        ((1500, 1500, 1500, 1500, 1900, 1900), 2, 1),
    ],
)
def test_pwm_patterns_of_facts_3_2_push_the_right_way(pwm: tuple[int, ...], axis: int, sign: int) -> None:
    wrench = T200.allocation @ np.array([float(np.sign(x - 1500)) for x in pwm])
    assert wrench[axis] * sign > 0.5
    assert np.abs(np.delete(wrench, axis)).max() < 1e-9
