"""One mission into several: a whole ship into dives that can each be flown, a survey cut short into the mission of its rest."""

import json
import math
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from hull.cells import Cells, union
from hull.coverage import CellKey
from hull.document import DocumentError, resolve_inside
from hull.surface import HullSurface
from hull.vessel import Vessel
from missions.feasibility import refusals, usable_s
from missions.mission import CellRun, Mission, ZoneSpec, load_mission, load_mission_with_ship
from missions.planner import Plan, cells_of, plan
from wire.messages import Side
from wire.rig import BLUEROV2, Rig

MAX_PARTS = 60
ACCEPTED = 0.95
"""Share of a dive's cells that may be out of reach: the whole's preview has told it."""


class Dive(NamedTuple):
    """One part, fit to fly, and its plan."""

    mission: Mission
    plan: Plan


class Split(NamedTuple):
    """``left_out``: zones (name, reason) that no dive covers."""

    dives: tuple[Dive, ...]
    left_out: tuple[tuple[str, str], ...]


def split(mission: Mission, vessel: Vessel, surface: HullSurface, rig: Rig = BLUEROV2) -> Split:
    """Zone by zone, the launch side first, in as few equal lengths as battery, time and tether allow."""
    dives: list[Dive] = []
    left_out: list[tuple[str, str]] = []
    for zone in sorted(mission.zones, key=lambda z: (z.side == "bottom", z.side != mission.launch.side)):
        whole = plan(_part(mission, zone, zone.frames, 0), vessel, surface, rig)
        if not whole.lanes:
            left_out.append((zone.name, whole.missed[0][0] if whole.missed else "no coverage cell lies in it"))
            continue
        parts = max(1, math.ceil(whole.time_s / min(usable_s(mission), mission.limits.max_duration_s)))
        found, why = _fitting(mission, zone, parts, len(dives), vessel, surface, rig)
        dives += found
        if not found:
            left_out.append((zone.name, why))
    return Split(tuple(dives), tuple(left_out))


def _fitting(
    mission: Mission, zone: ZoneSpec, parts: int, before: int, vessel: Vessel, surface: HullSurface, rig: Rig
) -> tuple[list[Dive], str]:
    """The fewest parts, from ``parts`` on, that can all be flown; none and a reason when no number of them can."""
    why = ""
    while parts <= MAX_PARTS:
        edges = np.linspace(*zone.frames, parts + 1).round(2).tolist()
        dives = []
        for i in range(parts):
            part = _part(mission, zone, (edges[i], edges[i + 1]), before + i + 1)
            planned = plan(part, vessel, surface, rig)
            against = refusals(part, planned)
            if against:
                why = against[0]
                break
            dives.append(Dive(part, planned))
        if len(dives) == parts:
            return dives, ""
        parts = max(parts + 1, math.ceil(parts * 1.15))
    return [], why


def _part(mission: Mission, zone: ZoneSpec, frames: tuple[float, float], number: int) -> Mission:
    """Landmarks stay with the part that they lie in; the launch is abeam of its middle."""
    side: Side = mission.launch.side if zone.side == "bottom" else zone.side
    return mission.model_copy(
        update={
            "name": f"{mission.name}-{number:02d}"[:64],
            "launch": mission.launch.model_copy(update={"side": side, "frame": round((frames[0] + frames[1]) / 2.0, 1)}),
            "zones": (zone.model_copy(update={"frames": frames}),),
            "landmarks": (),
            "in_parts": False,
            "limits": mission.limits.model_copy(update={"max_unreachable": max(ACCEPTED, mission.limits.max_unreachable)}),
        }
    )


def with_landmarks(dives: Iterable[Dive], mission: Mission, vessel: Vessel, surface: HullSurface, rig: Rig) -> list[Dive]:
    """Each dive with the whole's landmarks on its side and within its frames, where it can still be flown so."""
    fittings = {fitting.name: fitting for fitting in vessel.fittings}
    out = []
    for dive in dives:
        (zone,), side = dive.mission.zones, dive.mission.launch.side
        own = tuple(
            mark
            for mark in mission.landmarks
            if fittings[mark.fitting].side == side and zone.frames[0] <= fittings[mark.fitting].frame <= zone.frames[1]
        )
        richer = dive.mission.model_copy(update={"landmarks": own})
        planned = plan(richer, vessel, surface, rig)
        out.append(Dive(richer, planned) if own and not refusals(richer, planned) else dive)
    return out


