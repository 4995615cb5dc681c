"""Light in the water: attenuation, daylight with depth, lamps and what they scatter back. Channels R, G, B; lengths in metres.

A patch of albedo ρ under lamps of intensity I at distance dₗ, seen from dᵥ, has the radiance (in units where a white patch at 1 m
under one lamp in clear water is 1)

    ρ · Σ I cos²θ cos i / dₗ² · exp(−c (dₗ + dᵥ))   plus daylight   ρ · E(depth) · (½ + ½ n·up) · exp(−c dᵥ)

plus the veil of light scattered back before it reaches the patch. Single scattering; forward scatter is a blur (`sim.camera`).
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from sim.scenario import Water
from wire.rig import Rig

Vec = NDArray[np.float64]

LAMP_INTENSITY = 1.0
SCATTER_SHARE = np.array([0.50, 0.74, 0.68])
"""Single-scattering albedo b/c of harbour water by channel: assumed round numbers, red the most absorbed."""
BACKWARD_PHASE = 0.021
"""π times the phase function near 160°, raised for multiple scattering (assumed; ocean phase functions give 0.01–0.03)."""
AMBIENT_PHASE = 0.05
REFERENCE_M = 0.8
STEP_M = 0.004
REACH_M = 16.0
NODES = 28


class Optics(NamedTuple):
    """``table`` (n, 3): exp(−c d) at d = k · STEP_M. ``lamps`` (n, 3): in the camera frame. ``ambient`` (3,): irradiance at the
    surface. ``kd`` (3,): its decay with depth. ``veil_d`` (NODES,), ``veil`` (NODES, h/4, w/4, 3): lamp veil up to a distance.
    ``veil_ambient`` (3,): saturated daylight veil at the surface. ``balance`` (3,): the camera's fixed white balance."""

    c: Vec
    table: NDArray[np.float32]
    lamps: Vec
    ambient: Vec
    kd: Vec
    veil_d: Vec
    veil: NDArray[np.float32]
    veil_ambient: Vec
    balance: Vec


MORE_LAMPS_M = ((0.20, -0.16, 0.12), (0.20, 0.16, 0.12))
"""Where a third and a fourth lamp sit, below the camera (body frame)."""


def with_lamps(rig: Rig, lamps: int) -> Rig:
    """The rig with so many lamps: its own, then those of MORE_LAMPS_M."""
    own = rig.lamp_mounts_m
    return msgspec.structs.replace(rig, lamp_mounts_m=(own + MORE_LAMPS_M[: max(lamps - len(own), 0)])[:lamps])


def lamp_positions(rig: Rig) -> Vec:
    """(n, 3) in the camera frame (x right, y down, z ahead)."""
    body = np.array(rig.lamp_mounts_m) - np.array(rig.camera.mount_m)
    return np.ascontiguousarray(body[:, [1, 2, 0]])


def optics(water: Water, rig: Rig, rays_x: Vec, rays_y: Vec) -> Optics:
    """Tables for one water and rig; ``rays_x``/``rays_y``: (h, w) of `sim.raster.pixel_rays`."""
    c = np.array(water.attenuation_rgb)
    lamps = lamp_positions(rig)
    table = np.exp(-np.arange(int(REACH_M / STEP_M) + 2)[:, None] * STEP_M * c[None, :]).astype(np.float32)
    reference = 2 * LAMP_INTENSITY / REFERENCE_M**2
    ambient = water.ambient * reference * np.array([0.80, 1.0, 0.92])
    kd = 0.20 * c + np.array([0.28, 0.02, 0.08])
    veil_d, veil = _lamp_veil(c, lamps, rays_x[2::4, 2::4], rays_y[2::4, 2::4])
    balance = np.exp(0.50 * 2.0 * REFERENCE_M * (c - c[1]))
    return Optics(c, table, lamps, ambient, kd, veil_d, veil, AMBIENT_PHASE * SCATTER_SHARE * ambient, balance)


def _lamp_veil(c: Vec, lamps: Vec, x: Vec, y: Vec) -> tuple[Vec, NDArray[np.float32]]:
    """∫ of the lamps' back-scatter along each ray from the lens to the node distances."""
    nodes = np.concatenate([[0.0], np.geomspace(0.08, min(REACH_M, 9.0 / float(c.min())), NODES - 1)])
    rays = np.stack([x, y, np.ones_like(x)], axis=2)
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    out = np.zeros((NODES, *x.shape, 3), np.float32)
    total = np.zeros((*x.shape, 3))
    for k in range(1, NODES):
        steps = 3
        width = (nodes[k] - nodes[k - 1]) / steps
        for m in range(steps):
            d = nodes[k - 1] + (m + 0.5) * width
            for lamp in lamps:
                path = d * rays - lamp
                r = np.linalg.norm(path, axis=2)
                beam = np.maximum(path[..., 2] / r, 0.0) ** 2
                light = (LAMP_INTENSITY * beam / np.maximum(r, 0.05) ** 2)[..., None] * np.exp(-c * (r[..., None] + d))
                total += BACKWARD_PHASE * SCATTER_SHARE * c * light * width
        out[k] = total
    return nodes, out


def lamp_irradiance(c: Vec, lamps: Vec, point: Vec, normal: Vec) -> Vec:
    """(3,) lamp irradiance attenuated on the lamp's way only, at a camera-frame point with unit normal: the formula above."""
    total = np.zeros(3)
    for lamp in lamps:
        to_lamp = lamp - point
        d = float(np.linalg.norm(to_lamp))
        facing = max(float(normal @ to_lamp) / d, 0.0)
        beam = max(-float(to_lamp[2]) / d, 0.0) ** 2
        total += LAMP_INTENSITY * beam * facing / d**2 * np.exp(-c * d)
    return total
