"""The real firmware on our physics, through the JSON link: hands and feet in the right places, sensors true, a short survey."""

import math
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.shell import load_ship
from rov.doctor import PARAMETERS, Sensors, examine
from rov.link import Link
from rov.vehicle import NEUTRAL, ArduSub
from sim.ardusub.faults import FirmwareFault
from sim.ardusub.firmware import Firmware
from sim.runner import run_in_process
from sim.scenario import Fault, load_scenario, vessel_path
from sim.score import score
from sim.world import World
from wire.channel import pipe
from wire.rig import BLUEROV2

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
BINARY = shutil.which("ardusub")
pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(BINARY is None, reason="no ardusub on PATH: build ArduPilot's SITL for Sub and put it there"),
]


class Flight:
    """hullscan's own vehicle class on the firmware, in open water beside the coaster; 20 Hz on the simulated clock."""

    def __init__(self, firmware: Firmware, changes: dict[str, Any]) -> None:
        scenario = load_scenario(SCENARIO)
        vessel, surface = load_ship(vessel_path(scenario, SCENARIO))
        launch = scenario.vehicle.launch.model_copy(update={"offset_m": 9.0, "heading_error_deg": 0.0})
        vehicle = scenario.vehicle.model_copy(update={"launch": launch})
        calm = {"vehicle": vehicle, "current_mps": (0.0, 0.0), "waves": scenario.waves.model_copy(update={"height_m": 0.0})}
        self.world = World(scenario.model_copy(update=calm | changes), vessel, surface, pilot=firmware)
        mine, theirs = pipe()
        self.world.attach_mavlink(theirs)
        self.vehicle = ArduSub(Link(mine, 0.0), PARAMETERS)
        self.sticks, self.depth_m, self.steering = NEUTRAL, None, False

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.world.advance_to(self.world.t + 0.05)
            self.vehicle.receive(self.world.t)
            if self.steering:
                self.vehicle.transmit(self.world.t, self.sticks, None if self.depth_m is None else -self.depth_m)
            else:
                self.vehicle.keep_alive(self.world.t)

    def until(self, wanted: Callable[[], bool], seconds: float) -> bool:
        end = self.world.t + seconds
        while not wanted() and self.world.t < end:
            self.run(0.05)
        return wanted()

    def dive(self, depth_m: float) -> None:
        self.until(lambda: self.vehicle.ready, 20.0)
        self.steering = True
        self.vehicle.set_mode("ALT_HOLD")
        assert self.until(lambda: self.vehicle.reported.mode == "ALT_HOLD", 5.0)
        self.vehicle.arm()
        assert self.until(lambda: self.vehicle.reported.armed, 5.0), self.vehicle.reported.texts
        self.depth_m = depth_m
        self.run(12.0)

    def body_velocity(self) -> tuple[float, float, float]:
        truth = self.world.vehicle_truth()
        u, v, w = truth.rotation.T @ truth.velocity
        return float(u), float(v), float(w)


Start = Callable[..., Flight]


UNPREPARED = ("FS_PILOT_INPUT", "FS_PILOT_TIMEOUT")  # what `hullscan doctor --apply` would set


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    firmwares: list[Firmware] = []

    def make(**changes: Any) -> Flight:
        assert BINARY is not None
        firmwares.append(Firmware(Path(BINARY), tmp_path))
        return Flight(firmwares[0], changes)

    yield make
    for firmware in firmwares:
        firmware.close()


def test_doctor_finds_the_missing_dvl_and_what_the_defaults_lack(start: Start) -> None:
    flight = start()
    assert flight.until(lambda: flight.vehicle.ready, 30.0)
    flight.run(5.0)
    reported, now = flight.vehicle.reported, flight.world.t
    checks = examine(flight.vehicle.values, reported, Sensors(math.inf, now - reported.forward_t), 0.2, now)
    assert {check.name for check in checks if not check.ok} == {"dvl", *UNPREPARED}


def test_depth_is_true_and_held(start: Start) -> None:
    flight = start()
    flight.dive(2.0)
    reported: list[float] = []
    true: list[float] = []
    for _ in range(100):
        flight.run(0.05)
        reported.append(flight.vehicle.reported.depth_m)
        true.append(float(flight.world.vehicle_truth().position[2]))
    assert max(abs(a - b) for a, b in zip(reported, true, strict=True)) < 0.08
    assert max(true) - min(true) < 0.06 and abs(sum(true) / len(true) - 2.0) < 0.1


@pytest.mark.parametrize(
    ("sticks", "axis", "sign"),
    [((400, 0, 500, 0), 0, 1), ((-400, 0, 500, 0), 0, -1), ((0, 400, 500, 0), 1, 1), ((0, -400, 500, 0), 1, -1)],
)
def test_thrusters_push_where_the_stick_points(sticks: tuple[int, int, int, int], axis: int, sign: int, start: Start) -> None:
    flight = start()
    flight.dive(1.5)
    flight.sticks = sticks
    flight.run(3.0)
    velocity = flight.body_velocity()
    assert 0.2 < sign * velocity[axis] < 0.8
    assert max(abs(v) for k, v in enumerate(velocity) if k != axis) < 0.1


