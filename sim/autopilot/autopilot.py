"""The stand-in as a whole: bytes in and out on any number of channels, motor PWM through the control array.

Theory of operation: `sim.world` calls `tick` every 20 ms with what the slow sensors say, then runs the compiled inner loop
(`sim.kernel`) for eight steps on the control array that `tick` filled. Everything slow or talkative is here, in Python;
everything at 400 Hz is there.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.autopilot import layout as a
from sim.autopilot import pilot, streams
from sim.autopilot.core import DEPTH_PA_PER_M, Core, Sensed
from sim.autopilot.endpoint import Endpoint
from sim.autopilot.failsafes import Failsafes
from sim.autopilot.params import Parameters
from sim.autopilot.protocol import Protocol
from sim.kernel import advance
from wire.channel import ByteChannel

Vec = NDArray[np.float64]

PARAMS_PER_TICK = 20
REBOOT_S = 1.5


class Autopilot:
    """``c``: the control array shared with the inner loop. ``density`` [kg/m3] of the water: BARO_SPEC_GRAV is set to it.
    ``changed``: parameters that differ from ArduSub's defaults."""

    def __init__(self, c: Vec, density: float = 1025.0, changed: Mapping[str, float] | None = None) -> None:
        self._endpoints: list[Endpoint] = []
        self._boot_t = 0.0
        params = Parameters()
        params.set("FRAME_CONFIG", 2.0 if c[a.THRUSTERS] == 8 else 1.0)
        params.set("BARO_SPEC_GRAV", density * 9.80665 / DEPTH_PA_PER_M)
        for name, value in (changed or {}).items():
            params.set(name, value)
        self._start(Core(params=params, c=c, say=self._say))

    def _start(self, core: Core) -> None:
        self.core = core
        self.core.gain = self.core.params["JS_GAIN_DEFAULT"]
        self.core.load_gains()
        self._failsafes = Failsafes(self.core)
        self._protocol = Protocol(self.core, self._failsafes, self._endpoints)
        self._boot = list(streams.BOOT_TEXTS)

    def attach(self, channel: ByteChannel) -> None:
        """Adds a client; it gets the default stream unasked."""
        self._endpoints.append(Endpoint(channel, streams.DEFAULT_INTERVALS, int(self.core.params["MAV_SYSID"])))

    def detach_all(self) -> None:
        """Drops every client."""
        self._endpoints.clear()

    def reboot(self, t: float) -> None:
        """As when its power fails at ``t`` [s] and comes back: parameters stay, all else starts anew after `REBOOT_S` of silence.
        Depth is zero where it boots (FACTS 3.7), under water too."""
        old = self.core
        old.c[a.ARMED] = old.c[a.EST_Z] = old.c[a.EST_CLIMB] = 0.0
        self._boot_t = t + REBOOT_S
        for endpoint in self._endpoints:
            endpoint.restart(streams.DEFAULT_INTERVALS)
        pressure = old.sensed.pressure_pa
        self._start(Core(old.params, old.c, self._say, ground_pa=pressure, sensed=old.sensed))

    @property
    def armed(self) -> bool:
        return self.core.armed

    @property
    def mode(self) -> int:
        return self.core.mode

    def advance(self, s: Vec, c: Vec, p: Vec, e: Vec, noise: Vec, first: int, n: int, scratch: Vec) -> None:
        """The compiled loops and the vehicle, ``n`` steps."""
        advance(s, c, p, e, noise, first, n, scratch)

    def tick(self, t: float, sensed: Sensed) -> None:
        """Every 20 ms: read clients, check failsafes, command the loops, send what is due."""
        core = self.core
        core.t, core.sensed = t - self._boot_t, sensed
        if core.t < 0.0:
            for endpoint in self._endpoints:
                endpoint.receive()
            return
        self._barometer()
        for endpoint in self._endpoints:
            for message in endpoint.receive():
                self._protocol.handle(endpoint, message)
        self._failsafes.check()
        pilot.command_loops(core)
        self._talk()

    def _barometer(self) -> None:
        """A positive altitude re-zeroes the depth, armed or not (as the firmware's read_barometer does)."""
        core = self.core
        if core.altitude_m > 0.0:
            core.ground_pa = core.sensed.pressure_pa
        altitude = core.altitude_m
        core.c[a.BARO_Z] = altitude
        core.c[a.MAG_YAW] = core.sensed.mag_yaw_rad
        surface = core.params["SURFACE_DEPTH"] * 0.01
        afloat = core.c[a.AT_SURFACE] != 0.0
        core.c[a.AT_SURFACE] = 1.0 if core.armed and altitude > surface - (0.05 if afloat else 0.0) else 0.0

    def _talk(self) -> None:
        core = self.core
        while self._boot and self._boot[0][0] <= core.t:
            _, severity, text = self._boot.pop(0)
            core.say(severity, text)
        now_us = round(core.t * 1e6)
        built: dict[int, list[mavlink.MAVLink_message]] = {}
        for endpoint in self._endpoints:
            if core.mode_changed:
                endpoint.next_us[mavlink.MAVLINK_MSG_ID_HEARTBEAT] = now_us
            for message_id in endpoint.due(now_us):
                if message_id not in built:
                    built[message_id] = streams.BUILDERS[message_id][0](core)
                for message in built[message_id]:
                    endpoint.send(message)
            self._protocol.send_param_chunk(endpoint, PARAMS_PER_TICK)
        core.mode_changed = False

    def _say(self, severity: int, text: str) -> None:
        for endpoint in self._endpoints:
            endpoint.send_text(severity, text)
