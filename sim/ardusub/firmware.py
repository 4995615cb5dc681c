"""The real firmware as the world's autopilot: `sim.autopilot.seam.Pilot` over the JSON physics link, in lockstep.

Order of a step: send the state, wait for the PWM that answers it, move the vehicle by 2.5 ms. While the world does anything else
the firmware waits for the next state, so bytes from clients meet it at the same simulated time in every run.
Before the world's clock starts, the firmware boots on deck: level, still, depth sensor in air, so that depth counts from the
surface.
"""

import math
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.ardusub.faults import FirmwareFault
from sim.ardusub.json_link import Servos, encode_state, parse_servos
from sim.ardusub.odometry import Odometry
from sim.ardusub.parameters import HOME, NO_ECHO_M, RATE_HZ, equivalent_depth, parameter_file
from sim.ardusub.process import MAVLINK_PORTS, Process, connect
from sim.ardusub.side import Side
from sim.autopilot import layout as a
from sim.autopilot.core import Range, Sensed
from sim.autopilot.estimator import euler, wrap
from sim.contact import contact_wrench
from sim.dynamics import S_ACCEL, S_GROUND, S_POS, S_QUAT, S_RATE, STEP_S, integrate
from sim.kernel import apply_thrusters
from wire.channel import ByteChannel

Vec = NDArray[np.float64]

ON_DECK_S, STARTED_S = 10.0, 2.0
BOOT_S, STALL_S, RESEND_S = 60.0, 10.0, 0.9
REST = (0.0, 0.0, -9.80665)
SPEEDUP = "1000"


@njit(cache=True)  # type: ignore[untyped-decorator]
def move(s: Vec, c: Vec, p: Vec, e: Vec, step: int, scratch: Vec) -> None:
    """One step of 2.5 ms with the PWM that stands in ``c``."""
    wrench = scratch[3, :6]
    apply_thrusters(s, c, p, wrench)
    contact_wrench(s, e, wrench)
    integrate(s, p, e, wrench, step * STEP_S, scratch)


class Link:
    """The physics link: one state out, one servo packet back. ``check`` raises when the firmware has ended."""

    def __init__(self, physics: socket.socket, process: Process | None) -> None:
        self._socket, self._process = physics, process
        self._block()
        self._peer: tuple[str, int] = ("", 0)
        self._last_at = time.monotonic()
        self.servos = Servos(0, 0, (0,) * 16)

    def first(self) -> None:
        """Waits for the first servo packet: only then is the firmware's address known.

        Raises:
            FirmwareFault: none came.
        """
        self.servos = self._receive(b"", None, BOOT_S)

    def exchange(self, state: bytes) -> Servos:
        """Sends a state and returns the servo packet that answers it.

        Raises:
            FirmwareFault: the firmware has ended or does not answer.
        """
        if time.monotonic() - self._last_at > RESEND_S:
            self._drop_repeats()
        self._socket.sendto(state, self._peer)
        self.servos = self._receive(state, self.servos.frame, STALL_S)
        return self.servos

    def _drop_repeats(self) -> None:
        """The firmware repeats its packet every second that the world stands still."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(128)
        except BlockingIOError:
            return
        finally:
            self._block()

    def _block(self) -> None:
        # The kernel's own time-out costs no extra call per packet, as Python's would.
        self._socket.setblocking(True)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 500_000))

    def _receive(self, state: bytes, after: int | None, patience_s: float) -> Servos:
        began = time.monotonic()
        sent = began
        while True:
            try:
                data, self._peer = self._socket.recvfrom(128)
            except BlockingIOError:  # nothing for half a second
                data = b""
            servos = parse_servos(data)
            if servos is not None and servos.frame != after:
                self._last_at = time.monotonic()
                return servos
            now = time.monotonic()
            if servos is not None and now - sent > RESEND_S:  # our state was lost
                self._socket.sendto(state, self._peer)
                sent = now
            if self._process is not None:
                self._process.check()
            if now - began > patience_s:
                words = self._process.last_words() if self._process is not None else "no process"
                raise FirmwareFault(f"firmware: alive, but no answer for {patience_s:.0f} s; {words}")


class Stream:
    """A byte channel over one of the firmware's TCP ports. Nothing blocks; what does not fit in is dropped, as on a full UART."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def send(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except OSError:
            return

    def recv(self) -> bytes:
        try:
            return self._socket.recv(1 << 18)
        except OSError:
            return b""

    def close(self) -> None:
        self._socket.close()


