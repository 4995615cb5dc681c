"""`hullscan plan`: preview, split, rest. Data goes to stdout."""

import argparse
import json
from pathlib import Path


def plan_options(parser: argparse.ArgumentParser) -> None:
    """Adds `hullscan plan`'s actions; each sets ``run``, which returns the exit code."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    text = "print a mission's area, lanes, time, battery and refusals; draw the unrolled hull"
    preview = actions.add_parser("preview", help=text, description=text)
    preview.add_argument("mission", type=Path, metavar="MISSION.yaml")
    preview.add_argument("--svg", type=Path, metavar="FILE", help="write the drawing there")
    preview.add_argument("--png", type=Path, metavar="FILE", help="write the drawing there")
    preview.set_defaults(run=_preview)
    text = "write a mission for each dive that a mission in parts needs"
    split = actions.add_parser("split", help=text, description=text)
    split.add_argument("mission", type=Path, metavar="MISSION.yaml")
    split.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the missions and the vessel file")
    split.set_defaults(run=_split)
    text = "write the mission that finishes a survey which was cut short, say by its battery"
    rest = actions.add_parser("rest", help=text, description=text)
    rest.add_argument("folder", type=Path, metavar="DIR", help="survey folder")
    rest.add_argument(
        "--frame", type=float, metavar="N", help="enter abeam of this frame (default: the nearest end of what is left)"
    )
    rest.add_argument("--out", type=Path, required=True, metavar="FILE", help="mission file to write, beside its vessel file")
    rest.set_defaults(run=_rest)
    for action in (preview, split, rest):
        action.add_argument("--json", action="store_true")


def _preview(args: argparse.Namespace) -> int:
    from missions.preview import preview

    _print(preview(args.mission, args.svg, png_path=args.png), args.json)
    return 0


def _split(args: argparse.Namespace) -> int:
    from missions.dives import write_dives

    parts, files = write_dives(args.mission, args.out)
    rows = [
        {"file": str(file), "lanes": len(d.plan.lanes), "planned_m2": round(d.plan.planned_m2, 1), "time_s": round(d.plan.time_s)}
        for d, file in zip(parts.dives, files, strict=True)
    ]
    if args.json:
        print(json.dumps({"dives": rows, "left_out": dict(parts.left_out)}, indent=2))
    else:
        for row in rows:
            print(f"{row['file']}: {row['lanes']} lanes, {row['planned_m2']} m², about {row['time_s']} s")
        for zone, reason in parts.left_out:
            print(f"left out: {zone}: {reason}")
    return 0


def _rest(args: argparse.Namespace) -> int:
    from missions.dives import write_rest
    from missions.preview import numbers

    dive = write_rest(args.folder, args.out, args.frame)
    _print({"file": str(args.out), **numbers(dive.mission, dive.plan)}, args.json)
    return 0


def _print(document: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(document, indent=2, sort_keys=True))
    else:
        for key, value in document.items():
            print(f"{key}: {json.dumps(value) if isinstance(value, dict | list) else value}")
