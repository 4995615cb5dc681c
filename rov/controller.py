"""From guidance to sticks: hold the stand-off, face the normal, move along the hull, ramp the depth.

Two loops an axis: position error -> velocity (limited so that it can stop) -> force by PI with anti-windup -> stick. Thrust grows
with the square of the stick beyond the ESC's dead band (FACTS 3.1, 3.2), so force maps to stick by a square root.
"""

import math
from typing import NamedTuple

from hull.frames import facing_sign
from rov.navigator import Motion
from rov.vehicle import NEUTRAL
from wire.messages import Guidance, HullPose

TICK_S = 0.05
STICK_US = 0.4  # microseconds of PWM per stick unit at gain 1 (FACTS 3.1)
DEAD_US = 25.0
YAW_ZONE_US, FULL_YAW_US, FULL_YAW_DPS = 40.0, 400.0, 45.0 * 3.375
FULL_FORCE_N = 55.0  # four T200 at 1700 us, at 45 degrees
FULL_US = 200.0
MASS_KG = 20.0
LINEAR_N = 1.0
MAX_APPROACH_MPS = 0.30
MAX_RETREAT_MPS = 0.30
STANDOFF_GAIN = 0.7
SPEED_GAIN = 2.2  # 1/s
SPEED_INTEGRAL = 0.8  # 1/s^2
MAX_FORCE_N = 45.0
MAX_LEAVE_N = FULL_FORCE_N  # whatever the sticks give
STEADY_S = 2.0
BRAKING_MPS2, LEAST_BRAKING_MPS2 = 0.25, 0.03
FEND_MPS, FEND_BAND_M = 0.10, 0.15
UNSEEN_S = 0.4  # no push towards a hull that was not measured for longer: the last push would carry on blindly
YAW_GAIN = 1.0
MAX_YAW_DPS = 15.0
YAW_DEAD_RAD = math.radians(1.5)
DEPTH_RAMP_MPS = 0.25
MAX_DEPTH_BIAS_M = 0.6
REACHED_X_M, REACHED_M = 0.10, 0.15


class Wish(NamedTuple):
    """What the controller asks of the gate. ``altitude_m``: depth target for the autopilot (negative down) or None."""

    sticks: tuple[int, int, int, int]
    altitude_m: float | None
    at_target: bool


class SpeedLoop:
    """PI on one velocity; the integral stops where the force saturates."""

    def __init__(self) -> None:
        self.integral_n = 0.0

    def force(self, wanted_mps: float, measured_mps: float, most_n: float = MAX_FORCE_N) -> float:
        error = wanted_mps - measured_mps
        proportional = MASS_KG * SPEED_GAIN * error
        trial = self.integral_n + MASS_KG * SPEED_INTEGRAL * error * TICK_S
        total = proportional + trial
        if abs(total) <= most_n or abs(trial) < abs(self.integral_n):
            self.integral_n = trial
        return max(-most_n, min(most_n, proportional + self.integral_n))


def stick_for_force(force_n: float, gain: float) -> int:
    """Stick in -1000..1000 for a horizontal force, at pilot gain ``gain``."""
    size = abs(force_n)
    if size < LINEAR_N:
        us = (DEAD_US + (FULL_US - DEAD_US) * math.sqrt(LINEAR_N / FULL_FORCE_N)) * size / LINEAR_N
    else:
        us = DEAD_US + (FULL_US - DEAD_US) * math.sqrt(size / FULL_FORCE_N)
    return round(math.copysign(min(us / (STICK_US * gain), 1000.0), force_n))


def stick_for_yaw_rate(rate_dps: float, gain: float) -> int:
    """Yaw stick for a turn rate [degrees/s, right positive]: ArduSub's law, RC4_DZ scaled by the gain, then 45 degrees of stick
    times ACRO_YAW_P at full deflection (FACTS 3.3)."""
    if rate_dps == 0.0:
        return 0
    zone = YAW_ZONE_US * gain
    size = (zone + max(abs(rate_dps), 3.0) / FULL_YAW_DPS * (FULL_YAW_US - zone)) / (STICK_US * gain)
    return round(math.copysign(min(size, 1000.0), rate_dps))


