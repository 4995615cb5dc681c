"""A Blue Robotics Ping echo sounder as its clients see it: the Ping protocol, in the vendor's own message classes (brping).

The instrument's reading is the one that the autopilot gets as DISTANCE_SENSOR: one transducer, two ways to ask it. Settings are
the device's, shared by all clients, as on the real one. Pure: datagrams in, datagrams out; `sim.sockets` owns the socket.

Sources: docs.bluerobotics.com/ping-protocol; firmware 3.29's answers and limits as documented there.
"""

import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

from brping import PingMessage
from brping import definitions as p

from sim.randoms import NoiseStream

PROTOCOL = (1, 0, 0)
FIRMWARE = (3, 29, 0)
PING1D = 1
SPEED_MMPS = 1_500_000
POINTS = 200
HEADER, CHECKSUM = 8, 2
KINDS: dict[int, Any] = p.payload_dict_common | p.payload_dict_ping1d  # other devices of the family reuse its numbers
LONGEST = 1024

REPORTS = {
    p.COMMON_DEVICE_INFORMATION, p.COMMON_PROTOCOL_VERSION, p.PING1D_FIRMWARE_VERSION, p.PING1D_DEVICE_ID, p.PING1D_VOLTAGE_5,
    p.PING1D_SPEED_OF_SOUND, p.PING1D_RANGE, p.PING1D_MODE_AUTO, p.PING1D_PING_INTERVAL, p.PING1D_GAIN_SETTING,
    p.PING1D_TRANSMIT_DURATION, p.PING1D_GENERAL_INFO, p.PING1D_DISTANCE_SIMPLE, p.PING1D_DISTANCE,
    p.PING1D_PROCESSOR_TEMPERATURE, p.PING1D_PCB_TEMPERATURE, p.PING1D_PING_ENABLE, p.PING1D_PROFILE,
}  # fmt: skip
STREAMS = (p.PING1D_DISTANCE_SIMPLE, p.PING1D_DISTANCE, p.PING1D_PROFILE)
LIMITS: dict[int, tuple[str, int, int]] = {
    p.COMMON_SET_DEVICE_ID: ("device_id", 0, 254),
    p.PING1D_SET_DEVICE_ID: ("device_id", 0, 254),
    p.PING1D_SET_SPEED_OF_SOUND: ("speed_of_sound", 1_000_000, 2_000_000),
    p.PING1D_SET_MODE_AUTO: ("mode_auto", 0, 1),
    p.PING1D_SET_PING_INTERVAL: ("ping_interval", 50, 10_000),
    p.PING1D_SET_GAIN_SETTING: ("gain_setting", 0, 6),
    p.PING1D_SET_PING_ENABLE: ("ping_enabled", 0, 1),
}
"""What one field of a command may be; anything else gets a NACK."""


VARIABLE = (p.COMMON_NACK, p.COMMON_ASCII_TEXT, p.PING1D_PROFILE)


class Echo(NamedTuple):
    """``distance_m``: None without an echo. ``confidence``: 0-100 %. ``number`` of the measurement."""

    distance_m: float | None = None
    confidence: int = 0
    number: int = 0


def unpack(datagram: bytes) -> list[Any]:
    """The whole, undamaged messages of known kinds in a datagram, as `PingMessage`; whatever lies between is skipped."""
    out, at = [], 0
    while (at := datagram.find(b"BR", at)) >= 0 and at + HEADER + CHECKSUM <= len(datagram):
        length, kind = struct.unpack_from("<HH", datagram, at + 2)
        end = at + HEADER + length + CHECKSUM
        if (
            length > LONGEST
            or end > len(datagram)
            or sum(datagram[at : end - CHECKSUM]) & 0xFFFF != _u16(datagram, end - CHECKSUM)
        ):
            at += 1
            continue
        out.append(_message(kind, length, datagram[at:end]))
        at = end
    return out


def _u16(data: bytes, at: int) -> int:
    value: int = struct.unpack_from("<H", data, at)[0]
    return value


def _message(kind: int, length: int, data: bytes) -> Any:
    """A damaged or unknown kind is left to a bare object with the id alone: brping would print about it."""
    row = KINDS.get(kind)
    if row is None or length not in (0, row["payload_length"]) or (kind in VARIABLE and length > 0):
        return Stub(kind)
    return PingMessage(msg_data=data, payload_dict=KINDS)


class Stub(NamedTuple):
    """A message that no Ping takes."""

    message_id: int
    payload_length: int = -1


