"""The mission's process: ``python -m missions.main SESSION.json``."""

import sys
from pathlib import Path

from missions.executor import Missions
from missions.mission import load_mission_with_ship
from missions.planner import plan
from missions.restart import where_to_go_on
from wire.daemon import run
from wire.node import open_node


def main(session_file: str) -> int:
    """Runs until stopped; the survey starts by itself once the vehicle is heard, or goes on where an earlier process left it."""
    with open_node(session_file, "missions") as node:
        mission, vessel, surface, _file = load_mission_with_ship(Path(node.session.mission_file))
        planned = plan(mission, vessel, surface, node.session.rig)
        restored = where_to_go_on(node.folder / "aboard" / "record.hslog")
        missions = Missions(mission, planned, surface, vessel, node.bus, node.commands, restored=restored)
        run("missions", missions.tick, 10.0, node.clock, node.bus, node.stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
