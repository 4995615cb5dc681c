"""Suspicious regions of one frame, from relief first and appearance second.

Relief finds what appearance cannot: a container in the hull's own paint. Appearance without relief is judged by what relief
says there: measured flat means paint and is dropped; not measured stays a weak candidate that alone never confirms.
"""

from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import anomaly
from vision.picture import Picture
from vision.placing import Look
from vision.ranks import quantile
from vision.relief import HALF, Relief
from wire.messages import Kind

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
MIN_HEIGHT_M = 0.03
MIN_AREA_M2 = 0.004
MIN_VOLUME_M3 = 0.002
"""Two litres: a standard anode holds less, and nothing worth hiding fits in less."""
FLAT_M = 0.02
LOW_M = 0.05
_EDGE_PX = 8
_FLAT_TOP = 0.13


class Candidate(NamedTuple):
    """``box``: x0, y0, x1, y1 in working pixels; ``base``: the same for where it stands on the plating. ``cut``: the region runs
    on beyond the left, top, right, bottom of what was judged. ``size_m``: longer and shorter side. ``height_m``: None if not
    measured. ``cue``: "relief", "appearance" or both."""

    box: tuple[float, float, float, float]
    base: tuple[float, float, float, float]
    score: float
    kind: Kind
    height_m: float | None
    size_m: tuple[float, float]
    cut: tuple[bool, bool, bool, bool]
    cue: str


class Detector(Protocol):
    """In two steps: what the picture alone shows (any map or list that the second understands), then what that and relief say
    together."""

    def see(self, picture: Picture) -> Any:
        """``picture``: not enhanced; ``picture.straight`` is the undistorted working image."""
        ...

    def detect(self, seen: Any, relief: Relief | None, look: Look) -> list[Candidate]:
        """``relief``: None when it could not be measured."""
        ...


class Blob(NamedTuple):
    """One connected region at half scale: its pixels as a mask over ``window`` (x, y, w, h)."""

    window: tuple[int, int, int, int]
    inside: Mask


