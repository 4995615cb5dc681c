"""Directions, limits and ramps of the sticks."""

import math
from typing import Any

import pytest

from rov.controller import (
    DEPTH_RAMP_MPS,
    MASS_KG,
    MAX_FORCE_N,
    SPEED_GAIN,
    TICK_S,
    Controller,
    SpeedLoop,
    stick_for_force,
    stick_for_yaw_rate,
)
from rov.navigator import Motion
from wire.messages import Guidance, HullPose, Side

STILL = Motion(0.0, 0.0, 0.0)


def pose(**changes: Any) -> HullPose:
    values: dict[str, Any] = {
        "side": "S",
        "x_m": 20.0,
        "s_m": 6.0,
        "depth_m": 1.5,
        "standoff_m": 0.8,
        "yaw_off_rad": 0.0,
        "x_std_m": 0.1,
        "standoff_std_m": 0.02,
        "yaw_std_rad": 0.02,
    }
    return HullPose(**(values | changes))


def guidance(kind: Any = "track", **changes: Any) -> Guidance:
    values: dict[str, Any] = {
        "seq": 1, "side": "S", "depth_m": 1.5, "standoff_m": 0.8, "along_mps": 0.3, "x_stop_m": 28.0,
    }  # fmt: skip
    return Guidance(t=0.0, kind=kind, **(values | changes))


def pressed(current_n: float = -20.0, seconds: float = 20.0) -> Controller:
    """One that has stood at 0.8 m against a steady force of ``current_n`` towards the hull (negative: it had to push off)."""
    controller, v, d = Controller(), 0.0, 0.8
    for _ in range(round(seconds / TICK_S)):
        x = controller.steer(guidance("approach"), pose(standoff_m=d), Motion(0.0, v, 0.0), 1.5, 0.5).sticks[0]
        us = max(abs(x) * 0.2 - 25.0, 0.0) / 175.0
        v += TICK_S * (math.copysign(55.0 * us * us, x) - current_n - 60.0 * v * abs(v)) / MASS_KG
        d -= TICK_S * v
    assert d == pytest.approx(0.8, abs=0.05)
    return controller


def test_the_push_off_the_hull_is_learnt_kept_and_used_blind() -> None:
    controller = pressed()
    assert controller.off_n == pytest.approx(20.0, abs=3.0)
    controller.reset()
    assert controller.off_n == pytest.approx(20.0, abs=3.0) and controller.blind_push_n == pytest.approx(24.0, abs=3.0)
    blind = controller.steer(guidance("leave"), None, STILL, 1.5, 0.5).sticks
    assert blind[0] == stick_for_force(-controller.blind_push_n, 0.5) and blind[1] == 0
    assert Controller().off_n == 0.0 and Controller().blind_push_n == 4.0
    assert pressed(current_n=15.0).off_n == 0.0  # off the hull: nothing presses on


def test_braking_shrinks_with_what_presses_on() -> None:
    assert Controller().braking_mps2 == 0.25
    assert pressed(-34.0).braking_mps2 == pytest.approx((0.8 * MAX_FORCE_N - 34.0) / MASS_KG, abs=0.07)
    heavy = Controller()
    heavy._steady_n = -60.0
    assert heavy.braking_mps2 == 0.03 and heavy.blind_push_n == 55.0


def test_a_hold_is_neutral_until_it_drifts_too_near_and_then_pushes_straight_off() -> None:
    controller = Controller()
    neutral = (0, 0, 500, 0)
    assert controller.fend(pose(standoff_m=0.8), Motion(0.0, 0.1, 0.0), 0.5, 0.45) == neutral
    x, y, z, r = controller.fend(pose(standoff_m=0.44), Motion(0.0, 0.05, 0.0), 0.5, 0.45)
    assert x < 0 and (y, z, r) == (0, 500, 0)
    assert controller.fend(pose(standoff_m=0.55), STILL, 0.5, 0.45)[0] < 0  # until it is well clear
    assert controller.fend(pose(standoff_m=0.61), STILL, 0.5, 0.45) == neutral
    assert controller.fend(pose(standoff_m=0.55), STILL, 0.5, 0.45) == neutral
    assert controller.fend(pose(standoff_m=0.55), Motion(0.0, 0.25, 0.0), 0.5, 0.45)[0] < 0  # too fast to stop in time
    turned = controller.fend(pose(standoff_m=0.3, yaw_off_rad=0.4), STILL, 0.5, 0.45)
    assert turned[0] < 0 < turned[1]


@pytest.mark.parametrize(("seen", "motion"), [(False, STILL), (True, Motion(0.0, 0.0, 0.6)), (True, Motion(0.0, 0.0, 0.0, 0.5))])
def test_a_hold_that_does_not_measure_the_hull_is_neutral(seen: bool, motion: Motion) -> None:
    assert Controller().fend(pose(standoff_m=0.2) if seen else None, motion, 0.5, 0.45) == (0, 0, 500, 0)


