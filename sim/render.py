"""The camera picture, and its truth, from scene, water and rig. One thread, no state: same arguments, same bits."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hull.frames import ShipPose
from sim import camera
from sim.noise import normal_table
from sim.paint import wanted_tiles
from sim.raster import distort, pixel_rays, raster, raster_bands
from sim.scenario import Water
from sim.scene import Scene
from sim.shade import shade
from sim.snow import SINK_MPS, add_snow
from sim.textures import LEVELS, TEXEL_M, TILE_M, TilePool
from sim.water_optics import STEP_M, optics
from wire.rig import CameraRig, Rig

Vec = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_BODY_TO_CAMERA = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_SHADOW = CameraRig(width=200, height=150, fx=75.0, fy=75.0, cx=99.5, cy=74.5, k1=0.0, k2=0.0)
_SHADOW_REACH_M = 2.5
EXPOSURE_S = 0.006


class View(NamedTuple):
    """``eye``: camera in the ship frame. ``turn``: ship → camera (3, 3). ``ned`` and ``ned_turn``: the same from the world."""

    eye: Vec
    turn: Vec
    ned: Vec
    ned_turn: Vec


class _Buffers(NamedTuple):
    inv_z: Vec
    face: Ints
    w1: Vec
    w2: Vec


def _buffers(height: int, width: int) -> _Buffers:
    return _Buffers(
        np.zeros((height, width)), np.full((height, width), -1, np.int32), np.zeros((height, width)), np.zeros((height, width))
    )


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
    """All parts' faces in flat arrays."""

    def __init__(self, scene: Scene) -> None:
        meshes = [p.mesh for p in scene.parts]
        first = np.cumsum([0] + [len(m.vertices) for m in meshes])
        ends = np.cumsum([0] + [len(m.faces) for m in meshes])
        self.vertices: Vec = np.ascontiguousarray(np.concatenate([m.vertices for m in meshes]))
        self.normals: Vec = np.ascontiguousarray(np.concatenate([m.normals for m in meshes]))
        self.uv: Vec = np.ascontiguousarray(np.concatenate([m.uv for m in meshes]))
        shifted = [m.faces + k for m, k in zip(meshes, first, strict=False)]
        self.faces: Ints = np.ascontiguousarray(np.concatenate(shifted), dtype=np.int32)
        count = np.diff(ends)
        self.layer: Ints = np.repeat(np.array([p.layer for p in scene.parts], np.int32), count)
        self.object_id: Ints = np.repeat(np.array([p.object_id for p in scene.parts], np.int32), count)
        self.part: Ints = np.repeat(np.arange(len(count), dtype=np.int32), count)
        self.along: Vec = np.stack([p.along for p in scene.parts])
        rows = [[a, b, p.layer, float(p.cuts)] for p, a, b in zip(scene.parts, ends[:-1], ends[1:], strict=True)]
        self.parts: Vec = np.array(rows, dtype=np.float64)
        self.centre: Vec = np.stack([0.5 * (m.vertices.min(0) + m.vertices.max(0)) for m in meshes])
        reach = [np.linalg.norm(m.vertices - c, axis=1).max() for m, c in zip(meshes, self.centre, strict=True)]
        self.radius: Vec = np.array(reach)
        self.casts = np.array([p.casts for p in scene.parts])
        self.cuts: Vec = np.array(scene.cuts, dtype=np.float64).reshape(-1, 5)


