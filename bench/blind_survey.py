"""A whole survey without pictures, for its timing: world, rov, missions, recorder, station as flown, and eyes that see perfectly.

    python -m bench.blind_survey [--mission FILE] [--scenario FILE] [--seed 1] [--current 0.05 0.0]

The eyes report the inner view about the believed pose at the camera's rate, and the true error of x when a mapped grating is
wholly in view. Coverage and contacts of such a flight prove nothing; its times by phase and task are those of a flight with
good pictures, at some thirty times real time.
"""

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.survey_time import show
from hull.landmarks import landmarks
from sim.runner import Survey
from sim.scenario import Scenario, VehicleSetup
from sim.survey import Prepared, load_world_file, prepare
from wire import messages as m

ROOT = Path(__file__).parents[1]
INNER = 0.92
MAP_STD_M = 0.04


class Eyes:
    """Stands in for `vision.Vision`."""

    def __init__(self, survey: Survey) -> None:
        prepared = survey.prepared
        self._bus, self._world = survey.bus, survey.world
        self._gratings = [k for k in landmarks(prepared.vessel, prepared.surface) if k.kind == "sea_chest_grating"]
        self._states = survey.bus.subscribe("vehicle_state")
        camera, standoff = prepared.rig.camera, prepared.mission.standoff_m
        self._half = INNER * camera.width / camera.fx / 2.0, INNER * camera.height / camera.fy / 2.0
        self._surface = prepared.surface
        self._mount_m = camera.mount_m[0]
        self._max_range_m = standoff + 0.4
        self._period, self._due, self._seq = 1.0 / survey.world.scenario.vehicle.camera_fps, 0.0, 0

    def tick(self, now: float) -> None:
        states = [message for _topic, message in self._states.drain()]
        if not states or now < self._due:
            return
        self._due, self._seq = now + self._period - 1e-6, self._seq + 1
        pose = states[-1].pose
        if pose is None or pose.standoff_m > self._max_range_m:
            return
        range_m = max(0.05, pose.standoff_m - self._mount_m)
        corners = self._corners(pose)
        if len(corners) == 4:
            self._bus.publish("frame_report", self._report(now, pose, corners, range_m))
        self._sight(now, pose, *(half * range_m for half in self._half))

    def _corners(self, pose: m.HullPose) -> tuple[tuple[float, float], ...]:
        """Where the inner view's corners meet the plating, by the believed pose and a level camera."""
        surface = self._surface
        normal = surface.normal(pose.side, pose.x_m, pose.s_m)
        place = surface.point(pose.side, pose.x_m, pose.s_m) + pose.standoff_m * normal
        heading = math.atan2(-normal[1], -normal[0]) - pose.yaw_off_rad  # yaw is clockwise from above
        look = np.array([math.cos(heading), math.sin(heading), 0.0])
        right, up = np.array([look[1], -look[0], 0.0]), np.array([0.0, 0.0, 1.0])
        out = []
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            ray = look + a * self._half[0] * right + b * self._half[1] * up
            ray /= np.linalg.norm(ray)
            eye = place + self._mount_m * look
            reach = surface.raycast(eye, ray, self._max_range_m * 2.0)
            if reach is not None:
                near = surface.nearest(eye + reach * ray)
                out.append((near.x_m, near.s_m))
        return tuple(out)

    def _report(self, now: float, pose: m.HullPose, corners: Any, range_m: float) -> m.FrameReport:
        return m.FrameReport(
            t=now, frame_seq=self._seq, side=pose.side, footprint=corners, range_m=range_m, incidence_rad=abs(pose.yaw_off_rad),
            usable=True, reason="", optical_depth=0.4, sharpness=2.0, px_per_cm=7.0, relief_ok=True, x_std_m=pose.x_std_m,
            detections=(),
        )  # fmt: skip

    def _sight(self, now: float, pose: m.HullPose, wide: float, high: float) -> None:
        true_x = float(self._world.vehicle_truth().position[0])
        for k in self._gratings:
            apart = abs(k.x_m - true_x) + k.size_m[0] / 2.0, abs(k.s_m - pose.s_m) + k.size_m[1] / 4.0
            if k.side == pose.side and apart[0] < wide and apart[1] < high:
                error = pose.x_m - true_x
                sight = m.LandmarkSight(t=now, name=k.name, side=k.side, x_error_m=error, std_m=MAP_STD_M)
                self._bus.publish("landmark_sight", sight)


class Blind(Survey):
    """`sim.runner.Survey` with `Eyes` and without a camera."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.vision: Any = Eyes(self)
        self.camera.off = True


def launched(scenario: Scenario, prepared: Prepared) -> VehicleSetup:
    """The scenario's vehicle, put into the water where the mission says."""
    mine = prepared.mission.launch
    launch = scenario.vehicle.launch.model_copy(update={"side": mine.side, "frame": mine.frame, "offset_m": mine.offset_m})
    return scenario.vehicle.model_copy(update={"launch": launch})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mission", type=Path, default=ROOT / "missions/library/coaster_starboard.yaml")
    parser.add_argument("--scenario", type=Path, default=ROOT / "sim/scenarios/coaster_default.yaml")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--current", type=float, nargs=2, default=None, help="along ship x, y [m/s]")
    args = parser.parse_args()
    prepared = prepare(args.mission)
    scenario = load_world_file(args.scenario, prepared)
    update: dict[str, Any] = {"vehicle": launched(scenario, prepared)}
    if args.current:
        update["current_mps"] = tuple(args.current)
    scenario = scenario.model_copy(update=update)
    with tempfile.TemporaryDirectory() as scrap:
        folder = Path(scrap) / "survey"
        folder.mkdir()
        survey = Blind(prepared, scenario, args.seed, folder)
        survey.run(None)
        survey.recorder.close()
        show(folder)
        done = survey.missions.accounting.inspected() / len(prepared.plan.cells)
        print(f"{survey.missions.ended} {survey.missions.detail}; estimated {prepared.plan.time_s:.0f} s; {done:.1%} in view")
        print(f"collisions {survey.world.collisions}, least clearance {survey.world.min_clearance_m:.2f} m")


if __name__ == "__main__":
    main()
