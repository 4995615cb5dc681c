"""Draws the plans in docs/images: ``python scripts/plan_pictures.py [DIR]``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from missions.preview import preview  # noqa: E402

MISSIONS = ("coaster_whole", "container_whole")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    for name in MISSIONS:
        preview(ROOT / "missions" / "library" / f"{name}.yaml", png_path=folder / f"plan_{name}.png")


if __name__ == "__main__":
    main()
