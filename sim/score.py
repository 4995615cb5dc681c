"""A survey against the simulator's truth. Only this module and the simulator read truth.

pd: share of the attachments inside the planned cells that a contact was reported for, within `MATCH_M` of the attachment's own
extent. A contact that matches no attachment is false; a second contact on one attachment is a duplicate and counts as false too.
A claimed cell was really seen when at least one camera frame had its middle in the picture, unoccluded, within range and angle.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.coverage import CELL_M, CELL_M2, CellKey, cell_at, cell_centre
from hull.document import DocumentError
from hull.frames import ShipPose
from hull.shell import load_ship
from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import zone_cells
from missions.mission import load_mission, planned_zones
from sim.render import Renderer
from sim.scenario import Scenario, load_scenario, vessel_path
from sim.scene import Scene
from sim.truth import TruthRow, read_truth
from wire.rig import BLUEROV2

MATCH_M = 0.40
SEEN_RANGE_M = 2.0
SEEN_INCIDENCE = math.radians(60.0)
Vec = NDArray[np.float64]


class Target(NamedTuple):
    """An attachment: middle on the unrolled hull, half extents and height off the plating [m]."""

    kind: str
    side: str
    x_m: float
    s_m: float
    half_x_m: float
    half_s_m: float
    height_m: float


class Matched(NamedTuple):
    """``hits``: target index -> distance [m] of the contact from its middle; ``false``: contacts on nothing or a second time."""

    hits: dict[int, float]
    false: list[int]
    duplicates: int


def targets(scenario: Scenario, vessel: Vessel, surface: HullSurface) -> list[Target]:
    """The attachments of a scenario on the unrolled hull."""
    out = []
    for a in scenario.attachments:
        x = vessel.frame_to_x(a.frame)
        out.append(
            Target(a.kind, a.side, x, surface.girth_at_depth(x, a.depth_m), a.size_m[0] / 2.0, a.size_m[1] / 2.0, a.size_m[2])
        )
    return out


def match(wanted: list[Target], contacts: list[dict[str, Any]]) -> Matched:
    """One contact a target, nearest pairs first."""
    pairs = []
    duplicates_of: dict[int, int] = {}
    for c, contact in enumerate(contacts):
        for i, target in enumerate(wanted):
            if contact["side"] != target.side:
                continue
            dx, ds = contact["x_m"] - target.x_m, contact["s_m"] - target.s_m
            outside = math.hypot(max(abs(dx) - target.half_x_m, 0.0), max(abs(ds) - target.half_s_m, 0.0))
            if outside <= MATCH_M:
                pairs.append((math.hypot(dx, ds), i, c))
                duplicates_of[c] = i
    hits: dict[int, float] = {}
    used: set[int] = set()
    for distance, i, c in sorted(pairs):
        if i not in hits and c not in used:
            hits[i] = distance
            used.add(c)
    false = [c for c in range(len(contacts)) if c not in used]
    return Matched(hits, false, sum(1 for c in false if c in duplicates_of))


def seen_cells(
    cells: list[CellKey], wanted: list[Target], rows: list[TruthRow], renderer: Renderer, surface: HullSurface
) -> NDArray[np.bool_]:
    """Which cells' middles a frame really showed; (n,) of bool. Under an attachment its outer face stands for the plating."""
    places = [cell_centre(cell) for cell in cells]
    points = np.array([surface.point(c.side, *p) for c, p in zip(cells, places, strict=True)]).reshape(-1, 3)
    normals = np.array([surface.normal(c.side, *p) for c, p in zip(cells, places, strict=True)]).reshape(-1, 3)
    heights = [max((t.height_m for t in wanted if _covers(t, c, *p)), default=0.0) for c, p in zip(cells, places, strict=True)]
    points = points + normals * np.array(heights).reshape(-1, 1)
    seen = np.zeros(len(cells), dtype=bool)
    ship = ShipPose(0.0, draught_m=surface.draught_m)
    # A first pass over every tenth frame sees nearly all, so that few of the others need drawing.
    for row in [row for start in range(10) for row in rows[start::10]]:
        near = ~seen & (np.linalg.norm(points - np.array(row.position), axis=1) < SEEN_RANGE_M)
        if not near.any():
            continue
        rotation = ship.dir_to_ned(np.array(row.rotation).reshape(3, 3).T).T
        mask, range_m, incidence = renderer.points_in_view(
            ship.to_ned(np.array(row.position)), rotation, points[near], normals[near]
        )
        seen[near] = mask & (range_m <= SEEN_RANGE_M) & (incidence <= SEEN_INCIDENCE)
    return seen