class Controller:
    """One instance a flight; `steer` once a tick. `reset` when control changes hands."""

    def __init__(self) -> None:
        self._along, self._closing = SpeedLoop(), SpeedLoop()
        self._depth_target: float | None = None
        self._depth_bias = 0.0
        self._hold_x: float | None = None
        self._key: tuple[object, ...] = ()
        self._steady_n = 0.0
        self._fending = False

    @property
    def off_n(self) -> float:
        """The steady push off the hull [N] that keeping the stand-off takes, learnt while the hull is seen: a current towards it,
        the pull of the tether. What is left of the thrusters brakes (`braking_mps2`)."""
        return max(-self._steady_n, 0.0)

    @property
    def blind_push_n(self) -> float:
        """The push off a hull that is not seen [N]: a little more than what it took."""
        return min(4.0 + self.off_n, MAX_LEAVE_N)

    @property
    def braking_mps2(self) -> float:
        """How hard the vehicle can be counted on to brake towards the hull [m/s2]."""
        spare = (0.8 * MAX_FORCE_N - self.off_n) / MASS_KG
        return max(LEAST_BRAKING_MPS2, min(BRAKING_MPS2, spare))

    @property
    def depth_bias_full(self) -> bool:
        """The depth target is shifted as far as it may be: the autopilot counts depth from elsewhere, or cannot get there."""
        return abs(self._depth_bias) >= MAX_DEPTH_BIAS_M

    def reset(self) -> None:
        """Forgets integrals and ramps, but for the push off the hull."""
        self._along, self._closing = SpeedLoop(), SpeedLoop()
        self._closing.integral_n = -self.off_n
        self._depth_target, self._hold_x, self._key, self._fending = None, None, (), False

    def fend(self, pose: HullPose | None, motion: Motion, gain: float, nearest_m: float) -> tuple[int, int, int, int]:
        """Sticks of a hold: neutral, unless the vehicle drifts so near that it must be pushed off to stay ``nearest_m`` away."""
        if pose is None or motion.hull_age_s > UNSEEN_S or motion.closing_age_s >= 0.5:
            self._fending = False
            return NEUTRAL
        v = max(motion.closing_mps, 0.0)
        guard = nearest_m + v * v / (2.0 * self.braking_mps2) + 0.3 * v
        self._fending = pose.standoff_m < guard + (FEND_BAND_M if self._fending else 0.0)
        if not self._fending:
            return NEUTRAL
        ahead_n = min(self._closing.force(-FEND_MPS, motion.closing_mps, MAX_LEAVE_N), 0.0)
        self._learn()
        c, s = math.cos(pose.yaw_off_rad), math.sin(pose.yaw_off_rad)
        return stick_for_force(ahead_n * c, gain), stick_for_force(-ahead_n * s, gain), 500, 0

    def _learn(self) -> None:
        self._steady_n += (self._closing.integral_n - self._steady_n) * TICK_S / STEADY_S

    def steer(self, guidance: Guidance, pose: HullPose | None, motion: Motion, depth_m: float, gain: float) -> Wish:
        """Sticks for this tick. ``gain``: the autopilot's PilotGain. Without a pose it only searches or backs off, slowly."""
        key = (guidance.kind, guidance.x_stop_m if guidance.kind == "track" else None)
        if key != self._key:
            self._key, self._hold_x = key, None
        wanted_depth = 0.0 if guidance.kind == "surface" else guidance.depth_m
        if guidance.kind == "leave":
            wanted_depth = max(guidance.depth_m, 0.3)
        altitude = self._depth(wanted_depth, depth_m)
        depth_ok = abs(depth_m - wanted_depth) < REACHED_M
        if pose is None:
            return self._blind(guidance, motion, altitude, depth_ok, gain)
        standoff_error = pose.standoff_m - guidance.standoff_m
        x_error = self._x_error(guidance, pose)
        along = self._along_speed(guidance, x_error)
        most_n = MAX_LEAVE_N if guidance.kind in ("leave", "surface") else MAX_FORCE_N
        x, y = self._horizontal(pose, motion, self._closing_speed(guidance, pose, standoff_error), along, gain, most_n)
        r = self._yaw(pose.yaw_off_rad, gain)
        reached = self._reached(guidance, standoff_error, x_error, depth_m, depth_ok, pose)
        return Wish((x, y, 500, r), altitude, reached)

    def _x_error(self, guidance: Guidance, pose: HullPose) -> float:
        if guidance.kind == "track":
            return guidance.x_stop_m - pose.x_m
        if self._hold_x is None:
            self._hold_x = pose.x_m
        return self._hold_x - pose.x_m

    def _along_speed(self, guidance: Guidance, x_error: float) -> float:
        limit = abs(guidance.along_mps) if guidance.kind == "track" and guidance.along_mps != 0.0 else 0.15
        return max(-limit, min(limit, 0.8 * x_error))

    def _closing_speed(self, guidance: Guidance, pose: HullPose, standoff_error: float) -> float:
        # Squarely first: closing while turned away would bring a corner nearest.
        forward = MAX_APPROACH_MPS if abs(pose.yaw_off_rad) < math.radians(25.0) else 0.0
        if guidance.kind in ("leave", "surface"):
            forward = 0.0
        stops = math.sqrt(2.0 * self.braking_mps2 * max(standoff_error, 0.0))
        return max(-MAX_RETREAT_MPS, min(forward, stops, STANDOFF_GAIN * standoff_error))

    def _horizontal(
        self, pose: HullPose, motion: Motion, closing: float, along: float, gain: float, most_n: float
    ) -> tuple[int, int]:
        fresh, near = motion.age_s < 0.5, motion.closing_age_s < 0.5
        ahead_n = self._closing.force(closing, motion.closing_mps if near else 0.7 * closing, most_n)
        if near and motion.hull_age_s <= UNSEEN_S:
            self._learn()
        right_n = facing_sign(pose.side) * self._along.force(along, motion.along_mps if fresh else along)
        if motion.hull_age_s > UNSEEN_S:
            ahead_n = min(ahead_n, 0.0)
        c, s = math.cos(pose.yaw_off_rad), math.sin(pose.yaw_off_rad)
        forward_n, lateral_n = ahead_n * c + right_n * s, -ahead_n * s + right_n * c
        return stick_for_force(forward_n, gain), stick_for_force(lateral_n, gain)

    def _yaw(self, yaw_off_rad: float, gain: float) -> int:
        if abs(yaw_off_rad) < YAW_DEAD_RAD:
            return 0
        rate = max(-MAX_YAW_DPS, min(MAX_YAW_DPS, -YAW_GAIN * math.degrees(yaw_off_rad)))
        return stick_for_yaw_rate(rate, gain)

    def _depth(self, wanted_m: float, depth_m: float) -> float:
        if self._depth_target is None:
            self._depth_target = depth_m
        step = DEPTH_RAMP_MPS * TICK_S
        self._depth_target += max(-step, min(step, wanted_m - self._depth_target))
        error = self._depth_target - depth_m
        # The autopilot's altitude zero and ours differ by up to 0.2 m (FACTS 3.7): found by a slow integral.
        self._depth_bias = max(-MAX_DEPTH_BIAS_M, min(MAX_DEPTH_BIAS_M, self._depth_bias + 0.3 * error * TICK_S))
        return min(-(self._depth_target + self._depth_bias), 0.3)

    def _reached(
        self, guidance: Guidance, standoff_error: float, x_error: float, depth_m: float, depth_ok: bool, pose: HullPose
    ) -> bool:
        if guidance.kind == "surface":
            return depth_m < 0.35
        if guidance.kind == "leave":
            return standoff_error > -0.2
        square = abs(pose.yaw_off_rad) < math.radians(8.0)
        near = abs(standoff_error) < REACHED_M and depth_ok and square
        return near and (guidance.kind != "track" or abs(x_error) < REACHED_X_M)

    def _blind(self, guidance: Guidance, motion: Motion, altitude: float, depth_ok: bool, gain: float) -> Wish:
        if guidance.kind == "approach":
            return Wish((stick_for_force(4.0, gain), 0, 500, 0), altitude, False)
        if guidance.kind == "leave":
            # Far out the hull is no longer seen: seen last at or beyond the wanted distance counts as left.
            return Wish((stick_for_force(-self.blind_push_n, gain), 0, 500, 0), altitude, False)
        return Wish((0, 0, 500, 0), altitude, guidance.kind == "surface" and depth_ok)
