"""The process that owns the thrusters: ``python -m rov.main SESSION.json``."""

import sys
from pathlib import Path

from hull.shell import load_ship
from rov.channels import TcpChannel, open_mavlink
from rov.config import RovConfig
from rov.restart import where_to_go_on
from rov.rov import Rov
from rov.vehicle import NEUTRAL
from wire.daemon import run
from wire.node import open_node


def main(session_file: str) -> int:
    """Runs until stopped; leaves neutral sticks behind. A restart in flight goes on where the record ends; the tlog grows on."""
    with open_node(session_file, "rov") as node:
        session = node.session
        _vessel, surface = load_ship(Path(session.vessel_file))
        mavlink, dvl = open_mavlink(session.mavlink), TcpChannel(session.dvl)
        config = RovConfig(envelope=session.envelope, utc_epoch=session.utc_epoch, rig=session.rig)
        with (node.folder / "telemetry.tlog").open("ab") as tlog:
            restored = where_to_go_on(node.folder / "aboard" / "record.hslog")
            rov = Rov(config, surface, node.bus, node.commands, mavlink, dvl, tlog, restored)
            run("rov", rov.tick, 20.0, node.clock, node.bus, node.stop)
            rov.vehicle.transmit(node.clock.now(), NEUTRAL, None)
        mavlink.close()
        dvl.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
