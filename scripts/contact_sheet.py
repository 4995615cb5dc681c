"""Renders the default scenario's objects as one sheet: what the simulated camera shows. Rendered frames only.

python scripts/contact_sheet.py [--scenario FILE] [--out docs/images/contact_sheet.jpg]
"""

import argparse
import math
import sys
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hull.shell import load_ship
from sim.render import Renderer
from sim.scenario import Attachment, load_scenario, vessel_path
from sim.scene import Scene
from wire.rig import BLUEROV2

ROOT = Path(__file__).resolve().parents[1]


def pose(
    renderer: Renderer, side: Literal["P", "S"], x_m: float, depth_m: float, standoff_m: float, yaw_rad: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Body pose that puts the camera ``standoff_m`` off the plating there, looking squarely at it but for ``yaw_rad``."""
    surface = renderer.scene.surface
    s = surface.girth_at_depth(x_m, depth_m)
    normal = surface.normal(side, x_m, s)
    heading = renderer.ship.facing_heading(normal) + yaw_rad
    c, k = math.cos(heading), math.sin(heading)
    rotation = np.array([[c, -k, 0.0], [k, c, 0.0], [0.0, 0.0, 1.0]])
    eye = renderer.ship.to_ned(surface.point(side, x_m, s) + standoff_m * normal)
    return eye - rotation @ np.array(BLUEROV2.camera.mount_m), rotation


def main() -> None:
    parser = argparse.ArgumentParser(description="Contact sheet of rendered frames.")
    parser.add_argument("--scenario", type=Path, default=ROOT / "sim/scenarios/coaster_default.yaml")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/contact_sheet.jpg")
    args = parser.parse_args()
    scenario = load_scenario(args.scenario)
    vessel, surface = load_ship(vessel_path(scenario, args.scenario))
    renderer = Renderer(Scene(scenario, vessel, surface), scenario.water, BLUEROV2, scenario.seed)
    wanted = [(a, 0.8, 0.0) for a in scenario.attachments] + [(c, 0.8, 0.0) for c in scenario.clutter if c.kind != "weld_seam"][
        :6
    ]
    wanted.append((scenario.attachments[0], 1.6, 0.3))
    tiles = []
    for k, (item, standoff, yaw) in enumerate(wanted[:12]):
        place = pose(renderer, item.side, vessel.frame_to_x(item.frame), item.depth_m, standoff, yaw)
        frame = cv2.resize(renderer.render(*place, 0.2 * k, k), (426, 320), interpolation=cv2.INTER_AREA)
        role = "attachment" if isinstance(item, Attachment) else "harmless"
        cv2.putText(
            frame, f"{role}: {item.kind}, {standoff} m", (8, 312), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA
        )
        tiles.append(frame)
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % 3)
    sheet = np.vstack([np.hstack(tiles[i : i + 3]) for i in range(0, len(tiles), 3)])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(args.out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 80]):
        raise SystemExit(f"{args.out}: cannot write")
    print(args.out, args.out.stat().st_size, "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
