"""The hull scene: plating, fittings, clutter and attachments, to look at, to bump into and to measure ranges to.

Ship frame, metres. Picture and collisions come from the same scenario; the picture has details (straps, bolts, barnacles, weld
beads, net lumps, sea-chest recesses) that the collision solids leave out.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.surface import HullSurface
from hull.vessel import Fitting, Vessel
from sim import attachments, clutter, life
from sim.attachments import Built
from sim.life import Bubbles, Fish, Swimmers
from sim.meshes import Anchor, Mesh, anchor, from_grid
from sim.noise import uniform
from sim.scenario import Attachment, Clutter, Scenario
from sim.steel import Steel
from sim.textures import Decal, Layer
from wire.messages import Side

Vec = NDArray[np.float64]

HULL_ID = 1
ATTACHMENT_ID, CLUTTER_ID, FITTING_ID = 100, 200, 300
"""First id of each group in the truth picture; 0 is water, 1 plating. Painted things have no id: they are plating."""

PAINTS = ((0.30, 0.070, 0.048), (0.22, 0.052, 0.038), (0.050, 0.085, 0.16), (0.075, 0.080, 0.080))
_CHUNK_M = 2.0


class TruthObject(NamedTuple):
    """``role``: attachment, clutter or fitting. ``centre``: ship frame, on the plating. ``size_m`` as in its file."""

    id: int
    role: str
    kind: str
    side: Side
    x_m: float
    s_m: float
    depth_m: float
    centre: Vec
    size_m: tuple[float, ...]


class Part(NamedTuple):
    """A run of faces with one material and object. ``along``: the texture's u direction, ship frame. ``casts``: shadows."""

    mesh: Mesh
    layer: int
    object_id: int
    along: Vec
    casts: bool
    cuts: bool


