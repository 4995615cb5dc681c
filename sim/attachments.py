"""Parasitic containers: meshes and collision solids of torpedo, box, bag and tampered grating at their place on the hull."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from sim import solids
from sim.meshes import Anchor, Mesh, capsule, conform, lumpy_bag, merge, place, prism, rounded_box, sheet, turned
from sim.noise import uniform
from sim.scenario import Attachment

Vec = NDArray[np.float64]
BODY, STRAP, STEEL, DARK, CLOTH, HULLPAINT, ZINC, SHELL = "body", "strap", "steel", "dark", "cloth", "hullpaint", "zinc", "shell"


class Piece(NamedTuple):
    """A mesh in the ship frame and the name of its material."""

    mesh: Mesh
    material: str


class Built(NamedTuple):
    """``pieces`` to draw, ``solids`` rows to hit; ``cut`` (u0, u1, v0, v1) an opening in the plating on that side, or None."""

    pieces: list[Piece]
    solids: list[Vec]
    cut: tuple[float, float, float, float] | None = None


BULGE_M = 0.10
"""How far a tampered grating's bag stands off the plating, but for its lumps."""


def build(item: Attachment, at: Anchor, surface: HullSurface, seed: int) -> Built:
    """Everything that belongs to one attachment."""
    if item.kind == "torpedo":
        return _torpedo(item.size_m, at)
    if item.kind == "box":
        return _box(item.size_m, at)
    if item.kind == "puck":
        return _puck(item.size_m, at)
    if item.kind == "bag":
        return _bag(item.size_m, at, seed)
    return grating(item.size_m, at, surface, seed, tampered=True)


def _torpedo(size: tuple[float, float, float], at: Anchor) -> Built:
    length, radius, top = size[0], size[1] / 2.0, size[2]
    half = max(length / 2.0 - radius, 0.01)
    centre = top - radius
    body = place(capsule(half, radius), at, (0.0, 0.0, centre))
    pieces = [Piece(body, BODY)]
    fins = rounded_box((0.05, 0.006, 0.5 * radius), 0.004, 1)
    for angle in (math.pi / 4, -math.pi / 4):
        fin = turned(fins._replace(vertices=fins.vertices + np.array([0.0, 0.0, radius])), angle, 0)
        pieces.append(Piece(place(fin, at, (-half, 0.0, centre)), BODY))
    for x in (-0.55 * half, 0.55 * half):
        ring = prism(radius + 0.006, 0.045, 36)
        ring = turned(ring._replace(vertices=ring.vertices - np.array([0.0, 0.0, 0.0225])), math.pi / 2, 1)
        pieces.append(Piece(place(ring, at, (x, 0.0, centre)), STRAP))
        for sign in (-1.0, 1.0):
            foot = rounded_box((0.04, 0.035, 0.5 * max(centre, 0.03)), 0.006, 1)
            pieces.append(Piece(place(foot, at, (x, sign * (radius + 0.02), 0.5 * max(centre, 0.03))), STEEL))
            bolt = prism(0.011, 0.012)
            pieces.append(Piece(place(bolt, at, (x, sign * (radius + 0.032), max(centre, 0.03))), STEEL))
    row = solids.solid(solids.CAPSULE, at.to_ship(np.array([0.0, 0.0, centre])), at.axes, (half, radius, radius), radius)
    return Built(pieces, [row])


def _box(size: tuple[float, float, float], at: Anchor) -> Built:
    half = (size[0] / 2.0, size[1] / 2.0, size[2] / 2.0)
    pieces = [Piece(place(rounded_box(half, 0.012), at, (0.0, 0.0, half[2])), BODY)]
    for x in (-0.5 * half[0], 0.5 * half[0]):
        strap = rounded_box((0.018, half[1] + 0.004, half[2] + 0.002), 0.002, 1)
        pieces.append(Piece(place(strap, at, (x, 0.0, half[2] + 0.002)), STRAP))
        for sign in (-1.0, 1.0):
            tab = rounded_box((0.03, 0.025, 0.006), 0.003, 1)
            pieces.append(Piece(place(tab, at, (x, sign * (half[1] + 0.025), 0.006)), STEEL))
            pieces.append(Piece(place(prism(0.01, 0.011), at, (x, sign * (half[1] + 0.028), 0.012)), STEEL))
    lid = rounded_box((half[0] + 0.006, half[1] + 0.006, 0.008), 0.004, 1)
    pieces.append(Piece(place(lid, at, (0.0, 0.0, size[2] - 0.035)), BODY))
    return Built(pieces, [solids.solid(solids.BOX, at.to_ship(np.array([0.0, 0.0, half[2]])), at.axes, half, 0.012)])