class Firmware:
    """ArduSub SITL on the world's physics; close it, or use it in a ``with`` statement.

    Args:
        binary: of ArduPilot's SITL build for Sub.
        folder: empty, for its EEPROM, parameter file and log.
        density: of the water [kg/m3].
        frame, changed: "vectored" or "vectored_6dof", and the scenario's parameters.
        dvl_mount_m: give the filter the DVL that is mounted there; attach `odometry`'s end to the world. None: no DVL.

    Raises:
        FirmwareFault: it does not start, with its last words.
    """

    def __init__(
        self,
        binary: Path,
        folder: Path,
        density: float = 1025.0,
        dvl_mount_m: Sequence[float] | None = None,
        frame: str = "vectored",
        changed: Mapping[str, float] | None = None,
    ) -> None:
        (folder / "hullscan.parm").write_text(parameter_file(density, dvl_mount_m, frame, changed))
        arguments = ("--model", "JSON:127.0.0.1", "--speedup", SPEEDUP, "--defaults", "hullscan.parm", "--home", HOME)
        self._process = Process(binary, folder, arguments)
        main, second, third = self._process.streams
        self._ports, self._clients = [Stream(main), Stream(second)], list[tuple[ByteChannel, Stream]]()
        self._side = Side(Stream(third))
        self.odometry = None if dvl_mount_m is None else Odometry(self._side.send)
        self._rates: Sequence[float] = (0.0, 0.0, 0.0)
        self._link = Link(self._process.physics, self._process)
        self._ranges: tuple[float, float] = (NO_ECHO_M, NO_ECHO_M)
        self._depth = 0.0
        self._heading: float | None = None
        self._closed = list(zip(self._process.streams, MAVLINK_PORTS, strict=True))[1:]
        try:
            self._link.first()
            # Straight on: a firmware that waits long for its very first states never talks on its ports.
            self._stay_on_deck(0.0, STARTED_S, 0.0)
        except FirmwareFault:
            self.close()
            raise

    # -- sim.autopilot.seam.Pilot ------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        return self._side.armed

    @property
    def mode(self) -> int:
        return self._side.mode

    def attach(self, channel: ByteChannel) -> None:
        """Raises ValueError for a third client: the firmware has two ports to spare."""
        if not self._ports:
            raise ValueError("mavlink: the firmware serves at most two clients")
        self._clients.append((channel, self._ports.pop(0)))

    def tick(self, t: float, sensed: Sensed) -> None:
        for channel, stream in self._clients:
            stream.send(channel.recv())
            said = stream.recv()
            if said:
                channel.send(said)
        for stream in self._ports:
            stream.recv()
        self._side.hear(t)
        self._ranges = (_metres(sensed.ranges[0]), _metres(sensed.ranges[1]))
        self._depth = equivalent_depth(sensed.pressure_pa)
        if self._heading is not None:
            error = float(wrap(sensed.mag_yaw_rad - self._heading))
            self._side.tell(t, sensed, error, self._link.servos.pwm)
        if self.odometry is not None:
            self.odometry.tick(t, self._rates)

    def advance(self, s: Vec, c: Vec, p: Vec, e: Vec, noise: Vec, first: int, n: int, scratch: Vec) -> None:
        if self._heading is None:
            self._boot(euler(s[S_QUAT : S_QUAT + 4])[2])
        for step in range(first, first + n):
            c[a.PWM : a.PWM + 8] = self._link.exchange(self._state(step, s)).pwm[:8]
            move(s, c, p, e, step, scratch)
        self._heading = euler(s[S_QUAT : S_QUAT + 4])[2]
        self._rates = s[S_RATE : S_RATE + 3].tolist()

    # ----------------------------------------------------------------------------------------------------------------

    def _state(self, step: int, s: Vec) -> bytes:
        v = s.tolist()
        accel = v[S_ACCEL : S_ACCEL + 3] if step else REST
        north, east = v[S_POS], v[S_POS + 1]
        return encode_state(
            ON_DECK_S + step * STEP_S,
            v[S_RATE : S_RATE + 3],
            accel,
            (north, east, self._depth),
            v[S_QUAT : S_QUAT + 4],
            v[S_GROUND : S_GROUND + 3],
            self._ranges,
        )

    def _stay_on_deck(self, since_s: float, until_s: float, heading: float) -> None:
        level = (math.cos(heading / 2), 0.0, 0.0, math.sin(heading / 2))
        still = (0.0, 0.0, 0.0)
        for step in range(round(since_s / STEP_S), round(until_s / STEP_S)):
            t = step * STEP_S
            self._link.exchange(encode_state(t, still, REST, still, level, still, (NO_ECHO_M, NO_ECHO_M)))
            if step % 8 == 0:
                self._closed = [(stream, port) for stream, port in self._closed if not connect(stream, port)]
                for stream in self._ports:
                    stream.recv()
                self._side.hear(t)

    def _boot(self, heading: float) -> None:
        self._stay_on_deck(STARTED_S, ON_DECK_S, heading)
        if self._link.servos.rate_hz not in (RATE_HZ - 1, RATE_HZ, RATE_HZ + 1):
            raise FirmwareFault(f"firmware: steps at {self._link.servos.rate_hz} Hz, expected {RATE_HZ} (SIM_RATE_HZ)")
        if self._closed or math.isinf(self._side.heard_t):
            raise FirmwareFault("firmware: no heartbeat on its own port while it booted")

    @property
    def pid(self) -> int:
        """Of the firmware's process."""
        return self._process.pid

    def close(self) -> None:
        """Ends the firmware; again is harmless."""
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _metres(reading: Range) -> float:
    return NO_ECHO_M if reading.metres is None else reading.metres