class Scene:
    """See the module. Same scenario, vessel and surface: same scene."""

    def __init__(self, scenario: Scenario, vessel: Vessel, surface: HullSurface) -> None:
        self.scenario, self.vessel, self.surface = scenario, vessel, surface
        self.parts: list[Part] = []
        self.layers: list[Layer] = []
        self.decals: list[Decal] = []
        self.cuts: list[tuple[float, float, float, float, float]] = []
        self.fish: list[tuple[int, Fish]] = []
        self.bubbles: list[Bubbles] = []
        self._rows: list[Vec] = []
        self._truth: list[TruthObject] = []
        self._shared: dict[tuple[str, int], int] = {}
        seed = scenario.seed * 1000
        self.paint = PAINTS[int(uniform(scenario.seed, 5, 17) * 4.0) if scenario.seed != 1 else 0]
        for side in range(2):
            self.layers.append(Layer(0, self.paint, 0.22, 0.10, seed + 500 * side))
        for k, attached in enumerate(scenario.attachments):
            self._add_attachment(k, attached)
        # Openings first: welds stop at them.
        for k, fitting in sorted(enumerate(vessel.fittings), key=lambda kf: kf[1].kind != "sea_chest_grating"):
            self._add_fitting(k, fitting)
        for k, extra in enumerate(scenario.clutter):
            self._add_clutter(k, extra)
        self._truth.sort(key=lambda o: o.id)
        self._add_hull()
        self.steel = Steel(surface, np.stack(self._rows) if self._rows else None)
        self.swimmers = Swimmers(tuple(fish for _, fish in self.fish))

    # -- building ----------------------------------------------------------------------------------------------------

    def _material(self, name: str, paint: tuple[float, float, float], fouling: float, style: int, key: int) -> int:
        """Layer index of a material; body materials are an object's own, the rest shared."""
        own = name == attachments.BODY
        slot = (name, key if own else 0)
        if slot not in self._shared:
            table = {
                attachments.STRAP: Layer(5, (0.10, 0.10, 0.09), 0.1, 0.05, 71),
                attachments.STEEL: Layer(1, (0.22, 0.21, 0.20), 0.1, 0.35, 72),
                attachments.DARK: Layer(5, (0.012, 0.012, 0.012), 0.05, 0.0, 73),
                attachments.CLOTH: Layer(2, (0.12, 0.13, 0.09), 0.25, 0.03, 74),
                attachments.ZINC: Layer(3, (0.42, 0.43, 0.42), 0.12, 0.20, 75),
                attachments.SHELL: Layer(4, (0.40, 0.38, 0.31), 0.0, 0.05, 76),
                clutter.SCALES: Layer(5, (0.13, 0.145, 0.14), 0.0, 0.30, 78),
                clutter.WEED: Layer(2, (0.035, 0.075, 0.025), 0.0, 0.02, 77),
            }
            layer = Layer(style, paint, fouling, 0.10, 7919 * (key + 1) + self.scenario.seed) if own else table[name]
            self._shared[slot] = len(self.layers)
            self.layers.append(layer)
        return self._shared[slot]

    def _add_built(self, built: Built, object_id: int, look: tuple[tuple[float, float, float], float, int], at: Anchor) -> None:
        paint, fouling, style = look
        low = object_id >= CLUTTER_ID and len(built.solids) == 0
        for piece in built.pieces:
            if low and built.cut is None:
                piece = piece._replace(mesh=self._without_openings(piece.mesh, at))
            layer = self._material(piece.material, paint, fouling, style, object_id)
            self.parts.append(
                Part(piece.mesh, layer, object_id, at.axes[0], not low and piece.material != attachments.DARK, False)
            )
        self._rows += built.solids
        if built.cut is not None:
            self.cuts.append((0.0 if at.side == "P" else 1.0, *built.cut))

    def _without_openings(self, mesh: Mesh, at: Anchor) -> Mesh:
        """Drops faces that lie over an opening in the plating of that side (girth taken along the section's chord)."""
        middle = mesh.vertices[mesh.faces].mean(axis=1)
        s = at.s_m + (middle - at.origin) @ at.axes[1] if abs(at.axes[1][0]) < 0.1 else np.full(len(middle), at.s_m)
        keep = np.ones(len(middle), dtype=bool)
        for layer, u0, u1, v0, v1 in self.cuts:
            if layer == (0.0 if at.side == "P" else 1.0):
                keep &= ~((middle[:, 0] > u0) & (middle[:, 0] < u1) & (s > v0) & (s < v1))
        return mesh._replace(faces=mesh.faces[keep])

    def _note(self, object_id: int, role: str, item: Attachment | Clutter | Fitting, at: Anchor) -> None:
        self._truth.append(
            TruthObject(object_id, role, item.kind, at.side, at.x_m, at.s_m, item.depth_m, at.origin, tuple(item.size_m))
        )

    def _look(self, item: Attachment) -> tuple[tuple[float, float, float], float, int]:
        if item.kind == "bag":
            paint = {"hull": self.paint, "bare": (0.20, 0.19, 0.15), "dark": (0.06, 0.065, 0.05)}.get(str(item.paint))
            return paint if paint is not None else _rgb(item.paint), item.fouling, 2
        if item.paint == "hull":
            return self.paint, item.fouling, 0
        if item.paint == "bare":
            return (0.26, 0.25, 0.23), item.fouling, 1
        if item.paint == "dark":
            return (0.055, 0.055, 0.055), item.fouling, 5
        return _rgb(item.paint), item.fouling, 5

    def _add_attachment(self, k: int, item: Attachment) -> None:
        at = anchor(self.surface, item.side, self.vessel.frame_to_x(item.frame), item.depth_m, item.angle_deg)
        built = attachments.build(item, at, self.surface, self.scenario.seed * 31 + k)
        self._add_built(built, ATTACHMENT_ID + k, self._look(item), at)
        self._note(ATTACHMENT_ID + k, "attachment", item, at)

    def _add_clutter(self, k: int, item: Clutter) -> None:
        at = anchor(self.surface, item.side, self.vessel.frame_to_x(item.frame), item.depth_m, item.angle_deg)
        size = (item.size_m[0], item.size_m[1], item.size_m[2] if len(item.size_m) == 3 else 0.0)
        seed = self.scenario.seed * 57 + k
        self._note(CLUTTER_ID + k, "clutter", item, at)
        flat = (size[0], size[1])
        if item.kind in ("fish", "bubbles"):
            self._add_life(CLUTTER_ID + k, item, size, at, seed)
        elif item.kind == "painted_pattern":
            self.decals.append(clutter.painted_pattern(flat, at, item.angle_deg, seed))
        elif item.kind == "draught_mark":
            self.decals.append(clutter.draught_mark(flat, at))
        elif item.kind == "scrape":
            self.decals += clutter.scrape(flat, at, item.angle_deg, seed)
        else:
            if item.kind == "anode":
                built = clutter.anode(size, at)
            elif item.kind == "weld_seam":
                built = clutter.weld_seam(size, at, self.surface, seed)
            elif item.kind == "doubler_plate":
                built = clutter.doubler_plate(size, at, self.surface, seed)
            elif item.kind == "weed":
                built = clutter.weed(size, at, self.surface, seed)
            else:
                built = clutter.barnacles(size, at, self.surface, seed)
            self._add_built(built, CLUTTER_ID + k, (self.paint, 0.15, 0), at)

    def _add_life(self, object_id: int, item: Clutter, size: tuple[float, float, float], at: Anchor, seed: int) -> None:
        if item.kind == "bubbles":
            source = at.to_ship(np.array([0.0, 0.0, size[2]]))
            along = np.array([1.0, 0.0, 0.0])
            self.bubbles.append(Bubbles(source, along, (size[0], size[1]), item.count, self.surface.draught_m, seed))
            return
        layer = self._material(clutter.SCALES, self.paint, 0.0, 5, object_id)
        for one in life.shoal(size, item.count, at, seed):
            vertices, normals, ahead = one.mesh(0.0)
            self.fish.append((len(self.parts), one))
            self.parts.append(Part(one.rest._replace(vertices=vertices, normals=normals), layer, object_id, ahead, True, False))

    def _add_fitting(self, k: int, item: Fitting) -> None:
        x = self.vessel.frame_to_x(item.frame)
        at = anchor(self.surface, item.side, x, item.depth_m)
        object_id = FITTING_ID + k
        self._note(object_id, "fitting", item, at)
        look = (self.paint, 0.15, 0)
        centre = np.array([x, 0.0, self.surface.draught_m - item.depth_m])
        if item.kind == "sea_chest_grating":
            if self._tampered(at, item):
                return
            built = attachments.grating(item.size_m, at, self.surface, k, tampered=False)
            look = ((0.24, 0.10, 0.07), 0.15, 1)
        elif item.kind == "bilge_keel":
            built = clutter.plate_fin(item.size_m, at, self.surface)
        elif item.kind == "anode":
            built = clutter.anode(item.size_m, at)
        elif item.kind == "weld_seam":
            built = clutter.weld_seam(item.size_m, at, self.surface, 900 + k)
        elif item.kind == "draught_mark":
            self.decals.append(clutter.draught_mark((item.size_m[0], item.size_m[1]), at))
            return
        elif item.kind == "thruster_tunnel":
            self.decals.append(clutter.tunnel_decal((item.size_m[0], item.size_m[1]), at))
            built = clutter.tunnel(item.size_m, at, self.surface)
        elif item.kind == "bulb":
            built = clutter.bulb(item.size_m, centre)
        elif item.kind == "skeg":
            built = clutter.skeg(item.size_m, centre)
        elif item.kind == "rudder":
            built = clutter.rudder(item.size_m, centre)
        else:
            built = clutter.propeller(item.size_m, centre)
        self._add_built(built, object_id, look, at)

    def _tampered(self, at: Anchor, item: Fitting) -> bool:
        """An attachment of kind grating_tamper replaces the grating it overlaps."""
        return any(
            t.kind == "grating_tamper"
            and t.side == at.side
            and abs(t.x_m - at.x_m) < 0.5 * (t.size_m[0] + item.size_m[0])
            and abs(t.s_m - at.s_m) < 0.5 * (t.size_m[1] + item.size_m[1])
            for t in self._truth
            if t.role == "attachment"
        )

    def _add_hull(self) -> None:
        """Plating in runs of about _CHUNK_M, port then starboard."""
        surface = self.surface
        edges = [0]
        for i in range(1, len(surface.stations)):
            if surface.stations[i] - surface.stations[edges[-1]] >= _CHUNK_M or i == len(surface.stations) - 1:
                edges.append(i)
        ns = surface.grid.shape[1]
        for layer, sign in ((0, 1.0), (1, -1.0)):
            flip = np.array([1.0, sign, 1.0])
            for lo, hi in pairwise(edges):
                n = hi - lo + 1
                points = surface.grid[lo : hi + 1].reshape(-1, 3) * flip
                normals = surface.normals[lo : hi + 1].reshape(-1, 3) * flip
                uv = np.stack([points[:, 0], surface.girths[lo : hi + 1].reshape(-1)], axis=1)
                a = (np.arange(n - 1)[:, None] * ns + np.arange(ns - 1)[None, :]).reshape(-1)
                b, c, d = a + ns, a + ns + 1, a + 1
                faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
                cross = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
                wind = np.einsum("ij,ij->i", cross, normals[faces[:, 0]])
                faces = np.where((wind < 0)[:, None], faces[:, ::-1], faces).astype(np.int32)
                x0, x1 = surface.stations[lo], surface.stations[hi]
                cut = any(c[0] == layer and c[1] < x1 and c[2] > x0 for c in self.cuts)
                self.parts.append(Part(Mesh(points, normals, uv, faces), layer, HULL_ID, np.array([1.0, 0.0, 0.0]), False, cut))

        for layer, sign in ((0, 1.0), (1, -1.0)):
            for end in (0, -1):
                self.parts.append(Part(self._end(end, sign), layer, HULL_ID, np.array([0.0, 1.0, 0.0]), False, False))

    def _end(self, station: int, sign: float) -> Mesh:
        """One side's half of the flat transom (station 0) or of the stem's end (-1)."""
        edge = self.surface.grid[station]
        inner = edge * np.array([1.0, 0.0, 1.0])
        points = np.stack([inner, edge], axis=1) * np.array([1.0, sign, 1.0])
        normals = np.zeros_like(points)
        normals[..., 0] = -1.0 if station == 0 else 1.0
        return from_grid(points, normals, np.abs(points[..., 1:]))

    # -- asking ------------------------------------------------------------------------------------------------------

    def signed_distance(self, xyz_ship: Vec) -> float:
        """Distance [m] to hull or solids, negative inside."""
        return self.steel.signed_distance(xyz_ship)

    def raycast(self, origin_ship: Vec, direction_ship: Vec, max_m: float) -> float | None:
        """Range [m] along the unit direction to hull or solids, or None beyond ``max_m``."""
        return self.steel.raycast(origin_ship, direction_ship, max_m)

    def truth_objects(self) -> list[TruthObject]:
        """Everything placed, in the order of attachments, clutter, fittings."""
        return list(self._truth)


def _rgb(paint: object) -> tuple[float, float, float]:
    assert isinstance(paint, tuple)
    return float(paint[0]), float(paint[1]), float(paint[2])
