"""Sea-chest gratings found again where the vessel file has them: the difference is the error of the believed x.

The picture is unrolled onto a grid of hull coordinates around the mapped grating, made independent of the light by dividing by
the plating's own brightness nearby, and searched for a dark opening of the grating's size with bars across it. Only openings
count that are in view over their whole length along x and half their height, only one clear best place, and only what `AGREE`
successive sights say alike.
"""

from collections import deque
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.config import KnownFitting
from vision.optics import Image
from vision.picture import Picture
from vision.placing import Look

GRID_M = 0.01
KIND = "sea_chest_grating"
INNER = 0.75
"""Of the grating's size, surely within its opening whatever the frame around it."""
RING_M = 0.08
SEARCH_SIGMAS = 3.0
MAX_SEARCH_M = 2.0
OUT_OF_VIEW_M = 0.5
"""Farther from the middle of the view than this a grating cannot be seen well enough at survey ranges."""
COARSE = 5
"""Of so many grid steps one is projected; between them pixels are interpolated, good to a tenth of a pixel."""
PLAY_S_M = 0.15
MIN_CONTRAST = 0.30
MAX_RIVAL = 0.6
RIVAL_APART_M = 0.25
MIN_INNER, MIN_RING, MIN_END = 0.5, 0.4, 0.45
"""Shares that must be in view: of the opening, of the plating around it, of each of the opening's two ends along x."""
MIN_CROSSINGS = 4
EDGE = 2
"""Grid cells around the best place that must have been judged too."""
AGREE, AGREE_M, AGREE_S = 3, 0.06, 2.0
TEMPLATE_STD_M = 0.03
Map = NDArray[np.float32]


class LandmarkFix(NamedTuple):
    """``x_error_m``: believed minus mapped x; ``std_m``: 1 sigma of it without the map's own error."""

    fitting: KnownFitting
    x_error_m: float
    std_m: float


class Spot(NamedTuple):
    """Where the opening is: grid offsets [m] from where it should be, and how clearly (0 to 1)."""

    dx_m: float
    ds_m: float
    contrast: float


class LandmarkSpotter:
    """Call `look_at` with every usable frame."""

    def __init__(self, fittings: tuple[KnownFitting, ...]) -> None:
        self._gratings = tuple(fitting for fitting in fittings if fitting.kind == KIND)
        self._recent: dict[str, deque[tuple[float, float]]] = {g.name: deque(maxlen=AGREE) for g in self._gratings}

    def look_at(self, t: float, picture: Picture, look: Look) -> list[LandmarkFix]:
        """The fixes that this frame completes."""
        out = []
        pose = look.belief.pose
        reach = min(SEARCH_SIGMAS * pose.x_std_m + 0.1, MAX_SEARCH_M)
        for grating in self._gratings:
            apart = abs(grating.x_m - pose.x_m) - reach, abs(grating.s_m - pose.s_m)
            if grating.side != look.side or max(apart) > OUT_OF_VIEW_M:
                continue
            spot = find_opening(picture.straight_grey, look, grating, reach)
            if spot is None:
                continue
            recent = self._recent[grating.name]
            recent.append((t, spot.dx_m))
            errors = [dx for _, dx in recent]
            if len(recent) == AGREE and t - recent[0][0] <= AGREE_S and max(errors) - min(errors) <= AGREE_M:
                tilt = look.range_m * pose.yaw_std_rad
                out.append(LandmarkFix(grating, float(np.mean(errors)), float(np.hypot(TEMPLATE_STD_M, tilt))))
                recent.clear()
        return out


def find_opening(grey: Image, look: Look, grating: KnownFitting, reach_m: float) -> Spot | None:
    """The one dark, barred opening of the grating's size within ``reach_m`` of x and `PLAY_S_M` of girth, or None. ``grey``:
    straight, at working scale."""
    half_x, half_s = (INNER * grating.size_m[0] / 2.0, INNER * grating.size_m[1] / 2.0)
    margin = (grating.size_m[0] / 2.0 + RING_M + 0.05, grating.size_m[1] / 2.0 + RING_M + 0.05)
    x = np.arange(grating.x_m - reach_m - margin[0], grating.x_m + reach_m + margin[0], GRID_M)
    s = np.arange(grating.s_m - PLAY_S_M - margin[1], grating.s_m + PLAY_S_M + margin[1], GRID_M)
    dark, valid = _darkness(grey, look, x, s)
    if not valid.any():
        return None
    inner = _box(half_x, half_s)
    contrast = _mean_inside(dark, valid, inner) - _mean_around(dark, valid, grating.size_m)
    contrast[_least_of_ends(valid, inner) < MIN_END] = np.nan
    contrast = np.where(np.isfinite(contrast), np.maximum(contrast, 0.0), -1.0).astype(np.float32)
    allowed = (np.abs(s - grating.s_m)[:, None] <= PLAY_S_M) & (np.abs(x - grating.x_m)[None, :] <= reach_m)
    contrast[~allowed] = -1.0
    row, col = divmod(int(np.argmax(contrast)), contrast.shape[1])
    best = float(contrast[row, col])
    # A best place at the edge of what could be judged means that the true one is beyond it.
    around = contrast[row, max(0, col - EDGE) : col + EDGE + 1]
    if best < MIN_CONTRAST or float(around.min()) < 0.0 or not _barred(dark, row, col, inner):
        return None
    near = np.abs(x - x[col]) < RIVAL_APART_M
    if float(contrast[:, ~near].max(initial=-1.0)) > MAX_RIVAL * best:
        return None
    level = contrast[row, :] > 0.97 * best
    dx = float(x[level & near].mean()) - grating.x_m
    return Spot(dx, float(s[row]) - grating.s_m, best)


