"""The DVL for the firmware's own filter: what a companion computer makes of its reports, VISION_POSITION_DELTA."""

from collections.abc import Callable, Sequence
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov.dvl import DvlReader
from wire.channel import pipe

LONGEST_S = 0.5
LEAST_CONFIDENCE, WORST_FOM_MPS = 1.0, 0.2


class Odometry:
    """A client of the world's DVL: give ``dvl_end`` to `World.attach_dvl`. ``send`` puts a message on the firmware's port."""

    def __init__(self, send: Callable[[Any], None]) -> None:
        self._send = send
        mine, self.dvl_end = pipe()
        self._reader = DvlReader(mine)
        self._last_t: float | None = None

    def tick(self, t: float, rates: Sequence[float]) -> None:
        """Passes on what arrived. ``rates``: body [rad/s]. A gap in the bottom track is left a gap."""
        for fix in self._reader.receive(t):
            if fix.velocity is None:
                self._last_t = None
                continue
            if self._last_t is not None and 0.0 < t - self._last_t <= LONGEST_S:
                self._send(_delta(t, t - self._last_t, fix.velocity, rates, fix.fom))
            self._last_t = t


def _delta(t: float, dt: float, velocity: Sequence[float], rates: Sequence[float], fom: float) -> Any:
    confidence = max(LEAST_CONFIDENCE, 100.0 * (1.0 - fom / WORST_FOM_MPS))
    return mavlink.MAVLink_vision_position_delta_message(
        int(t * 1e6), int(dt * 1e6), [r * dt for r in rates], [v * dt for v in velocity], confidence
    )
