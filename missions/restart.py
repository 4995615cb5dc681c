"""Where an earlier process of the same survey left off, read from the recorder's log."""

from pathlib import Path
from typing import NamedTuple

from missions.outlet import Ended
from wire import messages as m
from wire.record import read_log

HOMEWARD = ("leaving", "surfacing", "aborting")


class Restored(NamedTuple):
    """``guidance_seq``, ``coverage_seq``: the last numbers used. ``cells``: the newest state of each.

    ``begun``: parts of the survey that were begun, in order; the last one may be unfinished. ``launched_t``: when the launch
    began [clock s]. ``homeward``: the survey was over and the vehicle on its way home. ``ended``, ``detail``: how it ended.
    """

    guidance_seq: int = 0
    coverage_seq: int = 0
    cells: tuple[m.CellState, ...] = ()
    begun: tuple[str, ...] = ()
    launched_t: float | None = None
    homeward: bool = False
    ended: Ended = ""
    detail: str = ""

    def finished(self, part: str) -> bool:
        """The part was begun and another one after it."""
        return part in self.begun[:-1]


NOTHING = Restored()


def where_to_go_on(log: Path) -> Restored:
    """What an earlier process published; `NOTHING` without a log.

    Raises:
        ValueError: ``log`` is not a hullscan log.
    """
    if not log.exists():
        return NOTHING
    guidance = coverage = 0
    cells: dict[tuple[m.Side, int, int], m.CellState] = {}
    statuses: list[m.MissionStatus] = []
    for record in read_log(log):
        if record.topic not in ("guidance", "coverage", "mission_status"):
            continue
        message = m.decode(record.payload)
        if isinstance(message, m.Guidance):
            guidance = max(guidance, message.seq)
        elif isinstance(message, m.Coverage):
            coverage = max(coverage, message.seq)
            cells.update({(cell.side, cell.col, cell.row): cell for cell in message.cells})
        elif isinstance(message, m.MissionStatus):
            statuses.append(message)
    return _with_progress(Restored(guidance, coverage, tuple(cells.values())), statuses)


def _with_progress(restored: Restored, statuses: list[m.MissionStatus]) -> Restored:
    if not statuses:
        return restored
    begun: dict[str, None] = {}
    for status in statuses:
        if status.phase == "surveying":
            part = status.task.partition(":")[0]
            begun.pop(part, None)  # begun again by a restarted process: it is the last one now
            begun[part] = None
    last = statuses[-1]
    return restored._replace(
        begun=tuple(begun),
        launched_t=next((status.t for status in statuses if status.phase == "launching"), None),
        homeward=any(status.phase in HOMEWARD for status in statuses),
        ended=last.ended,
        detail=last.detail,
    )
