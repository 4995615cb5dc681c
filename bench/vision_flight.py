"""Vision alone, before the rendered hull: a camera moved along lanes without dynamics, and what it found, missed and made up.

    python -m bench.vision_flight [--scenario sim/scenarios/coaster_default.yaml] [--seed 1] [--speed 0.3] [--fps 5]

Prints one line per finding and a summary. Scored against the scenario; vision sees only pictures and noisy vehicle states.
"""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import msgspec
import numpy as np

from hull.frames import ShipPose
from hull.shell import build_surface
from hull.surface import HullSurface
from hull.vessel import Vessel, load_vessel
from sim.render import Renderer
from sim.scenario import Scenario, load_scenario
from sim.scene import Scene
from vision.config import VisionConfig
from vision.fittings import known_fittings
from vision.history import Belief
from vision.placing import attitude
from vision.source import Frame, QueueSource
from vision.vision import Vision
from wire import messages as m
from wire.bus import LocalBus
from wire.rig import BLUEROV2


class Route:
    """Lanes at constant depth, to and fro, with slow wander in everything; deterministic by seed."""

    def __init__(self, surface: HullSurface, args: argparse.Namespace) -> None:
        self.surface, self.args = surface, args
        self.rng = np.random.default_rng(args.seed)
        self.phase = self.rng.uniform(0, 6.28, 8)
        self.lane_s = (args.x_to - args.x_from) / args.speed

    def length_s(self) -> float:
        return self.lane_s * len(self.args.depths)

    def true(self, t: float) -> Belief:
        a, p = self.args, self.phase
        lane = min(int(t / self.lane_s), len(a.depths) - 1)
        along = (t - lane * self.lane_s) * a.speed
        x = a.x_from + along if lane % 2 == 0 else a.x_to - along
        depth = a.depths[lane] + 0.03 * math.sin(0.5 * t + p[0])
        pose = m.HullPose(
            side=a.side,
            x_m=x + 0.03 * math.sin(0.7 * t + p[1]),
            s_m=self.surface.girth_at_depth(x, depth),
            depth_m=depth,
            standoff_m=a.standoff + 0.05 * math.sin(0.4 * t + p[2]),
            yaw_off_rad=math.radians(2.5) * math.sin(0.6 * t + p[3]),
            x_std_m=0.05,
            standoff_std_m=0.02,
            yaw_std_rad=0.015,
        )
        return Belief(pose, math.radians(2.0) * math.sin(1.1 * t + p[4]), math.radians(2.0) * math.sin(0.9 * t + p[5]))

    def believed(self, t: float) -> Belief:
        true = self.true(t)
        n = [float(v) for v in self.rng.normal(0.0, 1.0, 4)]
        pose = msgspec.structs.replace(
            true.pose,
            x_m=true.pose.x_m + 0.05 * math.sin(0.05 * t + self.phase[6]) + 0.004 * n[0],
            s_m=true.pose.s_m + 0.01 * n[1],
            standoff_m=true.pose.standoff_m + 0.01 * n[2],
            yaw_off_rad=true.pose.yaw_off_rad + math.radians(0.4) * n[3],
        )
        return true._replace(pose=pose)


