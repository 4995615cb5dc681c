"""What belongs on a hull or looks suspicious and is not: anodes, welds, barnacles, bilge keels, rudder, painted marks."""

import math

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from sim import solids
from sim.attachments import BODY, DARK, SHELL, STEEL, ZINC, Built, Piece
from sim.meshes import Anchor, Mesh, conform, ellipsoid, merge, place, prism, rounded_box, sheet, turned
from sim.noise import octaves, uniform
from sim.textures import Decal

Vec = NDArray[np.float64]
WHITE, BLACK, OCHRE = (0.55, 0.54, 0.48), (0.03, 0.03, 0.035), (0.35, 0.22, 0.05)
STEEL_GREY = (0.17, 0.16, 0.155)
WEED, SCALES = "weed", "scales"


def anode(size: tuple[float, float, float], at: Anchor) -> Built:
    """A zinc block on welded steel straps."""
    height = size[2] if size[2] > 0.005 else 0.03
    half = (size[0] / 2.0, size[1] / 2.0, height / 2.0)
    block = rounded_box(half, min(0.012, 0.6 * half[2]))
    strap = rounded_box((half[0] + 0.05, 0.018, 0.003), 0.002, 1)
    row = solids.solid(solids.BOX, at.to_ship(np.array([0.0, 0.0, half[2]])), at.axes, half, min(0.012, 0.6 * half[2]))
    return Built([Piece(place(block, at, (0, 0, half[2])), ZINC), Piece(place(strap, at, (0, 0, 0.003)), STEEL)], [row])


def weld_seam(size: tuple[float, float, float], at: Anchor, surface: HullSurface, seed: int) -> Built:
    """A bead of size[2] (0.0025 m without) along its longer side, with ripples, laid on the plating."""
    height = size[2] if size[2] > 0 else 0.0025
    along, across = (size[0], size[1]) if size[0] >= size[1] else (size[1], size[0])
    n = max(2, round(along / 0.05))
    u = np.linspace(-along / 2, along / 2, n + 1)
    v = np.linspace(-across / 2, across / 2, 7)
    ripple = np.array([1.0 + 0.25 * octaves(float(a) / 0.06, 0.0, 2, seed) for a in u])
    profile = np.maximum(1.0 - (2 * v / across) ** 2, 0.0)
    bead = height * ripple[:, None] * profile[None, :]
    mesh = sheet(u, v, bead)
    if size[1] > size[0]:
        mesh = turned(mesh, math.pi / 2, 2)
    return Built([Piece(conform(mesh, surface, at), BODY)], [])


def barnacles(size: tuple[float, float, float], at: Anchor, surface: HullSurface, seed: int) -> Built:
    """Cone stumps, up to ``size[2]`` high, thinning out towards the edge of an irregular patch."""
    height = size[2] if size[2] > 0 else 0.01
    cell = max(1.7 * height, 0.016)
    cones: list[Mesh] = []
    for i in range(int(size[0] / cell)):
        for j in range(int(size[1] / cell)):
            u = (i + uniform(i, j, seed)) * cell - size[0] / 2
            v = (j + uniform(i, j, seed + 1)) * cell - size[1] / 2
            edge = 1.0 - (2 * u / size[0]) ** 2 - (2 * v / size[1]) ** 2 + 0.7 * octaves(u / 0.15, v / 0.15, 3, seed + 2)
            if uniform(i, j, seed + 3) > 0.25 + 0.75 * edge:
                continue
            h = height * (0.35 + 0.65 * uniform(i, j, seed + 4))
            r = h * (0.6 + 0.25 * uniform(i, j, seed + 5))
            cone = prism(r, h, 8, 0.45 * r, 0.4 * h)
            uv = cone.uv + np.array([0.5 + 0.05 * (i % 40), 0.5 + 0.05 * (j % 40)])
            cones.append(cone._replace(vertices=cone.vertices + np.array([u, v, -0.001]), uv=uv))
    if not cones:
        return Built([], [])
    return Built([Piece(conform(merge(cones), surface, at), SHELL)], [])


