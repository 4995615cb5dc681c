"""The vision process: ``python -m vision.main SESSION.json``."""

import os
import sys
from pathlib import Path

from hull.shell import load_ship
from vision.camera import open_camera
from vision.config import VisionConfig
from vision.fittings import known_fittings
from vision.vision import Vision
from wire import messages as m
from wire.daemon import run
from wire.node import open_node
from wire.record import read_log

TICK_HZ = 25.0
NICE = 5  # the control loop goes first on a small computer


def where_to_go_on(log: Path) -> tuple[int, int]:
    """(next finding seq, next finding number) after what a recorder's log holds; (1, 1) without a log."""
    seq = number = 0
    if log.exists():
        for record in read_log(log):
            if record.topic == "finding":
                message = m.decode(record.payload)
                if isinstance(message, m.Finding):
                    seq, number = max(seq, message.seq), max(number, message.number)
    return seq + 1, number + 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(session_file: str) -> int:
    """Runs until stopped; the finding numbers continue those of an earlier process."""
    os.nice(NICE)
    with open_node(session_file, "vision") as node:
        vessel_file = Path(node.session.vessel_file)
        vessel, surface = load_ship(vessel_file)
        seq, number = where_to_go_on(node.folder / "aboard" / "record.hslog")
        config = VisionConfig(
            rig=node.session.rig,
            frame_spacing_m=vessel.frame_spacing_m,
            fittings=known_fittings(vessel, surface),
            utc=node.clock.utc,
            next_seq=seq,
            next_number=number,
        )
        latency_s = node.session.rig.camera.latency_s
        camera = open_camera(node.session.camera, node.clock.now, latency_s, node.context, node.keys, _say)
        vision = Vision(config, surface, node.bus, camera)
        run("vision", vision.tick, TICK_HZ, node.clock, node.bus, node.stop)
        camera.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
