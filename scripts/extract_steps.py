"""Cuts the stick steps out of a recorded flight of the firmware into a small table: tests/data/traces/*.csv.xz.

    python scripts/extract_steps.py ../shared/ardusub/traces/steps_vec.tlog.xz tests/data/traces/steps_vec.csv.xz

Speeds, yaw rate and depth are the firmware's own simulated truth (SIM_STATE, 20 Hz), times those after its boot.
"""

import argparse
import csv
import lzma
import math
import tempfile
from pathlib import Path

import numpy as np
from pymavlink import mavutil

BEFORE_S, AFTER_S = 1.0, 8.0
NEUTRAL = (0, 0, 500, 0)
COLUMNS = ["step", "mode", "x", "y", "z", "r", "at_s", "on_s", "t", "ahead_mps", "right_mps", "down_mps", "yaw_dps", "depth_m"]
MODES = {2: "ALT_HOLD", 0: "STABILIZE", 19: "MANUAL"}


class Clock:
    """The firmware's own time [s after its boot] of what is logged at a time of the log.

    What a stalled client wrote bears the time at which it read on, up to 0.4 s late here. SIM_STATE carries no time, so a
    sample takes that of the LOCAL_POSITION_NED nearest to it (both are sent in the same turn); a stick takes the time of the log
    less the median lag within 5 s.
    """

    def __init__(self, logged: list[float], booted: list[float]) -> None:
        self._logged, self._booted = np.array(logged), np.array(booted)

    def of_sample(self, t: float) -> float:
        k = int(np.searchsorted(self._logged, t))
        near = range(max(k - 1, 0), min(k + 1, len(self._logged)))
        return float(self._booted[min(near, key=lambda i: abs(self._logged[i] - t))])

    def of_stick(self, t: float) -> float:
        low, high = np.searchsorted(self._logged, (t - 5.0, t + 5.0))
        return t - float(np.median(self._logged[low:high] - self._booted[low:high]))


def read(path: Path) -> tuple[list[tuple[float, tuple[int, ...], int]], list[tuple[float, ...]]]:
    """(stick changes (t, sticks, mode), samples (t, forward, right, down [m/s], yaw [deg/s], depth [m])), t after boot [s].

    A change of flight mode is listed as a change of sticks: a step ends there.
    """
    with tempfile.NamedTemporaryFile(suffix=".tlog") as plain:
        plain.write(lzma.decompress(path.read_bytes()))
        plain.flush()
        link = mavutil.mavlink_connection(plain.name)
        sticks: list[tuple[float, tuple[int, ...], int]] = []
        samples: list[tuple[float, ...]] = []
        logged: list[float] = []
        booted: list[float] = []
        mode = 19
        while (m := link.recv_match(type=["HEARTBEAT", "MANUAL_CONTROL", "SIM_STATE", "LOCAL_POSITION_NED"])) is not None:
            kind, t = m.get_type(), m._timestamp
            if kind == "HEARTBEAT" and m.get_srcSystem() == 1:
                if m.custom_mode != mode and sticks:
                    sticks.append((t, sticks[-1][1], m.custom_mode))
                mode = m.custom_mode
            elif kind == "LOCAL_POSITION_NED":
                logged.append(t)
                booted.append(m.time_boot_ms * 1e-3)
            elif kind == "MANUAL_CONTROL" and (not sticks or sticks[-1][1] != (m.x, m.y, m.z, m.r)):
                sticks.append((t, (m.x, m.y, m.z, m.r), mode))
            elif kind == "SIM_STATE":
                c, s = math.cos(m.yaw), math.sin(m.yaw)
                ahead, right = c * m.vn + s * m.ve, c * m.ve - s * m.vn
                samples.append((t, ahead, right, m.vd, math.degrees(m.zgyro), -m.alt))
    clock = Clock(logged, booted)
    whole = [s for s in samples if logged[0] <= s[0] <= logged[-1]]
    timed = {clock.of_sample(t): values for t, *values in whole}
    changes = [(clock.of_stick(t), position, mode) for t, position, mode in sticks if t >= logged[0]]
    return changes, [(t, *v) for t, v in sorted(timed.items())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tlog", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    sticks, samples = read(args.tlog)
    with lzma.open(args.out, "wt", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            ["step", "mode", "x", "y", "z", "r", "at_s", "on_s", "t", "ahead_mps", "right_mps", "down_mps", "yaw_dps", "depth_m"]
        )
        number, first = 0, math.nan
        for (t0, held, mode), (t1, after, _), following in zip(sticks, sticks[1:], [*sticks[2:], None], strict=False):
            if held == NEUTRAL or after != NEUTRAL or t0 < samples[0][0] + 30.0 or t1 - t0 > 6.0:
                continue
            end = min(t1 + AFTER_S, following[0] if following is not None else samples[-1][0])
            number, first = number + 1, t0 if number == 0 else first
            for t, *values in samples:
                if t0 - BEFORE_S <= t < end:
                    row = [
                        number,
                        MODES[mode],
                        *held,
                        round(t0 - first, 2),
                        round(t1 - t0, 2),
                        round(t - t0, 3),
                        *(round(v, 4) for v in values),
                    ]
                    out.writerow(row)


if __name__ == "__main__":
    main()
