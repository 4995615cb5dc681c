"""The tether: how much of it a place needs along a way clear of the ship, and how often the vehicle turns about itself.

It hangs from the launch point at the surface, outboard of the ship. A straight way that the hull or a no-go box is in takes a
corner outboard of the place instead, and below the bottom one more beside the bilge. It never goes round the keel: places beyond
it have no way.
"""

import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from missions.lanes import Lane
from missions.nogo import NoGo
from missions.visits import Visit
from wire.messages import Side

SLACK = 1.1
"""Assumption: 10 % more tether than the straight way."""
BESIDE_M = 1.0
"""A corner's distance outboard of the ship's side."""
SAMPLES = 40
Vec = NDArray[np.float64]


class Tether(NamedTuple):
    """From a launch abeam of ``x_m`` on ``side``, ``offset_m`` off the plating at the surface."""

    side: Side
    x_m: float
    offset_m: float
    surface: HullSurface
    nogo: tuple[NoGo, ...] = ()

    @property
    def origin(self) -> Vec:
        """Ship frame."""
        plating = self.surface.point(self.side, self.x_m, self.surface.girth_at_depth(self.x_m, 0.0))
        return np.asarray(plating + np.array([0.0, self.out * self.offset_m, 0.0]))

    @property
    def out(self) -> float:
        """Sign of y outboard."""
        return 1.0 if self.side == "P" else -1.0

    def needed_m(self, place: Vec) -> float | None:
        """Length [m] to a ship-frame ``place`` (3,), with `SLACK`; None when there is no way that keeps clear."""
        if self.out * float(place[1]) < 0.0:
            return None
        beam = float(np.abs(self.surface.grid[:, :, 1]).max())
        beside = np.array([place[0], self.out * max(beam + BESIDE_M, abs(float(self.origin[1]))), 0.0])
        ways = (
            [self.origin, place],
            [self.origin, beside + np.array([0.0, 0.0, self.surface.draught_m]), place],
            [self.origin, beside + np.array([0.0, 0.0, float(place[2])]), place],
        )
        for way in ways:
            if all(self._clear(a, b) for a, b in itertools.pairwise(way)):
                return SLACK * sum(float(np.linalg.norm(b - a)) for a, b in itertools.pairwise(way))
        return None

    def _clear(self, start: Vec, stop: Vec) -> bool:
        length = float(np.linalg.norm(stop - start))
        if length < 1e-6:
            return True
        if self.surface.raycast(start, (stop - start) / length, length) is not None:
            return False
        points = start + np.linspace(0.0, 1.0, SAMPLES)[:, None] * (stop - start)
        depth = self.surface.draught_m - points[:, 2]
        return not any(box.holds(points[:, 0], points[:, 1], depth).any() for box in self.nogo)


def position(surface: HullSurface, lane: Lane, x_m: float, standoff_m: float) -> Vec:
    """Where the vehicle is (ship frame) at ``x_m`` of a lane."""
    s = surface.girth_at_depth(x_m, lane.depth_m) if lane.attitude == "level" else lane.s_m
    place = surface.point(lane.side, x_m, s) + standoff_m * surface.normal(lane.side, x_m, s)
    return np.array([place[0], place[1], surface.draught_m - lane.depth_m]) if lane.attitude == "level" else place


def longest(tether: Tether, lanes: Iterable[Lane], marks: Iterable[Visit], standoff_m: float) -> tuple[float, tuple[str, ...]]:
    """The most tether [m] that a lane's end or a landmark on the launch side needs, and those that have no clear way."""
    surface = tether.surface
    places = [
        (f"lane {i}", position(surface, lane, x, standoff_m))
        for i, lane in enumerate(lanes, 1)
        for x in (lane.x_from_m, lane.x_to_m)
        if lane.side == tether.side
    ]
    for mark in marks:
        if mark.side == tether.side:
            s = surface.girth_at_depth(mark.x_m, mark.depth_m)
            off = standoff_m * surface.normal(mark.side, mark.x_m, s)
            places.append((mark.name, surface.point(mark.side, mark.x_m, s) + off))
    lengths = [(name, tether.needed_m(place)) for name, place in places]
    blocked = dict.fromkeys(name for name, length in lengths if length is None)
    return max((length for _name, length in lengths if length is not None), default=0.0), tuple(blocked)


def turns(lanes: tuple[Lane, ...], surface: HullSurface) -> float:
    """Greatest number of turns about itself, to either side, that a vehicle which faces the plating has made in flying
    ``lanes``; it faces the launch side's plating amidships at first."""
    total = most = 0.0
    before: float | None = None
    for lane in lanes:
        steps = max(2, math.ceil(lane.length_m / 2.0))
        for x in np.linspace(lane.x_from_m, lane.x_to_m, steps):
            s = surface.girth_at_depth(float(x), lane.depth_m) if lane.attitude == "level" else lane.s_m
            n = surface.normal(lane.side, float(x), s)
            if math.hypot(n[0], n[1]) < 0.1:
                continue
            heading = math.atan2(-n[1], -n[0])
            if before is not None:
                total += math.remainder(heading - before, 2.0 * math.pi)
                most = max(most, abs(total))
            before = heading
    return most / (2.0 * math.pi)
