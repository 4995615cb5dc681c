"""`rov.rov.Rov` on the real firmware beside a hull: ``python -m tests.sitl.rov_check BINARY FOLDER``, in a network namespace.

SITL knows no hull. The default coaster is laid beside the place where it booted, and what DVL and forward sonar would see of it
is computed from SITL's own truth (SIM_STATE): DVL as Water Linked JSON, the sonar as a companion's DISTANCE_SENSOR. The water
does not push back: a touch is a negative clearance. Prints one JSON object; judges nothing.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.frames import ShipPose
from hull.shell import load_ship
from rov.channels import open_mavlink
from rov.config import RovConfig
from rov.rov import Rov
from sim.sensors.dvl import Dvl
from sim.sensors.dvl_wire import velocity_report
from sim.sensors.ranges import RangeFinder
from sim.steel import Steel
from tests.sitl.bodies import ROOT, Firmware, Truth
from wire import messages as m
from wire.bus import LocalBus
from wire.channel import ByteChannel, pipe
from wire.command import LocalCommands
from wire.rig import BLUEROV2
from wire.session import Envelope

Vec = NDArray[np.float64]
TICK_S = 0.025
OFFSET_M, TURNED = 3.0, math.radians(5.0)
# No GPS, as under a hull: SITL's would set its origin at 1 m depth, and depth targets are measured from there.
RANGE_PARAMETERS = "GPS1_TYPE 0\nRNGFND1_TYPE 10\nRNGFND1_ORIENT 0\nRNGFND1_MIN 0.2\nRNGFND1_MAX 30\n"
PREPARED = "FS_PILOT_INPUT 1\nFS_PILOT_TIMEOUT 0.7\n"  # as `hullscan doctor --apply` leaves it


def rotation(rpy: tuple[float, float, float]) -> Vec:
    """Body to NED."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(a), math.sin(a)) for a in rpy)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


class Beside:
    """The hull, laid so that the vehicle looks at its starboard side from `OFFSET_M`, and the instruments that see it."""

    def __init__(self, body: Firmware, x_m: float, first: Truth, dvl: ByteChannel) -> None:
        _vessel, self.surface = load_ship(ROOT / "missions/library/coaster50.vessel.yaml")
        self._body, self._wire = body, dvl
        outward = np.array([0.0, -1.0, 0.0])
        draught = self.surface.draught_m
        level = ShipPose(0.0, draught_m=draught).facing_heading(outward)
        self._ship = ShipPose(first.rpy[2] + TURNED - level, draught_m=draught)
        shell = self.surface.point("S", x_m, self.surface.girth_at_depth(x_m, 1.2))
        place = self._ship.to_ned(np.array([x_m, shell[1], 0.0]) + OFFSET_M * outward)
        self._shift = np.array([place[0] - first.ned[0], place[1] - first.ned[1], 0.0])
        self._dvl = Dvl(1, BLUEROV2)
        self._sonar = RangeFinder(1, "range_forward", np.array([1.0, 0.0, 0.0]), np.array(BLUEROV2.sonar_forward_mount_m))
        self._steel = Steel(self.surface)
        self._pings, self._next_ping, self._next_range = 0, 0.0, 0.0
        self.xyz: Vec = np.zeros(3)
        self.distance_m = math.inf
        self._turn: Vec = np.eye(3)

    def tick(self, now: float) -> None:
        """Places the vehicle; pings at 8 Hz, ranges at 10 Hz."""
        truth = self._body.truth
        assert truth is not None
        body_to_ned = rotation(truth.rpy)
        self.xyz = self._ship.to_ship(np.array(truth.ned) + self._shift)
        self._turn = self._ship.dir_to_ship(body_to_ned.T).T
        self.distance_m = self.surface.signed_distance(self.xyz)
        if now >= self._next_ping:
            self._next_ping = now + 0.125
            self._pings += 1
            velocity = body_to_ned.T @ np.array(truth.velocity)
            ping = self._dvl.ping(self._pings, velocity, np.array(truth.rates), self._cast)
            self._wire.send(velocity_report(ping, now, 0.125))
        if now >= self._next_range:
            self._next_range = now + 0.1
            reading = self._sonar.read(self._pings, self._cast)
            if reading is not None:
                self._body.say(
                    mavlink.MAVLink_distance_sensor_message(int(now * 1e3), 20, 3000, int(reading * 100), 2, 0, 0, 255)
                )

    def _cast(self, origin: Vec, directions: Vec, most_m: float) -> Vec:
        return self._steel.casts(self.xyz + self._turn @ origin, directions @ self._turn.T, most_m, self._ship.draught_m)


