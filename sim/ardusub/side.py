"""The simulator's own MAVLink port on the firmware: sets what only SITL parameters can carry, hears what it is doing."""

import math
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.ardusub.parameters import anomaly
from sim.autopilot.core import Sensed
from wire.channel import ByteChannel

OWN_ID = 194  # a component of the vehicle: not a ground station, so its silence is nobody's loss
SYSTEM = 1
SET_EVERY_S, LEAK_EVERY_S = 0.1, 1.0
LEAK_BIT = 0x20000000
COMPASS_STEP_RAD, VOLTS_STEP, CHARGE_STEP = math.radians(0.3), 0.03, 0.02
SAG_V = 0.5  # SITL takes 0.5 V a thruster at 500 us off the voltage it is told


class Side:
    """``armed``, ``mode`` and ``texts`` are the firmware's own; `tell` passes on what the sensors say."""

    def __init__(self, channel: ByteChannel) -> None:
        self._channel = channel
        self._mav: Any = mavlink.MAVLink(None, srcSystem=SYSTEM, srcComponent=OWN_ID)
        self._mav.robust_parsing = True
        self.armed, self.mode = False, 19
        self.heard_t = -math.inf
        self.charge = 1.0
        self._error: float | None = None
        self._volts = 16.0
        self._next_set = self._next_leak = self._next_charge = -math.inf

    def hear(self, t: float) -> None:
        """Takes in what has arrived."""
        for message in self._mav.parse_buffer(self._channel.recv()) or ():
            if message.get_srcComponent() != 1:
                continue
            kind = message.get_type()
            if kind == "HEARTBEAT":
                self.heard_t = t
                self.armed, self.mode = bool(message.base_mode & 128), message.custom_mode
            elif kind == "SYS_STATUS" and message.battery_remaining >= 0:
                self.charge = message.battery_remaining / 100.0

    def tell(self, t: float, sensed: Sensed, compass_error_rad: float, pwm: tuple[int, ...]) -> None:
        """Sets compass error, battery voltage and charge, and leak where they changed; at most 10 times a second."""
        if t < self._next_set:
            return
        self._next_set = t + SET_EVERY_S
        if self._error is None or abs(compass_error_rad - self._error) > COMPASS_STEP_RAD:
            self._error = compass_error_rad
            for axis, value in zip("XY", anomaly(compass_error_rad), strict=True):
                self.set(f"SIM_MAG_ALY_{axis}", value)
        volts = sensed.volts + sum(abs(p - 1500) for p in pwm[:6] if p > 1000) / 500.0 * SAG_V
        if abs(volts - self._volts) > VOLTS_STEP:
            self._volts = volts
            self.set("SIM_BATT_VOLTAGE", volts)
        if abs(sensed.battery_fraction - self.charge) > CHARGE_STEP and t >= self._next_charge:
            self._next_charge = t + 2.0
            self.send(self._reset_charge(sensed.battery_fraction))
        if sensed.leak and t >= self._next_leak:
            self._next_leak = t + LEAK_EVERY_S
            self.send(mavlink.MAVLink_sys_status_message(LEAK_BIT, LEAK_BIT, 0, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0))

    def _reset_charge(self, fraction: float) -> Any:
        command = mavlink.MAV_CMD_BATTERY_RESET
        return mavlink.MAVLink_command_long_message(SYSTEM, 1, command, 0, 1, 100.0 * fraction, 0, 0, 0, 0, 0)

    def set(self, name: str, value: float) -> None:
        """A parameter; not acknowledged here, the next change sets it again."""
        self.send(mavlink.MAVLink_param_set_message(SYSTEM, 1, name.encode(), value, mavlink.MAV_PARAM_TYPE_REAL32))

    def send(self, message: Any) -> None:
        """As a component of the vehicle."""
        self._channel.send(bytes(message.pack(self._mav)))
        self._mav.seq = (self._mav.seq + 1) % 256
