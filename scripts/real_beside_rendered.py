"""Real underwater pictures (left) beside rendered ones (right), for docs/picture.md.

    python scripts/real_beside_rendered.py --real ../shared/images [--out docs/images/real_and_rendered.jpg]

The real pictures' licences (Apache-2.0, MIT) allow it; each carries its source in the sheet and in docs/picture.md.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hull.shell import load_ship
from scripts.contact_sheet import pose
from sim.render import Renderer
from sim.scenario import Scenario, load_scenario, vessel_path
from sim.scene import Scene
from wire.rig import BLUEROV2

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "sim/scenarios/coaster_default.yaml"
SIZE = (480, 360)
PAIRS: tuple[tuple[str, str, float, dict[str, Any]], ...] = (
    ("emannix+automating-the-assessment-of-biofouling/sample_images_000015-gbEGjSAk6r.jpg", "hull, in the water", 0.8, {}),
    (
        "emannix+automating-the-assessment-of-biofouling/sample_images_000022-x6lwoJexxL.jpg",
        "hull, grown over",
        1.2,
        {"c_rgb": [2.2, 1.3, 1.5], "particles_per_m3": 900},
    ),
    ("ryan354+ROV-Underwater-Video-analysis/examples_job_Video_FHD_frame_00010.jpg", "an ROV's water", 3.0, {}),
    ("insamniac+whitepoint-mesh-example/images_frame00006.jpg", "an ROV over a flat seabed", 1.0, {}),
)
PLACES: tuple[tuple[Literal["S"], float, float], ...] = (("S", 21.0, 1.6), ("S", 23.5, 1.4), ("S", 26.0, 1.6), ("S", 28.5, 1.8))


def labelled(image: np.ndarray, text: str) -> np.ndarray:
    tile = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA)
    cv2.rectangle(tile, (0, SIZE[1] - 20), SIZE, (0, 0, 0), -1)
    cv2.putText(tile, text, (6, SIZE[1] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return tile


def fitted(image: np.ndarray) -> np.ndarray:
    """The middle of it in the sheet's shape."""
    height, width = image.shape[:2]
    w, h = min(width, round(height * 4 / 3)), min(height, round(width * 3 / 4))
    return image[(height - h) // 2 : (height + h) // 2, (width - w) // 2 : (width + w) // 2]


def rendered(
    scenario: Scenario, water: dict[str, Any], place: tuple[Literal["S"], float, float], standoff_m: float
) -> np.ndarray:
    changed = scenario.model_copy(update={"water": scenario.water.model_copy(update=water)})
    vessel, surface = load_ship(vessel_path(changed, SCENARIO))
    renderer = Renderer(Scene(changed, vessel, surface), changed.water, BLUEROV2, changed.seed)
    side, x_m, depth_m = place
    return np.asarray(renderer.render(*pose(renderer, side, x_m, depth_m, standoff_m, 0.1), 1.0, 7))


def main() -> None:
    parser = argparse.ArgumentParser(description="Real pictures beside rendered ones.")
    parser.add_argument("--real", type=Path, required=True, help="folder of the real pictures")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/real_and_rendered.jpg")
    args = parser.parse_args()
    scenario = load_scenario(SCENARIO)
    rows = []
    for (name, what, standoff_m, water), place in zip(PAIRS, PLACES, strict=True):
        real = cv2.imread(str(args.real / name))
        if real is None:
            raise SystemExit(f"--real: cannot read {args.real / name}")
        source = name.partition("/")[0].replace("+", "/")
        left = labelled(fitted(real), f"real: {what} ({source})")
        said = f"rendered, {standoff_m} m, {'turbid' if water else 'default'} water"
        rows.append(np.hstack([left, labelled(rendered(scenario, water, place, standoff_m), said)]))
    if not cv2.imwrite(str(args.out), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 82]):
        raise SystemExit(f"{args.out}: cannot write")


if __name__ == "__main__":
    main()
