"""Rov flies the simulated vehicle beside the default coaster, and comes home when it must."""

from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov import codec
from tests.rov.flight import OUTBOARD_M, Flight
from wire import messages as m

NEUTRAL = (0, 0, 500, 0)


def at_the_hull(side: m.Side = "S") -> Flight:
    """Tracking forward along the hull at 0.8 m."""
    flight = Flight(side)
    flight.guide = {"kind": "approach"}
    flight.run_until(lambda f: f.states and f.state.armed and f.state.at_target, 40.0)
    step = 1 if side == "S" else -1
    assert flight.state.pose is not None
    flight.guide = {"kind": "track", "along_mps": 0.2, "x_stop_m": flight.state.pose.x_m + 8.0 * step}
    flight.run(2.0)
    assert flight.state.control == "track" and flight.state.ladder == "ok" and flight.sticks_sent() != [NEUTRAL]
    return flight


def clearance_kept(flight: Flight) -> None:
    assert flight.world.collisions == 0 and flight.world.min_clearance_m >= 0.2


def test_hold_acts_in_the_very_same_tick_and_latches() -> None:
    flight = at_the_hull()
    flight.say("hold")
    flight.tick()
    assert flight.sticks_sent() == [NEUTRAL]
    assert not [p for p in flight.sent if p.get_type() == "SET_POSITION_TARGET_GLOBAL_INT"]
    assert (flight.state.control, flight.state.ladder, flight.state.reason) == ("hold", "hold", "operator_hold")
    (ack,) = flight.commands.poll(flight.now)
    assert ack.accepted
    flight.run(3.0)
    assert flight.state.control == "hold" and flight.sticks_sent() == [NEUTRAL]
    flight.say("resume")
    flight.tick()
    assert flight.state.control == "track" and flight.active_alerts() == {}
    clearance_kept(flight)


def test_station_silence_holds_and_recovers() -> None:
    flight = at_the_hull()
    flight.station = False
    took = flight.run_until(lambda f: f.state.ladder == "hold", 3.0)
    assert 1.9 < took <= 2.1 and flight.state.reason == "station_silent" and flight.sticks_sent() == [NEUTRAL]
    flight.run(2.0)
    flight.station = True
    assert flight.run_until(lambda f: f.state.ladder == "ok", 1.0) <= 0.15
    flight.tick()
    assert flight.state.control == "track"
    clearance_kept(flight)


def test_guidance_silence_holds_and_recovers() -> None:
    flight = at_the_hull()
    guide, flight.guide = flight.guide, {}
    took = flight.run_until(lambda f: f.state.ladder == "hold", 2.0)
    assert 0.7 < took <= 0.95 and flight.state.reason == "guidance_silent" and flight.sticks_sent() == [NEUTRAL]
    flight.guide = guide
    flight.run(0.2)
    assert flight.state.ladder == "ok" and flight.state.control == "track"
    clearance_kept(flight)


@pytest.mark.parametrize("side", ["S", pytest.param("P", marks=pytest.mark.slow)])
def test_abort_goes_outboard_then_up_then_disarms(side: m.Side) -> None:
    flight = at_the_hull(side)
    mark, depth = len(flight.states), flight.truth[-1][1]
    flight.say("abort")
    flight.run_until(lambda f: f.state.ladder == "surfaced" and not f.state.armed, 90.0)
    rungs = list(dict.fromkeys(state.ladder for state in flight.states[mark:]))
    assert rungs == ["backoff", "leave", "ascend", "surfaced"]
    for state, (_t, z, distance) in zip(flight.states[mark:], flight.truth[mark:], strict=True):
        if distance < OUTBOARD_M - 0.3 - 0.1:
            assert z > depth - 0.2, f"ascends {distance:.2f} m from the hull"
            assert state.ladder in ("backoff", "leave") and state.control == "leave"
    assert flight.truth[-1][1] < 0.6 and flight.active_alerts()["ladder"] == "surfaced: operator abort"
    assert all(-1000 <= v <= 1000 for state in flight.states for v in state.sticks)
    clearance_kept(flight)
    flight.say("resume")
    flight.run(3.0)
    assert flight.state.ladder == "surfaced" and not flight.state.armed and not flight.commands.poll(0.0)[-1].accepted


def test_hold_during_an_abort_is_refused_with_the_reason() -> None:
    flight = at_the_hull()
    flight.say("abort")
    flight.tick()
    flight.commands.poll(flight.now)
    flight.say("hold")
    flight.tick()
    (ack,) = flight.commands.poll(flight.now)
    assert not ack.accepted and ack.reason == "already at backoff: operator abort; hold does not stop it"
    assert flight.state.ladder == "backoff"


