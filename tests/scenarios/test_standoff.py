"""Rov in closed loop with the simulated vehicle: how well it keeps its distance, and what it does when things break.

Everything is judged by the simulator's truth, not by what rov believes.
"""

import math
from typing import Any

import numpy as np
import pytest

from sim.scenario import Fault
from tests.rov.flight import OUTBOARD_M, Flight
from wire import messages as m

pytestmark = pytest.mark.slow


def at_the_hull(side: m.Side = "S") -> Flight:
    flight = Flight(side)
    flight.guide = {"kind": "approach", "depth_m": 1.5}
    flight.run_until(lambda f: f.states and f.state.armed and f.state.at_target, 60.0)
    return flight


def break_it(flight: Flight, kind: Any, **params: float) -> None:
    """Starts a fault now."""
    fault = Fault(at_s=flight.world.t, kind=kind, params=params)
    flight.world.scenario = flight.world.scenario.model_copy(update={"faults": [*flight.world.scenario.faults, fault]})


def track(flight: Flight, metres: float, speed: float) -> None:
    assert flight.state.pose is not None
    flight.guide = {"kind": "track", "depth_m": 1.5, "along_mps": speed, "x_stop_m": flight.state.pose.x_m + metres}
    flight.run(0.5)


def clear(flight: Flight) -> None:
    assert flight.world.collisions == 0 and flight.world.min_clearance_m > 0.3


@pytest.mark.parametrize(("side", "way"), [("S", 1.0), ("P", 1.0)])
def test_tracks_ten_metres_of_hull(side: m.Side, way: float) -> None:
    flight = at_the_hull(side)
    flight.run(3.0)
    mark = len(flight.truth)
    track(flight, way * 10.0, way * 0.3)
    took = flight.run_until(lambda f: f.state.at_target, 60.0)
    distance = np.array([row[2] for row in flight.truth[mark:]])
    assert abs(distance.mean() - 0.8) < 0.05 and distance.std() < 0.05
    assert np.abs(distance - 0.8).max() < 0.15
    assert 10.0 / took > 0.24
    believed, true = flight.state.pose, float(flight.world.vehicle_truth().position[0])
    assert believed is not None and abs(believed.x_m - true) < 0.2, "x from the DVL alone"
    yaw = [s.pose.yaw_off_rad for s in flight.states[mark:] if s.pose is not None]
    assert np.abs(yaw).max() < math.radians(10.0)
    clear(flight)


def test_approach_is_slow_enough_to_stop() -> None:
    flight = at_the_hull()
    assert max(state.closing_mps for state in flight.states) < 0.4
    flight.run(5.0)
    assert min(row[2] for row in flight.truth) > 0.65
    clear(flight)


def test_a_current_gust_across_and_onto_the_hull() -> None:
    flight = at_the_hull()
    track(flight, 12.0, 0.3)
    break_it(flight, "current_gust", x_mps=-0.15, y_mps=0.12, duration_s=20.0)
    mark = len(flight.truth)
    flight.run_until(lambda f: f.state.at_target, 90.0)
    assert min(row[2] for row in flight.truth[mark:]) > 0.55
    clear(flight)


def test_compass_swing_does_not_matter_to_the_distance() -> None:
    flight = at_the_hull()
    break_it(flight, "compass_swing", amplitude_deg=20.0, period_s=15.0)
    track(flight, 8.0, 0.3)
    mark = len(flight.truth)
    flight.run_until(lambda f: f.state.at_target, 90.0)
    assert np.abs(np.array([row[2] for row in flight.truth[mark:]]) - 0.8).max() < 0.25
    clear(flight)


def test_without_the_dvl_the_range_keeps_the_distance() -> None:
    flight = at_the_hull()
    break_it(flight, "dvl_lost")
    flight.guide = {"kind": "approach", "depth_m": 1.5}
    mark = len(flight.truth)
    flight.run(20.0)
    assert min(row[2] for row in flight.truth[mark:]) > 0.45, "the envelope's least stand-off is 0.4 m"
    assert flight.world.collisions == 0


def test_blind_it_holds_then_leaves_then_surfaces() -> None:
    flight = at_the_hull()
    track(flight, 20.0, 0.3)
    flight.run(2.0)
    break_it(flight, "dvl_lost")
    break_it(flight, "range_dropout", probability=1.0)
    flight.run_until(lambda f: f.state.ladder == "hold", 8.0)
    assert flight.state.reason == "hull_lost"
    flight.run_until(lambda f: f.state.ladder == "leave", 70.0)
    depth = flight.state.depth_m
    flight.run_until(lambda f: f.state.ladder == "ascend", 70.0)
    assert abs(flight.state.depth_m - depth) < 0.3
    assert flight.truth[-1][2] > 1.5
    flight.run_until(lambda f: f.state.ladder == "surfaced" and not f.state.armed, 60.0)
    clear(flight)


@pytest.mark.parametrize(("kind", "params"), [("leak", {}), ("low_battery", {"fraction": 0.1})])
def test_water_or_a_flat_battery_end_the_survey_outboard(kind: str, params: dict[str, float]) -> None:
    flight = at_the_hull()
    track(flight, 20.0, 0.3)
    flight.run(2.0)
    break_it(flight, kind, **params)
    mark = len(flight.states)
    flight.run_until(lambda f: f.state.ladder == "surfaced" and not f.state.armed, 90.0)
    assert list(dict.fromkeys(s.ladder for s in flight.states[mark:]))[-4:] == ["backoff", "leave", "ascend", "surfaced"]
    for state, row in zip(flight.states[mark:], flight.truth[mark:], strict=True):
        assert row[2] > OUTBOARD_M - 0.6 or state.ladder not in ("ascend", "surfaced")
    clear(flight)


def test_a_jump_of_the_depth_reading_holds_until_the_operator_says() -> None:
    flight = at_the_hull()
    break_it(flight, "depth_jump", offset_m=1.5)
    flight.run_until(lambda f: f.state.ladder == "hold", 3.0)
    assert flight.state.reason == "depth_jump"
    clear(flight)


def test_a_third_of_all_mavlink_lost() -> None:
    flight = Flight()
    break_it(flight, "mavlink_loss", probability=0.3)
    flight.guide = {"kind": "approach", "depth_m": 1.5}
    flight.run_until(lambda f: f.states and f.state.armed and f.state.at_target, 90.0)
    track(flight, 5.0, 0.3)
    mark = len(flight.truth)
    flight.run_until(lambda f: f.state.control == "track" and f.state.at_target, 60.0)
    assert np.abs(np.array([row[2] for row in flight.truth[mark:]]) - 0.8).max() < 0.2
    clear(flight)
