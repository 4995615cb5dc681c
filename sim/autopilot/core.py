"""What the stand-in's parts share: parameters, mode, arming, sticks, measurements and the way to say something."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.autopilot import layout as a
from sim.autopilot.params import GAINS, Parameters

Vec = NDArray[np.float64]

NEUTRAL = 1500
DEPTH_PA_PER_M = 9800.0
"""What the firmware divides pressure by (times BARO_SPEC_GRAV) to get depth."""


@dataclass
class Range:
    """One rangefinder: ``orientation`` 0 forward, 24 up. ``metres`` is None without an echo."""

    orientation: int
    metres: float | None = None


@dataclass
class Sensed:
    """What the slow sensors say now. ``pressure_pa``: absolute, at the depth sensor. ``leak``: the leak pin."""

    pressure_pa: float = 101_325.0
    temperature_c: float = 15.0
    mag_yaw_rad: float = 0.0
    volts: float = 16.0
    amps: float = 0.0
    consumed_mah: float = 0.0
    battery_fraction: float = 1.0
    leak: bool = False
    ranges: tuple[Range, ...] = (Range(0), Range(24))


@dataclass
class Flags:
    """Failsafes in force; any of them makes HEARTBEAT say CRITICAL."""

    pilot_input: bool = False
    gcs: bool = False
    leak: bool = False
    battery_low: bool = False
    battery_critical: bool = False

    def any(self) -> bool:
        return self.pilot_input or self.gcs or self.leak or self.battery_low or self.battery_critical


@dataclass
class Core:
    """``say(severity, text)`` queues a STATUSTEXT to every channel; ``c`` is the control array of `layout`."""

    params: Parameters
    c: Vec
    say: Callable[[int, str], None]
    ground_pa: float = 101_325.0
    t: float = 0.0
    mode: int = 19
    armed: bool = False
    gain: float = 0.5
    rc: list[int] = field(default_factory=lambda: [NEUTRAL] * 8)
    buttons: int = 0
    sensed: Sensed = field(default_factory=Sensed)
    flags: Flags = field(default_factory=Flags)
    last_pilot_t: float = 0.0
    last_gcs_t: float | None = None
    mode_changed: bool = False

    def load_gains(self) -> None:
        """Copies parameters into the control array; after boot and after each PARAM_SET."""
        for name, (index, scale) in GAINS.items():
            self.c[index] = self.params[name] * scale
        down = self.params["PILOT_SPEED_DN"] or self.params["PILOT_SPEED_UP"]
        self.c[a.SPEED_DN] = down * 0.01
        self.c[a.ACCZ_IMAX] = max(self.params["PSC_ACCZ_IMAX"], 1000.0 * self.params["MOT_THST_HOVER"])

    @property
    def altitude_m(self) -> float:
        """Barometric altitude above the zero pressure, negative under water."""
        return (self.ground_pa - self.sensed.pressure_pa) / (DEPTH_PA_PER_M * self.params["BARO_SPEC_GRAV"])

    def neutral_sticks(self) -> None:
        self.rc = [NEUTRAL] * 8
