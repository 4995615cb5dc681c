"""The real process on real sockets: page up, beat on the bus, report at the end, and a second start goes on."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
import zmq

from station.evidence import seal, verify
from tests.station.fakes import VESSEL
from wire.messages import StationBeat
from wire.session import Endpoint, Envelope, Session, ZoneRow
from wire.zmq_bus import ZmqBus

pytestmark = pytest.mark.sockets
NAMES = ("rov", "missions", "recorder", "vision", "station")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_session(folder: Path) -> Session:
    vessel = folder.parent / "test.vessel.yaml"
    vessel.write_text(yaml.safe_dump(VESSEL.model_dump(mode="json", exclude_none=True)))
    mission = folder.parent / "side.yaml"
    mission.write_text("name: side\n")
    envelope = Envelope(
        side="S",
        launch_x_m=17.0,
        launch_x_std_m=0.5,
        launch_offset_m=3.0,
        standoff_m=0.8,
        min_standoff_m=0.4,
        max_depth_m=4.0,
        max_speed_mps=0.5,
        min_battery_fraction=0.2,
        outboard_m=2.0,
    )
    return Session(
        survey_id="test",
        folder=str(folder),
        mission_file=str(mission),
        vessel_file=str(vessel),
        clock_epoch=time.monotonic(),
        clock_rate=1.0,
        utc_epoch=time.time(),
        mavlink="",
        dvl="",
        camera="",
        envelope=envelope,
        endpoints={
            n: Endpoint(publish=f"tcp://127.0.0.1:{free_port()}", commands=f"tcp://127.0.0.1:{free_port()}") for n in NAMES
        },
        zones=(ZoneRow(name="side", side="S", x_m=(18.0, 32.4), depth_m=(0.7, 2.6)),),
        web_port=free_port(),
    )


def page_status(port: int) -> int:
    deadline = time.monotonic() + 30.0
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        except OSError:
            assert time.monotonic() < deadline, "the page never came up"
            time.sleep(0.1)
        finally:
            connection.close()


def test_the_process_serves_beats_reports_and_can_start_again(tmp_path: Path) -> None:
    folder = tmp_path / "survey"
    folder.mkdir()
    session = make_session(folder)
    session.save(tmp_path / "session.json")
    with zmq.Context() as context:
        bus = ZmqBus(context, None, {"station": session.endpoints["station"].publish})
        heard = bus.subscribe("station_beat")
        for _ in range(2):
            process = subprocess.Popen([sys.executable, "-m", "station.main", str(tmp_path / "session.json")])
            assert page_status(session.web_port) == 200
            beats: list[object] = []
            while not beats:
                time.sleep(0.1)
                beats = [message for _, message in heard.drain()]
            assert isinstance(beats[0], StationBeat)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20.0) == 0
        bus.close()
    seal(folder)
    assert verify(folder) == []
    assert "No contacts in the 0 % inspected" in (folder / "report.html").read_text()
    assert {"mission.yaml", "vessel.yaml", "survey.db", "track.csv"} <= {path.name for path in folder.iterdir()}
    assert not list(folder.glob("*-wal"))
