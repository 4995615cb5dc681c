"""What moves in the water before a hull and must not alarm: fish and bubbles. Where they are depends on seed and time alone.

Fish swim smooth closed ways about their home at one to two body lengths a second, the tail beating; one of a shoal keeps its
place in it. A Ping hears a fish in its beam now and then (`ECHO_SHARE`): the swim bladder of a fish of 0.2 m returns little
beside steel. The DVL does not: the A50 rejects echoes as short as a fish's. Bubbles rise at 0.22 m/s (2 to 6 mm, Clift, Grace &
Weber 1978) and wobble; no sonar hears them here, which flatters the Ping in a dense stream.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.meshes import Anchor, Mesh, from_grid, merge, numeric_normals
from sim.noise import uniform

Vec = NDArray[np.float64]
RISE_MPS = 0.22
SWIM_LENGTHS = 1.4
TAIL_HZ = 2.2
ECHO_SHARE = 0.3
BUBBLE_M = (0.002, 0.006)


def fish_mesh(length: float) -> Mesh:
    """Nose at +x, back at +z: body of oval sections, tail fin, back fin."""
    t = np.linspace(0.0, 1.0, 15)
    half_height = 0.16 * length * np.sqrt(np.maximum(np.sin(np.pi * t**0.75), 0.0)) * (1.0 - 0.72 * t)
    half_height[[0, -1]] = 0.004 * length, 0.02 * length
    phi = np.linspace(0.0, 2.0 * math.pi, 17)
    ring = np.stack([0.45 * np.cos(phi), np.sin(phi)], 1)
    x = (0.5 - 0.82 * t) * length
    body = np.concatenate([np.repeat(x[:, None, None], len(phi), 1), half_height[:, None, None] * ring[None]], axis=2)
    middle = np.zeros_like(body)
    middle[..., 0] = body[..., 0]
    uv = np.stack(np.broadcast_arrays(0.5 * length - x[:, None], 0.1 * length * phi[None]), axis=2)
    sheets = [from_grid(body, numeric_normals(body, middle), uv)]
    for outline in (
        [(-0.30, 0.03, -0.03), (-0.40, 0.09, -0.09), (-0.50, 0.15, -0.15)],
        [(0.10, 0.10, 0.145), (0.0, 0.10, 0.19), (-0.14, 0.06, 0.10)],
    ):
        sheets += [_fin(outline, length, side) for side in (1.0, -1.0)]
    return merge(sheets)


def _fin(outline: list[tuple[float, float, float]], length: float, side: float) -> Mesh:
    points = np.array([[(x, side * 0.002, a), (x, side * 0.002, b)] for x, a, b in outline]) * length
    normals = np.zeros_like(points)
    normals[..., 1] = side
    return from_grid(points, normals, points[..., ::2].copy())


class Way(NamedTuple):
    """A closed way about ``home`` (ship frame): two swings along each of ``axes`` (rows), ``reach`` [m] far. ``turns``: radians
    a second of each swing (3, 2); ``phases`` likewise."""

    home: Vec
    axes: Vec
    reach: Vec
    turns: Vec
    phases: Vec

    def at(self, t: float) -> tuple[Vec, Vec]:
        """Place [m] and velocity [m/s], ship frame."""
        share, angle = np.array([0.7, 0.3]), self.turns * t + self.phases
        place = self.reach * (np.sin(angle) @ share)
        velocity = self.reach * ((self.turns * np.cos(angle)) @ share)
        return self.home + place @ self.axes, velocity @ self.axes


class Fish(NamedTuple):
    """One fish; ``rest`` as `fish_mesh` makes it. ``beside``: its place in the shoal, along the way's axes [m]."""

    rest: Mesh
    length: float
    way: Way
    beside: Vec
    phase: float

    def place(self, t: float) -> tuple[Vec, Vec]:
        """Middle (3,) and rows ahead, left, up (3, 3), ship frame."""
        middle, velocity = self.way.at(t)
        ahead = velocity / max(float(np.linalg.norm(velocity)), 1e-9)
        up = np.array([0.0, 0.0, 1.0]) - ahead * ahead[2]
        up = up / max(float(np.linalg.norm(up)), 1e-9)
        return middle + self.beside @ self.way.axes, np.stack([ahead, np.cross(up, ahead), up])

    def mesh(self, t: float) -> tuple[Vec, Vec, Vec]:
        """(Vertices, normals, ahead) at ``t`` [s], ship frame; the normals do not follow the tail's beat."""
        middle, turn = self.place(t)
        points = self.rest.vertices.copy()
        back = np.clip(0.5 - points[:, 0] / self.length, 0.0, 1.0)
        beat = 2.0 * math.pi * (TAIL_HZ * t + back) + self.phase
        points[:, 1] += 0.07 * self.length * back**2 * np.sin(beat)
        return middle + points @ turn, self.rest.normals @ turn, turn[0]


