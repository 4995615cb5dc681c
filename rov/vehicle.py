"""The ArduSub vehicle: start-up, modes, arming, sticks and depth target, and what it last said about itself.

ALT_HOLD with MANUAL_CONTROL at 20 Hz is the baseline: it needs no position estimate. Neutral is always sent, never silence:
after 3 s without sticks the pilot failsafe disarms.
"""

import dataclasses
import math

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov import codec
from rov.link import Link, RateWanted

NEUTRAL = (0, 0, 500, 0)
LEVEL = codec.Attitude(0.0, 0.0, 0.0, 0.0)
HEARTBEAT_S = 1.0
DEPTH_TARGET_S = 0.1
PARAM_RETRY_S = 0.25
PARAM_TRIES = 12
RATES = (
    RateWanted(mavlink.MAVLINK_MSG_ID_ATTITUDE, "ATTITUDE", 20.0),
    RateWanted(mavlink.MAVLINK_MSG_ID_GLOBAL_POSITION_INT, "GLOBAL_POSITION_INT", 20.0),
    RateWanted(mavlink.MAVLINK_MSG_ID_SCALED_PRESSURE2, "SCALED_PRESSURE2", 10.0),
    RateWanted(mavlink.MAVLINK_MSG_ID_DISTANCE_SENSOR, "DISTANCE_SENSOR", 10.0),
    RateWanted(mavlink.MAVLINK_MSG_ID_SYS_STATUS, "SYS_STATUS", 2.0),
    RateWanted(mavlink.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW, "SERVO_OUTPUT_RAW", 5.0),
    RateWanted(mavlink.MAVLINK_MSG_ID_RC_CHANNELS, "RC_CHANNELS", 5.0),
)


@dataclasses.dataclass
class Reported:
    """What the autopilot last said, with the time [s] of each. Depth and climb: metres, positive down and up."""

    heartbeat_t: float = -math.inf
    armed: bool = False
    mode: str = ""
    status: int = 0
    attitude_t: float = -math.inf
    attitude: codec.Attitude = LEVEL
    depth_t: float = -math.inf
    depth_m: float = 0.0
    climb_mps: float = 0.0
    pressure_t: float = -math.inf
    pressure_pa: float = 0.0
    forward_t: float = -math.inf
    forward_m: float = 0.0
    up_t: float = -math.inf
    up_m: float = 0.0
    battery_t: float = -math.inf
    volts: float = 0.0
    battery_fraction: float = -1.0
    leak: bool = False
    pilot_gain: float = 0.5
    texts: tuple[tuple[float, int, str], ...] = ()


class ArduSub:
    """Owner of the link. Call `receive` first in a tick, `transmit` last.

    ``parameters``: names to read at the start; ``values`` holds what came, ``unknown`` what the firmware never answered.
    """

    def __init__(self, link: Link, parameters: tuple[str, ...]) -> None:
        self.link = link
        self.reported = Reported()
        self.values: dict[str, float] = {}
        self.unknown: set[str] = set()
        self._wanted = list(parameters)
        self._asked: dict[str, tuple[float, int]] = {}
        self._next_heartbeat = -math.inf
        self._next_depth = -math.inf
        self._connected = False

    @property
    def ready(self) -> bool:
        """True once an autopilot is there and every wanted parameter came or was given up."""
        return self._connected and not self._wanted

    def receive(self, now: float) -> None:
        """Takes in all telemetry that has arrived."""
        for value in self.link.receive(now):
            self._take(value, now)
        if self.link.target and not self._connected:
            self._connected = True
            self.link.want_rates(RATES, now)
        if self._connected:
            self._read_parameters(now)

    def _take(self, value: codec.Telemetry, now: float) -> None:
        r = self.reported
        if isinstance(value, codec.Heartbeat):
            r.heartbeat_t, r.armed, r.mode, r.status = now, value.armed, value.mode, value.status
        elif isinstance(value, codec.Attitude):
            r.attitude_t, r.attitude = now, value
        elif isinstance(value, codec.Depth):
            r.depth_t, r.depth_m, r.climb_mps = now, value.depth_m, value.climb_mps
        elif isinstance(value, codec.Pressure):
            r.pressure_t, r.pressure_pa = now, value.pascal
        elif isinstance(value, codec.Distance):
            if value.valid and value.orientation == codec.FORWARD:
                r.forward_t, r.forward_m = now, value.distance_m
            elif value.valid and value.orientation == codec.UPWARD:
                r.up_t, r.up_m = now, value.distance_m
        elif isinstance(value, codec.Power):
            r.battery_t, r.volts, r.battery_fraction = now, value.volts, value.fraction
        elif isinstance(value, codec.Leak):
            r.leak = r.leak or value.wet
        elif isinstance(value, codec.Named):
            if value.name == "PilotGain" and 0.05 <= value.value <= 1.0:
                r.pilot_gain = value.value
        elif isinstance(value, codec.Text):
            r.texts = (*r.texts[-31:], (now, value.severity, value.text))
        elif isinstance(value, codec.Param):
            self._take_parameter(value)

    def _take_parameter(self, value: codec.Param) -> None:
        self.values[value.name] = value.value
        if value.name in self._wanted:
            self._wanted.remove(value.name)

    def _read_parameters(self, now: float) -> None:
        for name in list(self._wanted):
            asked, tries = self._asked.get(name, (-math.inf, 0))
            if now - asked < PARAM_RETRY_S:
                continue
            if tries >= PARAM_TRIES:
                self._wanted.remove(name)
                self.unknown.add(name)
                continue
            self._asked[name] = (now, tries + 1)
            self.link.send(codec.param_read(self.link.target, name))

    def keep_alive(self, now: float) -> None:
        """Heartbeat and waiting commands, no sticks: sticks that begin and then stop set off the pilot failsafe."""
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + HEARTBEAT_S
            self.link.send(codec.heartbeat())
        self.link.tick(now)

    def transmit(self, now: float, sticks: tuple[int, int, int, int], altitude_m: float | None) -> None:
        """Heartbeat, sticks and depth target. ``altitude_m`` None leaves the autopilot's own depth hold alone."""
        self.keep_alive(now)
        self.link.send(codec.manual_control(self.link.target, sticks))
        if altitude_m is not None and now >= self._next_depth:
            self._next_depth = now + DEPTH_TARGET_S - 1e-6
            self.link.send(codec.depth_target(self.link.target, altitude_m))

    def set_mode(self, name: str) -> None:
        """Asks for a mode by name, such as ALT_HOLD."""
        flag = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
        self.link.command(mavlink.MAV_CMD_DO_SET_MODE, float(flag), float(codec.MODE_NUMBERS[name]))

    def arm(self) -> None:
        self.link.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1.0, 0.0)

    def disarm(self) -> None:
        self.link.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 0.0, 0.0)

    def result_of_arming(self) -> int | None:
        """MAV_RESULT of the last arm or disarm, None while unanswered."""
        return self.link.results.get(mavlink.MAV_CMD_COMPONENT_ARM_DISARM)
