#!/usr/bin/env python3
"""Writes the JSON schemas of the files people write into docs/schemas: mission, vessel and scenario."""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hull.vessel import Vessel  # noqa: E402
from missions.mission import Mission  # noqa: E402
from sim.scenario import Scenario  # noqa: E402

MODELS: dict[str, type[BaseModel]] = {"mission": Mission, "vessel": Vessel, "scenario": Scenario}


def schema_text(name: str) -> str:
    """The schema file's text; the same models give the same bytes."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | MODELS[name].model_json_schema()
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def export(folder: Path) -> None:
    """Writes all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        (folder / f"{name}.schema.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    export(ROOT / "docs" / "schemas")
