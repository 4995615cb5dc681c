"""How much current a vehicle stands, by the heavier of the published BlueROV2 parameter sets: no refusal rests on the lighter.

von Benzon et al., JMSE 10(12):1898, 2022 (vehicle with tether and payload): sway drag 217 v² N. Wu (MSc thesis, Flinders, 2018)
has 6 v + 48 v² N; a vehicle that light holds against much more. On the simulator the heavy one surveys in 0.30 m/s of current
along the ship, either way, and loses the hull in 0.5 m/s (docs/planning.md).
"""

import math

DRAG_N = 217.0
"""At 1 m/s sideways."""
FORCE_N = 45.0
"""The most that rov's controller asks for along one axis."""
RESERVE = 0.7
"""Of the force may go into standing still; the rest is for moving and correcting."""
ENDURANCE_S = 5400.0
"""A full battery at light load: Blue Robotics names 2-3 h of light use for a BlueROV2 with one 18 Ah battery (data sheet,
"battery life: 2-3 hours (normal use)"); 1.5 h assumed here, for a cold battery and thrusters that never rest."""
BATTERY_J = 266.0 * 3600.0
"""14.8 V x 18 Ah."""
THRUSTERS = 4
FULL_W, FULL_N = 390.0, 51.5
"""One T200 at 16 V, full throttle (Blue Robotics, T200 performance data): power goes with thrust to the 3/2."""


def holding_n(current_mps: float) -> float:
    """Force [N] to stand still in a current from the side."""
    return DRAG_N * current_mps * current_mps


def max_current_mps() -> float:
    """The strongest current [m/s] in which a survey is begun."""
    return math.sqrt(RESERVE * FORCE_N / DRAG_N)


def ground_speed(speed_mps: float, current_mps: float) -> float:
    """Speed along the hull [m/s] when ``speed_mps`` is asked for against the current; not above 0 when it cannot be stood."""
    return min(speed_mps, math.sqrt(FORCE_N / DRAG_N) - current_mps)


def endurance_s(current_mps: float) -> float:
    """How long a full battery lasts [s]: light use, and what holding against the current takes beyond it."""
    each_n = holding_n(current_mps) / (THRUSTERS * math.cos(math.pi / 4.0))
    extra_w = THRUSTERS * FULL_W * (each_n / FULL_N) ** 1.5
    return float(BATTERY_J / (BATTERY_J / ENDURANCE_S + extra_w))
