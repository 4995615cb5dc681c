"""A ground station on the simulated clock in front of either autopilot: the rows' only way to act and to look."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.shell import load_ship
from hull.surface import HullSurface
from hull.vessel import Vessel
from sim.ardusub.firmware import Firmware
from sim.scenario import Scenario, load_scenario, vessel_path
from sim.world import World
from wire.channel import PipeEnd, pipe

Message = Any  # pymavlink has no types
Sticks = tuple[int, int, int, int]

SCENARIO = Path(__file__).parents[1] / "scenarios" / "coaster_default.yaml"
NEUTRAL: Sticks = (0, 0, 500, 0)
TICK_S = 0.05
DEPTH_MASK = 0xDFB


class Mismatch(Exception):
    """A row found something else than it expected."""


def expect(name: str, got: object, wanted: object) -> None:
    """Raises Mismatch unless they are equal."""
    if got != wanted:
        raise Mismatch(f"{name}: got {got}, expected {wanted}")


def expect_near(name: str, got: float, wanted: float, within: float) -> None:
    """Raises Mismatch unless ``got`` is within ``within`` of ``wanted``."""
    if not abs(got - wanted) <= within:
        raise Mismatch(f"{name}: got {got:.3g}, expected {wanted:g} ± {within:g}")


def expect_in(name: str, part: str, whole: list[str]) -> None:
    """Raises Mismatch unless one of the texts contains ``part``."""
    if not any(part in text for text in whole):
        raise Mismatch(f"{name}: got {whole[-6:]}, expected a text with {part!r}")


class Client:
    """One MAVLink client of the vehicle: sends as ``system``, keeps what it hears as (time [s], message)."""

    def __init__(self, world: World, system: int = 255) -> None:
        self._world = world
        self._end: PipeEnd
        self._end, theirs = pipe()
        world.attach_mavlink(theirs)
        self.tx = mavlink.MAVLink(None, system, 190)
        self._rx = mavlink.MAVLink(None)
        self._rx.robust_parsing = True
        self.log: list[tuple[float, Message]] = []

    def send(self, message: Message, **how: bool) -> None:
        self._end.send(message.pack(self.tx, **how))

    def send_bytes(self, data: bytes) -> None:
        self._end.send(data)

    def collect(self) -> None:
        for message in self._rx.parse_buffer(self._end.recv()) or []:
            self.log.append((self._world.t, message))

    def heard(self, kind: str, since: float = -1.0) -> list[Message]:
        return [m for t, m in self.log if m.get_type() == kind and t > since]

    def last(self, kind: str, since: float = -1.0) -> Message:
        found = self.heard(kind, since)
        if not found:
            raise Mismatch(f"{kind}: got none, expected one")
        return found[-1]

    def texts(self, since: float = -1.0) -> list[str]:
        return [m.text for m in self.heard("STATUSTEXT", since)]


class Driver(Client):
    """``run`` moves the world on in 50 ms pieces with heartbeats and ``sticks`` (None: none sent)."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.world = world
        self.sticks: Sticks | None = NEUTRAL
        self.buttons = 0
        self.heartbeats = True
        self.others: list[Client] = []

    @property
    def t(self) -> float:
        return self.world.t

    def second(self, system: int = 254) -> Client:
        other = Client(self.world, system)
        self.others.append(other)
        return other

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            if self.heartbeats and round(self.t / TICK_S) % 20 == 0:
                self.send(mavlink.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))
            if self.sticks is not None:
                x, y, z, r = self.sticks
                self.send(mavlink.MAVLink_manual_control_message(1, x, y, z, r, self.buttons))
            self.world.advance_to(self.t + TICK_S)
            for client in (self, *self.others):
                client.collect()

    def until(self, wanted: Callable[[], bool], seconds: float) -> float:
        """Seconds until it holds; raises Mismatch when it does not in time."""
        began = self.t
        while not wanted():
            if self.t - began > seconds:
                raise Mismatch(f"waited {seconds:g} s in vain")
            self.run(TICK_S)
        return self.t - began

    def command(self, number: int, *params: float, target: tuple[int, int] = (1, 1), by: Client | None = None) -> int | None:
        """The result of the ACK, None when none comes within 0.5 s."""
        client = self if by is None else by
        seven = list(params) + [0.0] * (7 - len(params))
        since = self.t
        client.send(mavlink.MAVLink_command_long_message(*target, number, 0, *seven))
        for _ in range(10):
            self.run(TICK_S)
            acks = [m for m in client.heard("COMMAND_ACK", since) if m.command == number]
            if acks:
                return int(acks[-1].result)
        return None

    def boot(self) -> None:
        """Until it may be armed."""
        self.run(max(6.0 - self.t, 0.0))

    def mode(self, number: int) -> None:
        expect("mode accepted", self.command(176, 1, number), 0)

    def arm(self) -> None:
        expect("arming accepted", self.command(400, 1), 0)

    def dive(self, depth_m: float = 2.0) -> None:
        """ALT_HOLD, armed, at ``depth_m``."""
        self.boot()
        self.mode(2)
        self.arm()
        for _ in range(8):
            self.depth_target(-depth_m)
            self.run(1.0)

    def depth_target(self, altitude_m: float, mask: int = DEPTH_MASK, frame: int = 6) -> None:
        self.send(mavlink.MAVLink_set_position_target_global_int_message(0, 1, 1, frame, mask, 0, 0, altitude_m, *([0.0] * 8)))

    def set_param(self, name: str, value: float, kind: int = 9) -> list[Message]:
        """The answers."""
        since = self.t
        self.send(mavlink.MAVLink_param_set_message(1, 1, name.encode(), value, kind))
        self.run(0.3)
        return [m for m in self.heard("PARAM_VALUE", since) if m.param_id.upper() == name.upper()]

    def read_param(self, name: str = "", index: int = -1) -> list[Message]:
        since = self.t
        self.send(mavlink.MAVLink_param_request_read_message(1, 1, name.encode(), index))
        self.run(0.3)
        # The simulator itself sets the firmware's compass error all the time, and every client hears of it.
        return [m for m in self.heard("PARAM_VALUE", since) if not m.param_id.startswith("SIM_MAG_ALY")]

    @property
    def armed(self) -> bool:
        return bool(self.last("HEARTBEAT").base_mode & 128)

    @property
    def shown_mode(self) -> int:
        return int(self.last("HEARTBEAT").custom_mode)

    @property
    def depth_m(self) -> float:
        """True depth."""
        return float(self.world.vehicle_truth().position[2])

    def yaw_deg(self) -> float:
        """By ATTITUDE."""
        return math.degrees(self.last("ATTITUDE").yaw)


