"""Water Linked DVL A50 over TCP, JSON v3: one object a line. Pure parsing; a damaged line is counted and skipped.

Instrument axes as mounted (`wire.rig.Rig`): z is body +x (towards the hull), y body +y, x body -z. Beam k points
(sin a cos f, sin a sin f, cos a), a = 22.5 degrees, f = 45, 135, 225, 315 degrees for transducer id 0..3.
"""

import json
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wire.channel import ByteChannel

MAX_LINE = 16_384
MAX_FOM_MPS = 0.2
Vec = NDArray[np.float64]


class Fix(NamedTuple):
    """One velocity report. ``velocity``: body FRD [m/s] of the instrument over the hull, None when not valid.
    ``beams``: (id, distance along the beam [m]) of valid ones. ``valid_s``: when it was true by the instrument's own clock [s],
    None when it does not say."""

    t: float
    velocity: tuple[float, float, float] | None
    fom: float
    beams: tuple[tuple[int, float], ...]
    valid_s: float | None = None


def beam_axes(angle_rad: float) -> Vec:
    """(4, 3) unit directions of the beams in body FRD."""
    s, c = math.sin(angle_rad), math.cos(angle_rad)
    out = np.zeros((4, 3))
    for k in range(4):
        f = math.radians(45.0 + 90.0 * k)
        out[k] = (c, s * math.sin(f), -s * math.cos(f))
    return out


class DvlReader:
    """Collects lines from a channel. ``bad_lines`` counts what could not be read."""

    def __init__(self, channel: ByteChannel) -> None:
        self._channel = channel
        self._rest = b""
        self.bad_lines = 0
        self.seen_t = -1e9

    def receive(self, now: float) -> list[Fix]:
        """Velocity reports since the last call, stamped ``now``."""
        self._rest += self._channel.recv()
        *lines, self._rest = self._rest.split(b"\n")
        if len(self._rest) > MAX_LINE:
            self._rest = b""
            self.bad_lines += 1
        fixes = [fix for line in lines if line.strip() and (fix := self._parse(line, now)) is not None]
        if fixes:
            self.seen_t = now
        return fixes

    def _parse(self, line: bytes, now: float) -> Fix | None:
        try:
            report = json.loads(line)
            if report.get("type") != "velocity":
                return None
            return _fix(report, now)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            self.bad_lines += 1
            return None


def _fix(report: dict[str, object], now: float) -> Fix:
    fom = _number(report["fom"])
    velocity = None
    if report["velocity_valid"] is True and fom <= MAX_FOM_MPS:
        vx, vy, vz = (_number(report[k]) for k in ("vx", "vy", "vz"))
        if max(abs(vx), abs(vy), abs(vz)) < 5.0:
            velocity = (vz, vy, -vx)
    transducers = report["transducers"]
    if not isinstance(transducers, list):
        raise TypeError("transducers")
    beams = tuple(
        (int(row["id"]), _number(row["distance"]))
        for row in transducers
        if row["beam_valid"] is True and row["id"] in (0, 1, 2, 3) and 0.05 <= _number(row["distance"]) <= 50.0
    )
    stamp = report.get("time_of_validity")
    return Fix(now, velocity, fom, beams, None if stamp is None else _number(stamp) * 1e-6)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


class Plane(NamedTuple):
    """The hull as the beams see it: ``distance_m`` of the body origin from it, ``normal`` towards the vehicle (body FRD unit),
    ``residual_m`` rms of the beams from it."""

    distance_m: float
    normal: tuple[float, float, float]
    residual_m: float


def fit_plane(fix: Fix, axes: Vec, mount: Vec) -> Plane | None:
    """Least-squares plane through the ends of at least three beams, or None.

    Solves n.p = d with n scaled so that d = 1: p (k, 3) the beams' ends in the body frame.
    """
    if len(fix.beams) < 3:
        return None
    points = np.array([mount + axes[k] * distance for k, distance in fix.beams])
    solution, _residue, rank, _ = np.linalg.lstsq(points, np.ones(len(points)), rcond=None)
    length = float(np.linalg.norm(solution))
    if rank < 3 or length < 1e-6:
        return None
    unit = solution / length
    residual = float(np.sqrt(np.mean((points @ unit - 1.0 / length) ** 2)))
    return Plane(1.0 / length, (-float(unit[0]), -float(unit[1]), -float(unit[2])), residual)
