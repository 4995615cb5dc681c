"""When the simulated camera takes a picture, and what its faults do to it. The picture itself is `sim.render`'s."""

from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.truth import TruthLog
from sim.world import World

Image = NDArray[np.uint8]
Vec = NDArray[np.float64]


class Picture(Protocol):
    """`sim.render.Renderer`: BGR image of a body pose (NED position, rotation body → NED)."""

    def render(self, position_ned: Vec, rotation: Vec, t: float, frame_seq: int) -> Image: ...


class CameraFrame(NamedTuple):
    """``t``: capture stamp [s]; ``image``: H x W x 3 BGR."""

    t: float
    seq: int
    image: Image


class CameraFeed:
    """One frame every 1/fps of simulated time; each taken frame leaves a truth row."""

    def __init__(self, world: World, picture: Picture, truth: TruthLog | None = None) -> None:
        self._world = world
        self._picture = picture
        self._truth = truth
        self._period = 1.0 / world.scenario.vehicle.camera_fps
        self._next = 0.0
        self._seq = 0
        self._last: Image | None = None

    @property
    def next_t(self) -> float:
        """World time [s] of the next frame."""
        return self._next

    def poll(self, offset_s: float = 0.0) -> CameraFrame | None:
        """The frame that is due at the world's time, or None. ``offset_s``: added to world time for the stamp."""
        t = self._world.t
        if t < self._next - 1e-9:
            return None
        self._next = max(self._next + self._period, t)
        self._seq += 1
        image = self._take(t)
        if self._truth is not None:
            self._truth.append(self._world.truth_row(self._seq, t + offset_s))
        return CameraFrame(t + offset_s, self._seq, image)

    def _take(self, t: float) -> Image:
        effects = self._world.effects
        if effects.camera_frozen and self._last is not None:
            return self._last
        position, rotation = self._world.camera_pose()
        image = self._picture.render(position, rotation, t, self._seq)
        if effects.camera_black:
            image = np.zeros_like(image)
        elif effects.camera_smear_px > 0:
            image = np.asarray(cv2.blur(image, (effects.camera_smear_px, 1)), np.uint8)
        self._last = image
        return self._last