class Ping1D:
    """One device. `measured` takes a reading in, `heard` answers a client, `stream` is what a ping sends to a client."""

    def __init__(self, seed: int) -> None:
        self._noise = NoiseStream(seed, "ping_profile")
        self.device_id, self.interval_ms, self.gain, self.auto, self.enabled = 1, 100, 2, 1, 1
        self.speed_mmps = SPEED_MMPS
        self._range_mm = (0, 10_000)
        self._echo = Echo()
        self._shown_mm = 0
        self._due = 0.0

    # -- measuring -----------------------------------------------------------------------------------------------------

    def measured(self, t: float, echo: Echo) -> bool:
        """Takes the transducer's reading at ``t`` [s]; whether a ping of this device was due, so that streams go out."""
        if not self.enabled or t < self._due - 1e-9:
            return False
        self._due = max(self._due + self.interval_ms * 1e-3, t)
        if echo.distance_m is not None:
            shown = round(1000.0 * echo.distance_m * self.speed_mmps / SPEED_MMPS)
            start, length = self._window(shown)
            if not start <= shown <= start + length:
                echo = echo._replace(distance_m=None, confidence=0)
            else:
                self._shown_mm = shown
        self._echo = echo
        return True

    def _window(self, shown_mm: int) -> tuple[int, int]:
        """Where it listens [mm]: as set, or by itself a third farther than the echo."""
        return (0, min(max(4 * shown_mm // 3, 1000), 70_000)) if self.auto else self._range_mm

    # -- talking -------------------------------------------------------------------------------------------------------

    def heard(self, message: Any, streams: set[int]) -> list[bytes]:
        """Answers one message of a client whose streams are ``streams`` (changed by continuous_start and _stop)."""
        kind, length = message.message_id, message.payload_length
        if kind == p.COMMON_GENERAL_REQUEST and length > 0:
            wanted = message.requested_id
            return [self.report(wanted)] if wanted in REPORTS else [self._nack(wanted, "unknown message id")]
        if kind in REPORTS and length == 0:  # the older way to ask
            return [self.report(kind)]
        if kind in (p.PING1D_CONTINUOUS_START, p.PING1D_CONTINUOUS_STOP) and length > 0:
            if message.id not in STREAMS:
                return [self._nack(kind, f"id: got {message.id}, expected 1211, 1212 or 1300")]
            (streams.add if kind == p.PING1D_CONTINUOUS_START else streams.discard)(message.id)
            return [self._ack(kind)]
        if length > 0 and (kind in LIMITS or kind == p.PING1D_SET_RANGE):
            return [self._set(kind, message)]
        return [self._nack(kind, "not understood")]

    def _set(self, kind: int, message: Any) -> bytes:
        if kind == p.PING1D_SET_RANGE:
            if message.scan_length < 100 or message.scan_start + message.scan_length > 100_000:
                return self._nack(kind, "range: expected a length of at least 100 mm and an end within 100000 mm")
            self._range_mm = (message.scan_start, message.scan_length)
            return self._ack(kind)
        name, low, high = LIMITS[kind]
        value = getattr(message, name)
        if not low <= value <= high:
            return self._nack(kind, f"{name}: got {value}, expected {low} to {high}")
        field = {
            "speed_of_sound": "speed_mmps", "mode_auto": "auto", "ping_interval": "interval_ms", "gain_setting": "gain",
            "ping_enabled": "enabled",
        }.get(name, name)  # fmt: skip
        setattr(self, field, value)
        return self._ack(kind)

    def stream(self, streams: Iterable[int]) -> list[bytes]:
        """What a client with these streams gets for a ping."""
        return [self.report(kind) for kind in sorted(streams)]

    def report(self, kind: int) -> bytes:
        """One report of `REPORTS`."""
        start, length = self._window(self._shown_mm)
        fields: dict[str, Any] = {
            "device_type": PING1D, "device_revision": 1, "device_model": 1, "firmware_version_major": FIRMWARE[0],
            "firmware_version_minor": FIRMWARE[1], "firmware_version_patch": FIRMWARE[2], "version_major": PROTOCOL[0],
            "version_minor": PROTOCOL[1], "version_patch": PROTOCOL[2], "reserved": 0, "device_id": self.device_id,
            "voltage_5": 5000, "speed_of_sound": self.speed_mmps, "scan_start": start, "scan_length": length,
            "mode_auto": self.auto, "ping_interval": self.interval_ms, "gain_setting": self.gain, "transmit_duration": 100,
            "distance": self._shown_mm, "confidence": self._echo.confidence, "ping_number": self._echo.number,
            "processor_temperature": 3200, "pcb_temperature": 2800, "ping_enabled": self.enabled,
            "profile_data_length": POINTS,
        }  # fmt: skip
        if kind == p.PING1D_PROFILE:
            fields["profile_data"] = self._profile(start, length)
        return self._pack(kind, fields)

    def _profile(self, start: int, length: int) -> bytearray:
        """Return strength 0-255 along the window: noise, and the echo as a peak as high as one may trust it."""
        noise = bytearray(int(12.0 * v) for v in self._noise.uniform(self._echo.number, POINTS).tolist())
        if self._echo.distance_m is not None and length > 0:
            at = (self._shown_mm - start) * POINTS // length
            for k in range(max(at - 4, 0), min(at + 5, POINTS)):
                noise[k] = max(noise[k], round(2.4 * self._echo.confidence * (1.0 - abs(k - at) / 6.0)))
        return noise

    def _pack(self, kind: int, fields: dict[str, Any]) -> bytes:
        message = PingMessage(kind, payload_dict=KINDS)
        for name in message.payload_field_names:
            setattr(message, name, fields[name])
        message.src_device_id = self.device_id
        return bytes(message.pack_msg_data())

    def _ack(self, kind: int) -> bytes:
        return self._pack(p.COMMON_ACK, {"acked_id": kind})

    def _nack(self, kind: int, text: str) -> bytes:
        # brping 0.2.5 cannot make a nack of its own: its length is asked for before its text is there.
        payload = struct.pack("<H", kind) + text.encode("ascii")
        frame = struct.pack("<2sHHBB", b"BR", len(payload), p.COMMON_NACK, self.device_id, 0) + payload
        return frame + struct.pack("<H", sum(frame) & 0xFFFF)
