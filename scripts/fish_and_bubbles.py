"""Renders what moves in scenario coaster_fish, each row at the moment at which most of it is in view, and a moment later.

python scripts/fish_and_bubbles.py [--out docs/images/fish_and_bubbles.jpg]
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hull.shell import load_ship
from scripts.contact_sheet import pose
from sim.render import Renderer
from sim.scenario import load_scenario, vessel_path
from sim.scene import CLUTTER_ID, Scene
from wire.rig import BLUEROV2

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_fish.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(description="Rendered fish and bubbles.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/fish_and_bubbles.jpg")
    args = parser.parse_args()
    scenario = load_scenario(SCENARIO)
    vessel, surface = load_ship(vessel_path(scenario, SCENARIO))
    renderer = Renderer(Scene(scenario, vessel, surface), scenario.water, BLUEROV2, scenario.seed)
    rows = []
    for number, item in enumerate(scenario.clutter):
        if item.kind not in ("fish", "bubbles"):
            continue
        depth = item.depth_m if item.kind == "fish" else item.depth_m - 0.8
        place = pose(renderer, item.side, vessel.frame_to_x(item.frame), depth, 0.9)
        times = np.arange(0.0, 30.0, 0.5)
        seen = [int((renderer.truth(*place, t=float(t))[1] == CLUTTER_ID + number).sum()) for t in times]
        best = float(times[int(np.argmax(seen))])
        frames = [renderer.render(*place, best + 0.2 * k, k) for k in range(3)]
        for k, frame in enumerate(frames):
            text = f"{item.kind}, {item.count}" + (f", +{0.2 * k:.1f} s" if k else "")
            cv2.putText(frame, text, (10, 468), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 1, cv2.LINE_AA)
        rows.append(np.hstack([cv2.resize(frame, (426, 320), interpolation=cv2.INTER_AREA) for frame in frames]))
    cv2.imwrite(str(args.out), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 82])
    print(args.out)


if __name__ == "__main__":
    main()
