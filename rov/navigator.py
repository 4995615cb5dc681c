"""Where the vehicle is relative to the hull: x along it, stand-off, and angle to its normal, with standard deviations.

Measured by the DVL (velocity over the plating, and a plane through its four beams' ends) and the forward range; carried between
by the gyro. The compass is not used: steel spoils it. Three small Kalman filters, one per axis, with innovation gates:
x (DVL velocity, so its deviation grows until vision finds a mapped landmark), stand-off, yaw. Girth follows from depth through
the hull model.
"""

import math
from collections import deque
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.frames import facing_sign, wrap_pi
from hull.surface import HullSurface
from rov.dvl import Fix, beam_axes, fit_plane
from wire.messages import HullPose, Side
from wire.rig import Rig

GATE_SIGMAS = 5.0
LOST_AFTER_S = 1.5
MAX_RANGE_M = 12.0
PLANE_STD_M, PLANE_YAW_STD = 0.02, math.radians(1.5)
RANGE_STD_M = 0.05
MAX_RESIDUAL_M = 0.15
MAX_LEAN = math.radians(15.0)
VELOCITY_SCALE = 0.01
MAX_MISSES = 8
YAW_PATIENCE = 40  # 5 s: the gyro is good for longer than it takes to pass an object that tilts the plane
STRAY_YAW = math.radians(4.0)
LONGEST_GAP_S = 3.0
RANGE_CONE = 0.22  # half width of a Ping sonar's beam [rad]: its upper edge meets the surface first
LANDMARK_FLOOR_M = 0.04  # the vessel file's own error, which sights of the same landmark share: no number of them goes below
LANDMARK_AGE_S = 3.0
RATE_AFTER_S, RATE_S = 0.5, 0.4  # without velocity for so long, the range's own change counts, smoothed over this
STUCK_M, STUCK_S = 0.12, 3.0  # a sounder that says the same to the centimetre though it came nearer, or for this long, is stuck
UNDERSIDE_M = 0.12  # an echo that ends this near the surface may be the water's underside
Vec = NDArray[np.float64]


class Filtered:
    """A scalar with variance. `correct` refuses what lies outside the gate, but gives in after ``patience`` refusals."""

    def __init__(self, value: float, std: float, patience: int = MAX_MISSES) -> None:
        self.value, self.variance, self._misses, self._patience = value, std * std, 0, patience

    def predict(self, change: float, std: float) -> None:
        self.value += change
        self.variance += std * std

    def correct(self, innovation: float, std: float) -> bool:
        """``innovation``: measured minus ``value`` (wrapped by the caller). True when used."""
        total = self.variance + std * std
        if innovation * innovation > GATE_SIGMAS**2 * total:
            self._misses += 1
            if self._misses < self._patience:
                return False
            self.variance = total = innovation * innovation
        self._misses = 0
        gain = self.variance / total
        self.value += gain * innovation
        self.variance *= 1.0 - gain
        self.variance = max(self.variance, 1e-8)
        return True

    @property
    def std(self) -> float:
        return math.sqrt(self.variance)


class Motion(NamedTuple):
    """``along_mps``: dx/dt; ``closing_mps``: towards the hull; as last measured, ``age_s`` ago. ``hull_age_s``: since
    beams or range last gave the stand-off. ``ranged_s``: since ``closing_mps`` was taken from the range instead, for want of a
    velocity."""

    along_mps: float
    closing_mps: float
    age_s: float
    hull_age_s: float = 0.0
    ranged_s: float = math.inf

    @property
    def closing_age_s(self) -> float:
        """Since ``closing_mps`` was measured, either way [s]."""
        return min(self.age_s, self.ranged_s)


class Correction(NamedTuple):
    """``shift_m``: what was added to x at ``t``; ``std_before_m``, ``std_m``: its deviation before and since."""

    t: float
    shift_m: float
    std_before_m: float
    std_m: float


