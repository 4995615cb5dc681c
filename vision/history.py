"""What the navigator believed when a frame was taken: vehicle states interpolated at the capture time."""

import math
from bisect import bisect_right
from collections import deque
from typing import NamedTuple

import msgspec

from wire import messages as m


class Belief(NamedTuple):
    """A hull pose with the attitude of the same moment. Angles in radians, lengths in metres."""

    pose: m.HullPose
    roll_rad: float
    pitch_rad: float


def _mix(a: float, b: float, k: float) -> float:
    return a + (b - a) * k


def _mix_pose(a: m.HullPose, b: m.HullPose, k: float) -> m.HullPose:
    return m.HullPose(
        side=a.side,
        x_m=_mix(a.x_m, b.x_m, k),
        s_m=_mix(a.s_m, b.s_m, k),
        depth_m=_mix(a.depth_m, b.depth_m, k),
        standoff_m=_mix(a.standoff_m, b.standoff_m, k),
        yaw_off_rad=_mix(a.yaw_off_rad, b.yaw_off_rad, k),
        x_std_m=max(a.x_std_m, b.x_std_m),
        standoff_std_m=max(a.standoff_std_m, b.standoff_std_m),
        yaw_std_rad=max(a.yaw_std_rad, b.yaw_std_rad),
    )


class History:
    """The last ``span_s`` seconds of vehicle states. States out of order or not finite are ignored."""

    def __init__(self, span_s: float = 5.0, gap_s: float = 0.3) -> None:
        self._span_s = span_s
        self._gap_s = gap_s
        self._states: deque[m.VehicleState] = deque()

    def add(self, state: m.VehicleState) -> None:
        if not math.isfinite(state.t) or (self._states and state.t <= self._states[-1].t):
            return
        self._states.append(state)
        while self._states[0].t < state.t - self._span_s:
            self._states.popleft()

    def correct(self, fix: m.PositionFix) -> None:
        """Moves the states before ``fix`` as it moved the navigator's x, so that no frame is placed halfway between the two."""
        for i, state in enumerate(self._states):
            pose = state.pose
            if pose is not None and pose.side == fix.side and state.t < fix.t and pose.x_std_m > fix.x_std_m:
                moved = msgspec.structs.replace(pose, x_m=pose.x_m + fix.x_shift_m, x_std_m=fix.x_std_m)
                self._states[i] = msgspec.structs.replace(state, pose=moved)

    def newest_t(self) -> float:
        return self._states[-1].t if self._states else -math.inf

    def at(self, t: float) -> Belief | None:
        """None without a pose on both sides of ``t`` closer together than ``gap_s``; up to ``gap_s`` after the newest
        state that one is held."""
        index = bisect_right(self._states, t, key=lambda state: state.t)
        if index == 0:
            return None
        before = self._states[index - 1]
        if before.pose is None:
            return None
        if index == len(self._states):
            held = t - before.t <= self._gap_s
            return Belief(before.pose, before.roll_rad, before.pitch_rad) if held else None
        after = self._states[index]
        if after.pose is None or after.pose.side != before.pose.side or after.t - before.t > self._gap_s:
            return None
        k = (t - before.t) / (after.t - before.t)
        return Belief(
            _mix_pose(before.pose, after.pose, k),
            _mix(before.roll_rad, after.roll_rad, k),
            _mix(before.pitch_rad, after.pitch_rad, k),
        )
