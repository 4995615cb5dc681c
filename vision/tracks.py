"""Contacts kept in hull coordinates: detections of many frames joined where they lie on the ship.

An opportunity is a frame in which the contact could have been detected: usable, relief measured, and its place in the
footprint. ``confirm_hits`` hits in the last ``confirm_window`` opportunities confirm a contact.
"""

import math
from collections import Counter, deque
from itertools import combinations
from typing import NamedTuple

import msgspec
import numpy as np

from vision.config import VisionConfig
from vision.ranks import quantile
from wire import messages as m

_MAX_SIGHTS = 60
_APART_M = 0.15
_APART_FRAMES = 3
"""Seen that far apart in one frame, so often: two objects, whatever a later blob seems to say."""
_SHARED_M = 0.1
_TOUCHING_M, _FEW_HITS = 0.08, 5
_BLUR_M = 0.02


class Sight(NamedTuple):
    """One detection on the hull. ``low``, ``high``: extent in (x, s) [m]; ``cut``: the extent runs on beyond low x, low s,
    high x, high s. ``pose_std_m``: how sure the vehicle's own place was. ``cue``: what it was found by."""

    t: float
    detection: m.Detection
    low: tuple[float, float]
    high: tuple[float, float]
    cut: tuple[bool, bool, bool, bool]
    pose_std_m: float
    cue: str

    def moved(self, fix: m.PositionFix) -> "Sight":
        """As a position fix places it."""
        dx = fix.x_shift_m
        low, high = (self.low[0] + dx, self.low[1]), (self.high[0] + dx, self.high[1])
        detection = msgspec.structs.replace(self.detection, x_m=self.detection.x_m + dx)
        std = math.sqrt(max(self.pose_std_m**2 - fix.x_std_before_m**2, 0.0) + fix.x_std_m**2)
        return self._replace(detection=detection, low=low, high=high, pose_std_m=std)


class Extent(NamedTuple):
    """Rectangle on the unrolled hull [m]."""

    x0: float
    s0: float
    x1: float
    s1: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2.0, (self.s0 + self.s1) / 2.0

    def gap(self, other: "Extent") -> float:
        """Distance between the rectangles, 0 when they overlap."""
        dx = max(self.x0 - other.x1, other.x0 - self.x1, 0.0)
        ds = max(self.s0 - other.s1, other.s0 - self.s1, 0.0)
        return math.hypot(dx, ds)

    def overlap(self, other: "Extent") -> float:
        """Common area over the smaller one's area."""
        dx = min(self.x1, other.x1) - max(self.x0, other.x0)
        ds = min(self.s1, other.s1) - max(self.s0, other.s0)
        smaller = min((self.x1 - self.x0) * (self.s1 - self.s0), (other.x1 - other.x0) * (other.s1 - other.s0))
        return max(dx, 0.0) * max(ds, 0.0) / max(smaller, 1e-6)


