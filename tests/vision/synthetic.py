"""A flat starboard ship's side with boxes on it, cast ray by ray: an independent picture for vision's tests.

Plane y = -4.5 (starboard), draught 3.6, girth s = z + 1 (a flat strip, not a real hull). Boxes stand proud of it towards -y.
"""

import math
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from vision.history import Belief
from vision.placing import vehicle_view
from wire import messages as m
from wire.rig import CameraRig

Vec = NDArray[np.float64]
HALF_BEAM = 4.5
DRAUGHT = 3.6


class FlatSide(HullSurface):
    """Both sides vertical plates; girth 1 at the baseline."""

    def __init__(self) -> None:
        xs, zs = np.meshgrid(np.linspace(0.0, 50.0, 101), np.linspace(-1.0, 5.0, 25), indexing="ij")
        super().__init__(np.stack([xs, np.full_like(xs, HALF_BEAM), zs], axis=2), DRAUGHT)


class Block(NamedTuple):
    """Centre x, centre z, size along x, size along z, height off the plate [m]; ``paint`` None: textured like the plate."""

    x: float
    z: float
    along: float
    up: float
    height: float
    paint: tuple[int, int, int] | None = None


@cache
def plate_texture(seed: int, contrast: float = 1.0, size: int = 2048) -> NDArray[np.uint8]:
    """Noise of several scales, 400 px a metre, tiled."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size, size), np.float32)
    for sigma, weight in ((1.5, 1.0), (4.0, 1.0), (12.0, 1.0), (40.0, 1.2)):
        layer = cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), sigma)
        total += weight * layer / layer.std()
    grey = 100.0 + contrast * 18.0 * total
    return np.clip(np.stack([grey * 0.55, grey * 0.6, grey * 1.1], axis=2), 0, 255).astype(np.uint8)


def belief(x_m: float, z_m: float = 2.0, standoff_m: float = 0.8, yaw_off_rad: float = 0.0, roll_rad: float = 0.0) -> Belief:
    """A starboard hull pose."""
    pose = m.HullPose(
        side="S",
        x_m=x_m,
        s_m=z_m + 1.0,
        depth_m=DRAUGHT - z_m,
        standoff_m=standoff_m,
        yaw_off_rad=yaw_off_rad,
        x_std_m=0.05,
        standoff_std_m=0.02,
        yaw_std_rad=0.02,
    )
    return Belief(pose, roll_rad, 0.0)


def cast(
    rig: CameraRig,
    where: Belief,
    texture: NDArray[np.uint8],
    blocks: tuple[Block, ...] = (),
    patches: tuple[Block, ...] = (),
    noise: float = 2.0,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """The camera's picture. ``blocks`` stand proud; ``patches`` are paint on the plate, their height ignored."""
    xs, ys = np.meshgrid(np.arange(rig.width, dtype=np.float64), np.arange(rig.height, dtype=np.float64))
    k = np.array([[rig.fx, 0, rig.cx], [0, rig.fy, rig.cy], [0, 0, 1.0]])
    pixels = np.stack([xs.ravel(), ys.ravel()], axis=1).reshape(-1, 1, 2)
    straight = cv2.undistortPoints(pixels, k, np.array([rig.k1, rig.k2, 0.0, 0.0])).reshape(-1, 2)
    view = vehicle_view(FlatSide(), where, rig.mount_m)
    rays = np.column_stack([np.ones(len(straight)), straight]) @ view.rotation.T
    best = np.where(rays[:, 1] > 1e-6, (-HALF_BEAM - view.centre[1]) / rays[:, 1], np.inf)
    colour = _plate_colour(view.centre + best[:, None] * rays, texture, patches)
    for block in blocks:
        near, normal_axis = _slab(view.centre, rays, block)
        hit = near < best
        best = np.where(hit, near, best)
        point = view.centre + np.where(hit, near, 1.0)[:, None] * rays
        shade = np.where(normal_axis == 1, 1.0, 0.75)[:, None]
        face = _sample(texture, point[:, 0] + 0.37 * point[:, 1] + 3.1, point[:, 2] + 0.53 * point[:, 1])
        paint = face if block.paint is None else 0.7 * np.array(block.paint, np.float64) + 0.3 * face
        colour = np.where(hit[:, None], paint * shade, colour)
    image = colour.reshape(rig.height, rig.width, 3)
    rng = np.random.default_rng(seed + 1000 * round(where.pose.x_m * 100))
    return np.clip(image + noise * rng.standard_normal(image.shape), 0, 255).astype(np.uint8)


def _sample(texture: NDArray[np.uint8], x: Vec, z: Vec) -> Vec:
    size = texture.shape[0]
    u, v = np.mod(x * 400.0, size - 1), np.mod(z * 400.0, size - 1)
    maps = [np.nan_to_num(a).astype(np.float32).reshape(-1, 480) for a in (u, v)]
    out = cv2.remap(texture, maps[0], maps[1], cv2.INTER_LINEAR)
    return out.reshape(-1, 3).astype(np.float64)


def _plate_colour(point: Vec, texture: NDArray[np.uint8], patches: tuple[Block, ...]) -> Vec:
    colour = _sample(texture, point[:, 0], point[:, 2])
    for patch in patches:
        inside = (np.abs(point[:, 0] - patch.x) < patch.along / 2) & (np.abs(point[:, 2] - patch.z) < patch.up / 2)
        paint = np.array(patch.paint or (200, 200, 200), np.float64)
        colour = np.where(inside[:, None], 0.7 * paint + 0.3 * colour, colour)
    return colour


def _slab(centre: Vec, rays: Vec, block: Block) -> tuple[Vec, NDArray[np.int64]]:
    low = np.array([block.x - block.along / 2, -HALF_BEAM - block.height, block.z - block.up / 2])
    high = np.array([block.x + block.along / 2, -HALF_BEAM, block.z + block.up / 2])
    safe = np.where(np.abs(rays) < 1e-9, 1e-9, rays)
    a, b = (low - centre) / safe, (high - centre) / safe
    enter, leave = np.minimum(a, b), np.maximum(a, b)
    near = enter.max(axis=1)
    hit = (near < leave.min(axis=1)) & (near > 0)
    return np.where(hit, near, math.inf), enter.argmax(axis=1)