def shoal(size: tuple[float, float, float], count: int, at: Anchor, seed: int) -> list[Fish]:
    """``size``: body length, how far they swim along the hull, how far off the plating."""
    length, extent, off = size
    reach = np.array([0.5 * extent, 0.2 * extent, 0.3 * off])
    draw = np.array([[uniform(a, b, seed) for b in range(4)] for a in range(3)])
    pace = SWIM_LENGTHS * length / np.maximum(0.7 * reach, 0.05)
    turns = np.stack([pace * (0.8 + 0.4 * draw[:, 0]), pace * (1.6 + 0.8 * draw[:, 1])], axis=1)
    way = Way(at.to_ship(np.array([0.0, 0.0, off])), at.axes, reach, turns, 2.0 * math.pi * draw[:, 2:])
    spread = length * max(1.2, 0.7 * count ** (1.0 / 3.0)) if count > 1 else 0.0
    out = []
    for k in range(count):
        size_k = length * (0.8 + 0.4 * uniform(k, 7, seed))
        beside = spread * np.array([uniform(k, 8, seed) - 0.5, uniform(k, 9, seed) - 0.5, 0.5 * uniform(k, 10, seed)]) * 2.0
        out.append(Fish(fish_mesh(size_k), size_k, way, beside, 2.0 * math.pi * uniform(k, 11, seed)))
    return out


class Bubbles(NamedTuple):
    """A stream that rises from ``source`` (ship frame) to ``surface_z`` [m], ``width`` (along, athwart) [m] wide; ``per_s`` of
    them a second."""

    source: Vec
    along: Vec
    width: tuple[float, float]
    per_s: float
    surface_z: float
    seed: int

    def at(self, t: float) -> tuple[Vec, Vec]:
        """Places (n, 3), ship frame, and diameters (n,) [m] at ``t`` [s]."""
        life = max(self.surface_z - float(self.source[2]), 0.0) / RISE_MPS
        first, last = math.ceil((t - life) * self.per_s), math.floor(t * self.per_s)
        numbers = range(first, last + 1)
        if not numbers:
            return np.zeros((0, 3)), np.zeros(0)
        draw = np.array([[uniform(k, m, self.seed) for m in range(4)] for k in numbers])
        age = t - np.array(list(numbers)) / self.per_s
        wobble = 0.012 * np.sin(2.0 * math.pi * (3.0 * age[:, None] + draw[:, 2:]))
        across = np.cross(np.array([0.0, 0.0, 1.0]), self.along)
        out = self.source + np.outer((draw[:, 0] - 0.5) * self.width[0] + wobble[:, 0], self.along)
        out = out + np.outer((draw[:, 1] - 0.5) * self.width[1] + wobble[:, 1], across)
        out[:, 2] += RISE_MPS * age
        return out, BUBBLE_M[0] + (BUBBLE_M[1] - BUBBLE_M[0]) * draw[:, 3] ** 2


class Swimmers(NamedTuple):
    """All fish of a scene, for a sounder."""

    fish: tuple[Fish, ...]

    def echo(self, t: float, origin: Vec, axis: Vec, tangent: float, draw: float) -> float | None:
        """Range [m] of the nearest fish within the cone about ``axis`` (unit, ship frame) of half angle ``tangent``, if this ping
        hears it: ``draw`` below `ECHO_SHARE`."""
        if draw >= ECHO_SHARE or not self.fish:
            return None
        found = None
        for fish in self.fish:
            offset = fish.place(t)[0] - origin
            ahead = float(offset @ axis)
            aside = float(np.linalg.norm(offset - ahead * axis))
            if ahead > 0.1 and aside < tangent * ahead + 0.3 * fish.length:
                found = ahead if found is None else min(found, ahead)
        return found
