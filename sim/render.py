"""The camera picture, and its truth, from scene, water and rig. Same arguments, same bits, whatever was drawn before; one
picture at a time."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hull.frames import ShipPose
from sim import camera
from sim.caustics import sun_row
from sim.crew import Crew, machine_hands
from sim.light import Light, shadow_boxes
from sim.noise import hash3, normal_table, value_noise
from sim.paint import Paint
from sim.raster import Drawn, Faces, canvas, collect, depth_and_ids, distort, pixel_rays
from sim.scenario import Water
from sim.scene import HULL_ID, Scene
from sim.shade import MARK, fill, shade
from sim.snow import MOST, SINK_MPS, find_bubbles, find_snow
from sim.textures import LEVELS, TEXEL_M, TILE_M, TilePool
from sim.water_optics import STEP_M, optics, with_lamps
from wire.rig import CameraRig, Rig

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_BODY_TO_CAMERA = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_SHADOW = CameraRig(width=200, height=150, fx=75.0, fy=75.0, cx=99.5, cy=74.5, k1=0.0, k2=0.0)
_SHADOW_REACH_M = 2.5
_SHADOW_GRID: Vec = np.array([_SHADOW.cx, _SHADOW.cy, _SHADOW.fx])
_NO_SHADOWS: Floats = np.zeros((0, 1, 1), np.float32)


class View(NamedTuple):
    """``eye``: camera in the ship frame. ``turn``: ship → camera (3, 3). ``ned`` and ``ned_turn``: the same from the world."""

    eye: Vec
    turn: Vec
    ned: Vec
    ned_turn: Vec


def _lens(rig: CameraRig, rays_x: Vec, rays_y: Vec) -> Vec:
    margin = 1.01
    return np.array(
        [
            rig.fx,
            rig.fy,
            rig.cx,
            rig.cy,
            rig.k1,
            rig.k2,
            margin * float(np.abs(rays_x).max()),
            margin * float(np.abs(rays_y).max()),
        ]
    )


class _Geometry:
    """All parts' faces in flat arrays, and what is asked of whole parts."""

    def __init__(self, scene: Scene) -> None:
        meshes = [p.mesh for p in scene.parts]
        vertex = np.cumsum([0] + [len(m.vertices) for m in meshes])
        face = np.cumsum([0] + [len(m.faces) for m in meshes])
        ends = zip(scene.parts, face[:-1], face[1:], vertex[:-1], vertex[1:], strict=True)
        # Runs of plating go on smoothly into each other; other parts may meet at an edge.
        groups = [p.layer if p.object_id == HULL_ID else 2 + k for k, p in enumerate(scene.parts)]
        rows = [[*end, p.layer, p.cuts, group] for (p, *end), group in zip(ends, groups, strict=True)]
        shifted = [m.faces + k for m, k in zip(meshes, vertex, strict=False)]
        self.faces = Faces(
            np.ascontiguousarray(np.concatenate([m.vertices for m in meshes])),
            np.ascontiguousarray(np.concatenate([m.normals for m in meshes])),
            np.ascontiguousarray(np.concatenate([m.uv for m in meshes])),
            np.ascontiguousarray(np.concatenate(shifted), dtype=np.int32),
            np.array(rows, np.int32),
            np.array(scene.cuts, dtype=np.float64).reshape(-1, 5),
        )
        self.object_id: Ints = np.array([p.object_id for p in scene.parts], np.int32)
        self.along: Vec = np.stack([p.along for p in scene.parts])
        self.centre: Vec = np.stack([0.5 * (m.vertices.min(0) + m.vertices.max(0)) for m in meshes])
        reach = [np.linalg.norm(m.vertices - c, axis=1).max() for m, c in zip(meshes, self.centre, strict=True)]
        self.radius: Vec = np.array(reach)
        self.casts = np.array([p.casts for p in scene.parts])
        self._fish = [(k, int(vertex[k]), int(vertex[k + 1]), one) for k, one in scene.fish]

    def swim(self, t: float | None) -> None:
        """Puts the fish where they are at ``t`` [s]; None takes them out."""
        for part, first, end, one in self._fish:
            if t is None:
                self.centre[part] = 1e6
                continue
            vertices, normals, self.along[part] = one.mesh(t)
            self.faces.vertices[first:end], self.faces.normals[first:end] = vertices, normals
            self.centre[part] = 0.5 * (vertices.min(0) + vertices.max(0))
            self.radius[part] = np.linalg.norm(vertices - self.centre[part], axis=1).max()


