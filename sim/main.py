"""The simulator's process in a survey: ``python -m sim.main SESSION.json SCENARIO.yaml TRUTH_DIR SEED [ARDUSUB]``."""

import math
import sys
from pathlib import Path

import numpy as np

from hull.shell import load_ship
from sim.ardusub.faults import FirmwareFault
from sim.ardusub.start import pilot_for
from sim.autopilot.seam import Pilot
from sim.feed import CameraFeed
from sim.render import Renderer
from sim.scenario import load_scenario, vessel_path
from sim.scene import Scene
from sim.server import Ports, serve
from sim.truth import TruthLog
from sim.world import World
from wire.clock import Clock
from wire.daemon import Stop
from wire.rig import Rig
from wire.session import Session, load_session


def build(scenario_file: Path, seed: int | None, rig: Rig, pilot: Pilot | None = None) -> tuple[World, CameraFeed, TruthLog]:
    """A scenario's world with its camera; ``pilot``: the real firmware (None: the stand-in). Raises DocumentError."""
    scenario = load_scenario(scenario_file)
    vessel, surface = load_ship(vessel_path(scenario, scenario_file))
    scene = Scene(scenario, vessel, surface)
    world = World(scenario, vessel, surface, scene.steel, seed, rig, pilot, scene.swimmers)
    truth = TruthLog(scenario, world.preset)
    picture = Renderer(scene, scenario.water, rig, world.seed)
    warm_up(world, picture, vessel.frame_spacing_m)
    return world, CameraFeed(world, picture, truth), truth


def warm_up(world: World, picture: Renderer, spacing: float) -> None:
    """Draws the launch place and one attachment, so that compiling does not stall the vehicle in mid-water."""
    scenario, surface = world.scenario, world.surface
    side = scenario.vehicle.launch.side
    places = [(a.frame, a.depth_m) for a in scenario.attachments if a.side == side][:1]
    for frame, depth in [*places, (scenario.vehicle.launch.frame, 1.5)]:
        x = frame * spacing
        s = surface.girth_at_depth(x, depth)
        normal = surface.normal(side, x, s)
        position = world.ship.to_ned(surface.point(side, x, s) + 0.8 * normal)
        heading = world.ship.facing_heading(normal)
        c, n = math.cos(heading), math.sin(heading)
        picture.render(position, np.array([[c, -n, 0.0], [n, c, 0.0], [0.0, 0.0, 1.0]]), 0.0, 0)


def serve_until_stopped(world: World, feed: CameraFeed, clock: Clock, ports: Ports) -> float:
    """Serves until SIGINT or SIGTERM; returns the seconds by which the world fell behind its clock."""
    stop = Stop()
    stop.install()
    return serve(world, feed, clock, ports, stop).slipped_s


def session_ports(session: Session) -> Ports:
    """The world serves the camera by whatever way the session wants it read."""
    mavlink = (f"udpout:127.0.0.1:{session.mavlink.rpartition(':')[2]}",)
    dvl = int(session.dvl.rpartition(":")[2])
    if session.camera.startswith("zmq+"):
        return Ports(mavlink, dvl, session.camera.removeprefix("zmq+"))
    return Ports(mavlink, dvl, "", video=(session.camera,))


def main(session_file: str, scenario_file: str, truth_folder: str, seed: str, ardusub: str = "") -> int:
    """Serves the session's addresses; leaves truth.jsonl behind. 1 when the firmware failed: the last line says how."""
    binary = Path(ardusub) if ardusub else None
    try:
        with pilot_for(binary, load_scenario(Path(scenario_file)), Path(truth_folder)) as pilot:
            fly(load_session(Path(session_file)), Path(scenario_file), Path(truth_folder), int(seed), pilot)
    except FirmwareFault as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fly(session: Session, scenario_file: Path, truth_folder: Path, seed: int, pilot: Pilot | None) -> None:
    """The world of a session, until it is told to stop."""
    world, feed, truth = build(scenario_file, seed, session.rig, pilot)
    ports = session_ports(session)
    try:
        slipped = serve_until_stopped(world, feed, session.clock(), ports)
    finally:
        truth.write(truth_folder / "truth.jsonl")
    print(f"sim: {world.t:.1f} s simulated, fell behind by {slipped:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:6]))
