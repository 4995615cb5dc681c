"""The navigator against a wall seen by ideal beams: pose, signs, gates, loss, the water's underside."""

import math
import random
from pathlib import Path

import numpy as np
import pytest

from hull.shell import load_ship
from hull.surface import HullSurface
from rov.dvl import Fix, beam_axes
from rov.navigator import LOST_AFTER_S, Navigator
from wire.messages import Side
from wire.rig import BLUEROV2

AXES = beam_axes(BLUEROV2.dvl_beam_angle_rad)
MOUNT = np.array(BLUEROV2.dvl_mount_m)
MIDSHIP, DEPTH = 25.0, 1.5  # parallel mid-body, upright plating


def fix(t: float, standoff: float, yaw: float, velocity: tuple[float, float, float] | None = (0.0, 0.0, 0.0)) -> Fix:
    """Beams on an upright wall; ``yaw``: nose to the right of facing it. ``velocity``: body FRD."""
    normal = np.array([-math.cos(yaw), math.sin(yaw), 0.0])
    beams = tuple((k, (-standoff - float(normal @ MOUNT)) / float(normal @ AXES[k])) for k in range(4))
    return Fix(t, velocity, 0.01, beams)


def navigator(surface: HullSurface, side: Side = "S") -> Navigator:
    return Navigator(surface, BLUEROV2, side, MIDSHIP, 0.3)


def feed(
    nav: Navigator, since: float, seconds: float, standoff: float, yaw: float, **kwargs: tuple[float, float, float]
) -> float:
    steps = round(seconds / 0.05)
    for k in range(1, steps + 1):
        nav.predict(since + 0.05 * k, 0.0, 0.0, 0.0, DEPTH)
        if k % 2 == 0:
            nav.take_fix(fix(since + 0.05 * k, standoff, yaw, **kwargs))
    return since + 0.05 * steps


@pytest.mark.parametrize("yaw", [-0.3, 0.0, 0.2])
@pytest.mark.parametrize("side", ["P", "S"])
def test_finds_stand_off_and_angle(surface: HullSurface, side: Side, yaw: float) -> None:
    nav = navigator(surface, side)
    assert nav.pose(0.0) is None
    now = feed(nav, 0.0, 2.0, 0.8, yaw)
    pose = nav.pose(now)
    assert pose is not None and pose.side == side
    assert pose.standoff_m == pytest.approx(0.8, abs=0.01)
    assert pose.yaw_off_rad == pytest.approx(yaw, abs=0.01)
    assert pose.x_m == pytest.approx(MIDSHIP, abs=0.01) and pose.x_std_m == pytest.approx(0.3, abs=0.02)
    assert surface.depth_at(pose.x_m, pose.s_m) == pytest.approx(DEPTH, abs=0.05)


@pytest.mark.parametrize(("side", "sign"), [("P", -1), ("S", 1)])
def test_sway_to_the_right_moves_aft_on_port_and_forward_on_starboard(surface: HullSurface, side: Side, sign: int) -> None:
    nav = navigator(surface, side)
    now = feed(nav, 0.0, 10.0, 0.8, 0.0, velocity=(0.0, 0.3, 0.0))
    pose, motion = nav.pose(now), nav.motion(now)
    assert pose is not None
    assert pose.x_m - MIDSHIP == pytest.approx(sign * 3.0, abs=0.1)
    assert motion.along_mps == pytest.approx(sign * 0.3, abs=0.01) and motion.closing_mps == pytest.approx(0.0, abs=0.01)


def test_velocity_is_turned_by_the_angle_to_the_hull(surface: HullSurface) -> None:
    nav = navigator(surface)
    yaw = 0.3
    now = feed(nav, 0.0, 1.0, 0.8, yaw, velocity=(0.2, 0.0, 0.0))
    motion = nav.motion(now)
    assert motion.closing_mps == pytest.approx(0.2 * math.cos(yaw), abs=0.01)
    assert motion.along_mps == pytest.approx(0.2 * math.sin(yaw), abs=0.01)