def doubler_plate(size: tuple[float, float, float], at: Anchor, surface: HullSurface, seed: int) -> Built:
    """A plate of size[2] (0.012 m without) welded onto the plating, with its fillet weld around."""
    thick = size[2] if size[2] > 0 else 0.012
    half_u, half_v = size[0] / 2.0, size[1] / 2.0
    u, v = np.linspace(-half_u, half_u, max(3, round(size[0] / 0.1))), np.linspace(-half_v, half_v, max(3, round(size[1] / 0.1)))
    top = sheet(u, v, np.full((len(u), len(v)), thick))
    meshes = [top]
    bead = 0.9 * thick
    for along, off, turn in ((size[0], half_v, 0.0), (size[0], -half_v, 0.0), (size[1], half_u, 1.0), (size[1], -half_u, 1.0)):
        n = max(2, round(along / 0.04))
        x, across = np.linspace(-along / 2 - bead, along / 2 + bead, n + 1), np.linspace(-1.2 * bead, 1.2 * bead, 7)
        ripple = np.array([1.0 + 0.15 * octaves(float(a) / 0.05, off, 2, seed) for a in x])
        height = (thick + 0.002) * ripple[:, None] * np.maximum(1.0 - (np.abs(across) / (1.2 * bead)) ** 2, 0.0)[None, :]
        strip = sheet(x, across, height)
        if turn:
            strip = turned(strip, math.pi / 2, 2)
        shift = np.array([off, 0.0, 0.0]) if turn else np.array([0.0, off, 0.0])
        meshes.append(strip._replace(vertices=strip.vertices + shift))
    return Built([Piece(conform(merge(meshes), surface, at), BODY)], [])


def weed(size: tuple[float, float, float], at: Anchor, surface: HullSurface, seed: int) -> Built:
    """A tuft patch: thin fronds up to ``size[2]`` (0.05 m without) long, bent one way; soft, so nothing to bump into."""
    height = size[2] if size[2] > 0 else 0.05
    cell = 0.022
    fronds: list[Mesh] = []
    for i in range(int(size[0] / cell)):
        for j in range(int(size[1] / cell)):
            u, v = (i + uniform(i, j, seed)) * cell - size[0] / 2, (j + uniform(i, j, seed + 1)) * cell - size[1] / 2
            if uniform(i, j, seed + 3) > 1.1 - (2 * u / size[0]) ** 2 - (2 * v / size[1]) ** 2:
                continue
            long = height * (0.4 + 0.6 * uniform(i, j, seed + 4))
            frond = prism(0.0035, long, 5, 0.0012, 0.0)
            points = frond.vertices.copy()
            bend = (points[:, 2] / long) ** 2 * long
            points[:, 0] += 0.6 * bend * (uniform(i, j, seed + 6) - 0.2)
            points[:, 1] -= 0.8 * bend
            fronds.append(frond._replace(vertices=points + np.array([u, v, -0.001])))
    return Built([Piece(conform(merge(fronds), surface, at), WEED)] if fronds else [], [])


def scrape(size: tuple[float, float], at: Anchor, angle_deg: float, seed: int) -> list[Decal]:
    """Paint rubbed off along a fender or a quay: long thin marks side by side, bare steel."""
    layer = 0 if at.side == "P" else 1
    turn = math.radians(angle_deg)
    out = []
    for k in range(5):
        along, across = 0.3 * size[0] * (uniform(k, 1, seed) - 0.5), size[1] * ((k + 0.5) / 5.0 - 0.5)
        u = at.x_m + along * math.cos(turn) - across * math.sin(turn)
        v = at.s_m + along * math.sin(turn) + across * math.cos(turn)
        half = 0.35 * size[0] * (0.6 + 0.4 * uniform(k, 2, seed))
        out.append(Decal(layer, 2, u, v, half, 0.09 * size[1] * (0.5 + uniform(k, 3, seed)), turn, STEEL_GREY))
    return out


def plate_fin(size: tuple[float, float, float], at: Anchor, surface: HullSurface) -> Built:
    """A bilge keel: ``size[0]`` long, ``size[1]`` thick, standing ``size[2]`` off the plating."""
    n = max(1, round(size[0] / 0.5))
    step = size[0] / n
    box = rounded_box((step / 2, size[1] / 2, size[2] / 2 + 0.02), min(0.004, 0.4 * size[1]), 1)
    meshes, rows = [], []
    for k in range(n):
        u = (k + 0.5) * step - size[0] / 2
        x = at.x_m + u
        normal = surface.normal(at.side, x, at.s_m)
        local = at._replace(x_m=x, origin=surface.point(at.side, x, at.s_m), axes=_frame(normal, at.axes[0]))
        lift = size[2] / 2 - 0.02
        meshes.append(place(box._replace(uv=box.uv + np.array([k * step, 0.0])), local, (0.0, 0.0, lift)))
        half = (step / 2, size[1] / 2, size[2] / 2 + 0.02)
        rows.append(solids.solid(solids.BOX, local.to_ship(np.array([0.0, 0.0, lift])), local.axes, half, 0.0))
    return Built([Piece(m, BODY) for m in meshes], rows)


