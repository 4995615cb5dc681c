"""A table of surveys: one mission, several scenarios and seeds, flown and scored, several at a time."""

import itertools
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from sim.ardusub.start import require
from sim.survey import load_world_file, prepare

COLUMNS = (
    ("pd", "Pd", "{:.2f}"),
    ("false_contacts", "false", "{}"),
    ("inspected_fraction", "inspected", "{:.3f}"),
    ("claimed_but_unseen_fraction", "unseen", "{:.4f}"),
    ("position_error_p95_m", "p95 m", "{:.2f}"),
    ("min_clearance_m", "clearance m", "{:.2f}"),
    ("collisions", "collisions", "{}"),
    ("survey_rate_ratio", "rate ratio", "{:.2f}"),
    ("survey_time_s", "time s", "{:.0f}"),
    ("real_time_factor", "RTF", "{:.2f}"),
)


class Flight(NamedTuple):
    """One cell of the table. ``sockets``: as processes over real sockets at ``rate``, else in one process. ``ardusub``: the real
    firmware's binary, to fly on it."""

    mission: Path
    scenario: Path
    seed: int
    out: Path
    sockets: bool
    rate: float
    threads: int
    ardusub: Path | None = None


def parse_seeds(text: str) -> list[int]:
    """``"1-3,7"`` → [1, 2, 3, 7].

    Raises:
        ValueError: names what is wrong.
    """
    out: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise ValueError(f"--seeds: got {text!r}, expected numbers and ranges such as 1-5,8")
        out += range(int(first), int(last if dash else first) + 1)
    if not out:
        raise ValueError(f"--seeds: got {text!r}, expected ranges that go upward such as 1-5")
    return out


def fly(flight: Flight) -> dict[str, Any]:
    """Flies and scores one survey; the score with ``seed``, ``ended`` and ``folder``."""
    from sim.crew import Crew
    from sim.launch import LaunchOptions, launch
    from sim.runner import run_in_process
    from sim.score import score

    Crew.most = flight.threads
    if flight.sockets:
        options = LaunchOptions(
            mission=flight.mission,
            scenario=flight.scenario,
            vehicle=None,
            camera=None,
            dvl=None,
            out=flight.out,
            seed=flight.seed,
            rate=flight.rate,
            headless=True,
            keys=None,
            say=lambda text: None,
            ardusub=flight.ardusub,
        )
        summary = launch(options)
    else:
        summary = run_in_process(flight.mission, flight.scenario, flight.out, flight.seed, None, flight.ardusub)
    figures = score(Path(summary["folder"]), flight.scenario)
    return {**figures, "seed": flight.seed, "ended": summary["ended"], "folder": summary["folder"], **_how(flight)}


def _how(flight: Flight) -> dict[str, Any]:
    return {"sockets": flight.sockets, "firmware": flight.ardusub is not None}


def campaign(
    mission: Path,
    scenarios: Sequence[Path],
    seeds: Sequence[int],
    out: Path,
    jobs: int,
    *,
    sockets: bool,
    rate: float,
    say: Callable[[str], None],
    ardusub: Path | None = None,
) -> list[dict[str, Any]]:
    """All flights, in the order of scenarios and seeds. ``jobs`` at a time; over sockets one at a time, as they run in real time.

    Raises:
        hull.document.DocumentError, hull.document.Infeasible, sim.ardusub.faults.FirmwareFault: as `sim.runner.run_in_process`.
    """
    require(ardusub)
    prepared = prepare(mission)
    for scenario in scenarios:
        load_world_file(scenario, prepared)
    jobs = 1 if sockets else max(1, jobs)
    threads = 2 if jobs == 1 else 1
    flights = [
        Flight(mission, s, n, out / f"{s.stem}-{n}", sockets, rate, threads, ardusub)
        for s, n in itertools.product(scenarios, seeds)
    ]
    rows = []
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for flight, row in zip(flights, pool.map(fly, flights), strict=True):
            rows.append(row)
            say(f"{flight.scenario.stem} seed {flight.seed}: {row['ended']}, Pd {row['pd']}, {row['false_contacts']} false")
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown."""
    head = ["scenario", "seed", "ended", *(title for _, title, _ in COLUMNS)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        name = row["scenario"] + (" (sockets)" if row["sockets"] else "") + (" (firmware)" if row["firmware"] else "")
        cells = [form.format(row[key]) if row[key] is not None else "-" for key, _, form in COLUMNS]
        lines.append("| " + " | ".join([name, str(row["seed"]), row["ended"], *cells]) + " |")
    return "\n".join(lines)
