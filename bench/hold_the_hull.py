"""How well stand-off and angle are held in rough conditions, from truth, as a table: many blind surveys (`bench.blind_survey`).

    python -m bench.hold_the_hull [--seeds 1-20] [--scenario FILE] [--jobs 2]

Each seed is another vehicle (`randomised`), other waves and another compass error. While lanes are flown: distance of the origin
to the plating (not to what stands on it) against the stand-off wanted, and the angle between its nose and the normal, both
level. The eyes see perfectly: coverage and contacts of such flights prove nothing.
"""

import argparse
import math
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.blind_survey import Blind
from sim.bench import machine
from sim.campaign import parse_seeds
from sim.survey import load_world_file, prepare

ROOT = Path(__file__).parents[1]
LIMIT_S = 900.0


class Held(NamedTuple):
    """One flight. Lengths [m], angle [degrees], ``time_s`` of the whole survey."""

    seed: int
    ended: str
    in_view: float
    rms_m: float
    most_m: float
    angle_rms_deg: float
    clearance_m: float
    collisions: int
    time_s: float


def fly(mission: Path, scenario_file: Path, seed: int) -> Held:
    """One blind survey."""
    prepared = prepare(mission)
    scenario = load_world_file(scenario_file, prepared)
    with tempfile.TemporaryDirectory() as scrap:
        folder = Path(scrap) / "survey"
        folder.mkdir()
        survey: Any = Blind(prepared, scenario, seed, folder)
        off, angle = [], []
        while not survey.missions.done and survey.clock.now() < LIMIT_S:
            survey.tick()
            if survey.rov._guidance is None or survey.missions.phase not in ("surveying", "gap_filling"):
                continue
            near, ahead = prepared.surface.nearest(survey.world._xyz), survey.world._to_ship[:2, 0]
            inward = -near.normal[:2]
            off.append(near.distance_m - prepared.mission.standoff_m)
            cosine = float(ahead @ inward) / (float(np.hypot(*ahead)) * float(np.hypot(*inward)))
            angle.append(math.degrees(math.acos(max(-1.0, min(1.0, cosine)))))
        survey.close()
        errors, angles = np.array(off or [math.nan]), np.array(angle or [math.nan])
        return Held(
            seed,
            survey.missions.ended or "not ended",
            survey.missions.accounting.inspected() / len(prepared.plan.cells),
            float(np.sqrt(np.mean(errors**2))),
            float(np.abs(errors).max()),
            float(np.sqrt(np.mean(angles**2))),
            float(survey.world.min_clearance_m),
            survey.world.collisions,
            survey.clock.now(),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mission", type=Path, default=ROOT / "missions/library/coaster_starboard.yaml")
    parser.add_argument("--scenario", type=Path, default=ROOT / "sim/scenarios/coaster_rough.yaml")
    parser.add_argument("--seeds", default="1-20")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    host = machine()
    print(f"{host['cpu']}, {host['cores']} cores, load {host['load'][0]}, {host['date']}\n")
    print("| seed | ended | in view | stand-off error rms m | most m | angle rms deg | clearance m | collisions | time s |")
    print("|---|---|---|---|---|---|---|---|---|")
    seeds = parse_seeds(args.seeds)
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn")) as pool:
        n = len(seeds)
        for h in pool.map(fly, [args.mission] * n, [args.scenario] * n, seeds):
            print(
                f"| {h.seed} | {h.ended} | {h.in_view:.3f} | {h.rms_m:.3f} | {h.most_m:.2f} | {h.angle_rms_deg:.1f} "
                f"| {h.clearance_m:.2f} | {h.collisions} | {h.time_s:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