def test_idle_at_depth_does_not_disarm() -> None:
    flight = at_the_hull()
    flight.guide = {"kind": "idle"}
    flight.run(6.0)
    assert flight.state.armed and flight.state.control == "idle" and flight.sticks_sent() == [NEUTRAL]
    assert abs(flight.truth[-1][1] - 1.2) < 0.3


@pytest.mark.slow
def test_the_operator_s_disarm_works_at_any_depth() -> None:
    flight = at_the_hull()
    flight.say("disarm")
    assert flight.run_until(lambda f: not f.state.armed, 1.5) <= 1.3
    flight.run(3.0)
    assert not flight.state.armed


@pytest.mark.slow
def test_surface_wished_near_the_hull_leaves_first() -> None:
    flight = at_the_hull()
    mark, depth = len(flight.truth), flight.truth[-1][1]
    flight.guide = {"kind": "surface"}
    flight.run_until(lambda f: f.state.depth_m < 0.35, 60.0)
    assert all(z > depth - 0.2 for _t, z, distance in flight.truth[mark:] if distance < OUTBOARD_M - 0.4)
    clearance_kept(flight)


def test_preflight_refuses_a_failsafe_that_drives_up() -> None:
    flight = Flight()
    flight.run(0.5)
    flight.other_gcs(mavlink.MAVLink_param_set_message(1, 1, b"FS_GCS_ENABLE", 4.0, 2))
    flight.guide = {"kind": "approach"}
    flight.run(14.0)
    assert "FS_GCS_ENABLE" in flight.active_alerts()["preflight"] and not flight.state.armed
    flight.other_gcs(mavlink.MAVLink_param_set_message(1, 1, b"FS_GCS_ENABLE", 2.0, 2))
    flight.run(5.0)
    assert "preflight" not in flight.active_alerts() and flight.state.armed


def test_a_mode_changed_by_another_gcs_latches_hold() -> None:
    flight = at_the_hull()
    number = mavlink.MAV_CMD_DO_SET_MODE
    flight.other_gcs(mavlink.MAVLink_command_long_message(1, 1, number, 0, 1, 19, 0, 0, 0, 0, 0))
    flight.run_until(lambda f: f.state.ladder == "hold", 1.5)
    assert flight.state.reason == "mode_changed" and flight.state.mode == "MANUAL" and flight.sticks_sent() == [NEUTRAL]
    flight.run(3.0)
    assert flight.state.mode == "MANUAL", "it is not fought over"
    flight.other_gcs(mavlink.MAVLink_command_long_message(1, 1, number, 0, 1, 2, 0, 0, 0, 0, 0))
    flight.run(2.0)
    assert (flight.state.mode, flight.state.ladder) == ("ALT_HOLD", "hold")
    flight.say("resume")
    flight.run(0.2)
    assert flight.state.control == "track"


@pytest.mark.slow
def test_disarmed_by_another_gcs_latches_hold() -> None:
    flight = at_the_hull()
    command: Any = mavlink.MAVLink_command_long_message(1, 1, mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 0, 0, 0, 0, 0, 0, 0, 0)
    flight.other_gcs(command)
    flight.run(4.0)
    assert (flight.state.ladder, flight.state.reason, flight.state.armed) == ("hold", "disarmed", False)


@pytest.mark.slow
def test_a_dead_autopilot_link_is_noticed() -> None:
    flight = at_the_hull()
    flight.tap.recv = lambda: b""  # type: ignore[method-assign]
    flight.run(4.2)
    assert flight.state.ladder == "hold" and flight.sticks_sent() == [NEUTRAL]


@pytest.mark.slow
def test_two_flights_are_the_same_to_the_bit() -> None:
    def flown() -> list[m.VehicleState]:
        flight = Flight()
        flight.guide = {"kind": "approach"}
        return flight.run(12.0).states

    assert flown() == flown()


@pytest.mark.slow
def test_both_instruments_lost_beside_the_hull_backs_off_and_ends_at_the_surface() -> None:
    flight = at_the_hull()
    mark, depth = len(flight.states), flight.truth[-1][1]
    navigator = flight.rov.navigator
    flight.rov.dvl.receive = lambda now: []  # type: ignore[method-assign]
    navigator.take_range = lambda t, distance_m: None  # type: ignore[method-assign]
    flight.run_until(lambda f: f.state.ladder == "surfaced" and not f.state.armed, 150.0)
    rungs = list(dict.fromkeys(state.ladder for state in flight.states[mark:]))
    assert rungs == ["ok", "hold", "leave", "ascend", "surfaced"]
    for state, (_t, z, distance) in zip(flight.states[mark:], flight.truth[mark:], strict=True):
        assert distance > 1.5 or (z > depth - 0.3 and state.ladder != "ascend")
    clearance_kept(flight)


