"""The account of a survey's coverage as a plain document."""

import math
from collections import Counter

from hull.coverage import CELL_M, CELL_M2
from missions.accounting import Accounting
from missions.mission import Mission
from missions.planner import Plan


def coverage_document(mission: Mission, plan: Plan, accounting: Accounting) -> dict[str, object]:
    """JSON-able. ``cells``: [side, col, row, status, reason] of every planned cell, status "inspected", "seen_poor" or
    "not_seen"; ``not_inspected_m2``: area by reason, which adds up to what is missing. Never says more than what was seen."""
    states = accounting.planned_states()
    counts = Counter(status for _, status, _ in states)
    reasons = Counter(reason for _, status, reason in states if status != "inspected")
    share = counts["inspected"] / len(states) if states else 0.0
    return {
        "source": "missions",
        "mission": mission.name,
        "cell_m": CELL_M,
        "zones": [
            {"name": zone.name, "side": zone.side, "x_m": _rounded(zone.x_m), "depth_m": _rounded(zone.depth_m)}
            for zone in plan.zones
        ],
        "planned_m2": round(len(states) * CELL_M2, 4),
        "inspected_m2": round(counts["inspected"] * CELL_M2, 4),
        "seen_poor_m2": round(counts["seen_poor"] * CELL_M2, 4),
        "not_seen_m2": round(counts["not_seen"] * CELL_M2, 4),
        "percent": math.floor(share * 100.0 + 1e-9),
        "not_inspected_m2": {reason: round(count * CELL_M2, 4) for reason, count in sorted(reasons.items())},
        "cells": [[key.side, key.col, key.row, status, reason] for key, status, reason in states],
    }


def _rounded(pair: tuple[float, float]) -> list[float]:
    return [round(value, 4) for value in pair]
