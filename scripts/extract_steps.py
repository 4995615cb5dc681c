"""Cuts the stick steps out of a recorded flight of the firmware into a small table: tests/data/traces/*.csv.xz.

    python scripts/extract_steps.py ../shared/ardusub/traces/steps_vec.tlog.xz tests/data/traces/steps_vec.csv.xz

Speeds and yaw rate are the firmware's own simulated truth (SIM_STATE, 20 Hz), depth its floor (50 m) less RANGEFINDER.
"""

import argparse
import csv
import lzma
import math
import tempfile
from pathlib import Path

from pymavlink import mavutil

FLOOR_M = 50.0
BEFORE_S, AFTER_S = 1.0, 8.0
NEUTRAL = (0, 0, 500, 0)
COLUMNS = ["step", "mode", "x", "y", "z", "r", "at_s", "on_s", "t", "ahead_mps", "right_mps", "down_mps", "yaw_dps", "depth_m"]
MODES = {2: "ALT_HOLD", 0: "STABILIZE", 19: "MANUAL"}


def read(path: Path) -> tuple[list[tuple[float, tuple[int, ...], int]], list[tuple[float, ...]]]:
    """(stick changes (t, sticks, mode), samples (t, forward, right, down [m/s], yaw [deg/s], depth [m]))."""
    with tempfile.NamedTemporaryFile(suffix=".tlog") as plain:
        plain.write(lzma.decompress(path.read_bytes()))
        plain.flush()
        link = mavutil.mavlink_connection(plain.name)
        sticks: list[tuple[float, tuple[int, ...], int]] = []
        samples: list[tuple[float, ...]] = []
        mode, depth = 19, math.nan
        while (m := link.recv_match(type=["HEARTBEAT", "MANUAL_CONTROL", "SIM_STATE", "RANGEFINDER"])) is not None:
            kind, t = m.get_type(), m._timestamp
            if kind == "HEARTBEAT" and m.get_srcSystem() == 1:
                mode = m.custom_mode
            elif kind == "RANGEFINDER":
                depth = FLOOR_M - m.distance
            elif kind == "MANUAL_CONTROL" and (not sticks or sticks[-1][1] != (m.x, m.y, m.z, m.r)):
                sticks.append((t, (m.x, m.y, m.z, m.r), mode))
            elif kind == "SIM_STATE":
                c, s = math.cos(m.yaw), math.sin(m.yaw)
                ahead, right = c * m.vn + s * m.ve, c * m.ve - s * m.vn
                samples.append((t, ahead, right, m.vd, math.degrees(m.zgyro), depth))
    return sticks, samples


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