def _frame(normal: Vec, along: Vec) -> Vec:
    forward = along - normal * float(along @ normal)
    forward = forward / np.linalg.norm(forward)
    third = np.cross(normal, forward)
    return np.stack([forward, third, normal])


def tunnel(size: tuple[float, float, float], at: Anchor, surface: HullSurface) -> Built:
    """A thruster tunnel's rim; its mouth is a dark decal (`tunnel_decal`)."""
    phi = np.linspace(0.0, 2 * math.pi, 49)
    radius = size[0] / 2
    ring = [rounded_box((0.5 * radius * (phi[1] - phi[0]) + 0.004, 0.02, 0.008), 0.004, 1) for _ in phi[:-1]]
    turned_ring = []
    for part, angle in zip(ring, phi[:-1], strict=True):
        moved = turned(part, angle + math.pi / 2, 2)
        shift = np.array([radius * math.cos(angle), radius * math.sin(angle), 0.004])
        turned_ring.append(moved._replace(vertices=moved.vertices + shift))
    return Built([Piece(conform(merge(turned_ring), surface, at), BODY)], [])


def rudder(size: tuple[float, float, float], centre: Vec) -> Built:
    """A blade on the centreline: ``size`` along x, in height, in thickness."""
    half = (size[0] / 2, size[1] / 2, size[2] / 2)
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    at = Anchor("S", float(centre[0]), 0.0, centre, axes)
    radius = 0.45 * half[2]
    return Built([Piece(place(rounded_box(half, radius), at), BODY)], [solids.solid(solids.BOX, centre, axes, half, radius)])


def bulb(size: tuple[float, float, float], centre: Vec) -> Built:
    """A bulbous bow: an ellipsoid on the centreline, ``size`` along x, in height, in breadth, half of it in the bow."""
    half = (size[0] / 2, size[1] / 2, size[2] / 2)
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    at = Anchor("S", float(centre[0]), 0.0, centre, axes)
    return Built([Piece(place(ellipsoid(half, 0.005), at), BODY)], [solids.solid(solids.ELLIPSOID, centre, axes, half)])


def skeg(size: tuple[float, float, float], centre: Vec) -> Built:
    """A fin on the centreline under the counter: ``size`` along x, in height, in thickness."""
    return rudder(size, centre)


def propeller(size: tuple[float, float, float], centre: Vec) -> Built:
    """Hub and four flat blades, standing still; ``size[1]`` is the diameter."""
    radius, hub = size[1] / 2, 0.14 * size[1]
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    at = Anchor("S", float(centre[0]), 0.0, centre, axes)
    edge = 0.9 * min(size[0] / 2, hub)
    pieces = [Piece(place(rounded_box((size[0] / 2, hub, hub), edge, 8), at), ZINC)]
    rows = [solids.solid(solids.BOX, centre, axes, (size[0] / 2, hub, hub), edge)]
    for k in range(4):
        c, s = math.cos(k * math.pi / 2), math.sin(k * math.pi / 2)
        out, across = np.array([0.0, c, s]), np.array([0.5, -0.866 * s, 0.866 * c])
        blade = np.stack([out, across, np.cross(out, across)])
        middle = centre + out * (0.55 * radius)
        spot = Anchor("S", float(centre[0]), 0.0, middle, blade)
        half = (0.45 * radius, 0.22 * radius, 0.012)
        pieces.append(Piece(place(rounded_box(half, 0.01, 1), spot), ZINC))
        rows.append(solids.solid(solids.BOX, middle, blade, half, 0.01))
    return Built(pieces, rows)


def painted_pattern(size: tuple[float, float], at: Anchor, angle_deg: float, seed: int) -> Decal:
    """A flat marking; colour by seed."""
    colour = (WHITE, BLACK, OCHRE)[seed % 3]
    layer = 0 if at.side == "P" else 1
    kind = 0 if size[0] != size[1] else 2
    return Decal(layer, kind, at.x_m, at.s_m, size[0] / 2, size[1] / 2, math.radians(angle_deg), colour)


def draught_mark(size: tuple[float, float], at: Anchor) -> Decal:
    """White figures one above the other."""
    return Decal(0 if at.side == "P" else 1, 1, at.x_m, at.s_m, size[0] / 2, size[1] / 2, 0.0, WHITE)


def tunnel_decal(size: tuple[float, float], at: Anchor) -> Decal:
    """The dark mouth of a thruster tunnel."""
    return Decal(0 if at.side == "P" else 1, 2, at.x_m, at.s_m, size[0] / 2, size[1] / 2, 0.0, BLACK)


MATERIALS = (BODY, STEEL, DARK, ZINC, SHELL, WEED, SCALES)
