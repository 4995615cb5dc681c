"""Rov against the simulated world on pipes: the parts that a flight test speaks to and looks at."""

import uuid
from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.shell import load_ship
from rov.config import RovConfig
from rov.rov import Rov
from sim.scenario import load_scenario
from sim.world import World
from wire import messages as m
from wire.bus import LocalBus
from wire.channel import PipeEnd, pipe
from wire.command import LocalCommands
from wire.session import Envelope

ROOT = Path(__file__).parents[2]
OUTBOARD_M = 3.0
TICK_S = 0.05


class Tap:
    """A channel that keeps what was sent since the last `taken`."""

    def __init__(self, inner: PipeEnd) -> None:
        self._inner, self._sent = inner, b""
        self._rx: Any = mavlink.MAVLink(None)

    def send(self, data: bytes) -> None:
        self._sent += data
        self._inner.send(data)

    def recv(self) -> bytes:
        return self._inner.recv()

    def close(self) -> None:
        self._inner.close()

    def taken(self) -> list[Any]:
        data, self._sent = self._sent, b""
        return self._rx.parse_buffer(data) or []


class Flight:
    """`run` moves on by whole ticks. ``guide``: what missions says (None: silent); ``station``: whether it beats.

    ``states``, ``alerts``, ``truth`` (t, depth, distance to the hull) and ``sent`` (packets of the last tick) are the record."""

    def __init__(self, side: m.Side = "S", offset_m: float = 1.6, current_mps: tuple[float, float] = (0.05, 0.0)) -> None:
        vessel, surface = load_ship(ROOT / "missions/library/coaster50.vessel.yaml")
        scenario = load_scenario(ROOT / "sim/scenarios/coaster_default.yaml")
        launch = scenario.vehicle.launch.model_copy(update={"side": side, "offset_m": offset_m})
        changed = scenario.vehicle.model_copy(update={"launch": launch})
        self.world = World(
            scenario.model_copy(update={"vehicle": changed, "faults": [], "current_mps": current_mps}), vessel, surface
        )
        mine, theirs = pipe()
        self.world.attach_mavlink(theirs)
        self.other, theirs = pipe()
        self.world.attach_mavlink(theirs)
        dvl, theirs = pipe()
        self.world.attach_dvl(theirs)
        self.tap, self.bus, self.commands = Tap(mine), LocalBus(), LocalCommands()
        envelope = Envelope(
            side=side,
            launch_x_m=vessel.frame_to_x(launch.frame),
            launch_x_std_m=0.5,
            launch_offset_m=offset_m,
            standoff_m=0.8,
            min_standoff_m=0.4,
            max_depth_m=6.0,
            max_speed_mps=0.5,
            min_battery_fraction=0.2,
            outboard_m=OUTBOARD_M,
        )
        self.rov = Rov(RovConfig(envelope=envelope), surface, self.bus, self.commands, self.tap, dvl, None)
        self._said = self.bus.subscribe("vehicle_state", "alert")
        self.side, self.station, self.guide = side, True, dict[str, Any]()
        self.states: list[m.VehicleState] = []
        self.alerts: list[m.Alert] = []
        self.truth: list[tuple[float, float, float]] = []
        self.sent: list[Any] = []
        self.ticks = 0

    @property
    def now(self) -> float:
        return self.ticks * TICK_S

    @property
    def state(self) -> m.VehicleState:
        return self.states[-1]

    def tick(self) -> None:
        self.ticks += 1
        self.world.advance_to(self.now)
        if self.ticks % 2 == 0:
            if self.guide:
                base = {"kind": "hold", "side": self.side, "depth_m": 1.2, "standoff_m": 0.8, "along_mps": 0.0, "x_stop_m": 0.0}
                self.bus.publish("guidance", m.Guidance(**base | {"t": self.now, "seq": self.ticks} | self.guide))  # type: ignore[arg-type]
            if self.station:
                self.bus.publish("station_beat", m.StationBeat(t=self.now, operator="ann"))
        self.rov.tick(self.now)
        self.sent = self.tap.taken()
        for _topic, message in self._said.drain():
            if isinstance(message, m.VehicleState):
                self.states.append(message)
            elif isinstance(message, m.Alert):
                self.alerts.append(message)
        truth = self.world.vehicle_truth()
        self.truth.append((self.now, float(truth.position[2]), truth.distance_m))

    def run(self, seconds: float) -> "Flight":
        for _ in range(round(seconds / TICK_S)):
            self.tick()
        return self

    def run_until(self, wanted: Any, at_most_s: float) -> float:
        """Ticks until ``wanted(self)``; the seconds it took."""
        began = self.now
        while not wanted(self):
            assert self.now - began < at_most_s, f"not within {at_most_s} s: {self.state}"
            self.tick()
        return self.now - began

    def say(self, verb: Any) -> None:
        self.commands.send(m.Command(t=self.now, id=uuid.uuid4().hex, source="ann", verb=verb), self.now)

    def other_gcs(self, message: Any, system: int = 254) -> None:
        self.other.send(message.pack(mavlink.MAVLink(None, system, 190)))

    def sticks_sent(self) -> list[tuple[int, int, int, int]]:
        return [(p.x, p.y, p.z, p.r) for p in self.sent if p.get_type() == "MANUAL_CONTROL"]

    def active_alerts(self) -> dict[str, str]:
        last = {a.code: a for a in self.alerts}
        return {code: a.text for code, a in last.items() if a.active}