def test_one_wild_fix_is_refused_many_are_believed(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    nav.predict(now + 0.05, 0.0, 0.0, 0.0, DEPTH)
    nav.take_fix(fix(now + 0.05, 2.5, 0.0))
    pose = nav.pose(now + 0.05)
    assert pose is not None and pose.standoff_m == pytest.approx(0.8, abs=0.02) and nav.rejected == 1
    now = feed(nav, now + 0.05, 3.0, 2.5, 0.0)
    pose = nav.pose(now)
    assert pose is not None and pose.standoff_m == pytest.approx(2.5, abs=0.1)


def test_range_alone_carries_the_stand_off_and_silence_loses_it(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    for k in range(1, 61):
        nav.predict(now + 0.05 * k, 0.0, 0.0, 0.0, DEPTH)
        nav.take_range(now + 0.05 * k, 1.0 - BLUEROV2.sonar_forward_mount_m[0])
    now += 3.0
    pose = nav.pose(now)
    assert pose is not None and pose.standoff_m == pytest.approx(1.0, abs=0.05)
    assert nav.pose(now + LOST_AFTER_S + 0.1) is None


def test_without_velocity_the_range_s_own_change_is_the_closing_speed(surface: HullSurface) -> None:
    nav, draw = navigator(surface), random.Random(3)
    now = feed(nav, 0.0, 2.0, 2.0, 0.0)
    assert nav.motion(now).ranged_s == math.inf and nav.motion(now).closing_age_s < 0.2
    for k in range(1, 81):
        t = now + 0.05 * k
        nav.predict(t, 0.0, 0.0, 0.0, DEPTH)
        if k % 2 == 0:
            reading = 2.0 - 0.2 * 0.05 * k - float(BLUEROV2.sonar_forward_mount_m[0]) + draw.gauss(0.0, 0.005)
            nav.take_range(t, round(reading, 2))
    motion = nav.motion(now + 4.0)
    assert motion.closing_mps == pytest.approx(0.2, abs=0.07) and motion.closing_age_s < 0.1 < motion.age_s
    assert nav.motion(now + 5.0).closing_age_s > 0.5  # silent again: nothing is known


def test_a_sounder_that_is_stuck_is_not_believed(surface: HullSurface) -> None:
    # Closing at 0.2 m/s by the DVL's velocity while its beams see nothing: the same reading is a lie after 0.12 m.
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 2.0, 0.0)
    for k in range(1, 41):
        nav.predict(now + 0.05 * k, 0.0, 0.0, 0.0, DEPTH)
        nav.take_fix(Fix(now + 0.05 * k, (0.2, 0.0, 0.0), 0.01, ()))
        nav.take_range(now + 0.05 * k, 1.8)
    assert now + 0.4 < nav.range_t < now + 0.8 and not nav.seen(now + 2.4)
    # At rest it is believed for three seconds, and again as soon as it changes.
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 2.0, 0.0)
    for k in range(1, 121):
        nav.predict(now + 0.05 * k, 0.0, 0.0, 0.0, DEPTH)
        nav.take_range(now + 0.05 * k, 1.8)
    assert nav.range_t == pytest.approx(now + 3.0, abs=0.11)
    nav.take_range(now + 6.1, 1.79)
    assert nav.range_t == now + 6.1


