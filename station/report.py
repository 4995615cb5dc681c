"""The report: one HTML file that needs nothing else, now or in ten years."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hull.surface import HullSurface
from hull.vessel import Vessel
from station.config import StationConfig
from station.coverage import area_m2, percent, statement, summarise
from station.drawing import draw_side
from station.hullmap import hull_map
from station.store import Store, crop_name
from wire import messages as m

TEMPLATES = Path(__file__).parent / "templates"
SIDES = {"P": "Port", "S": "Starboard"}


def _environment() -> Environment:
    # autoescape for every template: a vessel's name comes from a file that somebody else wrote.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["fixed"] = lambda value, digits=2: f"{value:.{digits}f}"
    return environment


def _data_uri(jpeg: bytes | None) -> str:
    return "" if not jpeg else "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _contact(finding: m.Finding, store: Store, config: StationConfig, revisions: int) -> dict[str, Any]:
    return {
        "finding": finding,
        "name": f"F{finding.number:03d}",
        "kind": finding.kind.replace("_", " "),
        "side": SIDES[finding.side],
        "crop": _data_uri(store.crop(crop_name(finding))),
        "first": config.utc(finding.first_t),
        "last": config.utc(finding.last_t),
        "revisions": revisions,
    }


def _times(store: Store, config: StationConfig) -> tuple[str, str]:
    track = store.track()
    if not track:
        return "not recorded", "not recorded"
    return config.utc(float(str(track[0][0]))), config.utc(float(str(track[-1][0])))


def render_report(store: Store, config: StationConfig, vessel: Vessel, surface: HullSurface) -> str:
    """The report as HTML text; it depends on the arguments only."""
    findings, contacts, cells = store.findings(), store.contacts(), store.cells()
    summary = summarise(config.zones, surface, cells)
    hull = hull_map(vessel, surface, config.zones)
    planned_sides = {zone["side"] for zone in hull["zones"]}
    drawings = [
        draw_side(hull, side, cells, contacts, close)
        for side in hull["sides"]
        for close in (False, True)
        if not close or side in planned_sides
    ]
    frames, usable, relief = store.frame_counts()
    begun, ended = _times(store, config)
    return (
        _environment()
        .get_template("report.html")
        .render(
            config=config,
            vessel=vessel,
            mission=store.mission(),
            statement=statement(len(contacts), summary.fraction),
            percent=percent(summary.fraction),
            planned_m2=area_m2(summary.planned),
            inspected_m2=area_m2(summary.inspected),
            rest_m2=area_m2(summary.planned - summary.inspected),
            reasons=[(reason, area_m2(count), count / summary.planned) for reason, count in summary.reasons],
            zones=config.zones,
            sides=SIDES,
            drawings=drawings,
            contacts=[_contact(c, store, config, sum(f.number == c.number for f in findings)) for c in contacts],
            merged=[(f"F{f.number:03d}", f"F{f.same_as:03d}") for f in store.merged()],
            conflicts=store.conflicts(),
            alerts=store.alerts(),
            commands=store.commands(),
            frames=frames,
            usable=usable,
            relief=relief,
            begun=begun,
            ended=ended,
        )
    )