class CueDetector:
    """Rules on measured cues; no learning. ``focal_px``: at working scale."""

    def __init__(self, focal_px: float) -> None:
        self._focal_half = focal_px / HALF

    def see(self, picture: Picture) -> Map:
        """How strange each place looks, at half scale."""
        height, width = picture.half_grey.shape
        return anomaly(picture.straight_quarter, (width, height))

    def detect(self, seen: Map, relief: Relief | None, look: Look) -> list[Candidate]:
        odd = seen
        found: list[Candidate] = []
        taken = np.zeros(odd.shape, np.bool_)
        if relief is not None:
            for blob in self._raised(relief):
                candidate = self._from_relief(blob, relief, odd, look)
                if candidate is not None:
                    found.append(candidate)
                    x, y, w, h = blob.window
                    taken[y : y + h, x : x + w] |= blob.inside
        found += self._from_appearance(odd, taken, relief, look)
        return sorted(found, key=lambda c: (-c.score, c.box))

    def _raised(self, relief: Relief) -> list[Blob]:
        floor = max(MIN_HEIGHT_M, 4.0 * relief.noise_m)
        raised = (relief.sure & (relief.height_m > floor)).astype(np.uint8)
        closed = cv2.morphologyEx(raised, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        return blobs(np.asarray(opened, np.uint8), 60)

    def _from_relief(self, blob: Blob, relief: Relief, odd: Map, look: Look) -> Candidate | None:
        x, y, w, h = blob.window
        heights = relief.height_m[y : y + h, x : x + w]
        measured = blob.inside & relief.sure[y : y + h, x : x + w]
        if measured.sum() < 30:
            return None
        height = quantile(heights[measured], 0.8)
        core = blob.inside & (heights > max(MIN_HEIGHT_M * 0.8, 0.5 * height))
        if core.sum() < 30:
            return None
        metre = max(look.range_m - height, 0.1) / self._focal_half
        length, width, _ = shape(core, metre)
        area = float(core.sum()) * metre * metre
        if area < MIN_AREA_M2:
            return None
        strange = float(np.median(odd[y : y + h, x : x + w][core])) > 4.0
        score = 0.5 + 0.4 * min(1.0, (height - MIN_HEIGHT_M) / 0.05) + (0.08 if strange else 0.0)
        box, cut = _frame_box(core, (x, y), relief.sure)
        if area * height < MIN_VOLUME_M3 and (height < LOW_M or not any(cut)):
            score = 0.4
        low, high = (quantile(heights[core & measured], share) for share in (0.25, 0.75))
        kind = name_kind(length, width, height, (high - low) / height, cut)
        base = _base(core & measured, (x, y), heights, look)
        return Candidate(
            box, base, min(score, 0.98), kind, height, (length, width), cut, "relief+appearance" if strange else "relief"
        )

    def _from_appearance(self, odd: Map, taken: Mask, relief: Relief | None, look: Look) -> list[Candidate]:
        strange = ((odd > 4.5) & ~taken).astype(np.uint8)
        opened = cv2.morphologyEx(strange, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        metre = look.range_m / self._focal_half
        out: list[Candidate] = []
        for blob in blobs(np.asarray(closed, np.uint8), 80):
            x, y, w, h = blob.window
            length, width, _ = shape(blob.inside, metre)
            if length * width < 0.01 or length * width > 0.6 or taken[y : y + h, x : x + w].mean() > 0.3:
                continue
            height = _measured_height(blob, relief)
            if height is not None and height < FLAT_M:
                continue
            overlap = np.ones(odd.shape, np.bool_) if relief is None else relief.overlap
            box, cut = _frame_box(blob.inside, (x, y), overlap)
            score = 0.4 if height is None else 0.48
            out.append(Candidate(box, box, score, "unknown", height, (length, width), cut, "appearance"))
        return out


def _measured_height(blob: Blob, relief: Relief | None) -> float | None:
    """Relief of the region, None where less than a third of it was measured."""
    if relief is None:
        return None
    x, y, w, h = blob.window
    sure = blob.inside & relief.sure[y : y + h, x : x + w]
    if sure.sum() < 0.33 * blob.inside.sum():
        return None
    return quantile(relief.height_m[y : y + h, x : x + w][sure], 0.7)


def blobs(mask: NDArray[np.uint8], min_px: int) -> list[Blob]:
    """Connected regions of at least ``min_px`` pixels, by label."""
    left, top, width, height = cv2.boundingRect(mask)
    if width * height < min_px:
        return []
    part = np.ascontiguousarray(mask[top : top + height, left : left + width])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    out: list[Blob] = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        if area >= min_px:
            out.append(Blob((left + x, top + y, w, h), np.asarray(labels[y : y + h, x : x + w] == i, np.bool_)))
    return out


def shape(inside: Mask, metre_per_px: float) -> tuple[float, float, float]:
    """Longer and shorter side [m] of the smallest rectangle around the region, and how much of it is filled."""
    ys = np.flatnonzero(inside.any(axis=1))
    first = inside[ys].argmax(axis=1)
    last = inside.shape[1] - 1 - inside[ys, ::-1].argmax(axis=1)
    ends = np.stack([np.concatenate([first, last]), np.concatenate([ys, ys])], axis=1)  # their hull is that of all pixels
    (_, (a, b), _) = cv2.minAreaRect(ends.astype(np.float32))
    a, b = a + 1.0, b + 1.0
    return max(a, b) * metre_per_px, min(a, b) * metre_per_px, float(inside.sum()) / (a * b)


def name_kind(length: float, width: float, height: float, dome: float, cut: tuple[bool, bool, bool, bool]) -> Kind:
    """Long and narrow (or running through the picture) is a torpedo; of the rest, flat on top is a box and domed is a bag.
    ``dome``: interquartile range of height over height."""
    runs_through = (cut[0] and cut[2]) or (cut[1] and cut[3])
    if height < 0.05 and length < 0.2:
        return "unknown"
    if length > 2.2 * width and length > 0.35:
        return "torpedo"
    if runs_through and length > 1.5 * width:
        return "torpedo"
    return "box" if dome < _FLAT_TOP else "bag"


def _base(inside: Mask, corner: tuple[int, int], heights: Map, look: Look) -> tuple[float, float, float, float]:
    """Box in working pixels of the region dropped onto the plating: what stands h off a plate at range Z is seen by Z/(Z − h)
    too far out from the picture's centre. Pixel by pixel, so that a side face seen obliquely shrinks to the edge it is."""
    ys, xs = np.nonzero(inside)
    scale = 1.0 - np.clip(heights[ys, xs] / max(look.range_m, 0.2), 0.0, 0.6)
    cx, cy = look.principal
    x = cx + ((xs + corner[0] + 0.5) * HALF - cx) * scale
    y = cy + ((ys + corner[1] + 0.5) * HALF - cy) * scale
    return quantile(x, 0.02), quantile(y, 0.02), quantile(x, 0.98), quantile(y, 0.98)


def _frame_box(
    inside: Mask, corner: tuple[int, int], judged: Mask
) -> tuple[tuple[float, float, float, float], tuple[bool, bool, bool, bool]]:
    """Box in working pixels, and which of its sides have mostly unjudged picture, or none, next to them."""
    ys, xs = np.nonzero(inside)
    x0, x1, y0, y1 = xs.min() + corner[0], xs.max() + 1 + corner[0], ys.min() + corner[1], ys.max() + 1 + corner[1]
    beside = (
        judged[y0:y1, max(0, x0 - _EDGE_PX) : x0],
        judged[max(0, y0 - _EDGE_PX) : y0, x0:x1],
        judged[y0:y1, x1 : x1 + _EDGE_PX],
        judged[y1 : y1 + _EDGE_PX, x0:x1],
    )
    left, top, right, bottom = (strip.size == 0 or float(strip.mean()) < 0.5 for strip in beside)
    box = (float(x0 * HALF), float(y0 * HALF), float(x1 * HALF), float(y1 * HALF))
    return box, (left, top, right, bottom)
