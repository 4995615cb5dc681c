"""A ground station on a pipe to a world beside the default coaster."""

from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.shell import build_surface
from hull.surface import HullSurface
from hull.vessel import Vessel, load_vessel
from sim.scenario import Scenario, load_scenario, vessel_path
from sim.world import World
from wire.channel import pipe

SCENARIO = Path(__file__).parents[2] / "sim" / "scenarios" / "coaster_default.yaml"


class Ground:
    """Sends as ``system``; ``run`` moves the world on in 50 ms pieces with heartbeat and sticks, and collects what comes back."""

    def __init__(self, world: World, system: int = 255) -> None:
        self.world = world
        self.end, theirs = pipe()
        world.attach_mavlink(theirs)
        self._tx = mavlink.MAVLink(None, system, 190)
        self._rx = mavlink.MAVLink(None)
        self._rx.robust_parsing = True
        self.sticks: tuple[int, int, int, int] | None = (0, 0, 500, 0)
        self.heartbeats = True
        self.log: list[tuple[float, mavlink.MAVLink_message]] = []

    def send(self, message: mavlink.MAVLink_message) -> None:
        self.end.send(message.pack(self._tx))

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            if self.heartbeats and round(self.world.t / 0.05) % 20 == 0:
                self.send(mavlink.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))
            if self.sticks is not None:
                self.send(mavlink.MAVLink_manual_control_message(1, *self.sticks, 0))
            self.world.advance_to(self.world.t + 0.05)
            self.collect()

    def collect(self) -> None:
        for message in self._rx.parse_buffer(self.end.recv()) or []:
            self.log.append((self.world.t, message))

    def command(self, number: int, *params: float, target: tuple[int, int] = (1, 1)) -> int | None:
        """The result of the ACK, or None without one."""
        seven = list(params) + [0.0] * (7 - len(params))
        mark = len(self.log)
        self.send(mavlink.MAVLink_command_long_message(*target, number, 0, *seven))
        self.run(0.1)
        acks = [m for _, m in self.log[mark:] if m.get_type() == "COMMAND_ACK" and m.command == number]
        return acks[-1].result if acks else None

    def last(self, kind: str) -> mavlink.MAVLink_message:
        return next(m for _, m in reversed(self.log) if m.get_type() == kind)

    def count(self, kind: str, since: float) -> int:
        return sum(1 for t, m in self.log if m.get_type() == kind and t > since)

    def texts(self, since: float = -1.0) -> list[str]:
        return [m.text for t, m in self.log if m.get_type() == "STATUSTEXT" and t > since]

    def dive(self, depth: float = 2.0) -> None:
        """Boot, ALT_HOLD, arm, go to ``depth`` [m]."""
        self.run(max(4.0 - self.world.t, 0.0))
        assert self.command(176, 1, 2) == 0
        assert self.command(400, 1) == 0
        self.depth(-depth)
        self.run(6.0)

    def depth(self, alt: float) -> None:
        self.send(mavlink.MAVLink_set_position_target_global_int_message(0, 1, 1, 6, 0xDFB, 0, 0, alt, *([0.0] * 8)))


@pytest.fixture(scope="session")
def vessel() -> Vessel:
    return load_vessel(vessel_path(load_scenario(SCENARIO), SCENARIO))


@pytest.fixture(scope="session")
def surface(vessel: Vessel) -> HullSurface:
    return build_surface(vessel, vessel_path(load_scenario(SCENARIO), SCENARIO))


@pytest.fixture
def scenario() -> Scenario:
    return load_scenario(SCENARIO)


@pytest.fixture
def calm(scenario: Scenario) -> Scenario:
    """No current, waves, faults or tether, 20 m off the hull, exact heading."""
    vehicle = scenario.vehicle
    launch = vehicle.launch.model_copy(update={"offset_m": 20.0, "heading_error_deg": 0.0})
    vehicle = vehicle.model_copy(update={"launch": launch, "tether_m": 0.0, "parameters": {}})
    waves = scenario.waves.model_copy(update={"height_m": 0.0})
    return scenario.model_copy(update={"vehicle": vehicle, "waves": waves, "current_mps": (0.0, 0.0)})


@pytest.fixture
def world(calm: Scenario, vessel: Vessel, surface: HullSurface) -> World:
    return World(calm, vessel, surface)


@pytest.fixture
def ground(world: World) -> Ground:
    return Ground(world)
