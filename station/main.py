"""The station process: ``python -m station.main SESSION.json``. Serves the page while it runs, writes the report at the end.

The folder is sealed by whoever stops all processes (`station.evidence.seal`), once every log in it is closed.
"""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hull.shell import load_ship
from hull.zones import Zone
from station.config import StationConfig
from station.evidence import hash_files, write_evidence
from station.station import Station
from station.store import Store
from station.web import WebServer
from wire.daemon import run
from wire.node import open_node
from wire.session import Session

TICK_HZ = 20.0
TOLD_VERSIONS = ("hullscan", "numpy", "opencv-python-headless", "pymavlink", "pyzmq")


def versions() -> dict[str, str]:
    """Versions of what the survey ran on."""
    out = {"python": platform.python_version()}
    for name in TOLD_VERSIONS:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "not installed as a package"
    return out


def make_config(session: Session) -> StationConfig:
    """The station's configuration out of the session. Raises OSError when mission or vessel file cannot be read."""
    return StationConfig(
        survey_id=session.survey_id,
        mission=Path(session.mission_file).name.removesuffix(".yaml"),
        zones=tuple(Zone(row.name, row.side, row.x_m, row.depth_m) for row in session.zones),
        utc_at_zero=session.clock().utc(0.0),
        hashes=hash_files(Path(session.mission_file), Path(session.vessel_file)),
        versions=versions(),
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs until told to stop, then writes findings, coverage, track, crops and report. Returns an exit code."""
    (session_file,) = sys.argv[1:] if arguments is None else arguments
    with open_node(session_file, "station") as node:
        session = node.session
        mission_file, vessel_file = Path(session.mission_file), Path(session.vessel_file)
        vessel, surface = load_ship(vessel_file)
        config = make_config(session)
        store = Store(node.folder / "survey.db")
        clients = {name: node.client(name) for name in ("rov", "missions", "recorder")}
        station = Station(config, surface, vessel, node.bus, dict(clients), store)
        web = WebServer(station, session.web_host, session.web_port, session.web_token or None)
        web.start()
        print(f"station: page at {web.url}", file=sys.stderr, flush=True)
        run("station", station.tick, TICK_HZ, node.clock, node.bus, node.stop)
        web.stop()
        write_evidence(node.folder, store, config, vessel, surface, mission_file=mission_file, vessel_file=vessel_file)
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
