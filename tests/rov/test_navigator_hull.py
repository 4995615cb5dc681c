"""The navigator beside the whole hull: beams cast on its shape, also where it tapers towards the ends."""

import math

import numpy as np
import pytest

from hull.frames import ShipPose, wrap_pi
from hull.surface import HullSurface
from rov.dvl import Fix, beam_axes
from rov.navigator import Navigator
from wire.messages import Side
from wire.rig import BLUEROV2

AXES = beam_axes(BLUEROV2.dvl_beam_angle_rad)
MOUNT = np.array(BLUEROV2.dvl_mount_m)
DEPTH, STANDOFF = 1.4, 0.9


class Swimmer:
    """A level vehicle that keeps ``yaw`` to the hull's horizontal normal while it sways along at 0.2 m/s."""

    def __init__(self, surface: HullSurface, side: Side, x_m: float, yaw: float, sway: float) -> None:
        self.surface, self.side, self.yaw, self.sway = surface, side, yaw, sway
        self.ship = ShipPose(0.0, draught_m=surface.draught_m)
        s = surface.girth_at_depth(x_m, DEPTH)
        normal = surface.normal(side, x_m, s)
        outward = np.array([normal[0], normal[1], 0.0]) / math.hypot(normal[0], normal[1])
        self.xyz = surface.point(side, x_m, s) + STANDOFF * outward
        self.heading = self._wanted()
        self.rate = 0.0

    def _wanted(self) -> float:
        return self.ship.facing_heading(self.surface.nearest(self.xyz).normal) + self.yaw

    def rotation(self) -> np.ndarray:
        c, s = math.cos(self.heading), math.sin(self.heading)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

    def step(self, dt: float) -> None:
        # along the hull, square to its normal, whatever the heading
        near = self.surface.nearest(self.xyz)
        normal = self.ship.dir_to_ned(near.normal)
        inward = -np.array([normal[0], normal[1], 0.0]) / math.hypot(normal[0], normal[1])
        self.velocity = self.sway * np.array([-inward[1], inward[0], 0.0])
        self.xyz = self.xyz + self.ship.dir_to_ship(self.velocity) * dt
        heading = self._wanted()
        self.rate, self.heading = wrap_pi(heading - self.heading) / dt, heading

    def fix(self, t: float) -> Fix:
        turn, beams = self.rotation(), []
        origin = self.xyz + self.ship.dir_to_ship(turn @ MOUNT)
        for k in range(4):
            distance = self.surface.raycast(origin, self.ship.dir_to_ship(turn @ AXES[k]), 30.0)
            if distance is not None:
                beams.append((k, distance))
        lever = np.cross([0.0, 0.0, self.rate], MOUNT)
        forward, right, down = turn.T @ self.velocity + lever
        return Fix(t, (float(forward), float(right), float(down)), 0.01, tuple(beams))


@pytest.mark.parametrize("yaw_deg", [-12.0, 0.0, 12.0])
@pytest.mark.parametrize("sway", [-0.2, 0.2])
@pytest.mark.parametrize("x_m", [6.0, 25.0, 43.5])
@pytest.mark.parametrize("side", ["P", "S"])
def test_follows_the_plating(surface: HullSurface, side: Side, x_m: float, sway: float, yaw_deg: float) -> None:
    swimmer = Swimmer(surface, side, x_m, math.radians(yaw_deg), sway)
    nav = Navigator(surface, BLUEROV2, side, surface.nearest(swimmer.xyz).x_m, 0.1)
    began = surface.nearest(swimmer.xyz).x_m
    t = 0.0
    for k in range(200):
        t += 0.05
        swimmer.step(0.05)
        nav.predict(t, 0.0, 0.0, swimmer.rate, DEPTH)
        if k % 2 == 0:
            nav.take_fix(swimmer.fix(t))
    near, pose, motion = surface.nearest(swimmer.xyz), nav.pose(t), nav.motion(t)
    assert pose is not None
    assert (near.x_m - began) * sway * (1 if side == "S" else -1) > 0.0
    assert pose.x_m == pytest.approx(near.x_m, abs=0.15)
    assert pose.standoff_m == pytest.approx(near.distance_m, abs=0.05)
    assert pose.yaw_off_rad == pytest.approx(swimmer.yaw, abs=math.radians(2.0))
    assert pose.s_m == pytest.approx(near.s_m, abs=0.1)
    assert motion.closing_mps == pytest.approx(0.0, abs=0.03)
