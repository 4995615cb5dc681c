"""ArduPilot's JSON physics protocol over UDP: servo packets in, one line of JSON out. Pure.

Servo packet, little-endian: magic 18458, physics rate [Hz], frame number, PWM [us] of outputs 1 to 16 (or magic 29569 and 32
outputs). The firmware's parser looks keys up as text and reads numbers right behind the colon: no space may stand there.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

PORT = 9002
MAGIC_16, MAGIC_32 = 18458, 29569
SHORT, LONG = struct.Struct("<HHI16H"), struct.Struct("<HHI32H")
# A hair more than true time: the firmware truncates each step to whole microseconds, and 2499.9999 would lose one.
STRETCH = 1.0 + 1e-9

STATE = (
    '\n{"timestamp":%r,"imu":{"gyro":[%.9g,%.9g,%.9g],"accel_body":[%.9g,%.9g,%.9g]},"position":[%.9g,%.9g,%.9g],'
    '"quaternion":[%.9g,%.9g,%.9g,%.9g],"velocity":[%.9g,%.9g,%.9g],"rng_1":%.4f,"rng_2":%.4f,"no_time_sync":1}\n'
)


class Servos(NamedTuple):
    """``rate_hz``: physics steps a second that the firmware expects. ``frame``: counts accepted replies. ``pwm`` [us]."""

    rate_hz: int
    frame: int
    pwm: tuple[int, ...]


def parse_servos(data: bytes) -> Servos | None:
    """None for anything that is not a servo packet."""
    if len(data) == SHORT.size:
        magic, rate, frame, *pwm = SHORT.unpack(data)
        return Servos(rate, frame, tuple(pwm)) if magic == MAGIC_16 else None
    if len(data) == LONG.size:
        magic, rate, frame, *pwm = LONG.unpack(data)
        return Servos(rate, frame, tuple(pwm)) if magic == MAGIC_32 else None
    return None


def encode_servos(servos: Servos) -> bytes:
    """The firmware's side of it, for tests."""
    kind, magic = (SHORT, MAGIC_16) if len(servos.pwm) == 16 else (LONG, MAGIC_32)
    return kind.pack(magic, servos.rate_hz, servos.frame, *servos.pwm)


def encode_state(
    t: float,
    gyro: Sequence[float],
    specific_force: Sequence[float],
    position: Sequence[float],
    quaternion: Sequence[float],
    velocity: Sequence[float],
    ranges_m: Sequence[float],
) -> bytes:
    """One reply. ``t`` [s]; body rates [rad/s]; specific force [m/s2, body]; position and velocity NED [m, m/s] from home;
    body→NED quaternion (w, x, y, z); two ranges [m]."""
    return (STATE % (t * STRETCH, *gyro, *specific_force, *position, *quaternion, *velocity, *ranges_m)).encode("ascii")
