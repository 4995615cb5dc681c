"""A kinematic vehicle with a perfect camera on a bus: obeys guidance as rov does, without physics."""

import functools
from pathlib import Path
from typing import Any

from hull.surface import HullSurface
from hull.vessel import Vessel
from missions.executor import Missions
from missions.mission import Mission, load_mission_with_ship
from missions.planner import Plan, plan
from missions.restart import NOTHING, Restored
from wire import messages as m
from wire.bus import LocalBus
from wire.command import LocalCommands
from wire.rig import BLUEROV2

LIBRARY = Path(__file__).parents[2] / "missions" / "library"
TICK_S = 0.1


class FakeVehicle:
    """``blind``, ``held``, ``reason_at`` are called with (now, vehicle): no pose; the ladder's rung; why a frame is unusable."""

    def __init__(self, mission: Mission, surface: HullSurface, launch_x_m: float, bus: LocalBus) -> None:
        self.bus, self.surface, self.side = bus, surface, mission.launch.side
        self.x, self.depth, self.standoff = launch_x_m, 0.3, mission.launch.offset_m
        self.armed = False
        self.battery = 0.95
        self.x_std_m = 0.1
        self.guidance: m.Guidance | None = None
        self.blind = lambda now, vehicle: False
        self.ladder = lambda now, vehicle: "ok"
        self.reason_at = lambda now, vehicle: ""
        self.kinds: list[str] = []
        self._inbox = bus.subscribe("guidance")
        self._frames = 0

    def tick(self, now: float) -> None:
        for _topic, message in self._inbox.drain():
            self.guidance = message
            if not self.kinds or self.kinds[-1] != message.kind:
                self.kinds.append(message.kind)
        rung = self.ladder(now, self)
        blind = self.blind(now, self)
        reached = self._obey(rung, blind)
        self.bus.publish("vehicle_state", self.state(now, rung, blind, reached))
        if round(now / TICK_S) % 2 == 0:
            self.bus.publish("frame_report", self._report(now, blind))

    def _obey(self, rung: str, blind: bool) -> bool:
        g = self.guidance
        if rung in ("leave", "ascend", "surfaced"):
            self.standoff = min(3.0, self.standoff + 0.03)
            self.depth = max(0.1, self.depth - 0.02)
            self.armed = self.armed and rung != "surfaced"
            return False
        if g is None or rung != "ok":
            return False
        self.armed = g.kind != "idle"
        if g.kind in ("idle", "hold"):
            return g.kind == "hold"
        if g.kind == "surface":
            self.depth = _towards(self.depth, 0.1, 0.02)
            return self.depth < 0.35
        if blind:
            return False
        self.depth = _towards(self.depth, g.depth_m, 0.02)
        self.standoff = _towards(self.standoff, g.standoff_m, 0.03)
        near = abs(self.depth - g.depth_m) < 0.15 and abs(self.standoff - g.standoff_m) < 0.15
        if g.kind == "track":
            self.x = _towards(self.x, g.x_stop_m, abs(g.along_mps) * TICK_S)
            return near and abs(self.x - g.x_stop_m) < 0.1
        return self.standoff >= g.standoff_m - 0.2 if g.kind == "leave" else near

    def state(self, now: float, rung: Any, blind: bool, reached: bool) -> m.VehicleState:
        s = self.surface.girth_at_depth(self.x, self.depth)
        pose = m.HullPose(
            side=self.side, x_m=self.x, s_m=s, depth_m=self.depth, standoff_m=self.standoff, yaw_off_rad=0.0,
            x_std_m=self.x_std_m, standoff_std_m=0.02, yaw_std_rad=0.02,
        )  # fmt: skip
        return m.VehicleState(
            t=now, armed=self.armed, mode="ALT_HOLD", control=self.guidance.kind if self.guidance else "idle", ladder=rung,
            reason="" if rung == "ok" else "operator_hold", depth_m=self.depth, roll_rad=0.0, pitch_rad=0.0, heading_rad=0.0,
            pose=None if blind else pose, along_mps=0.0, closing_mps=0.0, climb_mps=0.0, dvl_age_s=0.1, range_age_s=0.1,
            link_age_s=0.1, battery_v=15.5, battery_fraction=self.battery, leak=False,
            guidance_seq=self.guidance.seq if self.guidance else 0, at_target=reached, sticks=(0, 0, 500, 0),
        )  # fmt: skip

    def _report(self, now: float, blind: bool) -> m.FrameReport:
        self._frames += 1
        reason = "no pose" if blind else "too far" if self.standoff > 1.2 else self.reason_at(now, self)
        s = self.surface.girth_at_depth(self.x, self.depth)
        width, height = 0.84 * 0.92 / 2.0, 0.63 * 0.92 / 2.0
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        footprint = tuple((self.x + a * width, s + b * height) for a, b in corners)
        return report(now, footprint if not reason else (), reason=reason, side=self.side, seq=self._frames, x_std_m=self.x_std_m)


