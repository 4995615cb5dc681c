"""Scenario faults: which act now, and how much."""

import math
from dataclasses import dataclass, field

from sim.randoms import NoiseStream
from sim.scenario import Fault
from wire.channel import ByteChannel


@dataclass
class Effects:
    """What all active faults do together at one moment. Angles rad, lengths m, ship-frame current m/s."""

    dvl_lost: bool = False
    range_dropout: float = 0.0
    compass_swing_rad: float = 0.0
    gust_mps: tuple[float, float] = (0.0, 0.0)
    depth_offset_m: float = 0.0
    leak: bool = False
    battery_fraction: float | None = None
    dead_thrusters: frozenset[int] = field(default_factory=frozenset)
    camera_frozen: bool = False
    camera_black: bool = False
    mavlink_loss: float = 0.0


def effects_at(faults: list[Fault], t: float) -> Effects:
    """The active faults' effects at ``t`` [s]. Thruster numbers count from 0."""
    out = Effects()
    for fault in faults:
        if fault.active(t):
            _apply(fault, t, out)
    return out


def _apply(fault: Fault, t: float, out: Effects) -> None:
    match fault.kind:
        case "dvl_lost":
            out.dvl_lost = True
        case "range_dropout":
            out.range_dropout = max(out.range_dropout, fault.param("probability"))
        case "compass_swing":
            phase = 2.0 * math.pi * (t - fault.at_s) / fault.param("period_s")
            out.compass_swing_rad += math.radians(fault.param("amplitude_deg")) * math.sin(phase)
        case "current_gust":
            x, y = out.gust_mps
            out.gust_mps = (x + fault.param("x_mps"), y + fault.param("y_mps"))
        case "depth_jump":
            out.depth_offset_m += fault.param("offset_m")
        case "leak":
            out.leak = True
        case "low_battery":
            out.battery_fraction = fault.param("fraction")
        case "thruster_dead":
            out.dead_thrusters = out.dead_thrusters | {int(fault.param("number")) - 1}
        case "camera_frozen":
            out.camera_frozen = True
        case "camera_black":
            out.camera_black = True
        case "mavlink_loss":
            out.mavlink_loss = max(out.mavlink_loss, fault.param("probability"))


class LossyChannel:
    """Drops what passes with the probability that ``set_loss`` gave; both ways, one draw per piece."""

    def __init__(self, inner: ByteChannel, seed: int, number: int) -> None:
        self._inner = inner
        self._noise = NoiseStream(seed, "mavlink_loss")
        self._count = number << 44
        self._loss = 0.0

    def set_loss(self, probability: float) -> None:
        self._loss = probability

    def _lost(self) -> bool:
        if self._loss <= 0.0:
            return False
        self._count += 1
        return float(self._noise.uniform(self._count, 1)[0]) < self._loss

    def send(self, data: bytes) -> None:
        if not self._lost():
            self._inner.send(data)

    def recv(self) -> bytes:
        data = self._inner.recv()
        return b"" if data and self._lost() else data

    def close(self) -> None:
        self._inner.close()