def _darkness(grey: Image, look: Look, x: NDArray[np.float64], s: NDArray[np.float64]) -> tuple[Map, Map]:
    """How much darker than the plating around, 0 to 1, on the grid (rows along s); and 1 where the picture shows the place."""
    u, v, ahead = _projected(look, x, s)
    height, width = grey.shape
    valid = (ahead & (u >= 4) & (u <= width - 5) & (v >= 4) & (v <= height - 5)).astype(np.float32)
    flat = cv2.remap(cv2.medianBlur(grey, 5), u, v, cv2.INTER_LINEAR).astype(np.float32) * valid
    local = cv2.dilate(flat, np.ones((25, 25), np.uint8))
    local = cv2.GaussianBlur(local, (0, 0), 8.0)
    dark = np.clip((0.62 - flat / np.maximum(local, 1.0)) / 0.25, 0.0, 1.0) * valid
    return np.asarray(dark, np.float32), valid


def _projected(look: Look, x: NDArray[np.float64], s: NDArray[np.float64]) -> tuple[Map, Map, NDArray[np.bool_]]:
    """Pixels of the grid's places, and whether all around each are ahead of the camera."""
    nodes_x = np.linspace(x[0], x[-1], len(x) // COARSE + 2)
    nodes_s = np.linspace(s[0], s[-1], len(s) // COARSE + 2)
    grid_x, grid_s = np.meshgrid(nodes_x, nodes_s)
    pixels, ahead = look.project(grid_x.ravel(), grid_s.ravel())
    planes = np.stack([pixels[:, 0], pixels[:, 1], ahead]).reshape(3, len(nodes_s), len(nodes_x)).astype(np.float64)
    j, b = _between(x, nodes_x)
    i, a = _between(s, nodes_s)
    across = planes[:, :, j] * (1.0 - b) + planes[:, :, j + 1] * b
    full = across[:, i] * (1.0 - a)[:, None] + across[:, i + 1] * a[:, None]
    return full[0].astype(np.float32), full[1].astype(np.float32), full[2] > 0.999


def _between(places: NDArray[np.float64], nodes: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Index of the evenly spaced node before each place, and how far it is on to the next, 0 to 1."""
    where = (places - nodes[0]) / (nodes[1] - nodes[0])
    index = np.clip(where.astype(np.intp), 0, len(nodes) - 2)
    return index, where - index


class Cells(NamedTuple):
    """A rectangle of grid cells, odd both ways, around each cell."""

    rows: int
    cols: int

    @property
    def area(self) -> int:
        return self.rows * self.cols


def _box(half_x: float, half_s: float) -> Cells:
    return Cells(2 * round(half_s / GRID_M) + 1, 2 * round(half_x / GRID_M) + 1)


def _sums(plane: Map, over: Cells) -> Map:
    """Sum over the rectangle centred on each cell; nothing beyond the grid."""
    size = (over.cols, over.rows)
    return np.asarray(cv2.boxFilter(plane, cv2.CV_32F, size, normalize=False, borderType=cv2.BORDER_CONSTANT), np.float32)


def _mean_inside(dark: Map, valid: Map, inner: Cells) -> NDArray[np.float32]:
    """Mean of ``dark`` over ``inner``; NaN where less than `MIN_INNER` of it is in view."""
    return _mean(_sums(dark, inner), _sums(valid, inner), inner.area, MIN_INNER)


def _mean_around(dark: Map, valid: Map, size_m: tuple[float, float]) -> NDArray[np.float32]:
    """The same over the plating just around the grating."""
    outer = _box(size_m[0] / 2.0 + RING_M, size_m[1] / 2.0 + RING_M)
    edge = round(RING_M / GRID_M)
    hole = Cells(outer.rows - 2 * edge, outer.cols - 2 * edge)
    total, seen = (_sums(plane, outer) - _sums(plane, hole) for plane in (dark, valid))
    return _mean(total, seen, outer.area - hole.area, MIN_RING)


def _mean(total: Map, seen: Map, area: int, least: float) -> NDArray[np.float32]:
    return np.asarray(np.where(seen / area >= least, total / np.maximum(seen, 1.0), np.nan), np.float32)


def _least_of_ends(valid: Map, inner: Cells) -> NDArray[np.float32]:
    """The smaller of the shares of the opening's first and last columns that are in view."""
    half = inner.cols // 2
    share = np.pad(_sums(valid, Cells(inner.rows, 1)) / inner.rows, ((0, 0), (half, half)))
    return np.asarray(np.minimum(share[:, : -2 * half or None], share[:, 2 * half :]), np.float32)


def _barred(dark: Map, row: int, col: int, inner: Cells) -> bool:
    """Dark and light take turns across the opening, along x or along girth."""
    half_s, half_x = inner.rows // 2, inner.cols // 2
    inside = dark[max(0, row - half_s) : row + half_s + 1, max(0, col - half_x) : col + half_x + 1]
    for axis in (0, 1):
        profile = inside.mean(axis=axis)
        if float(profile.max() - profile.min()) < 0.3:
            continue
        high = profile > (float(profile.max()) + float(profile.min())) / 2.0
        if int(np.count_nonzero(high[1:] != high[:-1])) >= MIN_CROSSINGS:
            return True
    return False
