"""What the page is told. Plain values only; sections change independently so that only changed ones are sent."""

import math
from typing import Any

from station.alerts import AlertBoard
from station.coverage import CoverageSummary, area_m2, percent, statement
from station.feed import WATCHED, Feed
from station.operators import Operators
from station.store import crop_name
from wire import messages as m
from wire.topics import TOPICS

View = dict[str, Any]


def degrees(rad: float) -> float:
    return round(math.degrees(rad), 1)


def vehicle(state: m.VehicleState | None) -> View | None:
    if state is None:
        return None
    return {
        "armed": state.armed,
        "mode": state.mode,
        "control": state.control,
        "ladder": state.ladder,
        "reason": state.reason,
        "depth_m": round(state.depth_m, 2),
        "heading_deg": degrees(state.heading_rad) % 360.0,
        "roll_deg": degrees(state.roll_rad),
        "pitch_deg": degrees(state.pitch_rad),
        "along_mps": round(state.along_mps, 2),
        "closing_mps": round(state.closing_mps, 2),
        "climb_mps": round(state.climb_mps, 2),
        "dvl_age_s": _age(state.dvl_age_s),
        "range_age_s": _age(state.range_age_s),
        "link_age_s": _age(state.link_age_s),
        "battery_v": round(state.battery_v, 1),
        "battery_percent": round(state.battery_fraction * 100),
        "leak": state.leak,
        "at_target": state.at_target,
        "pose": None if state.pose is None else pose(state.pose),
    }


def _age(age_s: float) -> float:
    return round(min(age_s, 9999.0), 1)


def pose(p: m.HullPose) -> View:
    return {
        "side": p.side,
        "x_m": round(p.x_m, 2),
        "s_m": round(p.s_m, 2),
        "standoff_m": round(p.standoff_m, 2),
        "yaw_off_deg": degrees(p.yaw_off_rad),
        "x_std_m": round(p.x_std_m, 2),
    }


def mission(status: m.MissionStatus | None) -> View | None:
    if status is None:
        return None
    return {
        "mission": status.mission,
        "phase": status.phase,
        "task": status.task,
        "task_index": status.task_index,
        "task_count": status.task_count,
        "ended": status.ended,
        "detail": status.detail,
    }


def coverage(summary: CoverageSummary, contacts: int) -> View:
    return {
        "planned_m2": round(area_m2(summary.planned), 2),
        "inspected_m2": round(area_m2(summary.inspected), 2),
        "seen_poor_m2": round(area_m2(summary.seen_poor), 2),
        "fraction": round(summary.fraction, 4),
        "percent": percent(summary.fraction),
        "reasons": [[reason, round(area_m2(count), 2)] for reason, count in summary.reasons],
        "statement": statement(contacts, summary.fraction),
    }


def contact(finding: m.Finding) -> View:
    return {
        "name": f"F{finding.number:03d}",
        "number": finding.number,
        "revision": finding.revision,
        "crop": f"crops/{crop_name(finding)}.jpg",
        "kind": finding.kind,
        "confidence": round(finding.confidence, 3),
        "side": finding.side,
        "x_m": round(finding.x_m, 2),
        "s_m": round(finding.s_m, 2),
        "depth_m": round(finding.depth_m, 2),
        "frame": round(finding.frame, 1),
        "position_std_m": round(finding.position_std_m, 2),
        "size_m": [round(v, 2) for v in finding.size_m],
        "height_m": None if finding.height_m is None else round(finding.height_m, 3),
        "hits": finding.hits,
        "frames": finding.frames,
        "utc": finding.utc,
        "evidence": finding.evidence,
    }


def alerts(board: AlertBoard) -> list[View]:
    return [{"source": a.source, "code": a.code, "severity": a.severity, "text": a.text} for a in board.active()]


def streams(feed: Feed, now: float) -> View:
    out: View = {}
    for topic in WATCHED:
        age = feed.age(topic, now)
        out[topic] = {"age_s": None if age.age_s is None else round(age.age_s, 1), "stale": age.stale}
    return out


def processes(feed: Feed, now: float) -> list[View]:
    limit = 3.0 / TOPICS["process_status"].rate_hz
    return [
        {
            "name": name,
            "pid": status.pid,
            "ticks": status.ticks,
            "p99_ms": round(status.tick_p99_ms, 1),
            "stale": now - heard > limit,
        }
        for name, (status, heard) in sorted(feed.processes.items())
    ]


def records(feed: Feed) -> View:
    status = feed.latest("recorder_status", m.RecorderStatus)
    return {
        "log_mb": None if status is None else round(status.log_bytes / 1e6, 1),
        "disk_free_gb": None if status is None else round(status.disk_free_bytes / 1e9, 1),
        "missing_findings": feed.missing("finding"),
        "missing_coverage": feed.missing("coverage"),
        "dropped": feed.dropped,
    }


def commands(operators: Operators) -> list[View]:
    return [
        {"id": c.id, "verb": c.verb, "operator": c.operator, "state": c.state, "reason": c.reason, "utc": c.utc}
        for c in operators.recent(6)
    ]


def picture(report: m.FrameReport | None) -> View | None:
    if report is None:
        return None
    return {
        "usable": report.usable,
        "reason": report.reason,
        "range_m": round(report.range_m, 2),
        "optical_depth": round(report.optical_depth, 2),
        "relief_ok": report.relief_ok,
        "detections": len(report.detections),
        "side": report.side,
        "footprint": [[round(x, 2), round(s, 2)] for x, s in report.footprint],
    }
