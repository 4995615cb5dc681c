"""The schemas in docs/schemas are those of the models, and the files that ship with hullscan fit them."""

import importlib.util
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = [
    ("mission", "missions/library/coaster_starboard.yaml"),
    ("mission", "missions/library/coaster_short.yaml"),
    ("vessel", "missions/library/coaster50.vessel.yaml"),
    ("scenario", "sim/scenarios/coaster_default.yaml"),
]


@pytest.fixture(scope="module")
def export() -> ModuleType:
    spec = importlib.util.spec_from_file_location("export_schemas", ROOT / "scripts" / "export_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["mission", "vessel", "scenario"])
def test_up_to_date(export: ModuleType, name: str) -> None:
    kept = (ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert kept == export.schema_text(name), "run scripts/export_schemas.py"


@pytest.mark.parametrize(("name", "path"), FILES)
def test_shipped_files_fit(export: ModuleType, name: str, path: str) -> None:
    document = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(export.MODELS[name].model_json_schema()).validate(document)
