"""Registers a frame to an earlier one: matches, the hull's plane homography and the metric motion.

All at half the working scale, after a small median filter against noise and marine snow. Matches are dense: the keyframe is
warped as the believed motion predicts, flow finds the rest, and a grid of places whose surroundings correlate is kept. (Corner
tracks were tried first: in haze over blurred paint they gave 0 to 100 matches where this gives 300 to 800.)
RANSAC finds the plane most matches agree on. Where the rest agree on a second plane that lies farther away and holds a fair
share of the picture's rim, that one is the hull and the first was an object filling the view; with little of the rim it is a
recess. The homography A = R + t·nᵀ/d is split into motion and plane; the split nearest the belief gives t/d more precisely than
the navigator does, d comes from the stand-off.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.matching import STEP, Flow, Match
from vision.optics import Image, Optics
from vision.picture import Picture
from vision.placing import Look
from vision.ranks import quantile

Vec = NDArray[np.float64]
_THRESHOLD_PX = 1.0
_MIN_MATCHES = 60
_CORRELATION = 0.6
_GRID = 8 // STEP
_RIM_SHARE = 0.3
_STRIP_SHARE = 0.3
_SEED = 20260101


class Prepared(NamedTuple):
    """A frame made ready: half-scale undistorted grey with local contrast equalised, and its geometry by belief."""

    t: float
    grey: Image
    look: Look


class Registration(NamedTuple):
    """``homography``: current to keyframe, half-scale pixels. ``rotation``, ``shift``: p_key = R·p_cur + t in camera axes [m].
    ``normal``, ``distance_m``: the plane n·p = d in the current camera. ``baseline_m``: |t|. ``inliers``: matches on the plane;
    ``matches``: all; ``spread``: share of a 4×3 grid that holds inliers."""

    homography: Vec
    rotation: Vec
    shift: Vec
    normal: Vec
    distance_m: float
    baseline_m: float
    inliers: int
    matches: int
    spread: float
    match: Match


class Registrar:
    """Makes frames ready and registers pairs of them. ``optics``: at working scale."""

    def __init__(self, optics: Optics) -> None:
        self._optics = optics.reduced(2)
        self._flow = Flow()
        self._clahe = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 6))

    def prepare(self, t: float, picture: Picture, look: Look) -> Prepared:
        calm = cv2.GaussianBlur(cv2.medianBlur(picture.straight_half_grey, 3), (0, 0), 0.8)
        return Prepared(t, np.asarray(self._clahe.apply(calm), np.uint8), look)

    def register(self, current: Prepared, key: Prepared) -> Registration | None:
        """None when too few matches agree."""
        rotation, shift = current.look.motion_from(key.look)
        normal, distance = current.look.plane()
        k = self._optics.matrix
        predicted = k @ (rotation + np.outer(shift, normal) / distance) @ np.linalg.inv(k)
        match = Match(current.grey, key.grey, predicted, self._flow)
        source, target = matches(match)
        if len(source) < _MIN_MATCHES:
            return None
        epipole = k @ np.linalg.inv(rotation + np.outer(shift, normal) / distance) @ shift
        found = hull_homography(source, target, epipole)
        if found is None:
            return None
        homography, mask = found
        if _strip(source[mask], (self._optics.width, self._optics.height)):
            homography, mask = anchored(predicted, source, target, mask)
        cells = (source[mask] / [self._optics.width / 4.0, self._optics.height / 3.0]).astype(np.intp)
        spread = len(set((cells[:, 0] + 4 * cells[:, 1]).tolist())) / 12.0
        motion = split(np.linalg.inv(k) @ homography @ k, (rotation, shift / distance, normal))
        if motion is not None and spread >= 0.6 and int(mask.sum()) >= 150:
            rotation, ratio, normal = motion
            shift = ratio * distance
        baseline, inliers = float(np.linalg.norm(shift)), int(mask.sum())
        return Registration(homography, rotation, shift, normal, distance, baseline, inliers, len(source), spread, match)


def warp_points(homography: Vec, points: Vec) -> Vec:
    """Points (n, 2) through a homography."""
    out = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return out[:, :2] / out[:, 2:]


def matches(match: Match) -> tuple[Vec, Vec]:
    """Half-scale pixels in the current picture and in the keyframe, (n, 2) each, on a grid where the two correlate."""
    good = match.overlap & (match.agree > _CORRELATION)
    rows, cols = np.nonzero(good[_GRID // 2 :: _GRID, _GRID // 2 :: _GRID])
    rows, cols = rows * _GRID + _GRID // 2, cols * _GRID + _GRID // 2
    source: Vec = np.stack([cols, rows], axis=1).astype(np.float64) * STEP + (STEP - 1) / 2.0
    return source, warp_points(match.homography, source + match.flow[rows, cols])


def _ransac(source: Vec, target: Vec) -> tuple[Vec, NDArray[np.bool_]] | None:
    if len(source) < 20:
        return None
    params = cv2.UsacParams()
    params.randomGeneratorState = _SEED
    params.threshold = _THRESHOLD_PX
    params.confidence = 0.999
    params.maxIterations = 2000
    params.score = cv2.SCORE_METHOD_MSAC
    params.loMethod = cv2.LOCAL_OPTIM_INNER_LO
    params.isParallel = False
    homography, mask = cv2.findHomography(source, target, params)
    if homography is None or mask is None:
        return None
    inside = np.asarray(mask, np.uint8).ravel() == 1
    if int(inside.sum()) < 20:
        return None
    refined, _ = cv2.findHomography(source[inside], target[inside], 0)
    if refined is None:
        return None
    refined = np.asarray(refined, np.float64)
    return refined, _near(refined, source, target)


def _near(homography: Vec, source: Vec, target: Vec) -> NDArray[np.bool_]:
    """Matches that the homography explains."""
    miss = warp_points(homography, source) - target
    return np.asarray(np.einsum("ij,ij->i", miss, miss) < _THRESHOLD_PX**2, np.bool_)


def hull_homography(source: Vec, target: Vec, epipole: Vec) -> tuple[Vec, NDArray[np.bool_]] | None:
    """The homography of the farthest well supported plane, and its inliers. ``epipole``: see `parallax_direction`."""
    first = _ransac(source, target)
    if first is None:
        return None
    homography, inside = first
    rest = np.flatnonzero(~inside)
    if len(rest) < max(25, 0.15 * len(source)):
        return first
    second = _ransac(source[rest], target[rest])
    if second is None or int(second[1].sum()) < max(25, 0.12 * len(source)):
        return first
    members = rest[second[1]]
    back = np.asarray(np.linalg.inv(homography), np.float64)
    moved = warp_points(back, target[members]) - source[members]
    along = parallax_direction(epipole, source[members])
    nearer = np.einsum("ij,ij->i", moved, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-9)
    rim = _rim(source)
    if float(np.median(nearer)) < 0.0 and float(rim[members].sum()) > _RIM_SHARE * float((rim & inside).sum()):
        return second[0], _near(second[0], source, target)
    return first


def _strip(points: Vec, size: tuple[int, int]) -> bool:
    """Whether most of the points lie in a strip across the picture, less than `_STRIP_SHARE` of it wide or high."""
    spans = (quantile(points[:, k], 0.9) - quantile(points[:, k], 0.1) for k in range(2))
    return any(span < 0.8 * _STRIP_SHARE * whole for span, whole in zip(spans, size, strict=True))


def anchored(predicted: Vec, source: Vec, target: Vec, mask: NDArray[np.bool_]) -> tuple[Vec, NDArray[np.bool_]]:
    """The believed homography shifted to where the plane's matches are: a strip of it tells its place and not its tilt."""
    shift = np.eye(3)
    shift[:2, 2] = np.median(target[mask] - warp_points(predicted, source[mask]), axis=0)
    homography: Vec = np.asarray(shift @ predicted, np.float64)
    return homography, _near(homography, source, target)


