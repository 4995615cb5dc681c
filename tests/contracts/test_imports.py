"""The import rule covers every package there is."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contract_names_every_package() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = config["tool"]["importlinter"]["contracts"][0]
    named = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"}
    assert named == packages | {"hullscan"}
    assert named == set(config["tool"]["importlinter"]["root_packages"])