def state(t: float, where: Belief) -> m.VehicleState:
    return m.VehicleState(
        t=t,
        armed=True,
        mode="ALT_HOLD",
        control="track",
        ladder="ok",
        reason="",
        depth_m=where.pose.depth_m,
        roll_rad=where.roll_rad,
        pitch_rad=where.pitch_rad,
        heading_rad=0.0,
        pose=where.pose,
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


def ned(surface: HullSurface, ship: ShipPose, where: Belief) -> tuple[np.ndarray, np.ndarray]:
    """Body origin and axes in the world."""
    pose = where.pose
    normal = surface.normal(pose.side, pose.x_m, pose.s_m)
    origin = surface.point(pose.side, pose.x_m, pose.s_m) + normal * pose.standoff_m
    rotation = attitude(where.roll_rad, where.pitch_rad, math.atan2(normal[1], -normal[0]) + pose.yaw_off_rad)
    return ship.to_ned(origin), ship.dir_to_ned(rotation.T).T


def near(surface: HullSurface, vessel: Vessel, item: object, finding: m.Finding, play: float = 0.25) -> bool:
    """Does the finding's rectangle come within ``play`` of the item's?"""
    x = vessel.frame_to_x(item.frame)  # type: ignore[attr-defined]
    s = surface.girth_at_depth(x, item.depth_m)  # type: ignore[attr-defined]
    dx = abs(finding.x_m - x) - (finding.size_m[0] + item.size_m[0]) / 2  # type: ignore[attr-defined]
    ds = abs(finding.s_m - s) - (finding.size_m[1] + item.size_m[1]) / 2  # type: ignore[attr-defined]
    return finding.side == item.side and dx < play and ds < play  # type: ignore[attr-defined]


def fly(scenario: Scenario, vessel: Vessel, surface: HullSurface, args: argparse.Namespace) -> None:
    ship = ShipPose(draught_m=vessel.draught_m)
    renderer = Renderer(Scene(scenario, vessel, surface), scenario.water, BLUEROV2, args.seed)
    bus, camera = LocalBus(), QueueSource()
    out = bus.subscribe("frame_report", "finding")
    config = VisionConfig(frame_spacing_m=vessel.frame_spacing_m, fittings=known_fittings(vessel, surface))
    vision = Vision(config, surface, bus, camera)
    route = Route(surface, args)
    took: list[float] = []
    findings: dict[int, m.Finding] = {}
    reports: list[m.FrameReport] = []
    for i in range(int(route.length_s() * args.fps)):
        t = i / args.fps
        position, rotation = ned(surface, ship, route.true(t))
        image = picture(args, partial(renderer.render, position, rotation, t, i), i)
        camera.put(Frame(t, i, image))
        bus.publish("vehicle_state", state(t, route.believed(t)))
        began = time.process_time()
        vision.tick(t)
        took.append(time.process_time() - began)
        for _, message in out.drain():
            if isinstance(message, m.Finding):
                findings[message.number] = message
            elif isinstance(message, m.FrameReport):
                reports.append(message)
                if args.frames:
                    print_report(message, route.true(t))
    summarise(scenario, vessel, surface, args, findings, reports, took)


def picture(args: argparse.Namespace, render: Callable[[], np.ndarray], i: int) -> np.ndarray:
    """The frame as it comes over the wire (JPEG, quality 90); kept in ``--pictures`` for the next run."""
    path = args.pictures / f"{args.scenario.stem}_{args.seed}_{i:05d}.jpg" if args.pictures else None
    if path is not None and path.exists():
        jpeg = np.frombuffer(path.read_bytes(), np.uint8)
    else:
        jpeg = cv2.imencode(".jpg", render(), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg.tobytes())
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


def print_report(r: m.FrameReport, true: Belief) -> None:
    found = [
        (d.kind, round(d.score, 2), round(d.x_m, 2), round(d.depth_m, 2), d.height_m and round(d.height_m, 3))
        for d in r.detections
    ]
    print(f"{r.frame_seq:5d} x {true.pose.x_m:6.2f} d {true.pose.depth_m:4.2f} {'ok' if r.usable else r.reason:10s} "
          f"{'relief' if r.relief_ok else '-':6s} tau {r.optical_depth:.2f} sharp {r.sharpness:.2f} {found}")  # fmt: skip


def summarise(
    scenario: Scenario,
    vessel: Vessel,
    surface: HullSurface,
    args: argparse.Namespace,
    findings: dict[int, m.Finding],
    reports: list[m.FrameReport],
    took: list[float],
) -> None:
    low, high = min(args.depths) - 0.35, max(args.depths) + 0.35
    wanted = [a for a in scenario.attachments if a.side == args.side and low < a.depth_m < high]
    wanted = [a for a in wanted if args.x_from < vessel.frame_to_x(a.frame) < args.x_to]
    false = 0
    for f in findings.values():
        match = [a for a in scenario.attachments if near(surface, vessel, a, f)]
        clutter = [c for c in (*scenario.clutter, *vessel.fittings) if near(surface, vessel, c, f, 0.1)]
        word = f"TRUE  {match[0].kind} @ {match[0].frame}" if match else f"FALSE near {[c.kind for c in clutter]}"
        false += not match
        height = "-" if f.height_m is None else f"{f.height_m:.2f}"
        print(f"F{f.number:03d} r{f.revision} {f.kind:14s} {f.confidence:.2f} frame {f.frame:5.2f} depth {f.depth_m:.2f} "
              f"size {f.size_m[0]:.2f}x{f.size_m[1]:.2f} h {height} hits {f.hits}/{f.frames} {word}")  # fmt: skip
    for a in wanted:
        mine = [f for f in findings.values() if near(surface, vessel, a, f)]
        error = min((math.hypot(f.x_m - vessel.frame_to_x(a.frame), f.depth_m - a.depth_m) for f in mine), default=math.nan)
        print(f"{'FOUND ' if mine else 'MISSED'} {a.kind} frame {a.frame} depth {a.depth_m} place error {error:.2f} m")
    found = sum(any(near(surface, vessel, a, f) for f in findings.values()) for a in wanted)
    usable, relief = sum(r.usable for r in reports), sum(r.relief_ok for r in reports)
    reasons = sorted({r.reason for r in reports if not r.usable})
    ms = np.percentile(np.array(took) * 1e3, [50, 99])
    print(f"{scenario.name} seed {args.seed}: found {found}/{len(wanted)} false {false} frames {len(reports)} usable {usable} "
          f"relief {relief} unusable for {reasons} cpu {ms[0]:.0f}/{ms[1]:.0f} ms p50/p99")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Fly a camera along the rendered hull and score vision.")
    parser.add_argument("--scenario", type=Path, default=Path("sim/scenarios/coaster_default.yaml"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", default="S")
    parser.add_argument("--speed", type=float, default=0.3)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--standoff", type=float, default=0.8)
    parser.add_argument("--x-from", type=float, default=18.0)
    parser.add_argument("--x-to", type=float, default=32.4)
    parser.add_argument("--depths", type=float, nargs="+", default=[0.95, 1.3, 1.65, 2.0, 2.35])
    parser.add_argument("--frames", action="store_true", help="print every frame")
    parser.add_argument("--pictures", type=Path, help="folder to keep rendered pictures in; same route only")
    args = parser.parse_args()
    scenario = load_scenario(args.scenario)
    vessel_file = (args.scenario.parent / scenario.vessel).resolve()
    vessel = load_vessel(vessel_file)
    fly(scenario.model_copy(update={"seed": args.seed}), vessel, build_surface(vessel, vessel_file), args)


if __name__ == "__main__":
    main()
