import json
import math

import numpy as np
import pytest

from hull.document import DocumentError
from sim.scenario import Fault, Scenario, load_scenario
from sim.sensors.dvl_wire import CommandReader
from sim.truth import TruthLog, read_truth
from sim.world import World
from wire.channel import pipe


def near(scenario: Scenario, **update: object) -> Scenario:
    launch = scenario.vehicle.launch.model_copy(update={"offset_m": 1.5, "depth_m": 1.5, **update})
    return scenario.model_copy(update={"vehicle": scenario.vehicle.model_copy(update={"launch": launch})})


def test_two_runs_are_bit_identical_however_time_is_cut(scenario, vessel, surface, ground) -> None:
    def fly(pieces: float, steps: bool) -> tuple[bytes, bytes, bytes]:
        world = World(near(scenario), vessel, surface, seed=5)
        station = type(ground)(world)
        dvl, theirs = pipe()
        world.attach_dvl(theirs)
        station.dive(1.8)
        station.sticks = (200, 400, 500, 100)
        if steps:
            for _ in range(1600):
                world.step()
        else:
            for k in range(round(4.0 / pieces)):
                world.advance_to(10.3 + (k + 1) * pieces)
        world.advance_to(15.0)
        return world._s.tobytes(), station.end.recv(), dvl.recv()

    first = fly(0.05, False)
    assert first == fly(0.0325, True)


def test_contact_stops_it_and_is_reported(scenario, vessel, surface, ground) -> None:
    world = World(near(scenario, heading_error_deg=0.0), vessel, surface)
    station = type(ground)(world)
    world.autopilot.core.gain = 1.0
    station.dive(1.5)
    station.sticks = (1000, 0, 500, 0)
    station.run(8.0)
    assert world.collisions >= 1
    assert world.truth_row(1).impact_mps > 0.1
    assert world.vehicle_truth().distance_m > 0.1, "the origin stays outside the plating"


@pytest.mark.parametrize("speed", [0.5, 2.0, 4.0])
def test_no_tunnelling(scenario, vessel, surface, speed: float) -> None:
    world = World(near(scenario, heading_error_deg=0.0), vessel, surface)
    world._s[7] = speed
    world.advance_to(3.0)
    assert world.vehicle_truth().distance_m > 0.05
    assert world.min_clearance_m > -0.30


def lines(data: bytes) -> list[dict[str, object]]:
    assert data.endswith(b"\r\n")
    return [json.loads(line) for line in data.splitlines()]


def test_dvl_sees_the_hull(scenario, vessel, surface) -> None:
    world = World(near(scenario, heading_error_deg=0.0), vessel, surface)
    ours, theirs = pipe()
    world.attach_dvl(theirs)
    world.advance_to(5.0)
    reports = [r for r in lines(ours.recv()) if r["type"] == "velocity"]
    assert len(reports) == pytest.approx(40, abs=1)
    good = [r for r in reports if r["velocity_valid"]]
    assert len(good) > 35
    assert float(good[-1]["altitude"]) == pytest.approx(world.vehicle_truth().distance_m - 0.22, abs=0.2)
    beams = good[-1]["transducers"]
    assert [b["id"] for b in beams] == [0, 1, 2, 3]


def test_dvl_velocity_matches_truth_in_its_axes(scenario, vessel, surface) -> None:
    calm = scenario.model_copy(update={"waves": scenario.waves.model_copy(update={"height_m": 0.0}), "current_mps": (0.1, 0.0)})
    world = World(near(calm, heading_error_deg=0.0), vessel, surface)
    world.let_go = True
    ours, theirs = pipe()
    world.attach_dvl(theirs)
    world.advance_to(8.0)
    good = [r for r in lines(ours.recv()) if r["type"] == "velocity" and r["velocity_valid"]][-20:]
    body = np.mean([[float(r["vz"]), float(r["vy"]), -float(r["vx"])] for r in good], axis=0)
    assert body[1] == pytest.approx(0.1, abs=0.02), "on side S right is ship-forward"
    assert abs(body[0]) < 0.03


def test_dvl_commands() -> None:
    reader = CommandReader()
    assert reader.feed(b'{"command":"get_con') == []
    ((name, answer),) = reader.feed(b'fig"}\r\n')
    assert name == "get_config" and json.loads(answer)["success"] is True
    for bad in (b"\xff\xfe\n", b"[]\n", b'{"command":7}\n', b"{" * 5000 + b"\n"):
        for _, answer in reader.feed(bad):
            assert json.loads(answer)["success"] is False
    reader.feed(b"x" * 10000)


