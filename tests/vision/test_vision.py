"""The whole chain from frames on a bus to findings on a bus, against the ray caster."""

import msgspec
import numpy as np
import pytest

from tests.vision.synthetic import Block, FlatSide, belief, cast, plate_texture
from vision.config import VisionConfig
from vision.history import Belief, History
from vision.source import Frame, QueueSource
from vision.vision import Vision
from wire import messages as m
from wire.bus import LocalBus, LocalSubscription
from wire.rig import CameraRig

BLOCK = Block(20.45, 2.0, 0.25, 0.2, 0.12)
PAINT = Block(20.15, 2.1, 0.2, 0.2, 0.0, (220, 220, 220))
STEPS = 12


def state(t: float, where: Belief | None) -> m.VehicleState:
    return m.VehicleState(
        t=t,
        armed=True,
        mode="ALT_HOLD",
        control="track",
        ladder="ok",
        reason="",
        depth_m=1.6,
        roll_rad=where.roll_rad if where else 0.0,
        pitch_rad=0.0,
        heading_rad=0.0,
        pose=where.pose if where else None,
        along_mps=0.3,
        closing_mps=0.0,
        climb_mps=0.0,
        dvl_age_s=0.0,
        range_age_s=0.0,
        link_age_s=0.0,
        battery_v=16.0,
        battery_fraction=0.9,
        leak=False,
        guidance_seq=0,
        at_target=False,
        sticks=(0, 0, 500, 0),
    )


def route(i: int) -> Belief:
    return belief(20.0 + 0.06 * i, yaw_off_rad=0.02 * float(np.sin(i)))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    texture = plate_texture(3)
    return [cast(CameraRig(), route(i), texture, (BLOCK,), (PAINT,)) for i in range(STEPS)]


class Rig:
    """A vision with its bus and camera."""

    def __init__(self, config: VisionConfig | None = None) -> None:
        self.bus = LocalBus()
        self.out: LocalSubscription = self.bus.subscribe("frame_report", "finding", "alert", "preview")
        self.camera = QueueSource()
        self.vision = Vision(config or VisionConfig(), FlatSide(), self.bus, self.camera)

    def step(self, t: float, where: Belief | None, image: np.ndarray | None, seq: int = 0) -> list[m.AnyMessage]:
        self.bus.publish("vehicle_state", state(t, where))
        if image is not None:
            self.camera.put(Frame(t, seq, image))
        self.vision.tick(t)
        return [message for _, message in self.out.drain()]


def fly(pictures: list[np.ndarray], noise: bool = True) -> list[m.AnyMessage]:
    rig, rng = Rig(), np.random.default_rng(1)
    out: list[m.AnyMessage] = []
    for i, image in enumerate(pictures):
        true = route(i)
        drift = [float(v) * noise for v in rng.normal(0.0, 0.01, 3)]
        pose = msgspec.structs.replace(
            true.pose,
            x_m=true.pose.x_m + drift[0],
            standoff_m=true.pose.standoff_m + drift[1],
            yaw_off_rad=true.pose.yaw_off_rad + drift[2],
        )
        out += rig.step(0.2 * i, true._replace(pose=pose), image, i)
    return out


def test_a_box_is_found_where_it_is_and_paint_is_not(pictures: list[np.ndarray]) -> None:
    out = fly(pictures)
    findings = [message for message in out if isinstance(message, m.Finding)]
    reports = [message for message in out if isinstance(message, m.FrameReport)]
    assert len(reports) == STEPS
    assert all(report.usable for report in reports)
    assert sum(report.relief_ok for report in reports) >= STEPS - 3
    assert {finding.number for finding in findings} == {1}
    last = findings[-1]
    assert (last.side, last.kind) == ("S", "box")
    assert abs(last.x_m - BLOCK.x) < 0.06
    assert abs(last.s_m - (BLOCK.z + 1.0)) < 0.05
    assert last.height_m == pytest.approx(BLOCK.height, rel=0.25)
    assert last.crop_jpeg[:2] == b"\xff\xd8"
    assert last.utc.endswith("Z")


def test_footprints_stay_within_what_the_camera_saw(pictures: list[np.ndarray]) -> None:
    reports = [message for message in fly(pictures, noise=False) if isinstance(message, m.FrameReport)]
    for i, report in enumerate(reports):
        centre = 20.0 + 0.06 * i + 0.8 * np.tan(0.02 * np.sin(i))
        xs, ss = [p[0] for p in report.footprint], [p[1] for p in report.footprint]
        assert min(xs) > centre - 0.6 * 320 / 457
        assert max(xs) < centre + 0.6 * 320 / 457
        assert max(ss) - min(ss) < 0.6 * 480 / 457


