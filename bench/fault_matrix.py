"""Every fault of the simulator that needs no picture, in three phases of a survey: where it ends, and how near it came.

    python -m bench.fault_matrix [--jobs 2] [--out docs/fault_matrix.md]

Blind surveys (`bench.blind_survey`) on the simulated clock; nobody answers a hold. What is expected was written before the
flights; clearance and collisions are judged by truth, here, after the flight.
"""

import argparse
import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from bench.blind_survey import Blind
from sim.bench import machine
from sim.scenario import Fault, FaultKind
from sim.survey import load_world_file, prepare
from wire.record import read_log

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "missions" / "library" / "coaster_short.yaml"
SCENARIO = ROOT / "sim" / "scenarios" / "coaster_default.yaml"
WATCH_S = 300.0
PHASES = ("approach", "lane", "leave")
GOES_ON, ENDS, HOLDS, TRIES = "goes on", "comes up", "holds for the operator", "still tries"


class Case(NamedTuple):
    """``expected``: what may come of it, any of `GOES_ON`, `ENDS`, `HOLDS`."""

    kind: FaultKind
    params: dict[str, float]
    expected: tuple[str, ...]


CASES = (
    Case("range_dropout", {}, (GOES_ON,)),
    Case("range_stuck", {}, (GOES_ON,)),
    Case("compass_swing", {}, (GOES_ON,)),
    Case("mavlink_loss", {}, (GOES_ON,)),
    Case("mavlink_delay", {}, (GOES_ON,)),
    Case("mavlink_duplicate", {}, (GOES_ON,)),
    Case("mavlink_reorder", {}, (GOES_ON,)),
    Case("current_gust", {"x_mps": 0.3, "duration_s": 20.0}, (GOES_ON,)),
    Case("current_gust", {"x_mps": 0.0, "y_mps": 0.3, "duration_s": 20.0}, (GOES_ON,)),
    Case("dvl_lost", {"duration_s": 3.0}, (GOES_ON,)),
    Case("dvl_lost", {}, (GOES_ON, ENDS)),
    Case("thruster_dead", {"number": 1.0}, (GOES_ON, ENDS)),
    Case("thruster_dead", {"number": 5.0}, (GOES_ON, ENDS)),
    Case("thruster_reversed", {"number": 1.0}, (GOES_ON, ENDS)),
    Case("tether_snag", {}, (GOES_ON, ENDS)),
    Case("leak", {}, (ENDS,)),
    Case("low_battery", {}, (ENDS,)),
    Case("depth_jump", {"offset_m": 1.0}, (HOLDS,)),
    Case("autopilot_reboot", {}, (HOLDS,)),
    Case("gcs_loss", {}, (HOLDS,)),
)


class Row(NamedTuple):
    """``found``: one of the three, with the reason in ``detail``. ``recorded``: no state of rov is missing in the record."""

    case: Case
    phase: str
    at_s: float
    found: str
    detail: str
    clearance_m: float
    collisions: int
    recorded: bool

    @property
    def well(self) -> bool:
        return self.found in self.case.expected and self.collisions == 0 and self.recorded


def survey(folder: Path, faults: list[Fault]) -> Any:
    prepared = prepare(MISSION)
    scenario = load_world_file(SCENARIO, prepared).model_copy(update={"faults": faults})
    return Blind(prepared, scenario, 1, folder)


def instants() -> dict[str, float]:
    """When a survey without faults is in the middle of each phase [s]; armed in all."""
    with tempfile.TemporaryDirectory() as scrap:
        flight = survey(_made(scrap), [])
        began: dict[str, float] = {}
        while not flight.missions.done:
            flight.tick()
            began.setdefault(flight.missions.phase, flight.clock.now())
        flight.close()
    return {"approach": began["launching"] + 8.0, "lane": began["surveying"] + 20.0, "leave": began["leaving"] + 0.5}


def _made(scrap: str) -> Path:
    folder = Path(scrap) / "survey"
    folder.mkdir()
    return folder


def fly(case: Case, phase: str, at_s: float) -> Row:
    """One survey with one fault."""
    with tempfile.TemporaryDirectory() as scrap:
        folder = _made(scrap)
        flight = survey(folder, [Fault(at_s=at_s, kind=case.kind, params=case.params)])
        touched = 0
        while not flight.missions.done and flight.clock.now() < at_s + WATCH_S:
            flight.tick()
            if flight.rov._ladder.rung != "surfaced":
                touched = flight.world.collisions  # once disarmed at the surface it drifts: the tether's turn
        state, ended = flight.rov._ladder, flight.missions.ended
        found = HOLDS if not ended and state.rung == "hold" else GOES_ON if ended == "completed" else ENDS if ended else TRIES
        detail = flight.missions.detail or state.reason.replace("_", " ")
        flight.close()
        states = sum(record.topic == "vehicle_state" for record in read_log(folder / "aboard" / "record.hslog"))
        return Row(case, phase, at_s, found, detail, flight.world.min_clearance_m, touched, states == flight._ticks)


def page(rows: list[Row]) -> str:
    """Markdown."""
    host = machine()
    lines = [
        "# Faults and where they end",
        "",
        f"Written by `python -m bench.fault_matrix --out docs/fault_matrix.md`; do not edit. {host['cpu']}, {host['date'][:10]}.",
        "",
        "Mission coaster_short in scenario coaster_default, seed 1, without pictures; nobody answers a hold. Expected was",
        "written before the flights. *Comes up*: ends outboard of the hull and at the surface, aborted or failed. Collisions",
        "count until the vehicle has surfaced. Camera faults are not here: they need pictures (tests/sim_video, tests/vision).",
        f"*Still tries*: not ended {WATCH_S:.0f} s after the fault.",
        "Under the flat bottom nothing is flown yet, so no ascent below steel can come up in these flights.",
        "",
        f"{sum(row.well for row in rows)} of {len(rows)} end as expected, without collision and with a whole record.",
        "",
        "| fault | phase | expected | found | why | least clearance m | collisions | as expected |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        given = ", ".join(f"{name} {value:g}" for name, value in row.case.params.items())
        cells = [f"{row.case.kind} {given}".strip(), row.phase, " or ".join(row.case.expected), row.found, row.detail or "-"]
        cells += [f"{row.clearance_m:.2f}", str(row.collisions), "yes" if row.well else "**no**"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write the page here too")
    args = parser.parse_args()
    at = instants()
    work = [(case, phase, at[phase]) for case in CASES for phase in PHASES]
    rows = []
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn")) as pool:
        for row in pool.map(fly, *zip(*work, strict=True)):
            rows.append(row)
            mark = "" if row.well else "   <--"
            print(
                f"{row.case.kind} {row.case.params} {row.phase}: {row.found} ({row.detail}), {row.clearance_m:.2f} m{mark}",
                file=sys.stderr,
            )
    text = page(rows)
    if args.out is not None:
        args.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if all(row.well for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
