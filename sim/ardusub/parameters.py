"""What the simulator sets in the firmware before it boots; everything else keeps the firmware's own defaults.

The vehicle is a BlueROV2 under a ship: depth sensor, compass, two echo sounders, no GPS, no radio receiver.
"""

import math
from collections.abc import Mapping, Sequence

from sim.autopilot.core import DEPTH_PA_PER_M

RATE_HZ = 400
NO_ECHO_M = 51.0
RANGE_MAX_M = 50.0
CAPACITY_MAH = 18_000.0
SEA_PA_PER_M = 1024.0 * 9.80665
"""Pressure per metre [Pa/m] in SITL's own water."""

# Off Busan, at sea level. The Earth's field there, by the firmware's own tables: horizontal [mGauss] and declination.
HOME = "35.1,129.05,0,0"
FIELD_MGAUSS = 493.7 * math.cos(math.radians(50.53))
DECLINATION = math.radians(-8.219)


def parameters(
    density: float,
    dvl_mount_m: Sequence[float] | None = None,
    frame: str = "vectored",
    changed: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Name → value for water of ``density`` [kg/m3]. ``dvl_mount_m``: of a DVL for the filter, or None. ``changed``: more of
    them, which count."""
    table = {
        "FRAME_CONFIG": 2 if frame == "vectored_6dof" else 1,
        # No GPS: with one the filter would take its origin at depth, and depth targets count from there.
        "GPS1_TYPE": 0,
        "SIM_GPS1_ENABLE": 0,
        # No radio receiver: SITL's own would keep the pilot failsafe from ever firing.
        "RC_PROTOCOLS": 0,
        "SIM_RC_FAIL": 1,
        # One physics step per control loop.
        "SIM_RATE_HZ": RATE_HZ,
        "SCHED_LOOP_RATE": RATE_HZ,
        "LOG_BACKEND_TYPE": 0,
        # The depth sensor's noise is ours, in the position we send; the firmware is told the water's density.
        "SIM_BARO_RND": 0,
        "SIM_BAR2_RND": 0,
        "BARO_SPEC_GRAV": density * 9.80665 / DEPTH_PA_PER_M,
        # Two echo sounders through the physics link: ahead and up.
        "RNGFND1_TYPE": 100,
        "RNGFND1_ORIENT": 0,
        "RNGFND1_MIN": 0.2,
        "RNGFND1_MAX": RANGE_MAX_M,
        "RNGFND2_TYPE": 100,
        "RNGFND2_ORIENT": 24,
        "RNGFND2_MIN": 0.2,
        "RNGFND2_MAX": RANGE_MAX_M,
        "BATT_MONITOR": 4,
        "BATT_CAPACITY": CAPACITY_MAH,
        "SIM_BATT_VOLTAGE": 16.0,
        # Headings are true: the declination is taken out with the hull's disturbance (see `anomaly`).
        "COMPASS_AUTODEC": 0,
        "COMPASS_DEC": 0,
    }
    # On the simulator's own port only heartbeats and SYS_STATUS are wanted.
    table |= {f"MAV3_{name}": 0 for name in ("EXTRA1", "EXTRA2", "EXTRA3", "POSITION", "RAW_SENS", "RAW_CTRL", "RC_CHAN", "ADSB")}
    # SITL's compasses carry these hard-iron offsets; without their calibration the heading is off by degrees.
    for number in ("", "2", "3"):
        table |= {f"COMPASS_OFS{number}_{axis}": v for axis, v in zip("XYZ", (5, 13, -18), strict=True)}
    if dvl_mount_m is not None:
        table |= {"VISO_TYPE": 1, "VISO_DELAY_MS": 20, "EK3_SRC1_POSXY": 6, "EK3_SRC1_VELXY": 6}
        table |= {f"VISO_POS_{axis}": v for axis, v in zip("XYZ", dvl_mount_m, strict=True)}
    return table | dict(changed or {})


def parameter_file(
    density: float,
    dvl_mount_m: Sequence[float] | None = None,
    frame: str = "vectored",
    changed: Mapping[str, float] | None = None,
) -> str:
    """As ``--defaults`` reads it."""
    return "".join(f"{name} {value:.10g}\n" for name, value in parameters(density, dvl_mount_m, frame, changed).items())


def anomaly(error_rad: float) -> tuple[float, float]:
    """SIM_MAG_ALY_X and _Y [mGauss, NED] that make a level compass read the true heading plus ``error_rad``."""
    north = FIELD_MGAUSS * (math.cos(error_rad) - math.cos(DECLINATION))
    east = FIELD_MGAUSS * (-math.sin(error_rad) - math.sin(DECLINATION))
    return north, east


def equivalent_depth(pressure_pa: float) -> float:
    """Depth [m] at which SITL's water has this absolute pressure."""
    return (pressure_pa - 101_325.0) / SEA_PA_PER_M
