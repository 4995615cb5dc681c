"""`hullscan doctor --apply` and `--restore` on a simulated vehicle with ArduSub's own defaults, over real sockets."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import hullscan
from sim.launch import free_ports
from wire.supervise import wait_until_listening

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
pytestmark = [pytest.mark.slow, pytest.mark.sockets]


@pytest.fixture
def vehicle(tmp_path: Path) -> Iterator[list[str]]:
    """The doctor's arguments for it."""
    scenario = tmp_path / "sim" / "scenarios" / "stock.yaml"
    vessel = tmp_path / "missions" / "library" / "coaster50.vessel.yaml"
    for file in (scenario, vessel):
        file.parent.mkdir(parents=True)
    vessel.write_bytes((ROOT / "missions" / "library" / vessel.name).read_bytes())
    text = SCENARIO.read_text().replace("camera_fps: 5\n", "camera_fps: 5\n  parameters: {}\n")
    assert "parameters: {}" in text
    scenario.write_text(text)
    mavlink, dvl, camera = free_ports(3)
    command = [sys.executable, str(ROOT / "hullscan.py"), "sim", str(scenario), "--mavlink", f"udpout:127.0.0.1:{mavlink}"]
    with (tmp_path / "sim.log").open("wb") as log:
        child = subprocess.Popen(
            [*command, "--dvl-port", str(dvl), "--camera-port", str(camera), "--ping-port", "0", "--ping-up-port", "0"],
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 240.0
        while wait_until_listening((dvl,), 1.0):
            assert child.poll() is None and time.monotonic() < deadline, (tmp_path / "sim.log").read_text()
        yield ["doctor", "--vehicle", f"udpin:127.0.0.1:{mavlink}", "--dvl", f"127.0.0.1:{dvl}", "--json"]
    finally:
        child.terminate()
        child.wait(30)


def failed(capsys: pytest.CaptureFixture[str]) -> set[str]:
    return {check["name"] for check in json.loads(capsys.readouterr().out) if not check["ok"]}


def test_apply_and_restore(vehicle: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "before.json"
    stock = {"FS_PILOT_INPUT", "FS_PILOT_TIMEOUT"}
    assert hullscan.main(vehicle) == 3 and failed(capsys) == stock
    assert hullscan.main([*vehicle, "--apply", "--yes", "--record", str(record)]) == 0
    assert failed(capsys) == set()
    rows = {row["name"]: (row["before"], row["to"]) for row in json.loads(record.read_text())["parameters"]}
    assert rows == {"FS_PILOT_INPUT": (2.0, 1.0), "FS_PILOT_TIMEOUT": (3.0, 0.7)}
    assert hullscan.main(vehicle) == 0
    capsys.readouterr()
    assert hullscan.main([*vehicle, "--restore", str(record), "--yes"]) == 3 and failed(capsys) == stock


def test_without_a_yes_nothing_is_changed(
    vehicle: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "before.json"
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert hullscan.main([*vehicle, "--apply", "--record", str(record)]) == 1
    assert "not confirmed" in capsys.readouterr().err and not record.exists()
    assert hullscan.main(vehicle) == 3
    capsys.readouterr()
