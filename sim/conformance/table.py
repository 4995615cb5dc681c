"""All rows in their order, and the page that shows them."""

from sim.conformance import commands, flying, telemetry
from sim.conformance.row import Row

ROWS: tuple[Row, ...] = (*telemetry.ROWS, *commands.ROWS, *flying.ROWS)

HEAD = """# Conformance: the stand-in and the real ArduSub

Written by `python -m sim.conformance --ardusub PATH --out docs/conformance.md` on {date}; do not edit. Every row is run on a
vehicle of its own, on the simulator's physics and clock: by the embedded stand-in, and by the real firmware in lockstep (ArduSub
V4.7.0-dev (90700977), SITL, no GPS, no radio receiver). "Fact" is the paragraph of the project's measurements that the row comes
from.

Stand-in: {ours}. Firmware: {theirs}.
"""


def page(results: list[tuple[Row, str, str | None]], date: str) -> str:
    """Markdown. ``results``: (row, stand-in, firmware): "" passes, None was not run."""
    ours = _count([a for _, a, _ in results])
    theirs = _count([b for _, _, b in results if b is not None])
    lines = [HEAD.format(date=date, ours=ours, theirs=theirs), "| # | fact | what is done | expected | stand-in | firmware |"]
    lines.append("|---|---|---|---|---|---|")
    for number, (row, a, b) in enumerate(results, 1):
        lines.append(
            f"| {number} | {row.fact} | {row.doing} | {row.expected} | {_cell(a)} | {'not run' if b is None else _cell(b)} |"
        )
    return "\n".join(lines) + "\n"


def _cell(result: str) -> str:
    if result.startswith("not asked"):
        return result
    return f"**{result}**" if result else "pass"


def _count(results: list[str]) -> str:
    if not results:
        return "not run"
    asked = [r for r in results if not r.startswith("not asked")]
    return f"{sum(not r for r in asked)} of {len(asked)} rows pass"