def _covers(target: Target, cell: CellKey, x_m: float, s_m: float) -> bool:
    near = abs(x_m - target.x_m) <= target.half_x_m + CELL_M and abs(s_m - target.s_m) <= target.half_s_m + CELL_M
    return near and target.side == cell.side


def score(folder: Path, scenario_file: Path, truth: Path | None = None) -> dict[str, Any]:
    """All figures of one survey.

    Raises:
        hull.document.DocumentError: the scenario is wrong, or the folder lacks what a survey leaves.
    """
    scenario = load_scenario(scenario_file)
    vessel, surface = load_ship(vessel_path(scenario, scenario_file))
    truth_folder = truth or folder.with_name(folder.name + ".truth")
    for needed in (folder / "findings.jsonl", folder / "coverage.json", truth_folder / "truth.jsonl"):
        if not needed.is_file():
            raise DocumentError(needed, 0, "file", "nothing", "a file that a simulated survey leaves")
    contacts = [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]
    coverage = json.loads((folder / "coverage.json").read_text())
    _header, rows = read_truth(truth_folder / "truth.jsonl")
    run = json.loads((truth_folder / "run.json").read_text()) if (truth_folder / "run.json").is_file() else {}

    # Planned cells are counted anew from the mission, not believed from the survey.
    mission = load_mission(folder / "mission.yaml")
    planned = {cell for zone in planned_zones(mission, vessel) for cell in zone_cells(zone, surface)}
    claimed = _claimed(coverage)
    everything = targets(scenario, vessel, surface)
    wanted = [t for t in everything if cell_at("P" if t.side == "P" else "S", t.x_m, t.s_m) in planned]
    matched = match(everything, contacts)
    hit = [i for i, t in enumerate(everything) if t in wanted and i in matched.hits]
    renderer = Renderer(Scene(scenario, vessel, surface), scenario.water, BLUEROV2, 0)
    seen = seen_cells(claimed, everything, rows, renderer, surface)
    errors = sorted(matched.hits.values())
    inspected_m2 = len(claimed) * CELL_M2
    flown = [row for row in rows if row.armed]
    survey_s = flown[-1].t - flown[0].t if flown else 0.0
    swath = 2.0 * mission.standoff_m * math.tan(BLUEROV2.camera.vfov_rad / 2.0)
    return {
        "scenario": scenario.name,
        "attachments": len(wanted),
        "found": len(hit),
        "missed": [
            f"{t.kind} {t.side} x={t.x_m:.1f} m" for i, t in enumerate(everything) if t in wanted and i not in matched.hits
        ],
        "pd": len(hit) / len(wanted) if wanted else None,
        "contacts": len(contacts),
        "false_contacts": len(matched.false),
        "duplicates": matched.duplicates,
        "false_contacts_per_100m2": 100.0 * len(matched.false) / inspected_m2 if inspected_m2 else None,
        "position_error_p95_m": float(np.percentile(errors, 95)) if errors else None,
        "planned_m2": len(planned) * CELL_M2,
        "inspected_fraction": len([c for c in claimed if c in planned]) / len(planned) if planned else 0.0,
        "claimed_but_unseen_fraction": float(np.mean(~seen)) if len(seen) else 0.0,
        "min_clearance_m": min((row.min_clearance_m for row in rows), default=None),
        "collisions": max((row.collisions for row in rows), default=0),
        "survey_time_s": survey_s,
        "survey_rate_ratio": inspected_m2 / survey_s / (swath * mission.speed_mps) if survey_s else 0.0,
        "real_time_factor": run.get("real_time_factor"),
        "cell_m": CELL_M,
    }


def _claimed(coverage: dict[str, Any]) -> list[CellKey]:
    return [CellKey(side, col, row) for side, col, row, status, _reason in coverage["cells"] if status == "inspected"]