@pytest.mark.parametrize("side", ["P", "S"])
def test_a_landmark_sight_corrects_x_and_is_told(side: m.Side) -> None:
    flight = at_the_hull(side)
    fixes = flight.bus.subscribe("position_fix")
    before = flight.state.pose
    assert before is not None
    sight = m.LandmarkSight(t=flight.now - 0.2, name="sea chest", side=side, x_error_m=0.4, std_m=0.03)
    flight.bus.publish("landmark_sight", sight)
    other: m.Side = "P" if side == "S" else "S"
    flight.bus.publish("landmark_sight", m.LandmarkSight(t=flight.now, name="x", side=other, x_error_m=0.4, std_m=0.03))
    flight.tick()
    after = flight.state.pose
    assert after is not None and after.x_m - before.x_m == pytest.approx(-0.4, abs=0.05) and after.x_std_m < 0.1
    ((_, fix),) = fixes.drain()
    assert isinstance(fix, m.PositionFix) and (fix.name, fix.side) == ("sea chest", side)
    assert fix.x_shift_m == pytest.approx(-0.4, abs=0.03) and fix.x_std_before_m > 0.4 and fix.x_std_m < 0.1
    flight.run(2.0)
    clearance_kept(flight)


def test_surface_wished_at_depth_without_ever_having_seen_the_hull_leaves_first() -> None:
    flight = Flight(offset_m=4.0)
    receive = flight.rov.dvl.receive
    flight.rov.dvl.receive = lambda now: receive(now)[:0]  # type: ignore[method-assign]
    flight.rov.navigator.take_range = lambda t, distance_m: None  # type: ignore[method-assign]
    flight.guide = {"kind": "approach", "depth_m": 1.5}
    flight.run_until(lambda f: f.states and f.state.depth_m > 1.0, 60.0)
    assert all(state.pose is None for state in flight.states)
    flight.guide = {"kind": "surface", "standoff_m": OUTBOARD_M}
    flight.run(2.0)
    assert flight.state.control == "leave", "nothing says that it is not under the hull"


def test_a_depth_datum_that_is_off_by_more_than_may_be_taken_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = codec.depth_target
    monkeypatch.setattr(codec, "depth_target", lambda target, altitude: told(target, min(altitude + 0.9, 0.3)))
    flight = Flight()
    flight.guide = {"kind": "approach"}
    flight.run_until(lambda f: "depth_datum" in f.active_alerts(), 60.0)
    assert "check the depth datum" in flight.active_alerts()["depth_datum"]
    flight.run(10.0)
    assert 0.5 < flight.state.depth_m < 1.05 and "depth_datum" in flight.active_alerts()
    clearance_kept(flight)


def test_a_true_depth_datum_raises_no_alert() -> None:
    flight = at_the_hull().run(10.0)
    assert "depth_datum" not in {alert.code for alert in flight.alerts}


@pytest.mark.parametrize("verb", ["hold", "abort"])
def test_a_current_towards_the_hull_does_not_carry_a_held_or_leaving_vehicle_onto_it(verb: str) -> None:
    flight = Flight(current_mps=(0.0, 0.35))
    flight.guide = {"kind": "approach"}
    flight.run_until(lambda f: f.states and f.state.armed and f.state.at_target, 60.0)
    flight.say(verb)
    said = flight.now
    if verb == "hold":
        flight.run(60.0)
        assert flight.state.ladder == "hold"
    else:
        flight.run_until(lambda f: f.state.ladder == "surfaced", 60.0)  # disarmed then, it drifts: the tether's turn
    distances = [distance for t, _depth, distance in flight.truth if t > said]
    assert flight.world.collisions == 0 and min(distances) > 0.35
    assert max(distances) < 1.2 if verb == "hold" else distances[-1] > 2.5


def test_another_s_sticks_are_not_fought_even_near_the_hull() -> None:
    flight = Flight(current_mps=(0.0, 0.3))
    flight.guide = {"kind": "approach"}
    flight.run_until(lambda f: f.states and f.state.armed and f.state.at_target, 60.0)
    flight.rov.vehicle.link.others_sticks_t = flight.now  # as `rov.link` notes them
    flight.run(0.5)
    assert (flight.state.ladder, flight.state.latched) == ("hold", ("other_commander",))
    flight.run_until(lambda f: f.state.pose is not None and f.state.pose.standoff_m < 0.38, 30.0)
    assert flight.sticks_sent() == [NEUTRAL] and flight.state.ladder == "hold"
