"""A rov that takes over from one that died in flight, from the recorder's log: where it was, and on which rung.

A vehicle that loses its rov gets neutral sticks from the autopilot within FS_PILOT_TIMEOUT and coasts to a stop; depth and
heading are held. What died with the process is the place along the ship and what the ladder had latched: a hold must outlive it.
"""

import math
from pathlib import Path
from typing import NamedTuple

from wire import messages as m
from wire.record import read_log

COAST_S = 1.9  # time-out of the sticks, and 0.55 m of coast from 0.36 m/s (FACTS 3)
COAST_STD_M = 0.3
DRIFT_MPS = 0.15
"""What the water may have carried the vehicle along since, standard deviation."""


class Restored(NamedTuple):
    """The last that an armed vehicle's rov said at ``t`` [s]; ``place``: its last pose and when that was, if it had one."""

    t: float
    rung: m.Ladder
    reason: str
    latched: tuple[str, ...]
    along_mps: float
    place: tuple[float, m.HullPose] | None

    def x_now(self, now: float) -> tuple[float, float] | None:
        """(x, standard deviation) [m] at ``now``: carried on by the coast, doubted for the drift."""
        if self.place is None:
            return None
        t, pose = self.place
        gap = max(now - t, 0.0)
        return pose.x_m + self.along_mps * min(gap, COAST_S), math.hypot(pose.x_std_m, COAST_STD_M, DRIFT_MPS * gap)


def where_to_go_on(log: Path) -> Restored | None:
    """None without a log, or when the vehicle was not armed at its end.

    Raises:
        ValueError: ``log`` is not a hullscan log.
    """
    last = place = None
    for record in read_log(log) if log.exists() else ():
        if record.topic != "vehicle_state":
            continue
        message = m.decode(record.payload)
        if isinstance(message, m.VehicleState):
            last = message
            place = place if message.pose is None else (message.t, message.pose)
    if last is None or not last.armed:
        return None
    return Restored(last.t, last.ladder, last.reason, last.latched, last.along_mps, place)