class Survey:
    """Missions' and the operator's side of the bus, in real time."""

    def __init__(self, body: Firmware, folder: Path) -> None:
        self.body, self._folder = body, folder
        self._began = time.monotonic()
        self.now = 0.0
        self.guide: dict[str, Any] = {"kind": "idle"}
        self.states: list[m.VehicleState] = []
        self.alerts: list[str] = []
        self.errors: list[float] = []
        self.closest_m = math.inf
        self._next_say = self._next_rov = 0.0
        self._seq = 0
        self._channel = open_mavlink(body.address)
        self._tlog = (folder / "rov.tlog").open("wb")
        self._bus = LocalBus()
        self.beside = self._lay()
        self._said = self._bus.subscribe("vehicle_state", "alert")

    def _lay(self) -> Beside:
        # The autopilot boots when its link is open; the hull is laid once its truth is heard.
        while self.body.truth is None:
            self.now = time.monotonic() - self._began
            if self.now > 30.0:
                raise TimeoutError("truth: SIM_STATE not heard within 30 s")
            self._channel.recv()
            self.body.poll(self.now)
            time.sleep(TICK_S)
        vessel, surface = load_ship(ROOT / "missions/library/coaster50.vessel.yaml")
        x_m = vessel.frame_to_x(36)
        mine, theirs = pipe()
        beside = Beside(self.body, x_m, self.body.truth, theirs)
        envelope = Envelope(
            side="S", launch_x_m=x_m, launch_x_std_m=0.5, launch_offset_m=OFFSET_M, standoff_m=0.8, min_standoff_m=0.4,
            max_depth_m=6.0, max_speed_mps=0.5, min_battery_fraction=0.2, outboard_m=OFFSET_M,
        )  # fmt: skip
        config = RovConfig(envelope=envelope, utc_epoch=time.time() - self.now)
        self.rov = Rov(config, surface, self._bus, LocalCommands(), self._channel, mine, self._tlog)
        return beside

    @property
    def state(self) -> m.VehicleState:
        return self.states[-1]

    def tick(self) -> None:
        began = time.monotonic()
        self.now = began - self._began
        self.body.poll(self.now)
        self.beside.tick(self.now)
        self.closest_m = min(self.closest_m, self.beside.distance_m)
        if self.now >= self._next_say:
            self._next_say = self.now + 0.1
            self._seq += 1
            base = {"kind": "hold", "side": "S", "depth_m": 1.2, "standoff_m": 0.8, "along_mps": 0.0, "x_stop_m": 0.0}
            self._bus.publish("guidance", m.Guidance(**base | {"t": self.now, "seq": self._seq} | self.guide))  # type: ignore[arg-type]
            self._bus.publish("station_beat", m.StationBeat(t=self.now, operator="ann"))
        if self.now >= self._next_rov:
            self._next_rov = self.now + 0.05 - TICK_S / 2
            self.rov.tick(self.now)
        for _topic, message in self._said.drain():
            if isinstance(message, m.VehicleState):
                self.states.append(message)
                if message.pose is not None:
                    self.errors.append(message.pose.standoff_m - self.beside.distance_m)
            elif isinstance(message, m.Alert) and message.active:
                self.alerts.append(f"{self.now:.1f} {message.severity} {message.text}")
        time.sleep(max(0.0, TICK_S - (time.monotonic() - began)))

    def until(self, what: str, wanted: Callable[[], bool], at_most_s: float) -> float:
        """Seconds it took. Raises TimeoutError naming ``what``."""
        began = self.now
        self.tick()
        while not (self.states and wanted()):
            if not self.body.alive:
                raise TimeoutError(f"{what}: the autopilot has ended")
            if self.now - began > at_most_s:
                bad = [check.name for check in self.rov.examine(self.now) if not check.ok]
                raise TimeoutError(f"{what}: not within {at_most_s} s; preflight misses {bad}; {self.states[-1:]}")
            self.tick()
        return round(self.now - began, 2)

    def close(self) -> None:
        self._channel.close()
        self._tlog.close()


