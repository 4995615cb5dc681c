"""Six thrusters and eight: the same speeds; only the second levels pitch (FACTS 13.2)."""

import math

import numpy as np
import pytest

from sim.autopilot.layout import EST_Q
from sim.dynamics import S_QUAT, S_RATE
from sim.scenario import Scenario
from sim.thrusters import SITL_THRUSTERS, T200, of_frame
from sim.world import World


def steady(ground, sticks: tuple[int, int, int, int]) -> float:
    """Speed [m/s] or turn [rad/s] after 4 s."""
    ground.dive()
    ground.sticks = sticks
    ground.run(4.0)
    truth = ground.world.vehicle_truth()
    return float(ground.world._s[S_RATE + 2]) if sticks[3] else float(np.linalg.norm(truth.velocity[:2]))


@pytest.fixture
def on_frame(calm: Scenario, vessel, surface, ground):
    def build(frame: str):
        vehicle = calm.vehicle.model_copy(update={"frame": frame})
        return type(ground)(World(calm.model_copy(update={"vehicle": vehicle}), vessel, surface))

    return build


@pytest.mark.parametrize("sticks", [(1000, 0, 500, 0), (0, 1000, 500, 0), (0, 0, 500, 500)])
def test_same_speeds_on_both_frames(on_frame, sticks: tuple[int, int, int, int]) -> None:
    six, eight = steady(on_frame("vectored"), sticks), steady(on_frame("vectored_6dof"), sticks)
    assert abs(six) > 0.3 and eight == pytest.approx(six, rel=0.03)


def test_it_says_which_frame_it_is_and_drives_eight_outputs(on_frame) -> None:
    heavy = on_frame("vectored_6dof")
    heavy.dive()
    assert heavy.world.autopilot.core.params["FRAME_CONFIG"] == 2.0
    heavy.sticks = (0, 0, 0, 0)
    heavy.run(2.0)
    out = heavy.last("SERVO_OUTPUT_RAW")
    down = [out.servo5_raw, out.servo6_raw, out.servo7_raw, out.servo8_raw]
    assert min(down) > 1510 and max(down) - min(down) < 40


@pytest.mark.parametrize(("frame", "levels"), [("vectored", False), ("vectored_6dof", True)])
def test_pitch_is_levelled_by_eight_thrusters_and_by_buoyancy_alone_with_six(on_frame, frame: str, levels: bool) -> None:
    flown = on_frame(frame)
    flown.dive()
    world, pitch = flown.world, math.radians(20.0)
    quaternion = (math.cos(pitch / 2), 0.0, math.sin(pitch / 2), 0.0)
    world._s[S_QUAT : S_QUAT + 4] = quaternion
    world._c[EST_Q : EST_Q + 4] = quaternion  # gyros would have carried the estimate there
    flown.run(0.35)
    left = abs(math.degrees(math.asin(-float(world.rotation()[2, 0]))))
    assert (left < 8.0) == levels


def test_vertical_thrusters_at_the_corners() -> None:
    for thrusters in (T200, SITL_THRUSTERS):
        heavy = of_frame(thrusters, "vectored_6dof").allocation
        assert heavy.shape == (6, 8)
        assert np.array_equal(heavy[:, :4], thrusters.allocation[:, :4])
        assert np.allclose(heavy[:, 4:] @ np.ones(4), [0.0, 0.0, 4.0, 0.0, 0.0, 0.0])
        assert np.linalg.matrix_rank(heavy) == 6