@cache
def _place() -> tuple[Scenario, Vessel, HullSurface]:
    """Open water 20 m off the coaster: no current, waves, tether or faults."""
    scenario = load_scenario(SCENARIO)
    vessel, surface = load_ship(vessel_path(scenario, SCENARIO))
    launch = scenario.vehicle.launch.model_copy(update={"offset_m": 20.0, "heading_error_deg": 0.0})
    vehicle = scenario.vehicle.model_copy(update={"launch": launch, "tether_m": 0.0, "parameters": {}})
    waves = scenario.waves.model_copy(update={"height_m": 0.0})
    changes = {"vehicle": vehicle, "waves": waves, "current_mps": (0.0, 0.0), "faults": []}
    return scenario.model_copy(update=changes), vessel, surface


@contextmanager
def flight(binary: Path | None) -> Iterator[Driver]:
    """A vehicle just put into the water. ``binary``: the real firmware in lockstep on our physics; None: the stand-in.

    Raises:
        sim.ardusub.faults.FirmwareFault: it does not start.
    """
    scenario, vessel, surface = _place()
    if binary is None:
        yield Driver(World(scenario, vessel, surface))
        return
    with TemporaryDirectory(prefix="hullscan-conformance-") as folder, Firmware(binary, Path(folder)) as firmware:
        yield Driver(World(scenario, vessel, surface, pilot=firmware))
