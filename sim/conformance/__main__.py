"""``python -m sim.conformance [--ardusub PATH] [--out docs/conformance.md]``: runs the rows, writes the page."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from sim.ardusub.faults import FirmwareFault
from sim.conformance.row import Row, run_row
from sim.conformance.table import ROWS, page


def _ask(row: Row, binary: Path | None) -> str:
    if binary is not None and row.only:
        return f"not asked: {row.only}"
    try:
        return run_row(row, binary)
    except FirmwareFault as fault:
        return str(fault)


def main() -> int:
    parser = argparse.ArgumentParser(description="ArduSub's manners: the stand-in and, with --ardusub, the real firmware")
    parser.add_argument("--ardusub", type=Path, help="the firmware's SITL binary")
    parser.add_argument("--only", help="rows whose doing contains this")
    parser.add_argument("--out", type=Path, help="write the page here")
    args = parser.parse_args()
    results: list[tuple[Row, str, str | None]] = []
    for number, row in enumerate(ROWS, 1):
        if args.only and args.only not in row.doing:
            continue
        ours, theirs = _ask(row, None), None if args.ardusub is None else _ask(row, args.ardusub)
        results.append((row, ours, theirs))
        sys.stderr.write(
            f"{number:3d} {row.fact:5s} {row.doing}: {ours or 'pass'} | {'' if theirs is None else theirs or 'pass'}\n"
        )
    text = page(results, datetime.now(UTC).strftime("%Y-%m-%d"))
    if args.out is not None:
        args.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 1 if any(ours for _, ours, _ in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