def test_yaw_stick_right_turns_right_and_the_heading_is_held(start: Start) -> None:
    flight = start()
    flight.dive(1.5)
    before = flight.vehicle.reported.attitude.yaw
    flight.sticks = (0, 0, 500, 400)
    flight.run(2.0)
    turned = math.remainder(flight.vehicle.reported.attitude.yaw - before, math.tau)
    assert math.radians(20.0) < turned < math.radians(120.0)
    flight.sticks = NEUTRAL
    flight.run(3.0)
    # The speed controllers' dead band leaves a slow swing: 3.7 degrees from end to end measured after such a turn.
    first = flight.vehicle.reported.attitude.yaw
    off = []
    for _ in range(40):
        flight.run(0.25)
        off.append(math.degrees(math.remainder(flight.vehicle.reported.attitude.yaw - first, math.tau)))
    assert max(off) - min(off) < 10.0


def test_the_steel_hull_bends_the_compass(start: Start) -> None:
    """A swing of ±40 degrees drags the firmware's heading although the vehicle stands still."""
    swing = Fault(at_s=5.0, kind="compass_swing", params={"amplitude_deg": 40.0, "period_s": 40.0})
    flight = start(faults=[swing])
    headings: list[float] = []
    flight.run(4.0)
    for _ in range(40):
        flight.run(1.0)
        headings.append(flight.vehicle.reported.attitude.yaw)
    assert not flight.world.let_go, "the tender holds it: it has not turned"
    assert max(headings) - min(headings) > math.radians(15.0)


def test_battery_and_leak_come_through(start: Start) -> None:
    faults = [Fault(at_s=2.0, kind="low_battery", params={"fraction": 0.25}), Fault(at_s=8.0, kind="leak")]
    flight = start(faults=faults)
    flight.run(7.0)
    assert flight.vehicle.reported.battery_fraction == pytest.approx(0.25, abs=0.03)
    assert 13.0 < flight.vehicle.reported.volts < 14.5 and not flight.vehicle.reported.leak
    flight.run(4.0)
    assert flight.vehicle.reported.leak


def test_with_the_dvl_its_filter_knows_where_it_is_and_poshold_holds(tmp_path: Path) -> None:
    assert BINARY is not None
    near = load_scenario(SCENARIO).vehicle
    near = near.model_copy(update={"launch": near.launch.model_copy(update={"offset_m": 2.0, "heading_error_deg": 0.0})})
    with Firmware(Path(BINARY), tmp_path, 1025.0, BLUEROV2.dvl_mount_m) as firmware:
        flight = Flight(firmware, {"vehicle": near, "current_mps": (0.1, 0.0)})
        assert firmware.odometry is not None
        flight.world.attach_dvl(firmware.odometry.dvl_end)
        flight.dive(1.5)
        said = "started relative aiding"
        assert flight.until(lambda: any(said in text for _t, _severity, text in flight.vehicle.reported.texts), 40.0)
        flight.depth_m = None
        flight.vehicle.link.command(mavlink.MAV_CMD_DO_SET_MODE, 1.0, 16.0)
        assert flight.until(lambda: flight.vehicle.reported.mode == "POSHOLD", 5.0)
        flight.run(10.0)
        place = flight.world.vehicle_truth().position
        flight.run(20.0)
        moved = flight.world.vehicle_truth().position - place
    assert math.hypot(moved[0], moved[1]) < 0.15, "a current of 0.1 m/s would carry it 2 m"


def test_silent_sticks_disarm_on_our_physics_too(start: Start) -> None:
    flight = start()
    flight.dive(1.0)
    flight.steering = False
    assert flight.until(lambda: not flight.vehicle.reported.armed, 6.0)


def test_kill_9_ends_the_world_with_a_reason(tmp_path: Path) -> None:
    assert BINARY is not None
    with Firmware(Path(BINARY), tmp_path) as firmware:
        flight = Flight(firmware, {})
        flight.run(2.0)
        os.kill(firmware.pid, signal.SIGKILL)
        with pytest.raises(FirmwareFault, match="killed by SIGKILL"):
            flight.run(2.0)


@pytest.mark.slow
def test_a_short_survey_flies_unchanged(tmp_path: Path) -> None:
    assert BINARY is not None
    mission = ROOT / "missions" / "library" / "coaster_short.yaml"
    summary = run_in_process(mission, SCENARIO, tmp_path, 1, None, Path(BINARY))
    assert summary["ended"] == "completed" and summary["fault"] == ""
    figures = score(Path(summary["folder"]), SCENARIO)
    assert figures["collisions"] == 0 and figures["pd"] == 1.0 and figures["false_contacts"] == 0
    assert figures["inspected_fraction"] > 0.95
