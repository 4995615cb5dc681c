"""Whole surveys in one process: complete, deterministic with any number of threads, honest against the simulator's truth."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
MISSION = ROOT / "missions" / "library" / "coaster_short.yaml"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
FILES = {
    "survey.db",
    "mission.yaml",
    "vessel.yaml",
    "findings.jsonl",
    "coverage.json",
    "track.csv",
    "telemetry.tlog",
    "report.html",
    "SHA256SUMS",
}
pytestmark = pytest.mark.slow


class Flown(NamedTuple):
    folder: Path
    summary: dict[str, Any]
    code: int


def start(out: Path, threads: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(ROOT / "hullscan.py"), "run", str(MISSION), "--sim", str(SCENARIO), "--fast"]
    command += ["--seed", "1", "--json", "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "NUMBA_NUM_THREADS": threads})


def finish(child: "subprocess.Popen[str]") -> Flown:
    stdout, _ = child.communicate(timeout=800)
    summary = json.loads(stdout)
    return Flown(Path(summary["folder"]), summary, child.returncode)


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flown, Flown]:
    """The same survey with two threads and with one."""
    out = tmp_path_factory.mktemp("surveys")
    children = [start(out, "2"), start(out, "1")]
    return finish(children[0]), finish(children[1])


def test_completes_and_leaves_a_whole_sealed_folder(flown: tuple[Flown, Flown]) -> None:
    for each in flown:
        assert each.code == 0 and each.summary["ended"] == "completed"
        assert {path.name for path in each.folder.iterdir()} >= FILES
        assert any((each.folder / "crops").iterdir())
        subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=each.folder, check=True)
    assert flown[0].folder != flown[1].folder


@pytest.mark.parametrize("name", ["findings.jsonl", "coverage.json", "telemetry.tlog", "track.csv"])
def test_same_seed_same_bytes_whatever_the_threads(name: str, flown: tuple[Flown, Flown]) -> None:
    first, second = (hashlib.sha256((each.folder / name).read_bytes()).hexdigest() for each in flown)
    assert first == second


def test_score(flown: tuple[Flown, Flown]) -> None:
    from sim.score import score

    figures = score(flown[0].folder, SCENARIO)
    assert figures["attachments"] >= 1
    assert figures["pd"] >= 0.6
    assert figures["inspected_fraction"] >= 0.9
    assert figures["claimed_but_unseen_fraction"] <= 0.02
    assert figures["collisions"] == 0
    assert figures["min_clearance_m"] > 0.1


def test_truth_is_not_in_the_survey_folder(flown: tuple[Flown, Flown]) -> None:
    names = [path.name for path in flown[0].folder.rglob("*")]
    assert not [name for name in names if "truth" in name or "scenario" in name]
    assert b"attachments" not in (flown[0].folder / "report.html").read_bytes()
