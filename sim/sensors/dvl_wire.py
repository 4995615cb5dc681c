"""Water Linked's TCP protocol, JSON v3.1: one object a line, ``\\r\\n``. Reports and the answers to commands."""

import json
from typing import Any

import msgspec

from sim.sensors.dvl import Ping

FORMAT = "json_v3.1"
SIM_EPOCH_US = 1_767_225_600_000_000  # 2026-01-01 UTC, where the simulated clock starts
LATENCY_US = 10_000
COMMANDS = frozenset({"reset_dead_reckoning", "calibrate_gyro", "trigger_ping", "set_config"})
CONFIG: dict[str, Any] = {
    "speed_of_sound": 1500,
    "acoustic_enabled": True,
    "dark_mode_enabled": False,
    "mounting_rotation_offset": 0,
    "range_mode": "auto",
    "periodic_cycling_enabled": True,
}
MAX_LINE = 4096


def line(report: dict[str, Any]) -> bytes:
    """One report as bytes."""
    return msgspec.json.encode(report) + b"\r\n"


def velocity_report(ping: Ping, t: float, since_last_s: float, epoch_us: int = SIM_EPOCH_US) -> bytes:
    """``time``: milliseconds since the last report; ``time_of_validity``: microseconds of UTC at simulated time ``t``."""
    vx, vy, vz = ping.velocity
    variance = ping.fom * ping.fom
    moment = epoch_us + round(t * 1e6)
    return line(
        {
            "time": round(since_last_s * 1000.0, 3),
            "vx": vx,
            "vy": vy,
            "vz": vz,
            "fom": ping.fom,
            "covariance": [[variance if i == j else 0.0 for j in range(3)] for i in range(3)],
            "altitude": ping.altitude_m,
            "transducers": [
                {
                    "id": b.id,
                    "velocity": b.velocity_mps,
                    "distance": b.distance_m,
                    "rssi": -35.0 if b.valid else -80.0,
                    "nsd": -95.0,
                    "beam_valid": b.valid,
                }
                for b in ping.beams
            ],
            "velocity_valid": ping.valid,
            "status": 0,
            "format": FORMAT,
            "type": "velocity",
            "time_of_validity": moment,
            "time_of_transmission": moment + LATENCY_US,
        }
    )


def position_report(t: float, xyz: tuple[float, float, float], std: float, rpy_deg: tuple[float, float, float]) -> bytes:
    """Dead reckoning since the last reset: x along the heading at the reset, y to its right, z down [m]; degrees."""
    return line(
        {
            "ts": round(t, 4),
            "x": xyz[0],
            "y": xyz[1],
            "z": xyz[2],
            "std": std,
            "roll": rpy_deg[0],
            "pitch": rpy_deg[1],
            "yaw": rpy_deg[2],
            "type": "position_local",
            "status": 0,
            "format": FORMAT,
        }
    )


def response(command: str, success: bool, error: str = "", result: object = None) -> bytes:
    return line(
        {
            "response_to": command,
            "success": success,
            "error_message": error,
            "result": result,
            "format": FORMAT,
            "type": "response",
        }
    )


class CommandReader:
    """Splits a client's bytes into commands; damaged or endless lines are answered or dropped, never raised."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """(command, answer to send back) for each whole line."""
        self._buffer += data
        if len(self._buffer) > MAX_LINE and b"\n" not in self._buffer:
            self._buffer = b""
        *lines, self._buffer = self._buffer.split(b"\n")
        return [self._answer(raw) for raw in lines if raw.strip()]

    def _answer(self, raw: bytes) -> tuple[str, bytes]:
        try:
            request = json.loads(raw)
        except (ValueError, RecursionError):
            return "", response("", False, "json parse error")
        command = request.get("command") if isinstance(request, dict) else None
        if command == "get_config":
            return command, response(command, True, result=CONFIG)
        if isinstance(command, str) and command in COMMANDS:
            return command, response(command, True)
        return "", response(str(command)[:64], False, "unknown command")
