"""The seam between the world and whoever flies the vehicle: sensed state in, PWM out."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.autopilot.core import Sensed
from wire.channel import ByteChannel

Vec = NDArray[np.float64]


class Pilot(Protocol):
    """The stand-in (`sim.autopilot.autopilot.Autopilot`) or the real firmware (`sim.ardusub.firmware.Firmware`).

    `sim.world` calls `tick` every slow tick, then `advance` for the steps up to the next one.
    """

    @property
    def armed(self) -> bool: ...

    @property
    def mode(self) -> int:
        """ArduSub's custom mode number."""
        ...

    def attach(self, channel: ByteChannel) -> None:
        """Adds a MAVLink client."""
        ...

    def tick(self, t: float, sensed: Sensed) -> None:
        """Reads clients, takes in what the slow sensors say."""
        ...

    def advance(self, s: Vec, c: Vec, p: Vec, e: Vec, noise: Vec, first: int, n: int, scratch: Vec) -> None:
        """``n`` steps of 2.5 ms from step ``first`` on the world's state, control, parameter and environment arrays."""
        ...