class Renderer:
    """``seed``: of noise and marine snow (the paint's comes from the scenario). ``ship``: pose of the hull in the world.
    Set ``exact`` to have every pixel lit on its own; see `sim.shade`."""

    def __init__(
        self, scene: Scene, water: Water, rig: Rig, seed: int, ship: ShipPose | None = None, crew: Crew | None = None
    ) -> None:
        rig = with_lamps(rig, scene.scenario.vehicle.lamps)
        self.scene, self.water, self.rig, self.seed, self.look = scene, water, rig, seed, scene.scenario.camera
        self.ship = ShipPose(0.0, draught_m=scene.surface.draught_m) if ship is None else ship
        self.geometry = _Geometry(scene)
        self.exact = False
        self.rays_x, self.rays_y = pixel_rays(rig.camera)
        self._rays = self.rays_x.astype(np.float32), self.rays_y.astype(np.float32)
        self.lens = _lens(rig.camera, self.rays_x, self.rays_y)
        self.optics = optics(water, rig, self.rays_x, self.rays_y)
        self.crew = Crew(machine_hands()) if crew is None else crew
        self.pool = TilePool(scene.layers, scene.decals, self.crew)
        shadow_x, shadow_y = pixel_rays(_SHADOW)
        self._shadow_lens = _lens(_SHADOW, shadow_x, shadow_y)
        n = len(self.optics.lamps)
        self._shadow_rays = np.tile(shadow_x, (n, 1)).astype(np.float32), np.tile(shadow_y, (n, 1)).astype(np.float32)
        self._normals, self._gamma = normal_table(), camera.gamma_table()
        length = int(scene.surface.stations[-1]) + 12
        self._slots: Ints = np.full((len(scene.layers), round(length / TILE_M), round(40 / TILE_M)), -1, np.int32)
        self._wanted, self._none_wanted = np.zeros(self._slots.shape, np.uint8), np.zeros((0, 1, 1), np.uint8)
        current = np.array([*scene.scenario.current_mps, 0.0])
        self._drift: Vec = self.ship.dir_to_ned(current) + np.array([0.0, 0.0, SINK_MPS])
        self.visible_m = min(16.0, 9.0 / float(self.optics.c.min()))
        h, w = rig.camera.height, rig.camera.width
        self._canvas = canvas(h, w, self.geometry.faces)
        self._shadow_canvas = canvas(_SHADOW.height, _SHADOW.width, self.geometry.faces, len(self.optics.lamps))
        self._radiance, self._depth = np.empty((3, h, w), np.float32), np.empty((h, w), np.float32)
        self._small, self._marks = np.empty((h // 4, w // 4, 3), np.float32), np.zeros((h // MARK + 1, w // MARK + 1), np.uint8)
        self._picture, self._snow = np.empty((3, h, w), np.float32), np.empty((MOST, 7))

    # -- geometry ----------------------------------------------------------------------------------------------------

    def view(self, position_ned: Vec, rotation: Vec) -> View:
        """The camera's pose for a body pose (origin NED [m], body → NED)."""
        eye = position_ned + rotation @ np.array(self.rig.camera.mount_m)
        ned_turn = _BODY_TO_CAMERA @ rotation.T
        return View(self.ship.to_ship(eye), np.ascontiguousarray(ned_turn @ self.ship.dir_to_ned(np.eye(3)).T), eye, ned_turn)

    def _chosen(self, view: View, far: float) -> Ints:
        """Parts whose bounding spheres reach into the picture."""
        g = self.geometry
        p = (g.centre - view.eye) @ view.turn.T
        keep = (p[:, 2] > -g.radius) & (np.linalg.norm(p, axis=1) - g.radius < far)
        for axis, half in ((0, self.lens[6]), (1, self.lens[7])):
            keep &= np.abs(p[:, axis]) - half * p[:, 2] < g.radius * np.sqrt(1.0 + half * half)
        return np.flatnonzero(keep).astype(np.int32)

    def _draw(self, view: View, far: float, light: Light, wanted: NDArray[np.uint8]) -> Drawn:
        f, d = self.geometry.faces, self._canvas
        count = collect(f, self._chosen(view, far), view.turn, view.eye, self.lens, 0, 0, d.inv_z.shape[0], d)
        self.crew.work(fill, count, f, d, self.lens, *self._rays, light, self._marks, wanted)
        return d

    def _shadows(self, view: View) -> Floats:
        """Depth maps (lamps, h, w) of what casts shadows near the camera; none when nothing does."""
        g, d, lamps = self.geometry, self._shadow_canvas, self.optics.lamps
        p = (g.centre - view.eye) @ view.turn.T
        near = g.casts & (p[:, 2] > -g.radius) & (np.linalg.norm(p, axis=1) - g.radius < _SHADOW_REACH_M)
        near &= (np.abs(p[:, 0]) - 1.3 * p[:, 2] < 1.65 * g.radius) & (np.abs(p[:, 1]) - 1.0 * p[:, 2] < 1.65 * g.radius)
        chosen = np.flatnonzero(near).astype(np.int32)
        if len(chosen) == 0:
            return _NO_SHADOWS
        count = 0
        for k, lamp in enumerate(lamps):
            eye = view.eye + view.turn.T @ lamp
            count = collect(g.faces, chosen, view.turn, eye, self._shadow_lens, count, k * _SHADOW.height, _SHADOW.height, d)
        dark = self._light(view, _NO_SHADOWS)
        self.crew.work(fill, count, g.faces, d, self._shadow_lens, *self._shadow_rays, dark, self._marks, self._none_wanted)
        return d.inv_z.reshape(len(lamps), _SHADOW.height, _SHADOW.width)

    def _light(self, view: View, shadows: Floats, t: float = 0.0) -> Light:
        o, down = self.optics, np.ascontiguousarray(view.ned_turn[:, 2])
        sun = sun_row(self.water.sun, self.ship.heading_rad, float(o.c[1]), float(o.kd[1]), view.ned, view.ned_turn, t)
        boxes = np.zeros((len(shadows), 4))
        shadow_boxes(shadows, _SHADOW_GRID, boxes)
        return Light(o.lamps, shadows, boxes, _SHADOW_GRID, o.table, self._daylight(view) * o.ambient, o.kd, down, sun)

    def _paint(self, drawn: Drawn) -> Paint:
        """Sees to it that the picture's tiles are there and listed."""
        hit = drawn.inv_z[::8, ::8]
        hit = hit[hit > 0]
        distance = 1.0 / float(np.median(hit)) if len(hit) else 1.0
        level = int(np.clip(np.round(np.log2(max(distance / self.rig.camera.fx / TEXEL_M, 1e-3)) - 0.15), 0, LEVELS - 1))
        self._slots.fill(-1)
        keys = np.stack(np.unravel_index(np.flatnonzero(self._wanted.view(np.bool_)), self._wanted.shape), axis=1)
        self._wanted[keys[:, 0], keys[:, 1], keys[:, 2]] = 0
        keys[:, 1:] >>= level
        wanted = sorted({(a, b, c, level) for a, b, c in keys.tolist()})
        for (a, b, c, _), slot in zip(wanted, self.pool.ensure(wanted), strict=True):
            self._slots[a, b, c] = slot
        return Paint(self.pool.words, self._slots, self.pool.layers, TEXEL_M * (1 << level))

    # -- pictures ----------------------------------------------------------------------------------------------------

    def direct(self, position_ned: Vec, rotation: Vec) -> tuple[Floats, Floats]:
        """(Radiance (h, w, 3) R, G, B of the surfaces at the lens, without veil, blur, snow and noise; range (h, w) [m])."""
        self._direct(self.view(position_ned, rotation))
        return np.ascontiguousarray(np.moveaxis(self._radiance, 0, 2)), self._depth.copy()

    def _direct(self, view: View, t: float = 0.0) -> None:
        """Into ``_radiance``, ``_small`` and ``_depth``."""
        self.geometry.swim(t)
        light = self._light(view, self._shadows(view), t)
        drawn = self._draw(view, self.visible_m, light, self._wanted)
        along = np.ascontiguousarray(self.geometry.along @ view.turn.T)
        self.crew.work(
            shade, self.geometry.faces, drawn, light, self._paint(drawn), view.turn, along, *self._rays, self.exact, self._marks,
            self._radiance, self._depth, self._small,
        )  # fmt: skip

    def _daylight(self, view: View) -> Vec:
        return np.exp(-self.optics.kd * max(float(view.ned[2]), 0.0))

    def render(self, position_ned: Vec, R_body_to_ned: Vec, t: float, frame_seq: int, *motion: Vec) -> NDArray[np.uint8]:
        """The picture (h, w, 3) B, G, R. ``t`` [s] moves marine snow, threads of sunlight and the gain, ``frame_seq`` picks the
        noise. ``motion``: the body's velocity NED [m/s] and, if it is to count, its rates of turn (body frame) [rad/s]; they blur
        the picture over the scenario's exposure."""
        view, o = self.view(position_ned, R_body_to_ned), self.optics
        self._direct(view, t)
        h, w = self._depth.shape
        coarse = np.ascontiguousarray(self._depth[2::4, 2::4])
        radiance = self._radiance
        if motion and self.look.exposure_s > 0.0:
            rates = _BODY_TO_CAMERA @ motion[1] if len(motion) > 1 else np.zeros(3)
            radiance = self._smeared(radiance, coarse, view.ned_turn @ motion[0], rates)
        picture, daylight = self._picture, self._daylight(view)
        self.crew.work(
            camera.through_water, radiance, camera.spread(self._small), coarse, camera.lens_taps(o, coarse), 0.45 * float(o.c[1]),
            o.veil_d, o.veil, o.veil_ambient * daylight, o.table, picture,
        )  # fmt: skip
        n = find_snow(
            view.ned, view.ned_turn, self._drift * t, self.water.particles_per_m3, self.seed, self.lens, o.lamps, o.table, STEP_M,
            daylight * o.ambient, self._snow,
        )  # fmt: skip
        for stream in self.scene.bubbles:
            n = find_bubbles(
                *stream.at(t), view.eye, view.turn, self.lens, o.lamps, o.table, STEP_M, daylight * o.ambient, self._snow, n
            )
        gain = self._gain(picture, t)
        out = np.empty((h, w, 3), np.uint8)
        self.crew.work(
            camera.develop, picture, self._depth, self._snow[:n], gain * o.balance, max(gain / 2.0, 0.3),
            np.uint64(hash3(self.seed, frame_seq, 77)), self._normals, self._gamma, out,
        )  # fmt: skip
        return out

    def _smeared(self, radiance: Floats, coarse: Floats, velocity: Vec, rates: Vec) -> Floats:
        """Along the mean way of the picture while the shutter is open; ``velocity`` and ``rates`` in the camera frame."""
        rig, z = self.rig.camera, float(np.median(coarse))
        dx = rig.fx * (-velocity[0] / z - rates[1]) * self.look.exposure_s
        dy = rig.fy * (-velocity[1] / z + rates[0]) * self.look.exposure_s
        n = int(np.ceil(max(abs(dx), abs(dy)))) | 1
        if n < 3:
            return radiance
        kernel = np.zeros((n, n), np.float32)
        for a in np.linspace(-0.5, 0.5, 4 * n):
            kernel[round(n // 2 + a * np.clip(dy, 1 - n, n - 1)), round(n // 2 + a * np.clip(dx, 1 - n, n - 1))] += 1.0
        kernel /= kernel.sum()
        return np.stack([np.asarray(cv2.filter2D(c, -1, kernel, borderType=cv2.BORDER_REPLICATE)) for c in radiance])

    def _gain(self, picture: Floats, t: float) -> float:
        """The automatic gain, with its hunting."""
        look = self.look
        swing = look.gain_swing * value_noise(t / look.gain_period_s, 0.5, self.seed + 991) if look.gain_swing > 0.0 else 0.0
        return camera.exposure(picture, self.optics.balance) * (1.0 + swing)

    # -- truth -------------------------------------------------------------------------------------------------------

    def truth(self, position_ned: Vec, R_body_to_ned: Vec, far_m: float = 60.0, t: float | None = None) -> tuple[Floats, Ints]:
        """(depth along the optical axis [m], 0 for water; object id) per pixel of the picture, distortion included. Fish are in
        it where they are at ``t`` [s], and not with None."""
        self.geometry.swim(t)
        view = self.view(position_ned, R_body_to_ned)
        d = self._draw(view, far_m, self._light(view, _NO_SHADOWS), self._none_wanted)
        depth, ids = np.empty(d.hit.shape, np.float32), np.empty(d.hit.shape, np.int32)
        depth_and_ids(d, self.geometry.object_id, depth, ids)
        return depth, ids

    def project(self, position_ned: Vec, R_body_to_ned: Vec, points_ship: Vec) -> tuple[Vec, Vec, Vec]:
        """Pixel u, v and depth z (each (n,)) of ship-frame points (n, 3); NaN pixels behind or far outside the picture."""
        view = self.view(position_ned, R_body_to_ned)
        p = (points_ship - view.eye) @ view.turn.T
        z = p[:, 2]
        safe = np.where(z > 0.03, z, np.nan)
        x, y = p[:, 0] / safe, p[:, 1] / safe
        outside = (np.abs(x) > self.lens[6]) | (np.abs(y) > self.lens[7])
        u, v = distort(self.rig.camera, np.where(outside, np.nan, x), np.where(outside, np.nan, y))
        return u, v, z

    def points_in_view(
        self,
        position_ned: Vec,
        R_body_to_ned: Vec,
        points_ship: Vec,
        normals_ship: Vec,
        max_range_m: float = 3.0,
        max_incidence_rad: float = 1.2,
    ) -> tuple[NDArray[np.bool_], Vec, Vec]:
        """(Which points (n, 3) are in the picture, not hidden, near and square enough; range [m]; incidence [rad])."""
        view = self.view(position_ned, R_body_to_ned)
        u, v, z = self.project(position_ned, R_body_to_ned, points_ship)
        to_eye = view.eye - points_ship
        distance = np.linalg.norm(to_eye, axis=1)
        incidence = np.arccos(np.clip(np.einsum("ij,ij->i", to_eye, normals_ship) / np.maximum(distance, 1e-9), -1.0, 1.0))
        rig = self.rig.camera
        inside = np.isfinite(u) & (np.nan_to_num(u) > -0.5) & (np.nan_to_num(u) < rig.width - 0.5)
        inside &= (np.nan_to_num(v) > -0.5) & (np.nan_to_num(v) < rig.height - 0.5)
        depth, _ = self.truth(position_ned, R_body_to_ned, max_range_m + 2.0)
        i, j = (
            np.where(inside, np.rint(np.nan_to_num(v)), 0).astype(int),
            np.where(inside, np.rint(np.nan_to_num(u)), 0).astype(int),
        )
        front = depth[i, j]
        slack = 0.02 + 2.0 * z / rig.fx * np.tan(np.minimum(incidence, 1.4))
        clear = (front > 0) & (z < front + slack)
        return inside & clear & (distance <= max_range_m) & (incidence <= max_incidence_rad), distance, incidence
