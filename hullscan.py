"""hullscan's command line: the table of commands and the table of processes.

Exit codes: 0 ok, 1 error, 2 usage or a bad file, 3 preflight failed, 4 link lost, 5 aborted, 6 contacts found with
--fail-on-contact, 7 verification failed. Data goes to stdout, talk to stderr.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hull.document import DocumentError, Infeasible
from missions.command import plan_options

LIBRARY = Path(__file__).parent / "missions" / "library"
SCENARIOS = Path(__file__).parent / "sim" / "scenarios"
DEFAULT_MISSION = LIBRARY / "coaster_starboard.yaml"
MAX_CAMERA_LATENCY_S = 2.0
DEFAULT_SCENARIO = SCENARIOS / "coaster_default.yaml"

# The processes of a survey (`sim.launch` starts them): who runs where, and what each owns.
#   rov       aboard   python -m rov.main         the thrusters; 20 Hz
#   vision    aboard   python -m vision.main      frames in, contacts out; newest frame
#   missions  aboard   python -m missions.main    what to look at next; 10 Hz
#   recorder  aboard   python -m wire.recorder_main   logs first, replays gaps; 20 Hz
#   station   surface  python -m station.main     store, page, report; 10 Hz
#   sim       (CI)     python -m sim.main         a world in place of the vehicle


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _print(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(document, indent=2, sort_keys=True))
    else:
        for key, value in document.items():
            print(f"{key}: {json.dumps(value) if isinstance(value, dict | list) else value}")


def _demo(args: argparse.Namespace) -> int:
    args.mission, args.sim, args.fast = DEFAULT_MISSION, DEFAULT_SCENARIO, False
    args.vehicle = args.camera = args.dvl = args.camera_latency = args.ardusub = None
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    from sim.launch import LaunchOptions, launch
    from sim.runner import run_in_process

    if (args.sim is None) == (args.vehicle is None):
        _say("run: give either --sim SCENARIO.yaml or --vehicle ADDRESS")
        return 2
    if args.ardusub is not None and args.sim is None:
        _say("run: --ardusub needs --sim SCENARIO.yaml, the world that it flies in")
        return 2
    if args.fast and args.sim is None:
        _say("run: --fast needs --sim; a real vehicle runs in real time")
        return 2
    if args.vehicle is not None and (args.camera is None or args.dvl is None):
        _say("run: --vehicle needs --camera URL and --dvl HOST:PORT")
        return 2
    if code := _camera_code(args):
        return code
    if args.fast:
        summary = run_in_process(args.mission, args.sim, args.out, args.seed, _say if not args.json else None, args.ardusub)
    else:
        summary = launch(
            LaunchOptions(
                mission=args.mission,
                scenario=args.sim,
                vehicle=args.vehicle,
                camera=args.camera,
                camera_latency_s=args.camera_latency,
                dvl=args.dvl,
                out=args.out,
                seed=args.seed,
                rate=args.rate,
                headless=args.headless,
                keys=args.keys,
                say=_say,
                ardusub=args.ardusub,
            )
        )
    _print(summary, args.json)
    if summary["ended"] != "completed":
        return {"aborted": 5, "link lost": 4, "preflight failed": 3}.get(str(summary["ended"]), 1)
    return 6 if args.fail_on_contact and summary["contacts"] else 0


def _camera_code(args: argparse.Namespace) -> int:
    """0, or the exit code for a camera that cannot be: said in one line before anything starts."""
    from sim.video.address import parse_video_address
    from vision.camera import camera_trouble

    latency = args.camera_latency
    try:
        if latency is not None and not 0.0 <= latency <= MAX_CAMERA_LATENCY_S:
            raise ValueError(f"run: --camera-latency {latency}; expected 0 to {MAX_CAMERA_LATENCY_S:g} s")
        if args.camera is None:
            return 0
        if args.sim is not None:
            if args.fast:
                raise ValueError("run: --fast hands frames over in process; --camera needs a survey with processes")
            parse_video_address(args.camera)
            return 0
        trouble = camera_trouble(args.camera)
    except ValueError as error:
        _say(str(error))
        return 2
    if trouble:
        _say(trouble)
    return 3 if trouble else 0


def _score(args: argparse.Namespace) -> int:
    from sim.score import score

    _print(score(args.folder, args.scenario, args.truth), args.json)
    return 0


def _campaign(args: argparse.Namespace) -> int:
    from sim.campaign import campaign, parse_seeds, table

    scenarios = args.sim or [DEFAULT_SCENARIO]
    seeds = parse_seeds(args.seeds)
    rows = campaign(
        args.mission, scenarios, seeds, args.out, args.jobs, sockets=args.sockets, rate=args.rate, say=_say, ardusub=args.ardusub
    )
    print(json.dumps(rows, indent=2, sort_keys=True) if args.json else table(rows))
    return 0 if all(row["ended"] == "completed" and row["collisions"] == 0 for row in rows) else 1


def _doctor(args: argparse.Namespace) -> int:
    from rov.doctor_main import cure_vehicle, examine_vehicle

    if args.apply or args.restore:
        record = args.restore or args.record or Path(f"doctor-{time.strftime('%Y%m%d-%H%M%S')}.json")
        agree = _told if args.yes else _agree
        checks = cure_vehicle(args.vehicle, args.dvl, _say, agree, record, bool(args.restore))
    else:
        checks = examine_vehicle(args.vehicle, args.dvl, _say)
    failed = [check for check in checks if not check["ok"]]
    if args.json:
        print(json.dumps(checks, indent=2))
    else:
        for check in checks:
            print(f"{'ok  ' if check['ok'] else 'FAIL'} {check['name']}: {check['found']} (expected {check['expected']})")
            if not check["ok"]:
                print(f"     cause: {check['cause']}\n     cure:  {check['cure']}")
    return 3 if failed else 0


def _told(question: str) -> bool:
    _say(question)
    return True


def _agree(question: str) -> bool:
    _say(f"{question}\nset these on the vehicle? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _sim(args: argparse.Namespace) -> int:
    from sim.ardusub.start import pilot_for
    from sim.main import build, serve_until_stopped
    from sim.scenario import load_scenario
    from sim.server import Ports
    from sim.video.address import parse_video_address
    from wire.clock import WallClock
    from wire.rig import BLUEROV2

    try:
        for text in args.video:
            parse_video_address(text, not args.open_video)
    except ValueError as error:
        _say(f"{error} (off loopback needs --open-video)")
        return 2
    camera = f"tcp://127.0.0.1:{args.camera_port}"
    pings = (args.ping_port, args.ping_up_port)
    ports = Ports((args.mavlink,), args.dvl_port, camera, tuple(args.video), args.open_video, args.video_encoder, pings)
    video = f", video {' '.join(args.video)}" if args.video else ""
    served = f"MAVLink {args.mavlink}, DVL 127.0.0.1:{args.dvl_port}, Ping UDP {pings[0]} ahead and {pings[1]} up"
    _say(f"{served}, camera zmq+{camera}{video}; Ctrl-C ends")
    mount = BLUEROV2.dvl_mount_m if args.ardusub_dvl else None
    with pilot_for(args.ardusub, load_scenario(args.scenario), None, mount) as pilot:
        world, feed, _truth = build(args.scenario, args.seed, BLUEROV2, pilot)
        if pilot is not None and pilot.odometry is not None:
            world.attach_dvl(pilot.odometry.dvl_end)
        slipped = serve_until_stopped(world, feed, WallClock(), ports)
    _say(f"{world.t:.1f} s simulated, fell behind by {slipped:.1f} s")
    return 0


def _bench(args: argparse.Namespace) -> int:
    from sim.bench import bench_sim, machine
    from sim.bench_plan import bench_plan

    if not args.json:
        host = machine()
        print(f"{host['cpu']}, {host['cores']} cores, load {host['load'][0]}, {host['date']}")
    say = None if args.json else print
    result = bench_plan(say) if args.what == "plan" else bench_sim(say, args.ardusub)
    if args.json:
        print(json.dumps(result, indent=2, sort_keys=True))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from station.evidence import verify

    problems = verify(args.folder)
    for problem in problems:
        print(problem)
    _say(f"{args.folder}: {'FAILED' if problems else 'every file is as it was sealed'}")
    return 7 if problems else 0


def _keys(args: argparse.Namespace) -> int:
    from wire.allow import make_keys

    make_keys(args.folder, ("rov", "vision", "missions", "recorder", "station", "launcher"))
    return 0


def _survey_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--headless", action="store_true", help="do not open the page; it is served all the same")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the simulator's randomness (default 1)")
    parser.add_argument(
        "--out", type=Path, default=Path("surveys"), metavar="DIR", help="where the survey folder goes (default ./surveys)"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--fail-on-contact", action="store_true", help="exit code 6 when contacts were found")
    parser.add_argument(
        "--rate", type=float, default=None, metavar="R", help="simulated seconds per second (demo: 1.5, run --sim: 1)"
    )
    parser.add_argument("--keys", type=Path, default=None, metavar="DIR", help="CURVE keys of the processes (see hullscan keys)")


def _camera_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--camera",
        metavar="URL",
        help="rtsp://HOST:PORT/PATH, rtp://0.0.0.0:5600 (listen), http:// or a video file; with --sim: serve it so, on loopback",
    )
    parser.add_argument(
        "--camera-latency",
        type=float,
        metavar="S",
        help="capture to arrival, for cameras without stamps (default 0.15)",
    )


def _served_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mavlink", default="udpout:127.0.0.1:14550", metavar="ADDRESS")
    parser.add_argument("--dvl-port", type=int, default=16171)
    parser.add_argument("--camera-port", type=int, default=5600)
    parser.add_argument("--ping-port", type=int, default=9090, help="forward Ping sounder, UDP (default 9090)")
    parser.add_argument("--ping-up-port", type=int, default=9092, help="upward Ping sounder, UDP (default 9092)")
    parser.add_argument(
        "--video",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="also H.264: rtp://127.0.0.1:5600 or rtsp://127.0.0.1:8554/rov",
    )
    parser.add_argument("--open-video", action="store_true", help="allow --video addresses off loopback")
    parser.add_argument("--video-encoder", choices=("auto", "ffmpeg", "plain"), default="auto")


def _campaign_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mission", type=Path, nargs="?", default=DEFAULT_MISSION, metavar="MISSION.yaml")
    parser.add_argument("--sim", type=Path, action="append", metavar="SCENARIO.yaml", help="may be given more than once")
    parser.add_argument("--seeds", default="1-5", metavar="N-M", help="seeds, such as 1-5,8 (default 1-5)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="surveys at a time (default 2)")
    parser.add_argument("--sockets", action="store_true", help="as separate processes over real sockets, one survey at a time")
    parser.add_argument("--rate", type=float, default=1.5, metavar="R", help="simulated seconds per second with --sockets")
    parser.add_argument("--ardusub", type=Path, metavar="PATH", help="fly on the real firmware, ArduPilot's SITL build for Sub")
    parser.add_argument("--out", type=Path, default=Path("campaign"), metavar="DIR")
    parser.add_argument("--json", action="store_true")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hullscan", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--version", action="version", version="hullscan 0.1.0")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    demo = command("demo", _demo, "fly the default survey in the simulator, with every process and the page")
    _survey_options(demo)
    run = command("run", _run, "fly a mission: in the simulator (--sim) or on a vehicle (--vehicle)")
    run.add_argument("mission", type=Path, metavar="MISSION.yaml")
    run.add_argument("--sim", type=Path, metavar="SCENARIO.yaml")
    run.add_argument(
        "--ardusub", type=Path, metavar="PATH", help="with --sim: fly on the real firmware, ArduPilot's SITL build for Sub"
    )
    run.add_argument("--fast", action="store_true", help="one process, simulated clock, as fast as the machine allows")
    run.add_argument("--vehicle", metavar="ADDRESS", help="pymavlink address, such as udpin:0.0.0.0:14550")
    _camera_options(run)
    run.add_argument("--dvl", metavar="HOST:PORT", help="Water Linked DVL A50 (TCP JSON, port 16171)")
    _survey_options(run)
    score = command("score", _score, "compare a survey with the simulator's truth")
    score.add_argument("folder", type=Path, metavar="DIR")
    score.add_argument("--scenario", type=Path, required=True, metavar="SCENARIO.yaml")
    score.add_argument("--truth", type=Path, metavar="DIR", help="truth folder (default: DIR.truth beside the survey)")
    score.add_argument("--json", action="store_true")
    _campaign_options(
        command("campaign", _campaign, "fly a mission in several scenarios with several seeds, score them, print the table")
    )
    doctor = command("doctor", _doctor, "check a vehicle's parameters and sensors before a survey")
    doctor.add_argument("--vehicle", required=True, metavar="ADDRESS")
    doctor.add_argument("--dvl", metavar="HOST:PORT")
    doctor.add_argument("--json", action="store_true")
    cure = doctor.add_mutually_exclusive_group()
    cure.add_argument("--apply", action="store_true", help="set the parameters that are not safe, after a yes")
    cure.add_argument("--restore", type=Path, metavar="FILE", help="set back what --apply changed, by its record")
    doctor.add_argument(
        "--record", type=Path, metavar="FILE", help="with --apply: where the values before go (default doctor-TIME.json)"
    )
    doctor.add_argument("--yes", action="store_true", help="do not ask")
    plan = commands.add_parser("plan", help="what a mission will do; a whole ship as dives; the rest of a survey")
    plan_options(plan)
    sim = command("sim", _sim, "serve a scenario's vehicle to any ground station")
    sim.add_argument("scenario", type=Path, metavar="SCENARIO.yaml")
    _served_options(sim)
    sim.add_argument("--seed", type=int, default=None)
    sim.add_argument("--ardusub", type=Path, metavar="PATH", help="the real firmware, ArduPilot's SITL build for Sub")
    sim.add_argument("--ardusub-dvl", action="store_true", help="give the firmware's filter the DVL too: POSHOLD and GUIDED work")
    bench = command(
        "bench",
        _bench,
        "measure this machine (sim: physics, pictures, whole surveys; plan: a big ship) against the project's targets",
    )
    bench.add_argument("what", choices=("sim", "plan"))
    bench.add_argument("--ardusub", type=Path, metavar="PATH", help="also a survey on the real firmware")
    bench.add_argument("--json", action="store_true")
    verify = command("verify", _verify, "check a survey folder against its seal")
    verify.add_argument("folder", type=Path, metavar="DIR")
    keys = command("keys", _keys, "make CURVE keys for use off loopback")
    keys.add_argument("folder", type=Path, metavar="DIR")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit code. Errors a user can cause end in one line."""
    args = _parser().parse_args(argv)
    if getattr(args, "rate", 1.0) is None:
        args.rate = 1.5 if args.run is _demo else 1.0
    try:
        code: int = args.run(args)
        return code
    except DocumentError as error:
        _say(str(error))
        return 2
    except Infeasible as error:
        for reason in error.reasons:
            _say(f"cannot be flown: {reason}")
        return 3
    except KeyboardInterrupt:
        _say("interrupted")
        return 5
    except (OSError, ValueError) as error:
        _say(f"hullscan: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
