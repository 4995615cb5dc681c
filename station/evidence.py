"""The survey folder: made once, filled at the end, sealed with SHA-256, verified by anyone with coreutils."""

import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hull.surface import HullSurface
from hull.vessel import Vessel
from station.canonical import canonical
from station.config import FileHash, StationConfig
from station.coverage import area_m2, percent, summarise
from station.report import render_report
from station.store import Store, crop_name
from wire import messages as m

SUMS = "SHA256SUMS"
TRACK_HEAD = (
    *("utc", "t_s", "depth_m", "side", "x_m", "s_m", "standoff_m", "yaw_off_rad", "x_std_m"),
    *("mode", "control", "ladder", "reason", "along_mps", "battery_v"),
)
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def create_survey_folder(out_dir: Path, name: str, utc: datetime) -> Path:
    """A new folder ``out_dir/YYYYMMDD-HHMMSS-name``; an existing one is never touched, the next gets ``-2`` and so on.

    Raises:
        OSError: ``out_dir`` cannot be written.
    """
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:60] or "survey"
    stem = f"{utc.astimezone(UTC):%Y%m%d-%H%M%S}-{plain}"
    out_dir.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = out_dir / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            number += 1


def hash_file(path: Path) -> str:
    """SHA-256 (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(*paths: Path) -> tuple[FileHash, ...]:
    """Name and SHA-256 of files, for `StationConfig`."""
    return tuple(FileHash(path.name, hash_file(path)) for path in paths)


def finding_record(finding: m.Finding) -> dict[str, object]:
    """A finding as plain values, with its crop's place in the folder."""
    record: dict[str, object] = msgspec.structs.asdict(finding)
    del record["crop_jpeg"]
    record["name"] = f"F{finding.number:03d}"
    record["crop"] = f"crops/{crop_name(finding)}.jpg"
    return record


def coverage_record(store: Store, config: StationConfig, surface: HullSurface) -> dict[str, object]:
    """The coverage as the station has it, for when missions did not hand over its own document."""
    cells = store.cells()
    summary = summarise(config.zones, surface, cells)
    return {
        "source": "station",
        "cell_m": 0.1,
        "planned_m2": area_m2(summary.planned),
        "inspected_m2": area_m2(summary.inspected),
        "seen_poor_m2": area_m2(summary.seen_poor),
        "inspected_fraction": summary.fraction,
        "percent": percent(summary.fraction),
        "not_inspected_m2": {reason: area_m2(count) for reason, count in summary.reasons},
        "cells": [[c.side, c.col, c.row, c.status, c.reason] for c in cells],
    }


def write_evidence(
    folder: Path,
    store: Store,
    config: StationConfig,
    vessel: Vessel,
    surface: HullSurface,
    *,
    mission_file: Path | None = None,
    vessel_file: Path | None = None,
    coverage: Mapping[str, object] | None = None,
) -> None:
    """Writes findings.jsonl, crops/, coverage.json, track.csv, report.html, and copies of the mission and vessel files.

    ``coverage``: missions' own document. Without it a coverage.json that missions left in the folder is kept, and where
    there is none the station's account is written. The same content gives the same
    bytes. Call `seal` afterwards, once ``store`` and every log in the folder are closed.

    Raises:
        OSError: something could not be written.
    """
    contacts = store.contacts()
    _write(folder / "findings.jsonl", "".join(canonical(finding_record(finding)) + "\n" for finding in contacts))
    (folder / "crops").mkdir(exist_ok=True)
    for finding in contacts:
        crop = store.crop(crop_name(finding))
        if crop:
            (folder / "crops" / f"{crop_name(finding)}.jpg").write_bytes(crop)
    if coverage is not None or not _left_by_missions(folder / "coverage.json"):
        document = coverage_record(store, config, surface) if coverage is None else coverage
        _write(folder / "coverage.json", canonical(document) + "\n")
    _write(folder / "track.csv", _track_csv(store, config))
    for source, name in ((mission_file, "mission.yaml"), (vessel_file, "vessel.yaml")):
        if source is not None and not (folder / name).exists():
            shutil.copyfile(source, folder / name)
    _write(folder / "report.html", render_report(store, config, vessel, surface))


def _left_by_missions(path: Path) -> bool:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("source") != "station"


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _track_csv(store: Store, config: StationConfig) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(TRACK_HEAD)
    for row in store.track():
        values = [f"{value:.4f}" if isinstance(value, float) else "" if value is None else value for value in row]
        writer.writerow([config.utc(float(str(row[0]))), *values])
    return out.getvalue()


def _files(folder: Path) -> list[str]:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    return sorted(name for name in names if name != SUMS)


def seal(folder: Path) -> None:
    """Writes SHA256SUMS over every file of the folder (``sha256sum -c SHA256SUMS`` checks it).

    Raises:
        ValueError: a file name with a line break or backslash, or a symbolic link: neither belongs in evidence.
    """
    for name in _files(folder):
        if "\n" in name or "\\" in name or "\r" in name or (folder / name).is_symlink():
            raise ValueError(f"{folder}: {name!r} is a link or has a strange name; expected plain files")
    _write(folder / SUMS, "".join(f"{hash_file(folder / name)}  {name}\n" for name in _files(folder)))


def verify(folder: Path) -> list[str]:
    """What is wrong with a sealed folder, one line each: changed, missing, or added files, or a damaged seal.

    Raises:
        OSError: the folder or one of its files cannot be read.
    """
    if not folder.is_dir():
        return [f"{folder}: no such folder"]
    if not (folder / SUMS).is_file():
        return [f"{SUMS}: missing; the survey was never sealed or the seal was removed"]
    listed: dict[str, str] = {}
    problems = []
    for number, line in enumerate((folder / SUMS).read_text("utf-8", "replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in listed or ".." in Path(match[2]).parts or Path(match[2]).is_absolute():
            problems.append(f"{SUMS}: line {number} is damaged")
        else:
            listed[match[2]] = match[1]
    present = _files(folder)
    for name in sorted(listed):
        path = folder / name
        if name not in present:
            problems.append(f"{name}: missing")
        elif path.is_symlink():
            problems.append(f"{name}: is a link; expected a plain file")
        elif hash_file(path) != listed[name]:
            problems.append(f"{name}: changed")
    return problems + [f"{name}: added after sealing" for name in present if name not in listed]