def _puck(size: tuple[float, float, float], at: Anchor) -> Built:
    """A limpet: a flat round can on three magnet feet. ``size[0]`` is its diameter."""
    radius, top = size[0] / 2.0, size[2]
    foot_m = min(0.02, 0.3 * top)
    can = prism(radius, top - foot_m, 40, 0.93 * radius, 0.04 * top)
    pieces = [Piece(place(can, at, (0.0, 0.0, foot_m)), BODY)]
    for k in range(3):
        angle = 2.0 * math.pi * k / 3.0
        spot = (0.7 * radius * math.cos(angle), 0.7 * radius * math.sin(angle), 0.0)
        pieces.append(Piece(place(prism(0.2 * radius, foot_m + 0.002, 16), at, spot), STEEL))
    half = (radius, radius, 0.5 * top)
    middle = at.to_ship(np.array([0.0, 0.0, 0.5 * top]))
    return Built(pieces, [solids.solid(solids.ELLIPSOID, middle, at.axes, half)])


def _bag(size: tuple[float, float, float], at: Anchor, seed: int) -> Built:
    half = (size[0] / 2.0, size[1] / 2.0, 0.58 * size[2])
    lift = size[2] - half[2]
    pieces = [Piece(place(lumpy_bag(half, seed), at, (0.0, 0.0, lift)), BODY)]
    for k in range(3):
        y = (k - 1) * 0.55 * half[1]
        width = half[0] * math.sqrt(max(1.0 - (y / half[1]) ** 2, 0.05))
        rope = capsule(width, 0.007, 10, 3)
        tilt = turned(rope, 0.12 * (uniform(k, 1, seed) - 0.5), 2)
        crown = lift + half[2] * math.sqrt(max(1.0 - (y / half[1]) ** 2, 0.05)) * 0.93 + 0.012
        arch = tilt.vertices.copy()
        arch[:, 2] += crown - crown * 0.75 * (arch[:, 0] / width) ** 2
        pieces.append(Piece(place(tilt._replace(vertices=arch), at, (0.0, y, 0.0)), STRAP))
    return Built(pieces, [solids.solid(solids.ELLIPSOID, at.to_ship(np.array([0.0, 0.0, lift])), at.axes, half)])