class Renderer:
    """``seed``: of noise and marine snow (the paint's comes from the scenario). ``ship``: pose of the hull in the world.
    Set ``exact`` to have every pixel lit on its own; see `sim.shade`."""

    def __init__(self, scene: Scene, water: Water, rig: Rig, seed: int, ship: ShipPose | None = None) -> None:
        self.scene, self.water, self.rig, self.seed = scene, water, rig, seed
        self.ship = ShipPose(0.0, draught_m=scene.surface.draught_m) if ship is None else ship
        self.geometry = _Geometry(scene)
        self.exact = False
        self.rays_x, self.rays_y = pixel_rays(rig.camera)
        self.lens = _lens(rig.camera, self.rays_x, self.rays_y)
        self.optics = optics(water, rig, self.rays_x, self.rays_y)
        self.pool = TilePool(scene.layers, scene.decals)
        self._shadow_rays = pixel_rays(_SHADOW)
        self._shadow_lens = _lens(_SHADOW, *self._shadow_rays)
        self._normals, self._gamma = normal_table(), camera.gamma_table()
        length = int(scene.surface.stations[-1]) + 12
        self._slots: Ints = np.full((len(scene.layers), round(length / TILE_M), round(40 / TILE_M)), -1, np.int32)
        current = np.array([*scene.scenario.current_mps, 0.0])
        self._drift: Vec = self.ship.dir_to_ned(current) + np.array([0.0, 0.0, SINK_MPS])
        self.visible_m = min(16.0, 9.0 / float(self.optics.c.min()))

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

    def _draw(self, view: View, far: float) -> _Buffers:
        g, rig = self.geometry, self.rig.camera
        buffers = _buffers(rig.height, rig.width)
        raster_bands(
            g.vertices,
            g.uv,
            g.faces,
            g.parts,
            self._chosen(view, far),
            g.cuts,
            view.turn,
            view.eye,
            self.rays_x,
            self.rays_y,
            self.lens,
            buffers.inv_z,
            buffers.face,
            buffers.w1,
            buffers.w2,
        )
        return buffers

    def _shadows(self, view: View) -> Floats:
        """Depth maps (lamps, h, w) of what casts shadows near the camera; none when nothing does."""
        g = self.geometry
        p = (g.centre - view.eye) @ view.turn.T
        near = g.casts & (p[:, 2] > -g.radius) & (np.linalg.norm(p, axis=1) - g.radius < _SHADOW_REACH_M)
        near &= (np.abs(p[:, 0]) - 1.3 * p[:, 2] < 1.65 * g.radius) & (np.abs(p[:, 1]) - 1.0 * p[:, 2] < 1.65 * g.radius)
        chosen = np.flatnonzero(near).astype(np.int32)
        if len(chosen) == 0:
            return np.zeros((0, 1, 1), np.float32)
        maps = []
        for lamp in self.optics.lamps:
            b = _buffers(_SHADOW.height, _SHADOW.width)
            eye = view.eye + view.turn.T @ lamp
            raster(
                0,
                _SHADOW.height,
                g.vertices,
                g.uv,
                g.faces,
                g.parts,
                chosen,
                g.cuts,
                view.turn,
                eye,
                *self._shadow_rays,
                self._shadow_lens,
                b.inv_z,
                b.face,
                b.w1,
                b.w2,
            )
            maps.append(b.inv_z.astype(np.float32))
        return np.stack(maps)

    def _tiles(self, buffers: _Buffers) -> float:
        """Sees to it that the picture's tiles are there and listed in ``_slots``; returns their texel [m]."""
        hit = buffers.inv_z[::8, ::8]
        hit = hit[hit > 0]
        distance = 1.0 / float(np.median(hit)) if len(hit) else 1.0
        level = int(np.clip(np.round(np.log2(max(distance / self.rig.camera.fx / TEXEL_M, 1e-3)) - 0.15), 0, LEVELS - 1))
        texel = TEXEL_M * (1 << level)
        self._slots.fill(-1)
        wanted = np.zeros(self._slots.shape, np.uint8)
        g = self.geometry
        wanted_tiles(buffers.face, buffers.w1, buffers.w2, g.faces, g.uv, g.layer, TILE_M * (1 << level), wanted)
        keys = [(int(a), int(b), int(c), level) for a, b, c in np.argwhere(wanted)]
        for (a, b, c, _), slot in zip(keys, self.pool.ensure(keys), strict=True):
            self._slots[a, b, c] = slot
        return texel

    # -- pictures ----------------------------------------------------------------------------------------------------

    def direct(self, position_ned: Vec, rotation: Vec) -> tuple[Floats, Floats]:
        """(Radiance (h, w, 3) R, G, B of the surfaces at the lens, without veil, blur, snow and noise; range (h, w) [m])."""
        return self._direct(self.view(position_ned, rotation))

    def _direct(self, view: View) -> tuple[Floats, Floats]:
        g, o, rig = self.geometry, self.optics, self.rig.camera
        buffers = self._draw(view, self.visible_m)
        texel = self._tiles(buffers)
        radiance = np.zeros((rig.height, rig.width, 3), np.float32)
        depth = np.empty((rig.height, rig.width), np.float32)
        along = np.ascontiguousarray(g.along @ view.turn.T)
        grid = np.array([_SHADOW.cx, _SHADOW.cy, _SHADOW.fx])
        shade(
            buffers.inv_z,
            buffers.face,
            buffers.w1,
            buffers.w2,
            self.rays_x,
            self.rays_y,
            g.faces,
            g.normals,
            g.uv,
            g.layer,
            g.part,
            along,
            view.turn,
            self.pool.words,
            self._slots,
            self.pool.layers,
            texel,
            o.lamps,
            self._shadows(view),
            grid,
            o.table,
            self._daylight(view) * o.ambient,
            o.kd,
            np.ascontiguousarray(view.ned_turn[:, 2]),
            self.exact,
            radiance,
            depth,
        )
        return radiance, depth

    def _daylight(self, view: View) -> Vec:
        return np.exp(-self.optics.kd * max(float(view.ned[2]), 0.0))

    def render(
        self, position_ned: Vec, R_body_to_ned: Vec, t: float, frame_seq: int, velocity_ned: Vec | None = None
    ) -> NDArray[np.uint8]:
        """The picture (h, w, 3) B, G, R. ``t`` [s] moves the marine snow, ``frame_seq`` picks the noise; ``velocity_ned`` of the
        body [m/s] adds motion blur (translation only) over EXPOSURE_S."""
        view, o = self.view(position_ned, R_body_to_ned), self.optics
        radiance, depth = self._direct(view)
        h, w = depth.shape
        coarse = np.ascontiguousarray(depth[2::4, 2::4])
        if velocity_ned is not None:
            radiance = self._smeared(radiance, coarse, view.ned_turn @ velocity_ned)
        daylight = self._daylight(view)
        picture = camera.through_water(radiance, coarse, o, daylight)
        add_snow(
            picture,
            depth,
            view.ned,
            view.ned_turn,
            self._drift * t,
            self.water.particles_per_m3,
            self.seed,
            self.lens,
            o.lamps,
            o.table,
            STEP_M,
            daylight * o.ambient,
        )
        gain = camera.exposure(picture, o.balance)
        out = np.empty((h, w, 3), np.uint8)
        iso = max(gain / 2.0, 0.3)
        camera.develop(picture, gain * o.balance, iso, self.seed, frame_seq, self._normals, self._gamma, out)
        return out

    def _smeared(self, radiance: Floats, coarse: Floats, velocity: Vec) -> Floats:
        z = float(np.median(coarse))
        dx, dy = (-self.rig.camera.fx * v / z * EXPOSURE_S for v in velocity[:2])
        n = int(np.ceil(max(abs(dx), abs(dy)))) | 1
        if n < 3:
            return radiance
        kernel = np.zeros((n, n), np.float32)
        for a in np.linspace(-0.5, 0.5, 4 * n):
            kernel[
                round(n // 2 + a * min(abs(dy), n - 1) * np.sign(dy)), round(n // 2 + a * min(abs(dx), n - 1) * np.sign(dx))
            ] += 1.0
        return np.asarray(cv2.filter2D(radiance, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))

    # -- truth -------------------------------------------------------------------------------------------------------

    def truth(self, position_ned: Vec, R_body_to_ned: Vec, far_m: float = 60.0) -> tuple[Floats, Ints]:
        """(depth along the optical axis [m], 0 for water; object id) per pixel of the picture, distortion included."""
        b = self._draw(self.view(position_ned, R_body_to_ned), far_m)
        seen = b.face >= 0
        depth = np.where(seen, 1.0 / np.maximum(b.inv_z, 1e-9), 0.0).astype(np.float32)
        ids = np.where(seen, self.geometry.object_id[np.maximum(b.face, 0)], 0).astype(np.int32)
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
