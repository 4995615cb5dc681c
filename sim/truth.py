"""Truth for the scorer alone: where the vehicle really was, when, and how close. Nothing aboard imports sim."""

import json
from pathlib import Path
from typing import Any

import msgspec

from sim.presets import Preset
from sim.scenario import Scenario


class TruthRow(msgspec.Struct, frozen=True, kw_only=True):
    """``t``: the camera frame's capture time [s]. ``position``: of the body's origin, ship frame [m]. ``rotation``: FRD → ship,
    row by row. ``clearance_m``: signed distance to hull and attachments less the rig's radius."""

    t: float
    frame_seq: int
    position: tuple[float, float, float]
    rotation: tuple[float, float, float, float, float, float, float, float, float]
    depth_m: float
    clearance_m: float
    min_clearance_m: float
    collisions: int
    impact_mps: float
    armed: bool
    mode: int


class TruthLog:
    """Rows in memory; `write` leaves ``truth.jsonl``: a header line with the scenario and the vehicle's numbers, then one line a
    frame."""

    def __init__(self, scenario: Scenario, preset: Preset | None = None) -> None:
        self._header: dict[str, Any] = {
            "scenario": scenario.name,
            "seed": scenario.seed,
            "attachments": [a.model_dump(mode="json") for a in scenario.attachments],
            "clutter": [c.model_dump(mode="json") for c in scenario.clutter],
        }
        if preset is not None:
            self._header["vehicle"] = preset.numbers()
        self.rows: list[TruthRow] = []

    def append(self, row: TruthRow) -> None:
        self.rows.append(row)

    def write(self, path: Path) -> None:
        """Replaces ``path``."""
        lines = [json.dumps(self._header, sort_keys=True).encode()]
        lines += [msgspec.json.encode(row) for row in self.rows]
        path.write_bytes(b"\n".join(lines) + b"\n")


def read_truth(path: Path) -> tuple[dict[str, Any], list[TruthRow]]:
    """(header, rows) of a truth file."""
    first, *rest = path.read_bytes().splitlines()
    return json.loads(first), [msgspec.json.decode(line, type=TruthRow) for line in rest]
