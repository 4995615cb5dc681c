"""``hullscan doctor --apply`` and ``--restore``: sets parameters one by one, reads each back, and keeps what was there before."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rov import codec
from rov.doctor import RULES, Change
from rov.vehicle import ArduSub

RETRY_S = 0.5
TRIES = 8
KNOWN = frozenset(name for rule in RULES for name in rule.names)


class ApplyError(ValueError):
    """A file or a vehicle that does not let its parameters be changed; one line for the user."""


class Setter:
    """Sets ``changes`` in their order. Call `tick` until `done`; `failed` names what the autopilot did not take."""

    def __init__(self, vehicle: ArduSub, changes: Sequence[Change]) -> None:
        self._vehicle = vehicle
        self._left = list(changes)
        self._sent: tuple[float, int] = (-math.inf, 0)
        self.failed: list[Change] = []

    @property
    def done(self) -> bool:
        return not self._left

    def tick(self, now: float) -> None:
        """Sends, repeats, and goes on once the autopilot says the wanted value itself."""
        if not self._left:
            return
        change = self._left[0]
        sent, tries = self._sent
        if tries and math.isclose(self._vehicle.values.get(change.name, math.nan), change.to, rel_tol=1e-6):
            self._next()
        elif now - sent >= RETRY_S and tries >= TRIES:
            self.failed.append(change)
            self._next()
        elif now - sent >= RETRY_S:
            self._sent = (now, tries + 1)
            self._vehicle.link.send(codec.param_set(self._vehicle.link.target, change.name, change.to))

    def _next(self) -> None:
        self._left.pop(0)
        self._sent = (-math.inf, 0)


def write_record(path: Path, address: str, changes: Sequence[Change]) -> None:
    """What is about to be changed, with the values before.

    Raises:
        OSError: the file exists or cannot be written.
    """
    rows = [{"name": c.name, "before": c.before, "to": c.to} for c in changes]
    document = {"vehicle": address, "utc": datetime.now(UTC).isoformat(timespec="seconds"), "parameters": rows}
    with path.open("x", encoding="utf-8") as out:
        out.write(json.dumps(document, indent=2) + "\n")


def read_record(path: Path) -> list[Change]:
    """The way back: each parameter from what was set to what was there before.

    Raises:
        ApplyError: not such a file, with field, value and what was expected.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ApplyError(f"{path}: cannot be read as a record of hullscan doctor --apply: {error}") from error
    rows = document.get("parameters") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows:
        raise ApplyError(f"{path}: parameters: got {str(rows)[:40]}, expected a list of name, before, to")
    return [_change(path, k, row) for k, row in enumerate(rows)]


def _change(path: Path, k: int, row: Any) -> Change:
    row = row if isinstance(row, dict) else {}
    name = row.get("name")
    if name not in KNOWN:
        raise ApplyError(f"{path}: parameters[{k}].name: got {name!r}, expected one that the doctor checks")
    numbers = [row.get("to"), row.get("before")]
    if any(type(v) not in (int, float) or not math.isfinite(v) for v in numbers):
        raise ApplyError(f"{path}: parameters[{k}]: got to {numbers[0]!r}, before {numbers[1]!r}, expected two finite numbers")
    return Change(str(name), float(numbers[0]), float(numbers[1]))
