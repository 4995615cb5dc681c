"""The recorder's process: ``python -m wire.recorder_main SESSION.json``."""

import sys

from wire.daemon import run
from wire.node import open_node
from wire.recorder import Recorder


def main(session_file: str) -> int:
    """Runs until stopped. The log continues where an earlier process left it."""
    with open_node(session_file, "recorder") as node:
        folder = node.folder / "aboard"
        folder.mkdir(exist_ok=True)
        recorder = Recorder(folder / "record.hslog", node.bus, node.commands)
        run("recorder", recorder.tick, 20.0, node.clock, node.bus, node.stop)
        recorder.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
