"""Where a flown survey's time went, from its record: ``python -m bench.survey_time FOLDER``.

Sums the time between mission statuses by phase and task, beside what the lanes alone would take at the mission's speed.
"""

import argparse
from collections import defaultdict
from pathlib import Path

from wire import messages as m
from wire.record import read_log


def table(log: Path) -> list[tuple[str, str, float]]:
    """(phase, task, seconds) in the order of first appearance; lanes, gaps and landmarks by number, name and step."""
    spent: dict[tuple[str, str], float] = defaultdict(float)
    last: m.MissionStatus | None = None
    for record in read_log(log):
        if record.topic != "mission_status":
            continue
        message = m.decode(record.payload)
        assert isinstance(message, m.MissionStatus)
        if last is not None and last.ended == "":
            spent[last.phase, last.task] += message.t - last.t
        last = message
    return [(phase, task, seconds) for (phase, task), seconds in spent.items()]


def show(folder: Path) -> None:
    """Prints the table of a survey folder."""
    rows = table(folder / "aboard" / "record.hslog")
    total = sum(seconds for _, _, seconds in rows)
    for phase, task, seconds in rows:
        print(f"{phase:12s} {task:40s} {seconds:7.1f} s {seconds / total:6.1%}")
    print(f"{'':12s} {'all':40s} {total:7.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    show(parser.parse_args().folder)


if __name__ == "__main__":
    main()
