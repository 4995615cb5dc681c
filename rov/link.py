"""The MAVLink link: bytes to telemetry of one autopilot and back, with acknowledged commands, checked rates and a tlog."""

import struct
from collections import deque
from typing import Any, BinaryIO, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov import codec
from wire.channel import ByteChannel

RESEND_S = 0.5
TRIES = 8
RATE_WINDOW_S = 4.0
URGENT = (mavlink.MAV_CMD_COMPONENT_ARM_DISARM, mavlink.MAV_CMD_DO_SET_MODE)


class RateWanted(NamedTuple):
    """A stream to ask for: message id and rate."""

    message_id: int
    name: str
    hz: float


class Pending(NamedTuple):
    """A command that waits for its answer: at most one is under way, so that an answer names it."""

    command: int
    params: tuple[float, ...]


class Link:
    """Speaks as system 255 (only it may steer ArduSub), component 191.

    Locks on to the first system whose component 1 says it is an autopilot; everything from elsewhere is ignored and counted.

    Args:
        utc_epoch: POSIX seconds at ``now`` = 0, for the tlog.
        tlog: gets every packet both ways as mavlogdump reads it: big-endian microseconds, packet.
    """

    def __init__(self, channel: ByteChannel, utc_epoch: float, tlog: BinaryIO | None = None) -> None:
        self._channel = channel
        self._mav: Any = mavlink.MAVLink(None, srcSystem=255, srcComponent=191)
        self._mav.robust_parsing = True
        self._utc_epoch = utc_epoch
        self._tlog = tlog
        self._now = 0.0
        self.target = 0
        self.bad_packets = 0
        self.foreign = 0
        self.not_finite = 0
        self.others_sticks_t = -1e9
        self._queue: deque[Pending] = deque()
        self._under_way: tuple[Pending, float, int] | None = None
        self.results: dict[int, int] = {}
        self._rates: tuple[RateWanted, ...] = ()
        self._counts: dict[str, int] = {}
        self._rates_from = 0.0

    # -- receiving -------------------------------------------------------------------------------------------------

    def receive(self, now: float) -> list[codec.Telemetry]:
        """Everything the autopilot said since the last call."""
        self._now = now
        data = self._channel.recv()
        out: list[codec.Telemetry] = []
        if data:
            for message in self._mav.parse_buffer(data) or ():
                out += self._accept(message)
        return out

    def _accept(self, message: Any) -> list[codec.Telemetry]:
        if message.get_type() == "BAD_DATA":
            self.bad_packets += 1
            return []
        self._log(bytes(message.get_msgbuf()))
        system, component = message.get_srcSystem(), message.get_srcComponent()
        if self.target == 0 and _is_autopilot(message, component):
            self.target = system
        if system != self.target or component != codec.AUTOPILOT_COMPONENT:
            self.foreign += 1
            if message.get_type() == "MANUAL_CONTROL":
                self.others_sticks_t = self._now
            return []
        name = message.get_type()
        self._counts[name] = self._counts.get(name, 0) + 1
        if not codec.is_finite(message):
            self.not_finite += 1
            return []
        values = codec.decode(message)
        for value in values:
            if isinstance(value, codec.CommandAck):
                self._answered(value)
        return values

    def _answered(self, ack: codec.CommandAck) -> None:
        self.results[ack.command] = ack.result
        if self._under_way is not None and self._under_way[0].command == ack.command and ack.result != 5:
            self._under_way = None

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, message: Any) -> None:
        """Packs and sends at once; dropped while no autopilot is known, but for heartbeats."""
        if self.target == 0 and message.get_type() != "HEARTBEAT":
            return
        packet = bytes(message.pack(self._mav))
        self._mav.seq = (self._mav.seq + 1) % 256
        self._log(packet)
        self._channel.send(packet)

    def command(self, command: int, *params: float) -> None:
        """Queues a command; it is repeated until answered, `TRIES` times. Asking again for what already waits changes nothing.

        Arming and mode go before streams, and take the place of an earlier word of the same kind.
        """
        wanted = Pending(command, params)
        under_way = self._under_way[0] if self._under_way else None
        if wanted == under_way or wanted in self._queue:
            return
        self.results.pop(command, None)
        if command not in URGENT:
            self._queue.append(wanted)
            return
        # The newest word counts: an arming still being repeated must not outlive the disarming that was asked for after it.
        self._queue = deque(row for row in self._queue if row.command != command)
        if under_way is not None and under_way.command == command:
            self._under_way = None
        elif under_way is not None and under_way.command not in URGENT:
            self._queue.appendleft(under_way)
            self._under_way = None
        self._queue.appendleft(wanted)

    def want_rates(self, rates: tuple[RateWanted, ...], now: float) -> None:
        """Asks for streams; `tick` asks again for any that comes at less than half its rate."""
        self._rates, self._rates_from, self._counts = rates, now, {}
        for row in rates:
            self._ask(row)

    def _ask(self, row: RateWanted) -> None:
        self.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, float(row.message_id), round(1e6 / row.hz))

    def slow_streams(self, now: float) -> list[str]:
        """Names of wanted streams below half their rate in the current window, once it is long enough to tell."""
        span = now - self._rates_from
        if span < RATE_WINDOW_S:
            return []
        return [row.name for row in self._rates if self._counts.get(row.name, 0) / span < 0.5 * row.hz]

    def tick(self, now: float) -> None:
        """Repeats unanswered commands and renews streams that have slowed down."""
        self._now = now
        if now - self._rates_from >= RATE_WINDOW_S and self._rates:
            slow = self.slow_streams(now)
            for row in self._rates:
                if row.name in slow:
                    self._ask(row)
            self._rates_from, self._counts = now, {}
        if self._under_way is not None:
            pending, sent, tries = self._under_way
            if now - sent < RESEND_S:
                return
            if tries < TRIES:
                self._transmit(pending, now, tries + 1)
                return
            self._under_way = None
        if self._queue:
            self._transmit(self._queue.popleft(), now, 1)

    def _transmit(self, pending: Pending, now: float, tries: int) -> None:
        self._under_way = (pending, now, tries)
        self.send(codec.command_long(self.target, pending.command, pending.params))

    def _log(self, packet: bytes) -> None:
        if self._tlog is not None:
            self._tlog.write(struct.pack(">Q", int((self._utc_epoch + self._now) * 1e6)) + packet)


def _is_autopilot(message: Any, component: int) -> bool:
    return (
        message.get_type() == "HEARTBEAT"
        and component == codec.AUTOPILOT_COMPONENT
        and message.autopilot != mavlink.MAV_AUTOPILOT_INVALID
    )