def test_same_flight_same_messages(pictures: list[np.ndarray]) -> None:
    assert [m.encode(a) for a in fly(pictures[:6])] == [m.encode(b) for b in fly(pictures[:6])]


def test_unusable_frames_are_reported_with_their_reason(pictures: list[np.ndarray]) -> None:
    rig = Rig()
    reports = rig.step(0.0, None, pictures[0]) + rig.step(0.2, route(0), pictures[0][:100])
    reports += rig.step(0.4, route(0), np.zeros_like(pictures[0]))
    reasons = [(r.usable, r.reason, r.footprint) for r in reports if isinstance(r, m.FrameReport)]
    assert reasons == [(False, "no pose", ()), (False, "wrong size", ()), (False, "dark", ())]


def test_camera_trouble_raises_and_clears_alerts(pictures: list[np.ndarray]) -> None:
    rig = Rig()
    out: list[m.AnyMessage] = []
    for i in range(5):
        out += rig.step(0.2 * i, route(0), pictures[0], i)
    for i in range(5, 15):
        out += rig.step(0.2 * i, route(0), None)
    out += rig.step(3.0, route(1), np.zeros_like(pictures[0]), 15)
    out += rig.step(3.2, route(1), pictures[1], 16)
    alerts = [(a.code, a.active) for a in out if isinstance(a, m.Alert)]
    assert alerts == [
        ("camera-frozen", True),
        ("camera-silent", True),
        ("camera-silent", False),
        ("camera-frozen", False),
        ("camera-black", True),
        ("camera-black", False),
    ]


def test_preview_rate_is_bounded(pictures: list[np.ndarray]) -> None:
    rig = Rig()
    out: list[m.AnyMessage] = []
    for i in range(20):
        out += rig.step(0.05 * i, None, pictures[i % 2], i)
    previews = [p for p in out if isinstance(p, m.Preview)]
    assert 4 <= len(previews) <= 6
    assert previews[0].jpeg[:2] == b"\xff\xd8"


def test_a_frame_waits_for_the_state_after_it(pictures: list[np.ndarray]) -> None:
    rig = Rig()
    rig.bus.publish("vehicle_state", state(0.0, route(0)))
    rig.camera.put(Frame(0.1, 1, pictures[0]))
    rig.vision.tick(0.1)
    assert rig.out.drain() == []
    rig.bus.publish("vehicle_state", state(0.15, route(1)))
    rig.vision.tick(0.15)
    (report,) = [message for topic, message in rig.out.drain() if topic == "frame_report"]
    assert isinstance(report, m.FrameReport)
    middle = np.mean([p[0] for p in report.footprint])
    assert middle == pytest.approx(20.04, abs=0.03)


def test_history_interpolates_and_refuses_gaps() -> None:
    history = History()
    history.add(state(1.0, belief(20.0)))
    history.add(state(1.1, belief(20.1)))
    history.add(state(1.05, belief(99.0)))
    history.add(state(2.0, belief(21.0)))
    history.add(state(2.1, None))
    at = history.at(1.05)
    assert at is not None
    assert at.pose.x_m == pytest.approx(20.05)
    assert history.at(1.5) is None
    assert history.at(0.9) is None
    assert history.at(2.05) is None
    assert history.at(2.2) is None


def position_fix(t: float, shift_m: float) -> m.PositionFix:
    return m.PositionFix(t=t, name="sea chest", side="S", x_shift_m=shift_m, x_std_before_m=0.5, x_std_m=0.04)


def test_a_position_fix_moves_what_was_found_before_it(pictures: list[np.ndarray]) -> None:
    rig, half = Rig(), STEPS // 2
    out: list[m.AnyMessage] = []
    for i, image in enumerate(pictures):
        true, early = route(i), i < half
        pose = msgspec.structs.replace(true.pose, x_m=true.pose.x_m + (0.5 if early else 0.0), x_std_m=0.5 if early else 0.04)
        if i == half:
            rig.bus.publish("position_fix", position_fix(0.2 * i - 0.05, -0.5))
        out += rig.step(0.2 * i, true._replace(pose=pose), image, i)
    findings = [message for message in out if isinstance(message, m.Finding)]
    assert {finding.number for finding in findings} == {1}, "not found a second time half a metre away"
    assert abs(findings[-1].x_m - BLOCK.x) < 0.06


def test_no_frame_is_placed_halfway_between_before_and_after_a_fix() -> None:
    history = History()
    for k in range(3):
        history.add(state(0.1 * k, belief(20.5)))
    history.correct(position_fix(0.25, -0.5))
    history.add(state(0.3, belief(20.0)))
    for t in (0.05, 0.2, 0.25, 0.3):
        found = history.at(t)
        assert found is not None and found.pose.x_m == pytest.approx(20.0)