def write_dives(mission_file: Path, folder: Path, rig: Rig = BLUEROV2) -> tuple[Split, list[Path]]:
    """Splits a mission file and writes each dive's mission, with the vessel's files, into ``folder``.

    Raises:
        hull.document.DocumentError: the mission or its vessel file is wrong.
        OSError: ``folder`` cannot be written, or holds such a file already.
    """
    mission, vessel, surface, vessel_file = load_mission_with_ship(mission_file)
    parts = split(mission, vessel, surface, rig)
    dives = with_landmarks(parts.dives, mission, vessel, surface, rig)
    folder.mkdir(parents=True, exist_ok=True)
    for needed in [vessel_file] + ([vessel_file.parent / vessel.mesh.file] if vessel.mesh is not None else []):
        target = folder / needed.relative_to(vessel_file.parent)
        if not target.exists() or not target.samefile(needed):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(needed, target)
    files = []
    for dive in dives:
        path = folder / f"{dive.mission.name}.yaml"
        with path.open("x", encoding="utf-8") as out:
            out.write(as_yaml(dive.mission.model_copy(update={"vessel": vessel_file.name})))
        files.append(path)
    return parts._replace(dives=tuple(dives)), files


def rest_of(folder: Path, frame: float | None = None) -> Mission:
    """The mission that finishes the survey in ``folder``: what that inspected is not flown again. It enters at ``frame``, or else
    abeam of the nearest end of what is left.

    Raises:
        hull.document.DocumentError: the folder is no survey's, or nothing is left.
    """
    mission = load_mission(folder / "mission.yaml")
    path = folder / "coverage.json"
    if not path.is_file():
        raise DocumentError(path, 0, "file", "nothing", "the coverage that a survey leaves")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        rows = [(str(side), int(col), int(row), str(status)) for side, col, row, status, _reason in document["cells"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DocumentError(path, 0, "cells", str(error), "rows of side, col, row, status, reason") from error
    done = [CellKey("P" if side == "P" else "S", col, row) for side, col, row, status in rows if status == "inspected"]
    seen = union((cells_of(mission.inspected), Cells.of(done)))
    launch = mission.launch if frame is None else mission.launch.model_copy(update={"frame": frame})
    return mission.model_copy(update={"launch": launch, "inspected": runs_of(seen), "name": _next_name(mission.name)})


def _next_name(name: str) -> str:
    stem, dash, number = name.rpartition("-rest")
    return f"{stem}-rest{int(number) + 1}" if dash and number.isdigit() else f"{name[:58]}-rest1"


def runs_of(cells: Cells) -> tuple[CellRun, ...]:
    """(side, row, first column, last column) of each stretch along x."""
    out: list[CellRun] = []
    for side, col, row in sorted(cells, key=lambda c: (c.side, c.row, c.col)):
        if out and out[-1][:2] == (side, row) and out[-1][3] == col - 1:
            out[-1] = (side, row, out[-1][2], col)
        else:
            out.append((side, row, col, col))
    return tuple(out)


def as_yaml(mission: Mission) -> str:
    """A mission file; defaults are left out."""
    document = mission.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=130, allow_unicode=True)
    return text


def write_rest(folder: Path, out: Path, frame: float | None = None, rig: Rig = BLUEROV2) -> Dive:
    """`rest_of` a survey into the mission file ``out``, which must be beside the vessel file that it names.

    Raises:
        hull.document.DocumentError: no survey, no vessel file beside ``out``, or nothing is left to fly.
        OSError: ``out`` exists or cannot be written.
    """
    mission = rest_of(folder, frame)
    resolve_inside(out, mission.vessel, out.resolve().parent, "vessel")
    with out.open("x", encoding="utf-8") as file:
        file.write(as_yaml(mission))
    try:
        mission, vessel, surface, _file = load_mission_with_ship(out)
        planned = plan(mission, vessel, surface, rig)
        if frame is None and planned.lanes:
            near = min((abs(x - planned.launch_x_m), x) for lane in planned.lanes for x in (lane.x_from_m, lane.x_to_m))[1]
            launch = mission.launch.model_copy(update={"frame": round(vessel.x_to_frame(near), 1)})
            mission = mission.model_copy(update={"launch": launch})
            planned = plan(mission, vessel, surface, rig)
        if not planned.lanes:
            raise DocumentError(folder, 0, "coverage.json", "all inspected that can be", "something left to fly")
    except DocumentError:
        out.unlink()
        raise
    out.write_text(as_yaml(mission), encoding="utf-8")
    return Dive(mission, planned)
