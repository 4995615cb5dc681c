"""The real process on real sockets: it says idle until it hears a vehicle, then asks for the approach; SIGTERM ends it."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zmq

from tests.missions.fakes import LIBRARY, Flight
from wire import messages as m
from wire.record import LogWriter
from wire.session import Endpoint, Envelope, Session
from wire.zmq_bus import ZmqBus

pytestmark = [pytest.mark.sockets, pytest.mark.slow]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _session(folder: Path) -> Session:
    envelope = Envelope(
        side="S", launch_x_m=16.8, launch_x_std_m=0.5, launch_offset_m=3.0, standoff_m=0.8, min_standoff_m=0.5, max_depth_m=3.5,
        max_speed_mps=0.3, min_battery_fraction=0.3, outboard_m=2.5,
    )  # fmt: skip
    endpoints = {
        name: Endpoint(publish=f"tcp://127.0.0.1:{_free_port()}", commands=f"tcp://127.0.0.1:{_free_port()}")
        for name in ("rov", "missions")
    }
    return Session(
        survey_id="test", folder=str(folder), mission_file=str(LIBRARY / "coaster_short.yaml"),
        vessel_file=str(LIBRARY / "coaster50.vessel.yaml"), clock_epoch=time.monotonic(), clock_rate=1.0, utc_epoch=time.time(),
        mavlink="", dvl="", camera="", envelope=envelope, endpoints=endpoints,
    )  # fmt: skip


def test_the_process_waits_then_asks_for_the_approach(tmp_path: Path) -> None:
    session = _session(tmp_path)
    session.save(tmp_path / "session.json")
    (tmp_path / "aboard").mkdir()
    log = LogWriter(tmp_path / "aboard" / "record.hslog")
    earlier = m.Guidance(
        t=0.0, seq=500, kind="idle", side="S", depth_m=0.0, standoff_m=0.8, along_mps=0.0, x_stop_m=0.0
    )  # fmt: skip
    log.append(0.0, "guidance", m.encode(earlier))
    log.close()
    vehicle = Flight().vehicle
    process = subprocess.Popen([sys.executable, "-m", "missions.main", str(tmp_path / "session.json")])
    kinds: list[str] = []
    numbers: list[int] = []
    try:
        with zmq.Context() as context:
            bus = ZmqBus(context, session.endpoints["rov"].publish, {"missions": session.endpoints["missions"].publish})
            heard = bus.subscribe("guidance")
            clock, deadline = session.clock(), time.monotonic() + 60.0
            while "approach" not in kinds and time.monotonic() < deadline:
                for _topic, message in heard.drain():
                    assert isinstance(message, m.Guidance)
                    kinds.append(message.kind)
                    numbers.append(message.seq)
                if kinds:
                    bus.publish("vehicle_state", vehicle.state(clock.now(), "ok", False, False))
                time.sleep(0.1)
            bus.close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20.0) == 0
    assert min(numbers) > 500, "numbers go on after what an earlier process used"
    assert kinds[0] == "idle"
    assert kinds[-1] == "approach"