def test_gyro_carries_the_angle(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    for k in range(1, 11):
        nav.predict(now + 0.05 * k, 0.0, 0.0, 0.4, DEPTH)
    pose = nav.pose(now + 0.5)
    assert pose is not None and pose.yaw_off_rad == pytest.approx(0.2, abs=0.02)
    assert pose.yaw_std_rad > math.radians(0.5)


def test_doubt_grows_without_velocity(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    before = nav.pose(now)
    for k in range(1, 401):
        nav.predict(now + 0.05 * k, 0.0, 0.0, 0.0, DEPTH)
        nav.take_range(now + 0.05 * k, 0.56 + 0.01 * (k // 20 % 2))
    after = nav.pose(now + 20.0)
    assert before is not None and after is not None
    assert after.x_std_m > before.x_std_m + 0.5


@pytest.mark.parametrize("on_it", [(0,), (3,), (0, 3), (1, 2)])
def test_beams_that_end_on_an_object_turn_nobody(surface: HullSurface, on_it: tuple[int, ...]) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    for k in range(1, 41):
        nav.predict(now + 0.05 * k, 0.0, 0.0, 0.0, DEPTH)
        nav.take_range(now + 0.05 * k, 0.8 - float(BLUEROV2.sonar_forward_mount_m[0]))
        if k % 2 == 0:
            seen = fix(now + 0.05 * k, 0.8, 0.0)
            nav.take_fix(seen._replace(beams=tuple((i, d - 0.2 if i in on_it else d) for i, d in seen.beams)))
    pose = nav.pose(now + 2.0)
    assert pose is not None and abs(pose.yaw_off_rad) < math.radians(2.0)
    assert 0.55 < pose.standoff_m < 0.83


def test_echoes_from_the_waters_underside_are_no_hull(surface: HullSurface) -> None:
    nav = navigator(surface)
    for k in range(1, 41):
        nav.predict(0.05 * k, 0.0, 0.0, 0.0, 0.2)
        nav.take_fix(Fix(0.05 * k, None, 0.01, ((0, 0.4), (1, 3.0), (2, 3.0), (3, 0.4))))
        nav.take_range(0.05 * k, 1.5)
    assert nav.pose(2.0) is None


def test_a_wall_that_leans_otherwise_than_the_plating_is_not_it(surface: HullSurface) -> None:
    nav = navigator(surface)
    lean = math.radians(35.0)
    normal = np.array([-math.cos(lean), 0.0, -math.sin(lean)])
    beams = tuple((k, (-0.8 - float(normal @ MOUNT)) / float(normal @ AXES[k])) for k in range(4))
    nav.predict(0.05, 0.0, 0.0, 0.0, DEPTH)
    nav.take_fix(Fix(0.05, None, 0.01, beams))
    assert nav.pose(0.05) is None and nav.rejected == 1


def test_noise_is_filtered(surface: HullSurface) -> None:
    nav, noise, errors = navigator(surface), random.Random(3), []
    for k in range(1, 401):
        now = 0.05 * k
        nav.predict(now, 0.0, 0.0, noise.gauss(0.0, 0.01), DEPTH)
        if k % 2 == 0:
            nav.take_fix(fix(now, 0.8 + noise.gauss(0.0, 0.02), noise.gauss(0.0, 0.03)))
        if (pose := nav.pose(now)) is not None and k > 40:
            errors.append((pose.standoff_m - 0.8, pose.yaw_off_rad))
    assert np.std([e[0] for e in errors]) < 0.02
    assert np.std([e[1] for e in errors]) < 0.03


def test_late_reports_do_not_move_the_vehicle() -> None:
    """The clock of the DVL counts: a stalled link, then a burst, leaves x where the instrument says the vehicle went."""
    surface = load_ship(Path(__file__).parents[2] / "missions" / "library" / "coaster50.vessel.yaml")[1]
    navigator = Navigator(surface, BLUEROV2, "S", 25.0, 0.1)
    travelled, now = 0.0, 0.0

    def report(valid_s: float) -> Fix:
        return Fix(now, (0.0, 0.3, 0.0), 0.01, ((0, 0.7), (1, 0.7), (2, 0.7), (3, 0.7)), valid_s)

    navigator.take_fix(report(100.0))
    for step in range(1, 400):
        now = step * 0.05
        navigator.predict(now, 0.0, 0.0, 0.0, 1.5)
        stalled = 5.0 < now < 7.0
        if step % 3 == 0 and not stalled:
            # While stalled, the world stood still too: the instrument's clock lost two seconds.
            travelled = now - (2.0 if now >= 7.0 else 0.0)
            navigator.take_fix(report(100.0 + travelled))
    pose = navigator.pose(now)
    assert pose is not None
    assert abs(pose.x_m - (25.0 + 0.3 * travelled)) < 0.05


def test_a_landmark_corrects_x_and_its_deviation(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    done = nav.take_landmark(now, now - 0.3, 0.5, 0.03)
    assert done is not None and done.shift_m == pytest.approx(-0.5, abs=0.02)
    pose = nav.pose(now)
    assert (
        pose is not None and pose.x_m == pytest.approx(MIDSHIP - 0.5, abs=0.03) and pose.x_std_m == pytest.approx(0.05, abs=0.02)
    )


def test_sights_taken_before_a_correction_do_not_correct_twice(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    for late in (0.0, 0.05, 0.1):
        nav.take_landmark(now + late, now - 0.3, 0.5, 0.03)
    pose = nav.pose(now)
    assert pose is not None and pose.x_m == pytest.approx(MIDSHIP - 0.5, abs=0.03)


def test_many_sights_of_one_landmark_do_not_make_x_surer_than_the_map(surface: HullSurface) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    for k in range(50):
        nav.take_landmark(now + 0.2 * k, now + 0.2 * k, 0.0, 0.03)
    pose = nav.pose(now)
    assert pose is not None and pose.x_std_m >= 0.04


@pytest.mark.parametrize(("age_s", "error_m"), [(10.0, 0.2), (0.1, 4.0)])
def test_an_old_or_wild_landmark_is_refused(surface: HullSurface, age_s: float, error_m: float) -> None:
    nav = navigator(surface)
    now = feed(nav, 0.0, 2.0, 0.8, 0.0)
    assert nav.take_landmark(now, now - age_s, error_m, 0.03) is None
    pose = nav.pose(now)
    assert pose is not None and pose.x_m == pytest.approx(MIDSHIP, abs=0.01) and nav.rejected == 1
