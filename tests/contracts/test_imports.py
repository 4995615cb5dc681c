"""The import rule covers every package there is."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contract_names_every_package() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = config["tool"]["importlinter"]["contracts"][0]
    named = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"}
    assert named == packages
    assert named == set(config["tool"]["importlinter"]["root_packages"])


def test_only_the_command_line_and_sim_know_sim() -> None:
    """Truth stays with the simulator: by import, nothing aboard and nothing on the surface can reach it."""
    for package in ("wire", "hull", "rov", "vision", "missions", "station"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            assert "import sim" not in text and "from sim" not in text, path
            assert "importlib" not in text.replace("importlib.metadata", "") and "__import__" not in text, path


def test_what_the_processes_are_told_holds_no_scenario() -> None:
    """The session file is all that rov, vision, missions and station get."""
    from wire.session import Session

    assert not {"scenario", "truth", "seed"} & set(Session.__struct_fields__)
