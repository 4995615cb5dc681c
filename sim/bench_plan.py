"""``hullscan bench plan``: planning a 230 m container ship, the whole command in its own process, against the targets."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.bench import Row, machine, row_text

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "missions" / "library" / "container_whole.yaml"
MAX_S, MAX_MB = 5.0, 500.0


def bench_plan(say: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Wall and processor time and peak memory of ``hullscan plan preview``; the second run, so that nothing is compiled.

    Raises:
        ValueError: the command failed.
    """
    before = machine()
    command = [sys.executable, str(ROOT / "hullscan.py"), "plan", "preview", str(MISSION), "--json"]
    for _ in range(2):
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - began
        if child.returncode != 0:
            raise ValueError(f"bench plan: {' '.join(command)} ended with {child.returncode}")
    cpu_s = used.ru_utime + used.ru_stime
    rows = [
        Row("plan a 230 m container ship", round(wall_s, 2), "s", MAX_S, False, cpu_share=round(cpu_s / wall_s, 2)),
        Row("its processor time", round(cpu_s, 2), "s", MAX_S, False),
        Row("its peak memory", round(used.ru_maxrss / 1024.0, 1), "MB", MAX_MB, False),
    ]
    if say is not None:
        for row in rows:
            say(row_text(row))
    return {"machine": before, "rows": [{**asdict(row), "met": row.met} for row in rows]}