@pytest.mark.parametrize(("side", "x_stop", "right"), [("S", 28.0, 1), ("S", 12.0, -1), ("P", 28.0, -1), ("P", 12.0, 1)])
def test_sways_the_way_the_lane_goes(side: Side, x_stop: float, right: int) -> None:
    sticks = Controller().steer(guidance(side=side, x_stop_m=x_stop), pose(side=side), STILL, 1.5, 0.5).sticks
    assert math.copysign(1, sticks[1]) == right and sticks[1] != 0
    assert (sticks[0], sticks[2], sticks[3]) == (0, 500, 0)


@pytest.mark.parametrize(("standoff", "sign"), [(1.2, 1), (0.5, -1)])
def test_closes_and_backs_off(standoff: float, sign: int) -> None:
    x = Controller().steer(guidance("approach"), pose(standoff_m=standoff), STILL, 1.5, 0.5).sticks[0]
    assert x * sign > 0


def test_no_push_towards_a_hull_that_is_no_longer_measured() -> None:
    controller, far = Controller(), pose(standoff_m=1.2)
    pushed = [controller.steer(guidance("approach"), far, Motion(0.0, 0.0, 0.1, age), 1.5, 0.5).sticks[0] for age in (0.3, 0.5)]
    assert pushed[0] > 0 and pushed[1] == 0
    assert controller.steer(guidance("approach"), pose(standoff_m=0.5), Motion(0.0, 0.0, 0.1, 1.0), 1.5, 0.5).sticks[0] < 0


@pytest.mark.parametrize("yaw", [-0.3, 0.3])
def test_turns_back_to_face_the_hull(yaw: float) -> None:
    r = Controller().steer(guidance("approach"), pose(yaw_off_rad=yaw), STILL, 1.5, 0.5).sticks[3]
    assert r * yaw < 0


def test_does_not_close_in_while_turned_away_and_never_when_leaving() -> None:
    turned = Controller().steer(guidance("approach"), pose(standoff_m=3.0, yaw_off_rad=0.6), STILL, 1.5, 0.5).sticks
    assert turned[0] <= 0
    leaving = Controller().steer(guidance("leave", standoff_m=2.5), pose(standoff_m=3.5), STILL, 1.5, 0.5)
    assert leaving.sticks[0] <= 0 and leaving.at_target


def test_depth_target_is_ramped() -> None:
    controller, before = Controller(), None
    for _ in range(100):
        altitude = controller.steer(guidance(depth_m=3.0), pose(), STILL, 1.0, 0.5).altitude_m
        assert altitude is not None
        if before is not None:
            assert abs(altitude - before) <= (DEPTH_RAMP_MPS + 0.3 * 2.0) * TICK_S + 1e-9
        before = altitude


def test_at_target_needs_place_depth_and_angle() -> None:
    def reached(kind: str = "track", depth: float = 1.5, **changes: Any) -> bool:
        return Controller().steer(guidance(kind), pose(**changes), STILL, depth, 0.5).at_target

    assert reached(x_m=27.95) and reached("approach")
    assert not reached(x_m=27.0)
    assert not reached(x_m=27.95, depth=1.9)
    assert not reached(x_m=27.95, standoff_m=1.1)
    assert not reached(x_m=27.95, yaw_off_rad=0.3)


def test_without_a_pose_it_creeps_or_backs_off_straight() -> None:
    ahead = Controller().steer(guidance("approach"), None, STILL, 1.5, 0.5)
    back = Controller().steer(guidance("leave"), None, STILL, 1.5, 0.5)
    lost = Controller().steer(guidance("track"), None, STILL, 1.5, 0.5)
    assert 0 < ahead.sticks[0] <= 400 and ahead.sticks[1:] == (0, 500, 0)
    assert back.sticks[0] < 0 and not back.at_target
    assert lost.sticks == (0, 0, 500, 0) and not lost.at_target


def test_integral_holds_against_current_and_does_not_wind_up() -> None:
    loop = SpeedLoop()
    for _ in range(4000):
        force = loop.force(0.3, 0.0)
    assert 0.98 * MAX_FORCE_N < force <= MAX_FORCE_N
    assert loop.integral_n + MASS_KG * SPEED_GAIN * 0.3 <= MAX_FORCE_N, "nothing beyond saturation is stored"
    assert loop.force(0.3, 0.35) < force, "and the force falls at once when the speed is reached"


@pytest.mark.parametrize("gain", [0.25, 0.5, 1.0])
def test_stick_laws_are_odd_monotonic_and_bounded(gain: float) -> None:
    forces = [stick_for_force(f / 4, gain) for f in range(-400, 401)]
    assert forces == sorted(forces) and forces[0] == -forces[-1] and max(forces) <= 1000 and forces[400] == 0
    rates = [stick_for_yaw_rate(float(r), gain) for r in range(-60, 61)]
    assert rates == sorted(rates) and rates[0] == -rates[-1] and max(rates) <= 1000 and rates[60] == 0