def fault(kind: str, **params: float) -> list[Fault]:
    return [Fault(at_s=4.0, kind=kind, params=params)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("faults", "check"),
    [
        (fault("dvl_lost"), lambda w, g: w.effects.dvl_lost),
        (fault("range_dropout"), lambda w, g: all(r.metres is None for r in w._ranges)),
        (fault("depth_jump", offset_m=1.0), lambda w, g: abs(w.autopilot.core.altitude_m + w._s[2] + 1.0) < 0.05),
        (fault("leak"), lambda w, g: "Leak Detected" in g.texts()),
        (fault("low_battery", fraction=0.05), lambda w, g: w._battery.volts < 13.5),
        (fault("current_gust", y_mps=-0.5), lambda w, g: w.vehicle_truth().velocity[1] > 0.1),
        (fault("compass_swing", amplitude_deg=90, period_s=8.0), lambda w, g: abs(w.effects.compass_swing_rad) > 1.0),
        (fault("thruster_dead", number=2), lambda w, g: w._c[16] == 0.0 or 0.0 in list(w._c[15:21])),
        (fault("camera_black"), lambda w, g: w.effects.camera_black),
        (fault("camera_frozen"), lambda w, g: w.effects.camera_frozen),
        (fault("mavlink_loss", probability=1.0), lambda w, g: g.count("ATTITUDE", 4.1) == 0),
    ],
)
def test_faults_act(scenario, vessel, surface, ground, faults, check) -> None:
    world = World(near(scenario).model_copy(update={"faults": faults}), vessel, surface)
    station = type(ground)(world)
    station.run(6.0)
    assert check(world, station)


def test_fault_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Fault(at_s=0.0, kind="thruster_dead", params={"number": 9.0})
    with pytest.raises(ValueError, match="takes"):
        Fault(at_s=0.0, kind="leak", params={"size": 9.0})


GOOD = "name: x\nvessel: ../../missions/library/coaster50.vessel.yaml\n"


@pytest.mark.parametrize(
    "text",
    [
        "vessel: a.yaml\n",
        GOOD + "gravity: 9\n",
        GOOD + "water: {c_rgb: [1, 1]}\n",
        GOOD + "water: {c_rgb: [1, 1, -1]}\n",
        GOOD + "water: {jerlov: 4C}\n",
        GOOD + "water: {jerlov: 3C, c_rgb: [1, 1, 1]}\n",
        GOOD + "waves: {height_m: .nan, period_s: 4}\n",
        GOOD + "vehicle: {preset: warp}\n",
        GOOD + "attachments: [{kind: bomb, side: S, frame: 3, depth_m: 1, size_m: [1, 1, 1]}]\n",
        GOOD + "attachments: [{kind: box, side: S, frame: 3, depth_m: 1, size_m: [1, 1, 0]}]\n",
        GOOD + "attachments: [{kind: box, side: S, frame: 3, depth_m: 1, size_m: [1, 1, 1], paint: [0, 0, 2]}]\n",
        GOOD + "faults: [{at_s: 1, kind: leak, params: {x: 1}}]\n",
        GOOD + "seed: 1.5\n",
    ],
)
def test_bad_scenarios_give_one_line(tmp_path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)
    assert "bad.yaml" in str(caught.value)


def test_truth_round_trip(scenario, vessel, surface, tmp_path) -> None:
    world, log = World(scenario, vessel, surface), TruthLog(scenario)
    world.advance_to(1.0)
    log.append(world.truth_row(1))
    log.write(tmp_path / "truth.jsonl")
    header, rows = read_truth(tmp_path / "truth.jsonl")
    assert rows == log.rows and len(header["attachments"]) == 5
    assert rows[0].position[1] < -4.0, "starboard is negative y"
    forward = rows[0].rotation[3]
    assert forward == pytest.approx(math.cos(math.radians(5.0)), abs=0.02), "it looks to port, at the hull"


def test_the_tender_holds_the_vehicle_until_it_is_armed(scenario, vessel, surface) -> None:
    """Otherwise every second of starting up lets the current carry it off its launch point."""
    world = World(scenario.model_copy(update={"current_mps": (0.3, 0.0)}), vessel, surface)
    before = world.vehicle_truth().position.copy()
    world.advance_to(20.0)
    assert abs(world.vehicle_truth().position[:2] - before[:2]).max() < 0.02
    ours, theirs = pipe()
    world.attach_dvl(theirs)
    world.advance_to(24.0)
    for report in lines(ours.recv()):
        if report["type"] == "velocity" and report["velocity_valid"]:
            assert abs(float(report["vy"])) < 0.05 and abs(float(report["vz"])) < 0.05
