"""What a picture costs on this machine: ``python -m sim.bench_picture``."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.shell import load_ship
from sim.render import Renderer
from sim.scenario import load_scenario, vessel_path
from sim.scene import Scene
from wire.rig import BLUEROV2, CameraRig, Rig

Vec = NDArray[np.float64]
SCENARIO = Path(__file__).parent / "scenarios" / "coaster_default.yaml"
SIZES = ((640, 480), (1280, 720))
FIRST_X_M, STEP_M, DEPTH_M, STANDOFF_M = 19.5, 0.06, 1.5, 0.8


class Cost(NamedTuple):
    """Milliseconds: median and least of the frames."""

    what: str
    median_ms: float
    least_ms: float


def scaled(rig: Rig, width: int, height: int) -> Rig:
    """The same lens before a sensor of another size: the horizontal field of view stays."""
    import msgspec

    camera = rig.camera
    k = width / camera.width
    other: CameraRig = msgspec.structs.replace(
        camera,
        width=width,
        height=height,
        fx=camera.fx * k,
        fy=camera.fy * k,
        cx=(camera.cx + 0.5) * k - 0.5,
        cy=(camera.cy + 0.5 - camera.height / 2) * k + height / 2 - 0.5,
    )
    return msgspec.structs.replace(rig, camera=other)


def sweep(renderer: Renderer, frames: int) -> list[tuple[Vec, Vec]]:
    """Body poses of a survey lane at 0.3 m/s and 5 frames a second, with a little yaw and sway."""
    surface, ship = renderer.scene.surface, renderer.ship
    out = []
    for k in range(frames):
        x, depth = FIRST_X_M + STEP_M * k, DEPTH_M + 0.03 * math.sin(0.4 * k)
        s = surface.girth_at_depth(x, depth)
        normal = surface.normal("S", x, s)
        heading = ship.facing_heading(normal) + 0.05 * math.sin(0.23 * k)
        c, n = math.cos(heading), math.sin(heading)
        rotation = np.array([[c, -n, 0.0], [n, c, 0.0], [0.0, 0.0, 1.0]])
        out.append((ship.to_ned(surface.point("S", x, s) + normal * (STANDOFF_M + 0.03 * math.sin(0.31 * k))), rotation))
    return out


def bench_picture(frames: int = 40) -> list[Cost]:
    """Geometry (depth and ids) and the full image, at both sizes, along a lane of the default scenario; new paint included,
    compilation not."""
    scenario = load_scenario(SCENARIO)
    vessel, surface = load_ship(vessel_path(scenario, SCENARIO))
    scene = Scene(scenario, vessel, surface)
    out = []
    for width, height in SIZES:
        renderer = Renderer(scene, scenario.water, scaled(BLUEROV2, width, height), 1)
        poses = sweep(renderer, frames + 3)
        for place in poses[:3]:
            renderer.render(*place, 0.0, 1)
            renderer.truth(*place)
        out.append(_timed(f"geometry {width}x{height}", lambda k, r=renderer, p=poses: r.truth(*p[k + 3]), frames))  # type: ignore[misc]
        out.append(_timed(f"full image {width}x{height}", lambda k, r=renderer, p=poses: r.render(*p[k + 3], 0.2 * k, k), frames))  # type: ignore[misc]
    return out


def _timed(what: str, run: Callable[[int], object], times: int) -> Cost:
    spent = []
    for k in range(times):
        began = time.perf_counter()
        run(k)
        spent.append(1e3 * (time.perf_counter() - began))
    return Cost(what, float(np.median(spent)), min(spent))


if __name__ == "__main__":
    for cost in bench_picture():
        print(f"{cost.what:24s} median {cost.median_ms:7.1f} ms, least {cost.least_ms:7.1f} ms")
