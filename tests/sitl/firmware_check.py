"""One dive through hullscan's own link and vehicle: ``python -m tests.sitl.firmware_check BINARY|stand-in FOLDER``.

Prints what happened as one JSON object; judges nothing. For the firmware, run it in a network namespace of its own.
"""

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymavlink import mavutil

from rov.channels import open_mavlink
from rov.doctor import PARAMETERS, Sensors, examine
from rov.link import Link
from rov.vehicle import NEUTRAL, RATES, ArduSub
from tests.sitl.bodies import Firmware, StandIn

TICK_S = 0.05
RAMP_MPS = 0.25
DIVE_M = 2.0
RATES_S = 8.0


class Dive:
    """Ticks in real time. ``sticks`` and ``depth_m`` (target, None: none) are sent every tick once `steering`."""

    def __init__(self, body: Firmware | StandIn, folder: Path) -> None:
        self.body = body
        self._channel = open_mavlink(body.address)
        self._tlog = (folder / "dive.tlog").open("wb")
        self.link = Link(self._channel, time.time(), self._tlog)
        self.vehicle = ArduSub(self.link, PARAMETERS)
        self.sticks, self.depth_m, self.steering = NEUTRAL, None, False
        self._began = time.monotonic()
        self.now = 0.0
        self.counts: Counter[str] = Counter()
        self.depths: list[tuple[float, float]] = []

    def tick(self) -> None:
        self._began_tick = time.monotonic()
        self.now = self._began_tick - self._began
        self.vehicle.receive(self.now)
        self.body.poll(self.now)
        if self.steering:
            self.vehicle.transmit(self.now, self.sticks, None if self.depth_m is None else -self.depth_m)
        else:
            self.vehicle.keep_alive(self.now)
        truth = self.body.truth
        self.depths.append((self.vehicle.reported.depth_m, truth.ned[2] if truth else math.nan))
        time.sleep(max(0.0, TICK_S - (time.monotonic() - self._began_tick)))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.tick()

    def until(self, what: str, wanted: Callable[[], bool], at_most_s: float) -> float:
        """Seconds it took. Raises TimeoutError naming ``what``."""
        began = self.now
        while not wanted():
            if not self.body.alive:
                raise TimeoutError(f"{what}: the autopilot has ended")
            if self.now - began > at_most_s:
                raise TimeoutError(f"{what}: not within {at_most_s} s; {self.vehicle.reported}")
            self.tick()
        return round(self.now - began, 2)

    def ramp(self, depth_m: float) -> None:
        """Moves the target at `RAMP_MPS`."""
        if self.depth_m is None:
            self.depth_m = self.vehicle.reported.depth_m
        while abs(depth_m - self.depth_m) > 1e-6:
            step = RAMP_MPS * TICK_S
            self.depth_m += max(-step, min(step, depth_m - self.depth_m))
            self.tick()

    def close(self) -> None:
        self._channel.close()
        self._tlog.close()


def start(dive: Dive) -> dict[str, Any]:
    """Connects, waits for parameters and depth, lets the doctor look, measures the streams."""
    reported = dive.vehicle.reported
    out: dict[str, Any] = {"ready_s": dive.until("ready", lambda: dive.vehicle.ready, 60.0)}
    out["unknown"] = sorted(dive.vehicle.unknown)
    out["depth_s"] = dive.until("depth and truth", lambda: math.isfinite(reported.depth_t) and dive.body.truth is not None, 30.0)
    dive.run(10.0)  # the filter starts, the barometer is calibrated
    sensors = Sensors(math.inf, dive.now - reported.forward_t)
    checks = examine(dive.vehicle.values, reported, sensors, 0.2, dive.now)
    out["checks"] = [check._asdict() for check in checks]
    return out