class Track:
    """One contact. ``name`` counts tracks; ``hits`` and ``frames`` count sights and opportunities over its life. ``changes``
    counts what happened to it: while that stands still, so does all that it says."""

    def __init__(self, name: int, window: int, sight: Sight) -> None:
        self.name = name
        self.side: m.Side = sight.detection.side
        self.sights: list[Sight] = []
        self.hits = 0
        self.frames = 0
        self.changes = 0
        self.first_t = sight.t
        self.last_t = sight.t
        self.confirmed = False
        self.window: deque[bool] = deque(maxlen=window)
        self.extent = Extent(*sight.low, *sight.high)

    def add(self, sight: Sight) -> None:
        self.sights.append(sight)
        if len(self.sights) > _MAX_SIGHTS:
            self.sights.pop(_MAX_SIGHTS // 2)
        self.hits += 1
        self.changes += 1
        self.last_t = sight.t
        self.extent = joined_extent(self.sights)

    def note(self, hit: bool, confirm_hits: int) -> None:
        """One opportunity passed."""
        self.frames += 1
        self.changes += 1
        self.window.append(hit)
        self.confirmed = self.confirmed or sum(self.window) >= confirm_hits

    @property
    def hopeless(self) -> bool:
        """A full window without a hit, never confirmed."""
        return not self.confirmed and len(self.window) == self.window.maxlen and not any(self.window)

    def kind(self) -> m.Kind:
        """By vote of the sights, weighted by score; whole views count three times; shape overrules when the whole is known."""
        votes: Counter[m.Kind] = Counter()
        for sight in self.sights:
            votes[sight.detection.kind] += round(100 * sight.detection.score) * (1 if any(sight.cut) else 3)
        kind = max(sorted(votes), key=lambda k: votes[k])
        along, across = self.size()
        long, narrow = max(along, across), min(along, across)
        if kind in ("box", "bag", "torpedo") and long > 0.5 and narrow > 0.05:
            if long > 2.2 * narrow:
                return "torpedo"
            return "bag" if kind == "torpedo" else kind
        return kind

    def size(self) -> tuple[float, float]:
        """Along x and along girth [m]."""
        return self.extent.x1 - self.extent.x0, self.extent.s1 - self.extent.s0

    def height(self) -> float | None:
        heights = [s.detection.height_m for s in self.sights if s.detection.height_m is not None]
        return float(np.median(heights)) if heights else None

    def confidence(self) -> float:
        """Mean score of the sights, lowered by the share of opportunities that missed it."""
        score = float(np.mean([s.detection.score for s in self.sights]))
        return min(0.99, score * (0.6 + 0.4 * min(1.0, self.hits / max(1, self.frames))))

    def position_std(self) -> float:
        """1 sigma [m]: the vehicle's own uncertainty, which no repetition lowers, the scatter of the sights, and a quarter
        of the length while the whole was never in one view."""
        pose = min(s.pose_std_m for s in self.sights)
        whole = [s for s in self.sights if not any(s.cut)]
        unseen = 0.0 if whole else 0.25 * max(self.size())
        whole = whole or self.sights
        centres = np.array([[(s.low[0] + s.high[0]) / 2, (s.low[1] + s.high[1]) / 2] for s in whole])
        scatter = float(np.linalg.norm(centres.std(axis=0))) / math.sqrt(len(whole))
        return math.sqrt(pose * pose + scatter * scatter + unseen * unseen + _BLUR_M * _BLUR_M)


def whole_of(parts: list[Sight]) -> Sight:
    """One sight of the pieces that one frame shows of a contact: their common extent, with the details of the surest."""
    best = max(parts, key=lambda sight: sight.detection.score)
    outer: list[Sight] = [
        min(parts, key=lambda sight: sight.low[0]),
        min(parts, key=lambda sight: sight.low[1]),
        max(parts, key=lambda sight: sight.high[0]),
        max(parts, key=lambda sight: sight.high[1]),
    ]
    left, below, right, above = outer
    cut = (left.cut[0], below.cut[1], right.cut[2], above.cut[3])
    return best._replace(low=(left.low[0], below.low[1]), high=(right.high[0], above.high[1]), cut=cut)


def joined_extent(sights: list[Sight]) -> Extent:
    """The whole from partial views. A view that runs on beyond its edge says the contact reaches at least that far; of the
    edges that were shown the outer quartile counts, because a piece of a contact shows false edges inside it."""
    edges: list[float] = []
    for i in range(4):
        outward = 1.0 if i >= 2 else -1.0
        shown = [outward * (s.low + s.high)[i] for s in sights if not s.cut[i]]
        beyond = [outward * (s.low + s.high)[i] for s in sights if s.cut[i]]
        reach = [quantile(shown, 0.75)] if shown else []
        reach += [quantile(beyond, 0.9)] if beyond else []
        edges.append(outward * max(reach))
    x0, s0, x1, s1 = edges
    return Extent(min(x0, x1 - 0.02), min(s0, s1 - 0.02), max(x1, x0 + 0.02), max(s1, s0 + 0.02))


class Tracker:
    """All contacts of a survey."""

    def __init__(self, config: VisionConfig) -> None:
        self._config = config
        self._names = 0
        self._merged: list[tuple[int, int]] = []
        self._apart: Counter[tuple[int, int]] = Counter()
        self.tracks: list[Track] = []

    def merged(self) -> list[tuple[int, int]]:
        """Since the last call: (name of the track that went, name of the one that has it now)."""
        out, self._merged = self._merged, []
        return out

    def update(self, sights: list[Sight], footprint: tuple[tuple[float, float], ...], side: m.Side, judged: bool) -> list[Track]:
        """Adds one frame's sights. ``judged``: detections were possible within ``footprint``. Returns the tracks hit."""
        hit: list[Track] = []
        parts: dict[int, list[Sight]] = {}
        for sight in sights:
            if sight.detection.score < self._config.min_score:
                continue
            two = self._spanned(sight)
            if two:
                hit += [track for track in two if track not in hit]
                continue
            track = self._nearest(sight)
            if track is None:
                self._names += 1
                track = Track(self._names, self._config.confirm_window, sight)
                self.tracks.append(track)
            parts.setdefault(track.name, []).append(sight)
            if track not in hit:
                hit.append(track)
        self._note_apart(parts)
        for track in hit:
            if track.name in parts:
                track.add(whole_of(parts[track.name]))
        view = _bounds(footprint)
        for track in self.tracks:
            if track in hit or (judged and view is not None and track.side == side and _was_in_view(track.extent, view)):
                track.note(track in hit, self._config.confirm_hits)
        self._merge()
        self.tracks = [track for track in self.tracks if not track.hopeless]
        return [track for track in hit if track in self.tracks and track.name in parts]

    def _note_apart(self, parts: dict[int, list[Sight]]) -> None:
        """Counts the frame for every two tracks that it shows with a gap between them."""
        extents = {name: Extent(*whole_of(sights).low, *whole_of(sights).high) for name, sights in parts.items()}
        for a, b in combinations(sorted(extents), 2):
            if extents[a].gap(extents[b]) >= _APART_M:
                self._apart[a, b] += 1

    def _are_two(self, a: "Track", b: "Track") -> bool:
        return self._apart[min(a.name, b.name), max(a.name, b.name)] >= _APART_FRAMES

    def _spanned(self, sight: Sight) -> list[Track]:
        """Tracks known to be different objects that this one blob covers: it hits them and tells nothing of their extent."""
        here = Extent(*sight.low, *sight.high)
        under = [t for t in self.tracks if t.side == sight.detection.side and here.overlap(t.extent) > 0.3]
        return under if any(self._are_two(a, b) for a, b in combinations(under, 2)) else []

    def correct(self, fix: m.PositionFix) -> None:
        """Moves what was placed less surely than ``fix`` now places it."""
        for track in self.tracks:
            if track.side == fix.side:
                track.sights = [sight.moved(fix) if sight.pose_std_m > fix.x_std_m else sight for sight in track.sights]
                track.extent = joined_extent(track.sights)
                track.changes += 1

    def _nearest(self, sight: Sight) -> Track | None:
        here = Extent(*sight.low, *sight.high)
        # Sights of one pass share the vehicle's error: most of the doubt about x says nothing of how far apart they are.
        gate = self._config.gate_m + min(sight.pose_std_m, _SHARED_M)
        best: Track | None = None
        best_cost = math.inf
        for track in self.tracks:
            if track.side != sight.detection.side:
                continue
            gap = track.extent.gap(here)
            apart = math.dist(track.extent.centre, here.centre)
            if (gap <= 0.1 + min(sight.pose_std_m, _SHARED_M) or apart < gate) and gap + 0.1 * apart < best_cost:
                best, best_cost = track, gap + 0.1 * apart
        return best

    def _merge(self) -> None:
        """Joins the later of two tracks that have come to cover the same place, or that one sight bridges, into the earlier."""
        for i, track in enumerate(self.tracks):
            for other in self.tracks[i + 1 :]:
                if other.side == track.side and self._are_one(track, other):
                    self._absorb(track, other)
                    return

    def _are_one(self, track: Track, other: Track) -> bool:
        if track.extent.overlap(other.extent) > 0.5:
            return True
        if self._are_two(track, other):
            return False
        scrap = min(track.hits, other.hits) <= _FEW_HITS and not self._apart[track.name, other.name]
        return _bridged(track, other) or (scrap and track.extent.gap(other.extent) <= _TOUCHING_M)

    def _absorb(self, track: Track, other: Track) -> None:
        track.sights = sorted(track.sights + other.sights, key=lambda s: s.t)[-_MAX_SIGHTS:]
        track.hits = len({s.t for s in track.sights}) if track.hits + other.hits <= _MAX_SIGHTS else track.hits + other.hits
        track.frames = max(track.frames, other.frames, track.hits)
        track.first_t, track.last_t = min(track.first_t, other.first_t), max(track.last_t, other.last_t)
        track.confirmed = track.confirmed or other.confirmed
        track.extent = joined_extent(track.sights)
        track.changes += 1
        self._merged.append((other.name, track.name))
        self.tracks.remove(other)


def _bridged(track: Track, other: Track) -> bool:
    """The latest sight of either covers a good part of both."""
    latest = max(track.sights[-1], other.sights[-1], key=lambda sight: sight.t)
    here = Extent(*latest.low, *latest.high)
    return here.overlap(track.extent) > 0.3 and here.overlap(other.extent) > 0.3


def _bounds(footprint: tuple[tuple[float, float], ...]) -> Extent | None:
    if not footprint:
        return None
    xs, ss = [p[0] for p in footprint], [p[1] for p in footprint]
    return Extent(min(xs), min(ss), max(xs), max(ss))


def _was_in_view(extent: Extent, view: Extent) -> bool:
    """Most of the contact, or of the view, is common, and the contact's middle or a large part of it was seen."""
    return extent.overlap(view) > 0.6
