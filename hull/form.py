"""Parametric hull forms: particulars -> the grid of shell points that `hull.surface` works on.

Sections are wall-sided with a round bilge and a flat bottom; the half-breadth tapers towards bow and stern. The taper's exponent
is solved so that the block coefficient comes out as given. Aft the keel may rise to a counter (``cut-up``). Bulb and skeg are
fittings: bodies of their own on the centreline (`sim.clutter`). Flare is not modelled.
"""

import math

import numpy as np
from numpy.typing import NDArray

Vec = NDArray[np.float64]
STATION_M = 0.5
_STEM_HALF_BREADTH_M = 0.02


def sections(half_breadth_m: Vec, keel_m: Vec, bilge_radius_m: float, depth_m: float, points: tuple[int, int, int]) -> Vec:
    """(nx, n, 2) of (y, z) from the keel to the sheer: flat bottom, quarter-circle bilge, wall side.

    ``half_breadth_m``, ``keel_m`` (height of the bottom over the baseline): (nx,). ``points``: how many steps on bottom, bilge
    and side, the same at every station so that the grid lines up.
    """
    b, k = half_breadth_m, keel_m
    r = np.minimum(np.minimum(bilge_radius_m, 0.9 * b), 0.9 * (depth_m - k))
    flat = np.linspace(np.zeros_like(b), b - r, points[0] + 1, axis=1)
    angle = np.linspace(0.0, math.pi / 2.0, points[1] + 1)[1:]
    wall = np.linspace(k + r, np.full_like(b, depth_m), points[2] + 1, axis=1)[:, 1:]
    b, k, r = b[:, None], k[:, None], r[:, None]
    y = np.concatenate([flat, b - r + r * np.sin(angle), np.broadcast_to(b, wall.shape)], axis=1)
    z = np.concatenate([k + np.zeros_like(flat), k + r - r * np.cos(angle), wall], axis=1)
    return np.stack([y, z], axis=2)


def bilge_steps(radius_m: float, chord_error_m: float = 0.002) -> int:
    """Steps on a quarter circle so that chords leave it by at most ``chord_error_m``: e = r (1 - cos(pi / 4 n))."""
    ratio = max(1.0 - chord_error_m / max(radius_m, chord_error_m), 0.0)
    return max(6, math.ceil(math.pi / 4.0 / math.acos(ratio))) if ratio < 1.0 else 6


def half_breadth(x: Vec, length_m: float, beam_m: float, parallel: tuple[float, float], transom: float, exponent: float) -> Vec:
    """Half-breadth (n,) at stations ``x``. ``parallel``: where the parallel body begins and ends, as fractions of the length;
    ``transom``: half-breadth at the aft perpendicular over beam / 2; ``exponent`` > 0: larger is fuller."""
    aft, fore = parallel[0] * length_m, parallel[1] * length_m
    full = np.full_like(x, 1.0)
    if aft > 0:
        u = np.clip(x / aft, 0.0, 1.0)
        full = np.where(x < aft, transom + (1.0 - transom) * (1.0 - (1.0 - u) ** exponent), full)
    u = np.clip((length_m - x) / max(length_m - fore, 1e-9), 0.0, 1.0)
    full = np.where(x > fore, 1.0 - (1.0 - u) ** exponent, full)
    return np.maximum(full * beam_m / 2.0, _STEM_HALF_BREADTH_M)


def keel_line(x: Vec, length_m: float, cutup: tuple[float, float]) -> Vec:
    """Height of the bottom (n,) over the baseline at stations ``x``. ``cutup``: where the keel begins to rise, as a fraction of
    the length, and how high it is at the aft perpendicular [m]; it leaves the baseline smoothly, as the 1.5th power."""
    start, height = cutup
    if start <= 0.0 or height <= 0.0:
        return np.zeros_like(x)
    rise: Vec = height * np.clip(1.0 - x / (start * length_m), 0.0, 1.0) ** 1.5
    return rise


def stations(length_m: float) -> Vec:
    """Every `STATION_M` from perpendicular to perpendicular, four times as dense in the last 8 % at both ends."""
    n = max(8, round(length_m / STATION_M))
    coarse = np.linspace(0.0, length_m, n + 1)
    ends = np.linspace(0.0, 0.08 * length_m, max(4, round(0.08 * length_m / STATION_M * 4)) + 1)
    return np.unique(np.round(np.concatenate([coarse, ends, length_m - ends]), 6))


def build_grid(
    length_m: float,
    beam_m: float,
    depth_m: float,
    bilge_radius_m: float,
    parallel: tuple[float, float],
    transom: float,
    exponent: float,
    cutup: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float64]:
    """The grid (nx, ns, 3) of `hull.surface.HullSurface`, port half."""
    x = stations(length_m)
    breadth = half_breadth(x, length_m, beam_m, parallel, transom, exponent)
    points = (max(6, math.ceil(beam_m / 2.0 / 0.5)), bilge_steps(bilge_radius_m), max(8, math.ceil(depth_m / 0.25)))
    grid = np.zeros((len(x), sum(points) + 1, 3))
    grid[:, :, 0] = x[:, None]
    grid[:, :, 1:] = sections(breadth, keel_line(x, length_m, cutup), bilge_radius_m, depth_m, points)
    return grid


def grid_block_coefficient(grid: NDArray[np.float64], draught_m: float, beam_m: float) -> float:
    """Immersed volume over length x beam x draught, from the grid itself (trapezoids)."""
    y, z = grid[:, :, 1], grid[:, :, 2]
    # The steps that the waterline cuts are cut there, those above it count nothing.
    low, high = np.minimum(z[:, :-1], draught_m), np.minimum(z[:, 1:], draught_m)
    rise = z[:, 1:] - z[:, :-1]
    share = np.divide(high - low, rise, out=np.zeros_like(rise), where=rise > 0.0)
    start = y[:, :-1]
    areas = np.sum((high - low) * (2.0 * start + share * (y[:, 1:] - start)), axis=1)
    x = grid[:, 0, 0]
    return float(np.trapezoid(areas, x)) / (float(x[-1] - x[0]) * beam_m * draught_m)


def solve_exponent(
    block_coefficient: float,
    length_m: float,
    beam_m: float,
    draught_m: float,
    depth_m: float,
    bilge_radius_m: float,
    parallel: tuple[float, float],
    transom: float,
    cutup: tuple[float, float] = (0.0, 0.0),
) -> float | None:
    """The taper exponent that gives ``block_coefficient``, by bisection; None when no exponent in 1..12 does within 0.02."""

    def reached(exponent: float) -> float:
        grid = build_grid(length_m, beam_m, depth_m, bilge_radius_m, parallel, transom, exponent, cutup)
        return grid_block_coefficient(grid, draught_m, beam_m)

    low, high = 1.0, 12.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if reached(middle) < block_coefficient else (low, middle)
    return low if abs(reached(low) - block_coefficient) <= 0.02 else None
