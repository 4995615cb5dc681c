"""The parameter table: names, values, MAVLink types, with ArduSub's manners (FACTS 9)."""

import math
from pathlib import Path
from typing import NamedTuple

from sim.autopilot import layout as a

PARAM_FILE = Path(__file__).with_name("params.parm")
INTEGER_RANGE: dict[int, tuple[int, int]] = {2: (-128, 127), 4: (-32768, 32767), 6: (-(2**31), 2**31 - 1)}


class Param(NamedTuple):
    name: str
    value: float
    type: int
    place: int


class Parameters:
    """Indexed by place in the file. Names are case-insensitive."""

    def __init__(self, path: Path = PARAM_FILE) -> None:
        self._values: dict[str, float] = {}
        self._types: dict[str, int] = {}
        for line in path.read_text(encoding="ascii").splitlines():
            if line and not line.startswith("#"):
                name, value, kind = line.split(",")
                self._values[name] = float(value)
                self._types[name] = int(kind)
        self._names = list(self._values)
        self._index = {name: i for i, name in enumerate(self._names)}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def by_name(self, name: str) -> Param | None:
        """None for an unknown name: the firmware does not answer then."""
        known = name.upper()
        if known not in self._values:
            return None
        return Param(name, self._values[known], self._types[known], self._index[known])

    def by_index(self, index: int) -> Param | None:
        if not 0 <= index < len(self._names):
            return None
        return self.by_name(self._names[index])

    def set(self, name: str, value: float) -> Param | None:
        """Casts to the table's own type (1.6 → 1, 300 → 127 for int8). None, and no change, for unknown names, NaN and Inf."""
        known = name.upper()
        if known not in self._values or not math.isfinite(value):
            return None
        limits = INTEGER_RANGE.get(self._types[known])
        if limits is not None:
            value = float(min(max(int(value), limits[0]), limits[1]))
        self._values[known] = value
        return self.by_name(name)


GAINS: dict[str, tuple[int, float]] = {
    "PSC_POSZ_P": (a.POSZ_P, 1.0),
    "PSC_VELZ_P": (a.VELZ_P, 1.0),
    "PSC_ACCZ_P": (a.ACCZ_P, 1.0),
    "PSC_ACCZ_I": (a.ACCZ_I, 1.0),
    "PSC_ACCZ_FF": (a.ACCZ_FF, 1.0),
    "PSC_JERK_Z": (a.JERK_Z, 1.0),
    "PILOT_ACCEL_Z": (a.ACCEL_Z, 0.01),
    "PILOT_SPEED_UP": (a.SPEED_UP, 0.01),
    "ATC_ANG_RLL_P": (a.ANG_RLL_P, 1.0),
    "ATC_ANG_PIT_P": (a.ANG_PIT_P, 1.0),
    "ATC_ANG_YAW_P": (a.ANG_YAW_P, 1.0),
    "ATC_RAT_RLL_P": (a.RATE_RLL_P, 1.0),
    "ATC_RAT_RLL_I": (a.RATE_RLL_I, 1.0),
    "ATC_RAT_PIT_P": (a.RATE_PIT_P, 1.0),
    "ATC_RAT_PIT_I": (a.RATE_PIT_I, 1.0),
    "ATC_RAT_YAW_P": (a.RATE_YAW_P, 1.0),
    "ATC_RAT_YAW_I": (a.RATE_YAW_I, 1.0),
    "ATC_RAT_YAW_IMAX": (a.RATE_YAW_IMAX, 1.0),
    "ATC_RATE_Y_MAX": (a.RATE_YAW_MAX, math.pi / 180.0),
    "ATC_ACCEL_Y_MAX": (a.ACCEL_YAW_MAX, math.pi / 18000.0),
    "ATC_SLEW_YAW": (a.SLEW_YAW, math.pi / 18000.0),
    "MOT_FV_CPLNG_K": (a.COUPLING, 1.0),
    "SURFACE_DEPTH": (a.SURFACE_Z, 0.01),
    "SURFACE_MAX_THR": (a.SURFACE_MAX, 1.0),
}
"""Parameters that the inner loops read: place in the control array and scale."""