def report(
    t: float, footprint: tuple[tuple[float, float], ...], *, reason: str = "", side: Any = "S", seq: int = 1,
    relief: bool = True, incidence_rad: float = 0.05, x_std_m: float = 0.0,
) -> m.FrameReport:  # fmt: skip
    return m.FrameReport(
        t=t, frame_seq=seq, side=side, footprint=footprint, range_m=0.6, incidence_rad=incidence_rad, usable=not reason,
        reason=reason, optical_depth=0.4, sharpness=1.0, px_per_cm=7.0, relief_ok=relief and not reason,
        x_std_m=x_std_m, detections=(),
    )  # fmt: skip


def _towards(value: float, target: float, step: float) -> float:
    return value + max(-step, min(step, target - value))


@functools.cache
def opened(name: str) -> tuple[Mission, Vessel, HullSurface, Plan]:
    mission, vessel, surface, _file = load_mission_with_ship(LIBRARY / f"{name}.yaml")
    return mission, vessel, surface, plan(mission, vessel, surface, BLUEROV2)


class Flight:
    """A mission of the library with its fake vehicle; all messages that missions publishes are kept."""

    def __init__(
        self, name: str = "coaster_short", *, autostart: bool = True, restored: Restored = NOTHING, **changes: Any
    ) -> None:
        loaded, self.vessel, self.surface, planned = opened(name)
        self.mission = loaded.model_copy(update=changes)
        self.plan = plan(self.mission, self.vessel, self.surface, BLUEROV2) if changes else planned
        self.bus, self.commands = LocalBus(), LocalCommands()
        self._heard = self.bus.subscribe("guidance", "mission_status", "coverage", "alert")
        self.messages: list[m.AnyMessage] = []
        self.vehicle = FakeVehicle(self.mission, self.surface, self.plan.launch_x_m, self.bus)
        self.missions = self._missions(autostart, restored)
        self.ticks = 0

    def _missions(self, autostart: bool, restored: Restored) -> Missions:
        parts = self.mission, self.plan, self.surface, self.vessel, self.bus, self.commands
        return Missions(*parts, autostart=autostart, restored=restored)

    def restart(self, restored: Restored) -> None:
        """The mission's process died and a new one takes over; the vehicle is where it was."""
        self.missions = self._missions(True, restored)

    @property
    def now(self) -> float:
        return self.ticks * TICK_S

    def tick(self) -> None:
        self.ticks += 1
        self.vehicle.tick(self.now)
        self.missions.tick(self.now)
        self.messages += [message for _topic, message in self._heard.drain()]

    def run(self, seconds: float) -> None:
        """To the end and 2 s beyond, or for ``seconds``."""
        until = self.now + seconds
        while self.now < until and not self.missions.done:
            self.tick()
        for _ in range(20 if self.missions.done else 0):
            self.tick()

    def of(self, kind: type[m.AnyMessage]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    def fraction(self) -> float:
        return self.missions.accounting.inspected() / len(self.plan.cells)

    def phases(self) -> list[str]:
        out: list[str] = []
        for status in self.of(m.MissionStatus):
            if not out or out[-1] != status.phase:
                out.append(status.phase)
        return out
