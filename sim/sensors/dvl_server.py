"""The DVL as its clients see it: any number of byte channels, velocity at 8 Hz or less by range, dead reckoning at 5 Hz."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.autopilot.estimator import euler, wrap
from sim.dynamics import rotate
from sim.randoms import NoiseStream
from sim.sensors.dvl import BODY_FROM_DVL, Dvl, rate_hz
from sim.sensors.dvl_wire import CommandReader, position_report, velocity_report
from sim.sensors.ranges import RayCast
from wire.channel import ByteChannel
from wire.rig import Rig

Vec = NDArray[np.float64]

Motion = Callable[[], tuple[Vec, Vec]]  # velocity over the hull and angular rate, body

POSITION_HZ = 5.0
YAW_DRIFT_RADPS = math.radians(0.3) / 60.0


class DvlServer:
    """``tick`` at the slow rate. Truth goes in, only the instrument's bytes come out."""

    def __init__(self, seed: int, rig: Rig) -> None:
        self._dvl = Dvl(seed, rig)
        self._drift = YAW_DRIFT_RADPS * float(NoiseStream(seed, "dvl").normal((1 << 41), 1)[0])
        self._clients: list[tuple[ByteChannel, CommandReader]] = []
        self._count = 0
        self._next_ping = 0.0
        self._next_position = 0.0
        self._last_ping = 0.0
        self._altitude_m = -1.0
        self._xyz: Vec = np.zeros(3)
        self._std = 0.0
        self._yaw0: float | None = None
        self._reset_t = 0.0

    def attach(self, channel: ByteChannel) -> None:
        self._clients.append((channel, CommandReader()))

    def detach(self, channel: ByteChannel) -> None:
        self._clients = [c for c in self._clients if c[0] is not channel]

    def tick(self, t: float, q: Vec, motion: Motion, cast: RayCast, lost: bool) -> None:
        """Serves commands and sends what is due at ``t``. ``motion()`` gives velocity and rate when a ping needs them."""
        self._serve(t, q)
        if not self._clients:
            return
        if t >= self._next_ping - 1e-9:
            self._next_ping = max(self._next_ping + 1.0 / rate_hz(self._altitude_m), t)
            self._ping(t, q, motion, cast, lost)
        if t >= self._next_position - 1e-9:
            self._next_position = max(self._next_position + 1.0 / POSITION_HZ, t)
            x, y, z = (float(v) for v in self._xyz)
            roll, pitch, yaw = euler(q)
            yaw = wrap(yaw - (self._yaw0 or 0.0) + self._drift * (t - self._reset_t))
            angles = (math.degrees(roll), math.degrees(pitch), math.degrees(yaw))
            self._send(position_report(t, (x, y, z), self._std, angles))

    def _serve(self, t: float, q: Vec) -> None:
        if self._yaw0 is None:
            self._reset(t, q)
        for channel, reader in self._clients:
            data = channel.recv()
            if not data:
                continue
            for command, answer in reader.feed(data):
                if command == "reset_dead_reckoning":
                    self._reset(t, q)
                channel.send(answer)

    def _reset(self, t: float, q: Vec) -> None:
        self._xyz, self._std, self._yaw0, self._reset_t = np.zeros(3), 0.0, euler(q)[2], t

    def _ping(self, t: float, q: Vec, motion: Motion, cast: RayCast, lost: bool) -> None:
        velocity, rate = motion()
        ping = self._dvl.ping(self._count, velocity, rate, cast, lost)
        self._count += 1
        self._altitude_m = ping.altitude_m
        dt, self._last_ping = t - self._last_ping, t
        if ping.valid:
            heading = -(self._yaw0 or 0.0) + self._drift * (t - self._reset_t)
            n, e, d = _rotate_ned(q, BODY_FROM_DVL @ np.array(ping.velocity))
            c, s = math.cos(heading), math.sin(heading)
            self._xyz += dt * np.array([c * n - s * e, s * n + c * e, d])
        self._std = math.hypot(self._std, (ping.fom if ping.valid else 0.5) * dt)
        self._send(velocity_report(ping, t, dt))

    def _send(self, data: bytes) -> None:
        for channel, _ in self._clients:
            channel.send(data)


def _rotate_ned(q: Vec, v: Vec) -> tuple[float, float, float]:
    n, e, d = rotate(q, v[0], v[1], v[2])
    return float(n), float(e), float(d)