def _rim(points: Vec) -> NDArray[np.bool_]:
    """Which points lie in the outer sixth of what the points span: hull surrounds objects, and recesses too."""
    low, high = points.min(axis=0), points.max(axis=0)
    place = (points - low) / np.maximum(high - low, 1.0)
    return np.asarray((np.minimum(place, 1.0 - place) < 1.0 / 6.0).any(axis=1), np.bool_)


def parallax_direction(epipole: Vec, points: Vec) -> Vec:
    """(n, 2): residual motion per unit of 1/Z − 1/Z_plane. ``epipole`` = K·A⁻¹·t, not normalised."""
    return np.asarray(epipole[:2] - epipole[2] * points, np.float64)


def split(euclidean: Vec, belief: tuple[Vec, Vec, Vec]) -> tuple[Vec, Vec, Vec] | None:
    """(R, t/d, n) of K⁻¹·H·K nearest the believed one; None when no split comes near it."""
    rotation, ratio, normal = belief
    middle = float(np.linalg.svd(euclidean, compute_uv=False)[1])
    scaled = euclidean / middle
    if np.linalg.det(scaled) < 0:
        scaled = -scaled
    count, rotations, shifts, normals = cv2.decomposeHomographyMat(scaled, np.eye(3))
    best: tuple[Vec, Vec, Vec] | None = None
    best_miss = 0.35
    for i in range(count):
        n = np.asarray(normals[i], np.float64).ravel()
        t = np.asarray(shifts[i], np.float64).ravel()
        if n[2] < 0:
            n, t = -n, -t
        miss = float(np.linalg.norm(t - ratio)) / max(float(np.linalg.norm(ratio)), 1e-6) + 0.5 * float(
            np.linalg.norm(n - normal)
        )
        turn = float(np.linalg.norm(np.asarray(rotations[i]) - rotation))
        if turn < 0.1 and miss < best_miss:
            best, best_miss = (np.asarray(rotations[i], np.float64), t, n), miss
    return best
