"""The far end of a MAVLink channel: a scripted autopilot that says what a test tells it and keeps what it hears."""

from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from wire.channel import PipeEnd, pipe

TRACES = Path(__file__).parents[1] / "data" / "traces"


class FakeAutopilot:
    """``end`` is for the link; `say` sends as ``(system, component)``; `heard` drains what came from the link."""

    def __init__(self) -> None:
        self.end, self._mine = pipe()
        self._rx: Any = mavlink.MAVLink(None)
        self._rx.robust_parsing = True

    def say(self, message: Any, system: int = 1, component: int = 1) -> None:
        self._mine.send(message.pack(mavlink.MAVLink(None, system, component)))

    def say_bytes(self, data: bytes) -> None:
        self._mine.send(data)

    def heartbeat(self, *, armed: bool = False, mode: int = 2, system: int = 1, component: int = 1, autopilot: int = 3) -> None:
        base = 81 + (128 if armed else 0)
        self.say(mavlink.MAVLink_heartbeat_message(12, autopilot, base, mode, 4, 3), system, component)

    def ack(self, command: int, result: int = 0) -> None:
        self.say(mavlink.MAVLink_command_ack_message(command, result))

    def heard(self, kind: str = "") -> list[Any]:
        messages = self._rx.parse_buffer(self._mine.recv()) or []
        return [m for m in messages if not kind or m.get_type() == kind]


def trace_packets(name: str) -> list[tuple[int, bytes]]:
    """(microseconds UTC, packet) of a piece of a recorded tlog."""
    data, out, at = (TRACES / name).read_bytes(), [], 0
    while at < len(data):
        length = 12 + data[at + 9] + (13 if data[at + 10] & 1 else 0)
        out.append((int.from_bytes(data[at : at + 8], "big"), data[at + 8 : at + 8 + length]))
        at += 8 + length
    return out


__all__ = ["TRACES", "FakeAutopilot", "PipeEnd", "trace_packets"]