class Navigator:
    """Feed it in this order each tick: `predict`, `take_fix` for each DVL report, `take_range`; then read `pose`.

    Args:
        x_m, x_std_m: where along the ship the vehicle was put in.
    """

    def __init__(self, surface: HullSurface, rig: Rig, side: Side, x_m: float, x_std_m: float) -> None:
        self._surface = surface
        self._side = side
        self._sign = facing_sign(side)
        self._axes = beam_axes(rig.dvl_beam_angle_rad)
        self._dvl_mount: Vec = np.array(rig.dvl_mount_m)
        self._sonar_mount: Vec = np.array(rig.sonar_forward_mount_m)
        self._x = Filtered(x_m, x_std_m)
        self._standoff = Filtered(5.0, 5.0)
        self._yaw = Filtered(0.0, 1.0, YAW_PATIENCE)
        self._body_velocity = (0.0, 0.0, 0.0)
        self._roll = self._pitch = self._yaw_rate = 0.0
        self._depth_m = 0.0
        self._then: float | None = None
        self._ahead_m = 0.0
        self._valid_s: float | None = None
        self._corrections: deque[Correction] = deque(maxlen=20)
        self._same_m, self._same_t, self._came_m = -1.0, 0.0, 0.0
        self._ranged: tuple[float, float] = (-math.inf, 0.0)
        self._rate_mps, self._rate_t = 0.0, -math.inf
        self.plane_t = -math.inf
        self.velocity_t = -math.inf
        self.range_t = -math.inf
        self.rejected = 0

    def start_at(self, x_m: float, std_m: float) -> None:
        """Forgets where along the ship the vehicle was put in: it is here."""
        self._x = Filtered(x_m, std_m)

    def predict(self, now: float, roll: float, pitch: float, yaw_rate: float, depth_m: float, held: bool = False) -> None:
        """Carries the state to ``now`` with the gyro's ``yaw_rate`` [rad/s] and the last velocity. ``held``: before the launch,
        at the place that was given."""
        dt = 0.0 if self._then is None else min(max(now - self._then, 0.0), 0.5)
        self._then, self._roll, self._pitch, self._yaw_rate, self._depth_m = now, roll, pitch, yaw_rate, depth_m
        if dt == 0.0:
            return
        fresh = now - self.velocity_t < 1.0
        motion = self.motion(now)
        doubt = 0.0 if held else 0.3 * math.sqrt(dt)
        noise = VELOCITY_SCALE * abs(motion.along_mps) * dt + 0.001 * math.sqrt(dt) if fresh else doubt
        ahead = motion.along_mps * dt if fresh else 0.0
        self._x.predict(ahead, noise)
        self._ahead_m += ahead
        self._standoff.predict(-motion.closing_mps * dt if fresh else 0.0, 0.05 * math.sqrt(dt))
        self._came_m += motion.closing_mps * dt if fresh else 0.0
        self._yaw.predict(yaw_rate * dt, math.radians(1.0) * math.sqrt(dt))
        self._yaw.value = wrap_pi(self._yaw.value)

    def take_fix(self, fix: Fix) -> None:
        """A DVL report: velocity, and the plane of its beams as stand-off and yaw."""
        if fix.velocity is not None:
            self._travel(fix)
        beams = tuple((k, d) for k, d in fix.beams if self._submerged(self._dvl_mount + self._axes[k] * d))
        plane = self._plane(fix, beams)
        if plane is None:
            self.rejected += len(beams) >= 3
            return
        distance_m, yaw = plane
        used = self._standoff.correct(distance_m - self._standoff.value, PLANE_STD_M + 0.005 * distance_m)
        used &= self._yaw.correct(wrap_pi(yaw - self._yaw.value), PLANE_YAW_STD)
        if used:
            self.plane_t = fix.t
        else:
            self.rejected += 1

    def _plane(self, fix: Fix, beams: tuple[tuple[int, float], ...]) -> tuple[float, float] | None:
        """Distance [m] and yaw [rad] by all beams, or by the three that agree best with the gyro where one of four ends on
        something that stands off the plating; those of all beams when no three agree, so that a wrong belief gives in at last."""
        whole = self._look(fix, beams)
        stray = max(STRAY_YAW, 3.0 * self._yaw.std)
        if len(beams) < 4 or (whole is not None and abs(wrap_pi(whole[1] - self._yaw.value)) < stray):
            return whole
        planes = [plane for three in combinations(beams, 3) if (plane := self._look(fix, three)) is not None]
        misses = [(abs(wrap_pi(yaw - self._yaw.value)), distance_m, yaw) for distance_m, yaw in planes]
        best = min(misses, default=(math.inf, 0.0, 0.0))
        return best[1:] if best[0] < stray else whole

    def _look(self, fix: Fix, beams: tuple[tuple[int, float], ...]) -> tuple[float, float] | None:
        """Distance [m] and yaw [rad] of the plane through the ends of ``beams``; None where it is not the plating."""
        plane = fit_plane(fix._replace(beams=beams), self._axes, self._dvl_mount)
        if plane is None or plane.residual_m > MAX_RESIDUAL_M or not 0.0 < plane.distance_m < MAX_RANGE_M:
            return None
        level = _level(plane.normal, self._roll, self._pitch)
        # A plane that leans otherwise than the plating is something else: a beam on the quay, the bottom, an attachment.
        lean = math.asin(max(-1.0, min(1.0, -level[2]))) - math.asin(max(-1.0, min(1.0, float(self._normal()[2]))))
        if abs(lean) > MAX_LEAN:
            return None
        return plane.distance_m, math.atan2(level[1], -level[0])

    def _travel(self, fix: Fix) -> None:
        """Replaces what was predicted along the hull since the last fix by the way travelled on the instrument's own clock: late
        or lost reports then cost nothing but a straight line between the two velocities."""
        assert fix.velocity is not None
        before = self.motion(fix.t).along_mps
        self._body_velocity, self.velocity_t = fix.velocity, fix.t
        if fix.valid_s is not None and self._valid_s is not None and 0.0 < fix.valid_s - self._valid_s <= LONGEST_GAP_S:
            travelled = 0.5 * (before + self.motion(fix.t).along_mps) * (fix.valid_s - self._valid_s)
            self._x.value += travelled - self._ahead_m
        self._ahead_m, self._valid_s = 0.0, fix.valid_s

    def take_landmark(self, now: float, t: float, x_error_m: float, std_m: float) -> Correction | None:
        """A mapped landmark was seen at ``t`` [s], off by ``x_error_m`` by the x believed then. None when it is too old, or the
        gate refuses it."""
        if now - t > LANDMARK_AGE_S:
            self.rejected += 1
            return None
        since = sum(row.shift_m for row in self._corrections if row.t >= t)
        before, std_before = self._x.value, self._x.std
        if not self._x.correct(-(x_error_m + since), math.hypot(std_m, LANDMARK_FLOOR_M)):
            self.rejected += 1
            return None
        self._x.variance = max(self._x.variance, LANDMARK_FLOOR_M**2)
        done = Correction(now, self._x.value - before, std_before, self._x.std)
        self._corrections.append(done)
        return done

    def _stuck(self, t: float, distance_m: float) -> bool:
        if distance_m != self._same_m:
            self._same_m, self._same_t, self._came_m = distance_m, t, 0.0
        return abs(self._came_m) > STUCK_M or t - self._same_t > STUCK_S

    def take_range(self, t: float, distance_m: float) -> None:
        """A forward range [m]: stand-off when the beams are silent, a check when they are not. Nothing from a sounder that is
        stuck."""
        if self._stuck(t, distance_m):
            self.rejected += 1
            return
        if not 0.0 < distance_m < MAX_RANGE_M or abs(self._yaw.value) > math.radians(50.0):
            return
        if not self._submerged(self._sonar_mount + distance_m * np.array([1.0, 0.0, -RANGE_CONE])):
            return
        self.range_t = t
        normal = self._normal()
        flank = math.hypot(normal[0], normal[1])
        along = math.cos(self._pitch) * math.cos(self._yaw.value) * flank - math.sin(self._pitch) * float(normal[2])
        standoff = (distance_m + float(self._sonar_mount[0])) * along
        self._follow(t, standoff)
        if t - self.plane_t > 0.5:
            std = RANGE_STD_M + 0.3 * abs(math.sin(self._yaw.value)) * distance_m
            if not self._standoff.correct(standoff - self._standoff.value, std):
                self.rejected += 1

    def _follow(self, t: float, standoff: float) -> None:
        """The stand-off's rate of change, from one range to the next."""
        (before_t, before), self._ranged = self._ranged, (t, standoff)
        if not 0.0 < t - before_t <= RATE_AFTER_S:
            self._rate_mps = 0.0
            return
        rate = (before - standoff) / (t - before_t)
        self._rate_mps += (rate - self._rate_mps) * min(1.0, (t - before_t) / RATE_S)
        self._rate_t = t

    def _submerged(self, point: Vec) -> bool:
        """False when a body-frame echo ends where it may be the water's underside."""
        down = _level((float(point[0]), float(point[1]), float(point[2])), self._roll, self._pitch)[2]
        return bool(self._depth_m + down > UNDERSIDE_M)

    def _normal(self) -> Vec:
        s = self._surface.girth_at_depth(self._x.value, self._depth_m)
        return self._surface.normal(self._side, self._x.value, s)

    def seen(self, now: float) -> bool:
        """True while beams or range have given the stand-off within `LOST_AFTER_S`."""
        return now - max(self.plane_t, self.range_t) < LOST_AFTER_S

    def motion(self, now: float) -> Motion:
        """Velocity over the hull, turned by yaw (roll and pitch are small and the DVL looks across them)."""
        forward, right, down = self._body_velocity
        right -= self._yaw_rate * float(self._dvl_mount[0])
        c, s = math.cos(self._pitch), math.sin(self._pitch)
        level_forward = forward * c + down * s
        yaw = self._yaw.value
        closing = level_forward * math.cos(yaw) - right * math.sin(yaw)
        to_right = level_forward * math.sin(yaw) + right * math.cos(yaw)
        normal = self._normal()
        # On tapering plating a step along the tangent is a shorter step along x.
        along = self._sign * to_right * abs(float(normal[1])) / max(math.hypot(normal[0], normal[1]), 1e-6)
        age, hull_age = now - self.velocity_t, now - max(self.plane_t, self.range_t)
        if age > RATE_AFTER_S and now - self._rate_t <= RATE_AFTER_S:
            return Motion(along, self._rate_mps, age, hull_age, now - self._rate_t)
        return Motion(along, closing, age, hull_age)

    def pose(self, now: float) -> HullPose | None:
        """The believed pose, or None while the hull is not seen or the stand-off is not known to 0.5 m."""
        if not self.seen(now) or self._standoff.std > 0.5:
            return None
        x_m, s_m = self._place()
        return HullPose(
            side=self._side,
            x_m=x_m,
            s_m=s_m,
            depth_m=self._depth_m,
            standoff_m=self._standoff.value,
            yaw_off_rad=self._yaw.value,
            x_std_m=self._x.std,
            standoff_std_m=self._standoff.std,
            yaw_std_rad=self._yaw.std,
        )

    def _place(self) -> tuple[float, float]:
        """(x, s) of the hull point whose outward normal passes through the vehicle at its depth."""
        x = self._x.value
        s = self._surface.girth_at_depth(x, self._depth_m)
        for _ in range(3):
            point = self._surface.point(self._side, x, s)
            normal = self._surface.normal(self._side, x, s)
            rise = float(point[2] + normal[2] * self._standoff.value - (self._surface.draught_m - self._depth_m))
            flank = math.hypot(normal[0], normal[1])
            if abs(rise) < 1e-3 or flank < 0.2:
                break
            s = max(0.0, s - rise / max(flank, 0.2))
        return x, s


def _level(vector: tuple[float, float, float], roll: float, pitch: float) -> Vec:
    """A body FRD vector in the frame that shares its heading but is level."""
    x, y, z = vector
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    y, z = cr * y - sr * z, sr * y + cr * z
    x, z = cp * x + sp * z, -sp * x + cp * z
    return np.array([x, y, z])