def grating(size: tuple[float, float, float], at: Anchor, surface: HullSurface, seed: int, tampered: bool) -> Built:
    """A sea-chest grating in its opening: frame, bars, eight bolts. Tampered: lifted on one edge by ``size[2]``, bolts missing or
    loose, a bag stuffed behind the bars and squeezed out at the lifted edge, BULGE_M off the plating."""
    hu, hv = size[0] / 2.0, size[1] / 2.0
    rim = 0.05
    opening = (at.x_m - hu + rim, at.x_m + hu - rim, at.s_m - hv + rim, at.s_m + hv - rim)
    lift = size[2] if tampered else 0.0
    slope = lift / (2.0 * hv)
    panel = [rounded_box((hu, 0.5 * rim, 0.006), 0.003, 1) for _ in range(2)]
    panel += [rounded_box((0.5 * rim, hv - rim, 0.006), 0.003, 1) for _ in range(2)]
    shifts = [(0.0, hv - rim / 2, 0.006), (0.0, -hv + rim / 2, 0.006), (hu - rim / 2, 0.0, 0.006), (-hu + rim / 2, 0.0, 0.006)]
    bars = max(4, round((2 * hu - 2 * rim) / 0.06))
    for k in range(bars):
        panel.append(rounded_box((0.009, hv - rim, 0.007), 0.003, 1))
        shifts.append(((k + 0.5) / bars * (2 * hu - 2 * rim) - hu + rim, 0.0, 0.002))
    whole = merge([m._replace(vertices=m.vertices + np.array(t)) for m, t in zip(panel, shifts, strict=True)])
    lifted = whole.vertices.copy()
    lifted[:, 2] += slope * (lifted[:, 1] + hv)
    pieces = [Piece(conform(whole._replace(vertices=lifted), surface, at), BODY)]
    pieces += _bolts(hu - rim / 2, hv - rim / 2, at, surface, seed, slope, hv, tampered)
    pieces += _recess(opening, at, surface)
    rows = []
    if tampered:
        bag = lumpy_bag((0.62 * hu, 0.45 * hv, 0.06), seed + 5, 36)
        bag = bag._replace(vertices=bag.vertices - np.array([0.0, 0.0, 0.035]))
        pieces.append(Piece(conform(bag, surface, at._replace(s_m=at.s_m - 0.35 * hv)), CLOTH))
        out = np.array([0.3 * hu, hv - 0.03, 0.02])
        half = (0.40 * hu, 0.30 * hv, BULGE_M - float(out[2]))
        sack = lumpy_bag(half, seed + 9, 36)
        pieces.append(Piece(conform(sack._replace(vertices=sack.vertices + out), surface, at), CLOTH))
        rows.append(solids.solid(solids.ELLIPSOID, at.to_ship(out), at.axes, half))
        middle = np.array([0.0, 0.0, 0.5 * lift + 0.006])
        tilt = math.atan(slope)
        turn = np.array([[1, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]])
        rows.append(solids.solid(solids.BOX, at.to_ship(middle), turn @ at.axes, (hu, hv, 0.006), 0.003))
    return Built(pieces, rows, opening)


def _bolts(
    bu: float, bv: float, at: Anchor, surface: HullSurface, seed: int, slope: float, hv: float, tampered: bool
) -> list[Piece]:
    places = [(-bu, -bv), (0.0, -bv), (bu, -bv), (-bu, 0.0), (bu, 0.0), (-bu, bv), (0.0, bv), (bu, bv)]
    out = []
    for k, (u, v) in enumerate(places):
        height = 0.012 + slope * (v + hv)
        missing = tampered and v > 0.0 and k != 7
        loose = tampered and k in {3, 7}
        if missing:
            hole = prism(0.011, 0.0008, 12)
            out.append(Piece(conform(hole._replace(vertices=hole.vertices + np.array([u, v, height])), surface, at), DARK))
            continue
        bolt = prism(0.015, 0.0075)
        if loose:
            bolt = turned(bolt, 0.35 + 0.2 * uniform(k, 2, seed), 0)
            height += 0.012
        out.append(Piece(conform(bolt._replace(vertices=bolt.vertices + np.array([u, v, height])), surface, at), STEEL))
    return out


def _recess(opening: tuple[float, float, float, float], at: Anchor, surface: HullSurface, depth: float = 0.16) -> list[Piece]:
    """Floor and walls of the sea chest behind an opening."""
    u0, u1, v0, v1 = (opening[0] - at.x_m, opening[1] - at.x_m, opening[2] - at.s_m, opening[3] - at.s_m)
    wide, high = np.linspace(u0, u1, 3), np.linspace(v0, v1, 5)
    floor = sheet(wide, high, np.full((3, 5), -depth))
    pieces = [Piece(conform(floor, surface, at), DARK)]
    for axis, value, sign in ((0, u0, 1.0), (0, u1, -1.0), (1, v0, 1.0), (1, v1, -1.0)):
        along = high if axis == 0 else wide
        deep = np.array([-depth, 0.0])
        ga, gd = np.meshgrid(along, deep, indexing="ij")
        fixed = np.full_like(ga, value)
        points = np.stack([fixed, ga, gd] if axis == 0 else [ga, fixed, gd], axis=2)
        normals = np.zeros_like(points)
        normals[..., axis] = sign
        n = points.shape[0]
        a = np.arange(n - 1) * 2
        faces = np.concatenate([np.stack([a, a + 2, a + 3], 1), np.stack([a, a + 3, a + 1], 1)]).astype(np.int32)
        uv = np.stack([ga - ga.min(), gd + depth], axis=2)
        wall = Mesh(points.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), faces)
        pieces.append(Piece(conform(wall, surface, at), DARK))
    return pieces
