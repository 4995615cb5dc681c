"""The same dive on the real ArduSub firmware (SITL) and on the stand-in: doctor, streams, depth, drive, tlog."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FIRMWARE = shutil.which("ardusub")
# SITL listens on every address: it runs where there is no network but loopback.
ISOLATED = ["unshare", "--map-root-user", "--net", "bash", "-c", 'ip link set lo up && exec "$@"', "isolated"]


def isolated() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ISOLATED, "true"], capture_output=True, check=False).returncode == 0


needs_firmware = [
    pytest.mark.sitl,
    pytest.mark.skipif(FIRMWARE is None, reason="no ardusub on PATH: build ArduPilot's SITL for Sub and put it there"),
    pytest.mark.skipif(FIRMWARE is not None and not isolated(), reason="unshare cannot make a network namespace here"),
]


def check(module: str, *arguments: str, namespace: bool) -> dict[str, Any]:
    command = [*(ISOLATED if namespace else []), sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    out: dict[str, Any] = json.loads(done.stdout)
    print(json.dumps(out, indent=1))
    assert "failed" not in out, out["failed"]
    return out


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("firmware", marks=needs_firmware),
        pytest.param("stand-in", marks=[pytest.mark.sockets, pytest.mark.slow]),
    ],
)
def dive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    real = request.param == "firmware"
    folder = tmp_path_factory.mktemp(request.param)
    out = check("tests.sitl.firmware_check", str(FIRMWARE) if real else "stand-in", str(folder), namespace=real)
    return out | {"real": real}


def test_doctor_misses_only_what_is_not_there(dive: dict[str, Any]) -> None:
    failed = {row["name"] for row in dive["checks"] if not row["ok"]}
    assert failed == ({"dvl", "forward range", "FS_PILOT_INPUT", "FS_PILOT_TIMEOUT"} if dive["real"] else {"dvl"})
    assert dive["unknown"] == ["SYSID_MYGCS"]  # MAV_GCS_SYSID of newer firmware


def test_mode_and_arming_are_quick(dive: dict[str, Any]) -> None:
    assert dive["mode_s"] < 2.0 and dive["arm_s"] < 2.0 and dive["disarm_s"] < 2.0
    assert dive["arm_result"] == 0


def test_depth_target_is_held_to_15_cm(dive: dict[str, Any]) -> None:
    for low, high in (dive["hold_reported_m"], dive["hold_true_m"]):
        assert low >= 1.85 and high <= 2.15


def test_half_stick_drives_and_neutral_stops(dive: dict[str, Any]) -> None:
    drive = dive["drive"]
    assert 0.35 < drive["speed_mps"] < 0.65
    assert 1.0 < drive["ahead_m"] < 2.8 and 0.2 < drive["coast_m"] < 0.9
    assert drive["speed_after_mps"] < 0.1
    assert drive["depth_m"][0] > 1.8 and drive["depth_m"][1] < 2.2


def test_streams_come_as_asked(dive: dict[str, Any]) -> None:
    for name, (asked, got) in dive["tlog"]["rates"].items():
        if name == "DISTANCE_SENSOR":  # the firmware has none, the stand-in two
            assert got == pytest.approx(0.0 if dive["real"] else 2.0 * asked, rel=0.1)
        else:
            assert got == pytest.approx(asked, rel=0.1), name


def test_nothing_is_lost_in_link_or_tlog(dive: dict[str, Any]) -> None:
    counts = dive["tlog"]["counts"]
    assert "BAD_DATA" not in counts
    assert dive["link"]["foreign"] == 0 and dive["link"]["bad_packets"] <= 1  # SITL's first bytes on the port are text
    assert counts["MANUAL_CONTROL"] > 500 and counts["SET_POSITION_TARGET_GLOBAL_INT"] > 200
    assert counts["ATTITUDE"] > 500 and counts["STATUSTEXT"] > 5


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return check("tests.sitl.rov_check", str(FIRMWARE), str(tmp_path_factory.mktemp("rov")), namespace=True)


@pytest.mark.sitl
@needs_firmware[1]
@needs_firmware[2]
def test_rov_surveys_a_hull_on_the_firmware_and_comes_home(flight: dict[str, Any]) -> None:
    assert all(flight["preflight"].values())
    assert flight["closest_m"] > 0.5
    track = flight["track"]
    assert track["ladder"] == ["ok"] and track["poseless_ticks"] == 0
    assert track["standoff_m"][0] > 0.6 and track["standoff_m"][1] < 1.0
    assert max(abs(v) for v in track["standoff_error_m"]) < 0.15
    assert abs(track["x_error_m"]) < 0.15
    assert flight["left_at_m"] > 2.0
