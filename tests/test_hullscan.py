"""The command line: every bad file ends in one line and exit code 2, every other mistake in its own code, no traceback."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hullscan

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "missions" / "library" / "coaster_short.yaml"
VESSEL = ROOT / "missions" / "library" / "coaster50.vessel.yaml"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"

BAD = [
    ("mission", "standoff_m: 0.80", "standoff_cm: 80", "standoff_cm"),
    ("mission", "standoff_m: 0.80", "standoff_m: 80", "standoff_m"),
    ("mission", "standoff_m: 0.80", "standoff_m: near", "standoff_m"),
    ("mission", "overlap: 0.35", "overlap: 35", "overlap"),
    ("mission", "overlap: 0.35", "overlap: .nan", "overlap"),
    ("mission", "speed_mps: 0.30", "speed_mps: 3", "speed_mps"),
    ("mission", "name: coaster_short", "", "name"),
    ("mission", "frames: [33, 40]", "frames: [40, 33]", "frames"),
    ("mission", "frames: [33, 40]", "frames: [33, 400]", "frames"),
    ("mission", "depth_m: [1.1, 2.0]", "depth_m: [1.1, 20.0]", "depth_m"),
    ("mission", "side: S, frame: 28", "side: starboard, frame: 28", "launch.side"),
    ("mission", "vessel: coaster50.vessel.yaml", "vessel: ../../../../etc/passwd", "vessel"),
    ("mission", "vessel: coaster50.vessel.yaml", "vessel: none.yaml", "vessel"),
    ("vessel", "imo: 9074729", "imo: 9074720", "imo"),
    ("vessel", "beam_m: 9.0", "beam_m: 90.0", "beam_m"),
    ("vessel", "frame_spacing_m: 0.6", "frame_spacing_m: 0.6\nspeed_kn: 12", "speed_kn"),
    ("vessel", "block_coefficient: 0.84", "block_coefficient: 1.2", "block_coefficient"),
    ("vessel", "type: coaster", "type: canoe", "type"),
    ("scenario", "kind: torpedo", "kind: mine", "kind"),
    ("scenario", "fouling: 0.2", "fouling: 2", "fouling"),
    ("scenario", "c_rgb: [0.9, 0.55, 0.65]", "c_rgb: [0.9, 0.55]", "c_rgb"),
    ("scenario", "c_rgb: [0.9, 0.55, 0.65]", "c_rgb: [0.9, 0.55, 0.65], jerlov: 3C", "water"),
    ("scenario", "camera_fps: 5", "camera_fps: 0", "camera_fps"),
    ("scenario", "camera_fps: 5", "parameters: {FS_PILOT_INPT: 1}", "parameters"),
    ("scenario", "camera_fps: 5", "parameters: {FS_PILOT_INPUT: .inf}", "FS_PILOT_INPUT"),
    ("scenario", "seed: 1", "seed: -1", "seed"),
    ("scenario", "name: coaster_default", "name: ../x", "name"),
]


@pytest.fixture
def copies(tmp_path: Path) -> dict[str, Path]:
    out = {
        "mission": tmp_path / "missions" / "library" / MISSION.name,
        "vessel": tmp_path / "missions" / "library" / VESSEL.name,
        "scenario": tmp_path / "sim" / "scenarios" / SCENARIO.name,
    }
    for source, target in zip((MISSION, VESSEL, SCENARIO), out.values(), strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return out


@pytest.mark.parametrize(("which", "old", "new", "field"), BAD)
def test_bad_files_give_one_line_and_code_2(
    which: str, old: str, new: str, field: str, copies: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = copies[which].read_text()
    assert old in text
    copies[which].write_text(text.replace(old, new, 1))
    out = tmp_path / "out"
    code = hullscan.main(["run", str(copies["mission"]), "--sim", str(copies["scenario"]), "--fast", "--out", str(out)])
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert code == 2 and captured.out == ""
    assert len(lines) == 1
    assert field in lines[0] and "expected" in lines[0]
    assert re.match(r"\S+\.yaml(:\d+)?: ", lines[0]), lines[0]
    assert not out.exists()


def test_a_scenario_of_another_ship_is_refused(copies: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    copies["vessel"].write_text(copies["vessel"].read_text() + "# another\n")
    shutil.copyfile(VESSEL, copies["vessel"].with_name("other.yaml"))
    text = copies["scenario"].read_text().replace("coaster50.vessel.yaml", "other.yaml")
    copies["scenario"].write_text(text)
    code = hullscan.main(["run", str(copies["mission"]), "--sim", str(copies["scenario"]), "--fast", "--out", "x"])
    assert code == 2 and "expected the mission's vessel" in capsys.readouterr().err


def test_what_cannot_be_flown_is_refused_with_reasons(copies: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    text = copies["mission"].read_text().replace("max_duration_s: 900", "max_duration_s: 60")
    copies["mission"].write_text(text)
    code = hullscan.main(["run", str(copies["mission"]), "--sim", str(copies["scenario"]), "--fast", "--out", "x"])
    assert code == 3 and capsys.readouterr().err.startswith("cannot be flown: ")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", str(MISSION)], "either --sim"),
        (["run", str(MISSION), "--sim", str(SCENARIO), "--vehicle", "udpin:x:1"], "either --sim"),
        (["run", str(MISSION), "--vehicle", "udpin:127.0.0.1:1", "--fast"], "--fast needs --sim"),
        (["run", str(MISSION), "--vehicle", "udpin:127.0.0.1:1"], "needs --camera"),
    ],
)
def test_usage(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hullscan.main(arguments) == 2
    assert word in capsys.readouterr().err


VEHICLE = ["run", str(MISSION), "--vehicle", "udpin:127.0.0.1:1", "--dvl", "127.0.0.1:1", "--camera"]
SIMULATED = ["run", str(MISSION), "--sim", str(SCENARIO), "--camera"]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ([*VEHICLE, "rtps://192.168.2.2/x"], 2, "unknown scheme 'rtps'"),
        ([*VEHICLE, "udp://0.0.0.0:5600"], 2, "write rtp://0.0.0.0:5600"),
        ([*VEHICLE, "no/such/file.mp4"], 2, "no such file"),
        ([*VEHICLE, "rtsp://127.0.0.1:1/x"], 3, "camera rtsp://127.0.0.1:1/x: Connection refused"),
        ([*VEHICLE, "rtp://127.0.0.1:5600", "--camera-latency", "9"], 2, "expected 0 to 2 s"),
        ([*SIMULATED, "rtsp://10.0.0.1:8554/rov"], 2, "not loopback"),
        ([*SIMULATED, "rtp://127.0.0.1:5600", "--fast"], 2, "--fast hands frames over in process"),
        (["sim", str(SCENARIO), "--video", "rtsp://0.0.0.0:8554/rov"], 2, "--open-video"),
    ],
)
def test_a_camera_that_cannot_be_is_one_line(
    arguments: list[str], code: int, word: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "out")] if arguments[0] == "run" else []
    assert hullscan.main([*arguments, *out]) == code
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["nothing"], ["demo", "--seed", "x"], []])
def test_unknown_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        hullscan.main(arguments)
    assert caught.value.code == 2


@pytest.mark.parametrize("fast", [[], ["--fast"]])
def test_a_firmware_that_is_not_there_is_one_line_before_anything_is_written(
    fast: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "surveys"
    arguments = ["run", str(MISSION), "--sim", str(SCENARIO), "--ardusub", str(tmp_path / "none"), "--out", str(out), *fast]
    assert hullscan.main(arguments) == 1
    assert "--ardusub: no executable file" in capsys.readouterr().err and not out.exists()


def test_a_firmware_needs_a_world(capsys: pytest.CaptureFixture[str]) -> None:
    assert hullscan.main(["run", str(MISSION), "--vehicle", "udpin:127.0.0.1:14550", "--ardusub", "ardusub"]) == 2
    assert "--ardusub needs --sim" in capsys.readouterr().err


def test_plan_prints_numbers_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    svg = tmp_path / "plan.svg"
    assert hullscan.main(["plan", "preview", str(MISSION), "--svg", str(svg), "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["planned_m2"] > 3.0
    assert svg.read_text().startswith(("<svg", "<?xml"))


def test_verify_finds_what_was_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from station.evidence import seal

    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    seal(folder)
    assert hullscan.main(["verify", str(folder)]) == 0
    (folder / "a.txt").write_text("two")
    assert hullscan.main(["verify", str(folder)]) == 7
    assert "a.txt" in capsys.readouterr().out


def test_score_needs_a_survey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hullscan.main(["score", str(tmp_path / "none"), "--scenario", str(SCENARIO)]) == 2
    assert "expected a file that a simulated survey leaves" in capsys.readouterr().err


def test_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "hullscan.py"), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "hullscan 0.1.0"
