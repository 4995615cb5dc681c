"""When the simulated camera takes a picture, and what its faults do to it. The picture itself is `sim.render`'s."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.faults import Effects
from sim.truth import TruthLog
from sim.world import World

Image = NDArray[np.uint8]
Vec = NDArray[np.float64]


class Picture(Protocol):
    """`sim.render.Renderer`: BGR image of a body pose (NED position, rotation body → NED); ``motion``: nothing, or NED velocity
    and body rates."""

    def render(self, position_ned: Vec, rotation: Vec, t: float, frame_seq: int, *motion: Vec) -> Image: ...


class CameraFrame(NamedTuple):
    """``t``: capture stamp [s]; ``image``: H x W x 3 BGR."""

    t: float
    seq: int
    image: Image


class Shot(NamedTuple):
    """Everything that a picture depends on. ``t``: world time, ``stamp``: of the frame [s]; pose NED. ``motion``:
    velocity NED [m/s] and rates of turn in the body frame [rad/s] if the shutter takes time, else nothing."""

    t: float
    stamp: float
    seq: int
    position: Vec
    rotation: Vec
    effects: Effects
    motion: tuple[Vec, ...] = ()


class CameraFeed:
    """One frame every 1/fps of simulated time; each taken frame leaves a truth row."""

    def __init__(self, world: World, picture: Picture, truth: TruthLog | None = None) -> None:
        self._world = world
        self._picture = picture
        self._truth = truth
        self._period = 1.0 / world.scenario.vehicle.camera_fps
        self._next = 0.0
        self._seq = 0
        self.skipped = 0
        self._last: Image | None = None

    @property
    def next_t(self) -> float:
        """World time [s] of the next frame."""
        return self._next

    def poll(self, offset_s: float = 0.0) -> CameraFrame | None:
        """The frame that is due at the world's time, or None. ``offset_s``: added to world time for the stamp."""
        shot = self.expose(offset_s)
        return None if shot is None else self.develop(shot)

    def expose(self, offset_s: float = 0.0) -> "Shot | None":
        """What the frame that is due now will show, or None; it leaves its truth row. `develop` may follow later, elsewhere."""
        t = self._world.t
        if t < self._next - 1e-9:
            return None
        self._next = max(self._next + self._period, t)
        self._seq += 1
        effects = self._world.effects
        motion = self._world.camera_motion() if self._world.scenario.camera.exposure_s > 0.0 else ()
        shot = Shot(t, t + offset_s, self._seq, *self._world.camera_pose(), effects, motion)
        if self._truth is not None:
            self._truth.append(self._world.truth_row(self._seq, t + offset_s))
        return shot

    def skip(self) -> None:
        """Leaves out the frame that is due now, if one is: nobody is there to develop it."""
        if self._world.t >= self._next - 1e-9:
            self._next = max(self._next + self._period, self._world.t)
            self.skipped += 1

    def develop(self, shot: "Shot") -> CameraFrame:
        """Draws it."""
        return CameraFrame(shot.stamp, shot.seq, self._draw(shot))

    def _draw(self, shot: "Shot") -> Image:
        effects = shot.effects
        if effects.camera_frozen and self._last is not None:
            return self._last
        image = self._picture.render(shot.position, shot.rotation, shot.t, shot.seq, *shot.motion)
        if effects.camera_black:
            image = np.zeros_like(image)
        elif effects.camera_smear_px > 0:
            image = np.asarray(cv2.blur(image, (effects.camera_smear_px, 1)), np.uint8)
        self._last = image
        return self._last


class DarkRoom:
    """Develops one shot at a time in a thread of its own, so that a picture that takes long holds up nobody else. Of what is due
    meanwhile one shot waits, the rest is skipped. `tick` and `close` are for the thread that moves the world."""

    def __init__(self, feed: CameraFeed) -> None:
        self._feed = feed
        self._pool = ThreadPoolExecutor(1, "camera")
        self._work: Future[CameraFrame] | None = None
        self._waiting: Shot | None = None

    def tick(self, offset_s: float) -> CameraFrame | None:
        """Starts on the frame that is due; the frame that is ready, or None. Errors of drawing are raised here."""
        ready = None
        if self._work is not None and self._work.done():
            ready, self._work = self._work.result(), None
        if self._waiting is None:
            self._waiting = self._feed.expose(offset_s)
        else:
            self._feed.skip()
        if self._work is None and self._waiting is not None:
            self._work = self._pool.submit(self._feed.develop, self._waiting)
            self._waiting = None
        return ready

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
