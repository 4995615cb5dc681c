"""Rov is killed in flight and a new one takes over from the record: neutral meanwhile, same rung, same place, no word lost."""

import math
from pathlib import Path
from typing import Any

import pytest

from rov.config import RovConfig
from rov.restart import COAST_S, Restored, where_to_go_on
from rov.rov import Rov
from tests.rov.flight import TICK_S, Flight
from wire import messages as m
from wire.record import LogWriter

TRACK = {"kind": "track", "along_mps": 0.3, "x_stop_m": 40.0}


def recorded(flight: Flight, path: Path) -> Path:
    log = LogWriter(path)
    for state in flight.states:
        log.append(state.t, "vehicle_state", m.encode(state))
    log.close()
    return path


def tracking(offset_m: float = 1.6) -> Flight:
    flight = Flight(offset_m=offset_m)
    flight.guide = {"kind": "approach"}
    flight.run_until(lambda f: f.states and f.state.at_target, 60.0)
    flight.guide = TRACK
    return flight.run(4.0)


def kill(flight: Flight, gap_s: float, path: Path) -> None:
    """Nobody ticks for ``gap_s``; then a new one starts as `rov.main` starts it."""
    log = recorded(flight, path)
    config, old = RovConfig(envelope=flight.rov._config.envelope), flight.rov
    for _ in range(round(gap_s / TICK_S)):
        flight.ticks += 1
        flight.world.advance_to(flight.now)
        truth = flight.world.vehicle_truth()
        flight.truth.append((flight.now, float(truth.position[2]), truth.distance_m))
    restored = where_to_go_on(log)
    dvl = old.dvl._channel
    flight.rov = Rov(config, old.navigator._surface, flight.bus, flight.commands, flight.tap, dvl, None, restored)


def horizontal(flight: Flight) -> list[int]:
    return [int(flight.world.autopilot.core.rc[k]) for k in (4, 5, 3)]


def test_neutral_within_a_second_then_on_from_there(tmp_path: Path) -> None:
    flight = tracking()
    assert any(pwm != 1500 for pwm in horizontal(flight))
    died, log = flight.now, recorded(flight, tmp_path / "a.hslog")
    while flight.now < died + 1.0:
        flight.ticks += 1
        flight.world.advance_to(flight.now)
    assert horizontal(flight) == [1500, 1500, 1500] and flight.world.autopilot.core.armed
    where = where_to_go_on(log)
    assert where is not None and where.rung == "ok" and where.t == pytest.approx(died)
    kill(flight, 2.0, tmp_path / "b.hslog")
    flight.run(8.0)
    assert flight.state.ladder == "ok" and flight.state.control == "track" and abs(flight.state.along_mps) > 0.2
    assert "restarted in flight" in flight.active_alerts()["restart"]
    assert flight.world.collisions == 0  # unguided it drifts, with 5 cm/s of current some 0.3 m in 3 s
    assert flight.truth[-1][2] == pytest.approx(0.8, abs=0.1)
    pose = flight.state.pose
    assert pose is not None
    truth_x = float(flight.world.ship.to_ship(flight.world.vehicle_truth().position)[0])
    assert abs(pose.x_m - truth_x) < 3.0 * pose.x_std_m and pose.x_std_m < 1.2


@pytest.mark.parametrize(("verb", "rung"), [("hold", "hold"), ("abort", "backoff")])
def test_what_the_operator_latched_outlives_the_process(tmp_path: Path, verb: str, rung: str) -> None:
    flight = tracking()
    flight.say(verb)
    flight.run(0.5)
    assert flight.state.ladder == rung
    kill(flight, 3.0, tmp_path / "a.hslog")
    flight.run(1.0)
    assert flight.state.ladder in (rung, "leave") and flight.state.reason == f"operator_{verb}"
    seen = len(flight.states)
    flight.run(40.0)
    after = {state.ladder for state in flight.states[seen:]}
    assert after == {"hold"} if verb == "hold" else "surfaced" in after and "ok" not in after
    if verb == "hold":
        flight.say("resume")
        flight.run(5.0)
        assert flight.state.ladder == "ok" and flight.state.control == "track"


def test_disarmed_meanwhile_is_not_armed_again_by_itself(tmp_path: Path) -> None:
    flight = tracking()
    kill(flight, 8.0, tmp_path / "a.hslog")  # the ground-station failsafe disarms after 5 s
    assert not flight.world.autopilot.core.armed
    flight.run(10.0)
    assert not flight.world.autopilot.core.armed
    assert (flight.state.ladder, flight.state.reason) == ("hold", "disarmed")


def test_a_restart_before_the_launch_is_a_fresh_start(tmp_path: Path) -> None:
    flight = Flight().run(1.0)
    assert where_to_go_on(recorded(flight, tmp_path / "a.hslog")) is None
    assert where_to_go_on(tmp_path / "none.hslog") is None
    (tmp_path / "bad.hslog").write_bytes(b"something else")
    with pytest.raises(ValueError, match="not a hullscan log"):
        where_to_go_on(tmp_path / "bad.hslog")


def test_where_it_must_be_by_now() -> None:
    fields: dict[str, Any] = {"side": "S", "s_m": 3.0, "depth_m": 1.0, "standoff_m": 0.8, "yaw_off_rad": 0.0}
    pose = m.HullPose(x_m=20.0, x_std_m=0.1, standoff_std_m=0.02, yaw_std_rad=0.02, **fields)
    before = Restored(10.0, "ok", "", (), 0.3, (10.0, pose))
    soon, late = before.x_now(11.0), before.x_now(20.0)
    assert soon is not None and late is not None
    assert soon[0] == pytest.approx(20.3) and late[0] == pytest.approx(20.0 + 0.3 * COAST_S)
    assert late[1] == pytest.approx(math.hypot(0.1, 0.3, 1.5)) and soon[1] < late[1]
    assert before._replace(place=None).x_now(11.0) is None