def fly(survey: Survey) -> dict[str, Any]:
    """Preflight, approach, 3 m of track, leave and surface, disarm."""
    out: dict[str, Any] = {"ready_s": survey.until("ready", lambda: survey.rov.vehicle.ready, 60.0)}
    survey.until("filter", lambda: survey.now > 15.0, 20.0)
    survey.guide = {"kind": "approach"}
    out["armed_s"] = survey.until("armed", lambda: survey.state.armed, 20.0)
    out["approach_s"] = survey.until("approach", lambda: survey.state.at_target, 60.0)
    pose = survey.state.pose
    assert pose is not None
    x_believed, x_true, first = pose.x_m, float(survey.beside.xyz[0]), len(survey.states)
    survey.errors.clear()
    survey.guide = {"kind": "track", "along_mps": 0.2, "x_stop_m": pose.x_m + 3.0}
    out["track_s"] = survey.until("track", lambda: survey.state.control == "track" and survey.state.at_target, 60.0)
    tracked = [row for row in survey.states[first:] if row.pose is not None]
    out["track"] = {
        "standoff_m": _span([row.pose.standoff_m for row in tracked if row.pose]),
        "standoff_error_m": _span(survey.errors),
        "depth_m": _span([row.depth_m for row in tracked]),
        "yaw_off_deg": _span([math.degrees(row.pose.yaw_off_rad) for row in tracked if row.pose]),
        "x_error_m": round((survey.state.pose.x_m - x_believed) - (float(survey.beside.xyz[0]) - x_true), 3),  # type: ignore[union-attr]
        "poseless_ticks": len(survey.states) - first - len(tracked),
        "ladder": sorted({row.ladder for row in survey.states[first:]}),
    }
    survey.guide = {"kind": "surface", "standoff_m": OFFSET_M}
    out["surface_s"] = survey.until("surface", lambda: survey.state.control == "surface" and survey.state.depth_m < 0.35, 90.0)
    out["left_at_m"] = round(survey.beside.distance_m, 2)
    survey.guide = {"kind": "idle"}
    out["disarm_s"] = survey.until("disarmed", lambda: not survey.state.armed, 10.0)
    return out


def _span(values: list[float]) -> list[float]:
    return [round(min(values), 3), round(max(values), 3)]


def main(binary: str, folder: str) -> int:
    body = Firmware(binary, Path(folder), RANGE_PARAMETERS + PREPARED)
    survey = None
    out: dict[str, Any] = {}
    try:
        survey = Survey(body, Path(folder))
        out |= fly(survey)
    except TimeoutError as error:
        out["failed"] = str(error)
    finally:
        if survey is not None:
            survey.close()
            out |= {"closest_m": round(survey.closest_m, 3), "alerts": survey.alerts}
            out["preflight"] = {check.name: check.ok for check in survey.rov.preflight}
            out["modes"] = sorted({row.mode for row in survey.states})
            out["texts"] = [f"{t:.1f} {s} {text}" for t, s, text in survey.rov.vehicle.reported.texts]
        body.close()
    print(json.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
