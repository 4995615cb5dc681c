"""Height above the plating from the parallax left over after the plane is registered.

For a pixel p with ray r = K⁻¹p on the plane n·P = d the keyframe, warped by the plane homography, shows a point at depth Z
displaced by μ = δ·(e_xy − e_z·p)/(1 + δ·e_z), with δ = 1/Z − (n·r)/d and e = K·A⁻¹·t. Hence δ, hence the height
h = d·δ·Z_plane/(1 + δ·Z_plane). For pure sideways motion this is μ = f·b·h/(Z(Z − h)). μ is dense flow at half scale; only
its part along the known direction counts, the part across it measures the error.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.matching import STEP, places
from vision.optics import Optics
from vision.placing import Look
from vision.registration import Prepared, Registration

Vec = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
HALF = 2
_CORRELATION = 0.6
_ACROSS_PX = 1.0


class Relief(NamedTuple):
    """At half working scale. ``height_m``: above the hull as modelled, positive towards the camera. ``sure``: measured
    there; ``overlap``: seen by both frames. ``sure_share``: of the overlap. ``noise_m``: 1 sigma of flat hull."""

    height_m: Map
    sure: Mask
    overlap: Mask
    sure_share: float
    noise_m: float


class ReliefMeter:
    """Measures relief between registered frames; keeps buffers and the flow engine."""

    def __init__(self, optics: Optics) -> None:
        self._working = optics
        self._optics = optics.reduced(HALF)
        self.size = (self._optics.width, self._optics.height)

    @property
    def pixels(self) -> Vec:
        """Working pixels (n, 2) of the map's places, row by row."""
        xs, ys = np.meshgrid(np.arange(self.size[0]), np.arange(self.size[1]))
        return np.stack([xs.ravel(), ys.ravel()], axis=1).astype(np.float64) * HALF + 0.5 * (HALF - 1)

    def measure(self, current: Prepared, found: Registration) -> Relief:
        match = found.match
        height, across = self._heights(found, *match.flow_from(found.homography))
        sure = match.overlap & (match.agree > _CORRELATION) & (across < _ACROSS_PX)
        height -= self._modelled(current.look, (height.shape[1], height.shape[0]))
        height = level(height, sure)
        flat = sure & (np.abs(height) < 0.02)
        noise = float(np.std(height[flat])) if flat.sum() > 100 // STEP**2 else float("inf")
        share = float(sure.sum()) / max(1.0, float(match.overlap.sum()))
        height, agree, across = (self._grown(plane) for plane in (height, match.agree, across))
        overlap = self._grown(match.overlap.astype(np.float32)) > 0.5
        return Relief(height, overlap & (agree > _CORRELATION) & (across < _ACROSS_PX), overlap, share, noise)

    def _grown(self, plane: Map) -> Map:
        """From one entry for each place to half scale; an odd row or column, which no place has, gets its neighbour's value."""
        even = (plane.shape[1] * STEP, plane.shape[0] * STEP)
        out = cv2.resize(plane, even, interpolation=cv2.INTER_LINEAR)
        right, bottom = self.size[0] - even[0], self.size[1] - even[1]
        if right or bottom:
            out = cv2.copyMakeBorder(out, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        return np.asarray(out, np.float32)

    def _heights(self, found: Registration, mx: Map, my: Map) -> tuple[Map, Map]:
        """Height over the fitted plane [m] and the flow across the epipolar direction [half-scale px], for each place.
        ``mx``, ``my``: see `vision.matching.Match.flow_from`."""
        a = found.rotation + np.outer(found.shift, found.normal) / found.distance_m
        e0, e1, e2 = (np.float32(v) for v in self._optics.matrix @ np.linalg.inv(a) @ found.shift)
        n0, n1, n2 = (np.float32(v) for v in np.linalg.inv(self._optics.matrix).T @ found.normal)
        distance = np.float32(found.distance_m)
        xs, ys = places(*mx.shape)
        ax, ay = e0 - e2 * xs, e1 - e2 * ys  # `parallax_direction`, which is separable
        length2 = np.maximum(ax * ax + ay * ay, np.float32(1e-9))
        g = (mx * ax + my * ay) / length2
        across = np.abs(mx * ay - my * ax) / np.sqrt(length2)
        delta = g / np.clip(np.float32(1.0) - g * e2, np.float32(0.1), np.float32(10.0))
        delta *= distance / np.maximum(n0 * xs + n1 * ys + n2, np.float32(0.1))
        height = distance * delta / np.maximum(np.float32(1.0) + delta, np.float32(0.2))
        return height, across

    def _modelled(self, look: Look, size: tuple[int, int]) -> Map:
        """What the hull's own curvature puts above the fitted plane."""
        xs, ys = np.meshgrid(np.linspace(0, self._working.width - 1, 9), np.linspace(0, self._working.height - 1, 7))
        pixels = np.stack([xs.ravel(), ys.ravel()], axis=1)
        hits = look.place(pixels)
        rays = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(self._working.matrix).T
        normal, distance = look.plane()
        height = np.where(hits.ok, distance - hits.forward * (rays @ normal), 0.0)
        grid = np.clip(height, -0.5, 0.5).reshape(7, 9).astype(np.float32)
        return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC), np.float32)


def level(height: Map, sure: Mask, near_m: float = 0.02) -> Map:
    """Takes out the tilt and offset of the flat part: a plane fitted to what is sure and within ``near_m`` of it."""
    rows, cols = np.nonzero(sure[::2, ::2])
    if len(rows) < 50:
        return height
    z = height[::2, ::2][rows, cols].astype(np.float64)
    design = np.column_stack([np.ones(len(z)), cols * 0.02, rows * 0.02])
    fit: Vec = np.zeros(3)
    for _ in range(3):
        near = (np.abs(z - design @ fit) < near_m).astype(np.float64)
        if near.sum() < 50:
            return height
        weighted = design * near[:, None]
        fit = np.asarray(np.linalg.solve(weighted.T @ design, weighted.T @ z), np.float64)
    across = (fit[0] + fit[1] / 100.0 * np.arange(height.shape[1])).astype(np.float32)
    down = (fit[2] / 100.0 * np.arange(height.shape[0])).astype(np.float32)
    return np.asarray(height - across[None, :] - down[:, None], np.float32)