def dive_and_drive(dive: Dive) -> dict[str, Any]:
    """ALT_HOLD, arm, down, hold, ahead, stop, up, disarm."""
    vehicle, reported, out = dive.vehicle, dive.vehicle.reported, dict[str, Any]()
    dive.steering = True
    vehicle.set_mode("ALT_HOLD")
    out["mode_s"] = dive.until("ALT_HOLD", lambda: reported.mode == "ALT_HOLD", 10.0)
    vehicle.arm()
    out["arm_s"] = dive.until("armed", lambda: reported.armed, 10.0)
    out["arm_result"] = vehicle.result_of_arming()
    dive.ramp(DIVE_M)
    out["settle_s"] = dive.until("2 m", lambda: abs(reported.depth_m - DIVE_M) < 0.15, 20.0)
    dive.run(4.0)
    dive.depths.clear()
    dive.run(5.0)
    out["hold_reported_m"] = _span([row[0] for row in dive.depths])
    out["hold_true_m"] = _span([row[1] for row in dive.depths])
    out["drive"] = drive(dive)
    dive.ramp(0.3)
    out["ascend_s"] = dive.until("0.3 m", lambda: reported.depth_m < 0.5, 20.0)
    vehicle.disarm()
    out["disarm_s"] = dive.until("disarmed", lambda: not reported.armed, 10.0)
    return out


def drive(dive: Dive) -> dict[str, Any]:
    """Half stick ahead for 3 s, then neutral for 6 s."""
    dive.depths.clear()
    start, reach = _truth(dive), 0.0
    dive.sticks = (500, 0, 500, 0)
    dive.run(3.0)
    top, end_of_stick = _speed(dive), _ahead(dive, start)
    dive.sticks = NEUTRAL
    dive.run(6.0)
    reach = _ahead(dive, start)
    return {
        "ahead_m": round(reach, 3),
        "coast_m": round(reach - end_of_stick, 3),
        "speed_mps": round(top, 3),
        "speed_after_mps": round(_speed(dive), 3),
        "depth_m": _span([row[0] for row in dive.depths]),
    }


def _truth(dive: Dive) -> Any:
    assert dive.body.truth is not None
    return dive.body.truth


def _speed(dive: Dive) -> float:
    vn, ve, _vd = _truth(dive).velocity
    return math.hypot(vn, ve)


def _ahead(dive: Dive, start: Any) -> float:
    n, e, _d = (b - a for a, b in zip(start.ned, _truth(dive).ned, strict=True))
    return float(n * math.cos(start.rpy[2]) + e * math.sin(start.rpy[2]))


def _span(values: list[float]) -> list[float]:
    return [round(min(values), 3), round(max(values), 3)]


def read_tlog(path: Path, seconds_before_end: float) -> dict[str, Any]:
    """Every packet, by pymavlink's own reader; rates [Hz] of the asked streams over the dive's last seconds."""
    log: Any = mavutil.mavlink_connection(str(path))
    counts: Counter[str] = Counter()
    stamps: dict[str, list[float]] = {}
    while (message := log.recv_msg()) is not None:
        counts[message.get_type()] += 1
        stamps.setdefault(message.get_type(), []).append(message._timestamp)
    log.close()
    end = max(times[-1] for times in stamps.values())
    since = end - seconds_before_end
    rates = {row.name: [row.hz, round(sum(t > since for t in stamps.get(row.name, ())) / seconds_before_end, 2)] for row in RATES}
    return {"counts": dict(sorted(counts.items())), "bytes": path.stat().st_size, "rates": rates}


def main(which: str, folder: str) -> int:
    body = StandIn(Path(folder)) if which == "stand-in" else Firmware(which, Path(folder))
    dive = Dive(body, Path(folder))
    out: dict[str, Any] = {}
    try:
        out |= start(dive)
        out |= dive_and_drive(dive)
        dive.run(3.0)
    except TimeoutError as error:
        out["failed"] = str(error)
    finally:
        dive.close()
        body.close()
    link = dive.link
    out["link"] = {"bad_packets": link.bad_packets, "foreign": link.foreign, "not_finite": link.not_finite}
    out["texts"] = [f"{t:.1f} {severity} {text}" for t, severity, text in dive.vehicle.reported.texts]
    out["tlog"] = read_tlog(Path(folder) / "dive.tlog", 20.0)
    print(json.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
