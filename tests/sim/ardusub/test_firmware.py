"""The link, the cell and the world's seam, on a fake firmware that is a real process in a real namespace."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hull.surface import HullSurface
from hull.vessel import Vessel
from sim.ardusub import firmware as module
from sim.ardusub.faults import FirmwareFault
from sim.ardusub.firmware import ON_DECK_S, Firmware
from sim.ardusub.start import pilot_for
from sim.scenario import Scenario
from sim.world import World

pytestmark = pytest.mark.sockets
Fake = Callable[[str], Path]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("behaviour", ["good", "repeat"])
def test_the_world_moves_by_the_firmwares_pwm_in_lockstep(
    behaviour: str, fake: Fake, folder: Path, scenario: Scenario, vessel: Vessel, surface: HullSurface
) -> None:
    with Firmware(fake(behaviour), folder) as firmware:
        world = World(scenario, vessel, surface, pilot=firmware)
        world.advance_to(1.0)
        assert not firmware.armed and not world.let_go
        held = world.vehicle_truth()
        world.advance_to(4.0)
        assert firmware.armed and world.let_go and firmware.mode == 2
        # 1600 us right front, 1400 us left front: a turn to the right and a push to the right, cancelled ahead.
        free = world.vehicle_truth()
        row = world.truth_row(1)
    assert row.armed and row.mode == 2
    turned = float((held.rotation.T @ free.rotation)[1, 0])
    assert abs(turned) > 0.1
    states = json.loads((folder / "states.json").read_text())
    last = states[-1]
    assert last["timestamp"] == pytest.approx(ON_DECK_S + 4.0, abs=1.1)
    first = states[0]
    assert first["imu"]["gyro"] == [0, 0, 0] and first["position"] == [0, 0, 0], "on deck"


def test_sockets_reach_into_a_namespace_that_nothing_else_sees(fake: Fake, folder: Path) -> None:
    with Firmware(fake("good"), folder) as firmware:
        mine, theirs = (os.readlink(f"/proc/{pid}/ns/net") for pid in (os.getpid(), firmware.pid))
        assert mine != theirs
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", 5760)) != 0


def test_two_firmwares_run_beside_each_other(fake: Fake, tmp_path: Path) -> None:
    path = fake("good")
    for name in "ab":
        (tmp_path / name).mkdir()
    with Firmware(path, tmp_path / "a") as a, Firmware(path, tmp_path / "b") as b:
        assert a.pid != b.pid


def test_close_leaves_no_process(fake: Fake, folder: Path) -> None:
    with Firmware(fake("good"), folder) as firmware:
        pid = firmware.pid
    firmware.close()
    assert gone(pid)


def test_a_killed_simulator_takes_the_firmware_with_it(fake: Fake, folder: Path) -> None:
    text = (
        "import sys, time; from pathlib import Path; from sim.ardusub.firmware import Firmware\n"
        f"f = Firmware(Path({str(fake('good'))!r}), Path({str(folder)!r})); print(f.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        child.kill()
    deadline = time.monotonic() + 10.0
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(pid)


def test_a_crash_is_named_with_the_signal_and_the_last_words(
    fake: Fake, folder: Path, scenario: Scenario, vessel: Vessel, surface: HullSurface
) -> None:
    with Firmware(fake("crash"), folder) as firmware:
        world = World(scenario, vessel, surface, pilot=firmware)
        with pytest.raises(FirmwareFault, match=r"killed by SIGABRT.*Floating point exception"):
            world.advance_to(5.0)
        assert world.t < 2.0


def test_kill_9_is_noticed_at_once(fake: Fake, folder: Path, scenario: Scenario, vessel: Vessel, surface: HullSurface) -> None:
    with Firmware(fake("good"), folder) as firmware:
        world = World(scenario, vessel, surface, pilot=firmware)
        world.advance_to(0.5)
        os.kill(firmware.pid, signal.SIGKILL)
        began = time.monotonic()
        with pytest.raises(FirmwareFault, match="killed by SIGKILL"):
            world.advance_to(5.0)
        assert time.monotonic() - began < 3.0


def test_a_stall_is_told_from_a_crash(
    fake: Fake, folder: Path, scenario: Scenario, vessel: Vessel, surface: HullSurface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALL_S", 1.5)
    with Firmware(fake("stall"), folder) as firmware:
        world = World(scenario, vessel, surface, pilot=firmware)
        with pytest.raises(FirmwareFault, match="alive, but no answer"):
            world.advance_to(5.0)
        pid = firmware.pid
    assert gone(pid)


def test_one_that_never_speaks_is_refused(fake: Fake, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BOOT_S", 1.0)
    with pytest.raises(FirmwareFault, match="no answer"):
        Firmware(fake("silent"), folder)


@pytest.mark.parametrize(
    ("text", "said"), [("#!/bin/sh\necho no such model; exit 3\n", "ended with code 3.*no such model"), ("", "ended|executable")]
)
def test_what_is_no_firmware_is_refused_with_its_words(
    text: str, said: str, tmp_path: Path, folder: Path, namespaces: None
) -> None:
    program = tmp_path / "other"
    program.write_text(text)
    if text:
        program.chmod(0o755)
    with pytest.raises(FirmwareFault, match=said):
        Firmware(program, folder)


def test_no_such_file_is_named(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(FirmwareFault, match="no executable file"), pilot_for(tmp_path / "none", scenario):
        pass


def test_without_a_binary_the_stand_in_flies(scenario: Scenario) -> None:
    with pilot_for(None, scenario) as pilot:
        assert pilot is None
