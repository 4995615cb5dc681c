"""One frame after another: grade, register, measure relief, detect, place, track, report.

Works on the newest frame only. A frame waits for a vehicle state later than its capture (at most 0.3 s), so that its pose is
interpolated and not guessed ahead.
"""

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from hull.surface import HullSurface
from vision.alarms import Alarms
from vision.config import VisionConfig
from vision.detector import Candidate, CueDetector, Detector
from vision.findings import Findings
from vision.fittings import Fittings
from vision.history import History
from vision.judged import Box, judged_box
from vision.landmarks import LandmarkSpotter
from vision.optics import Optics
from vision.picture import Picture
from vision.placing import Look, Placer
from vision.preview import preview
from vision.quality import Appearance, AttenuationMeter, Grade, QualityMeter
from vision.registration import Prepared, Registrar
from vision.relief import HALF, Relief, ReliefMeter
from vision.source import CameraSource, Frame
from vision.tracks import Sight, Tracker
from wire import messages as m
from wire.bus import Bus

_WAIT_S = 0.3
_KEY_AGE_S = 6.0
_KEY_STEP_M = 0.02
_BASELINE_M = (0.04, 0.18)
_BEST_BASELINE = 0.12
"""Of the range: longer is more exact on paper, but tall objects then move too far to be matched in haze."""
_MAX_AXIAL_SHARE = 0.5
"""Of the baseline, along the optical axis: while closing in or backing off there is little parallax and much scale to mistake."""
_SURE_SHARE = 0.4
_MAX_NOISE_M = 0.01


class Judged(NamedTuple):
    """What came of one usable frame."""

    relief: Relief | None
    footprint: tuple[tuple[float, float], ...]
    sights: list[Sight]


class Vision:
    """Call `tick` often (20 Hz or more); each call handles at most one frame. ``frames``: processed so far.

    ``detector`` may be any `vision.detector.Detector`; the default is `CueDetector`.
    """

    def __init__(
        self, config: VisionConfig, surface: HullSurface, bus: Bus, camera: CameraSource, detector: Detector | None = None
    ) -> None:
        self._config = config
        self._bus = bus
        self._camera = camera
        self._states = bus.subscribe("vehicle_state", "position_fix")
        self._history = History()
        self._optics = Optics(config.rig.camera)
        self._placer = Placer(surface, self._optics)
        self._quality = QualityMeter(self._optics, config.limits)
        self._attenuation = AttenuationMeter(self._optics, config.beam_attenuation_per_m)
        self._registrar = Registrar(self._optics)
        self._meter = ReliefMeter(self._optics)
        self._detector = detector or CueDetector(self._optics.focal_px)
        self._fittings = Fittings(config.fittings)
        self._spotter = LandmarkSpotter(config.fittings)
        self._tracker = Tracker(config)
        self._findings = Findings(config)
        self._alarms = Alarms(bus)
        self._keys: deque[Prepared] = deque(maxlen=10)
        self._pending: Frame | None = None
        self._began: float | None = None
        self._heard = -math.inf
        self._identical = 0
        self._preview_due = -math.inf
        self.frames = 0

    def tick(self, now: float) -> None:
        """Takes the newest frame if there is one and publishes what it shows."""
        for _, message in self._states.drain():
            if isinstance(message, m.VehicleState):
                self._history.add(message)
            elif isinstance(message, m.PositionFix):
                self._correct(message)
        newest = self._camera.latest(now)
        if newest is not None:
            self._pending, self._heard = newest, now
        self._watch(now)
        frame = self._pending
        if frame is not None and (self._history.newest_t() >= frame.t or now - frame.t > _WAIT_S):
            self._pending = None
            self._process(frame, now)
        for finding in self._findings.due(self._tracker.tracks, now):
            self._bus.publish("finding", finding)

    def _correct(self, fix: m.PositionFix) -> None:
        self._history.correct(fix)
        self._keys.clear()  # their views and the next frame's would seem farther apart than they are
        self._tracker.correct(fix)

    def _watch(self, now: float) -> None:
        if self._began is None:
            self._began = now
        silent = now - max(self._heard, self._began)
        self._alarms.set(now, "camera-silent", silent > self._config.silent_s, f"no camera frame for {silent:.1f} s")

    def _process(self, frame: Frame, now: float) -> None:
        self.frames += 1
        fitted = self._optics.fitted(frame.image)
        camera = self._config.rig.camera
        got = "x".join(str(n) for n in frame.image.shape[1::-1])
        text = f"camera sends {got}; expected {camera.width}x{camera.height} of the rig, or that shape at another size"
        self._alarms.set(now, "camera-shape", fitted is None, text)
        if fitted is None:
            self._bus.publish("frame_report", _unusable(frame, "wrong size"))
            return
        frame = frame._replace(image=fitted)
        picture = Picture(self._optics, self._optics.working(frame.image))
        belief = self._history.at(frame.t)
        look = self._placer.look(belief) if belief is not None else None
        seen = self._quality.look_at(picture)
        self._alert(seen, now)
        if look is not None and look.seen and not seen.identical:
            self._attenuation.add(picture, look.range_m)
        depth = self._attenuation.per_m() * look.range_m if look is not None and look.seen else 0.0
        grade = self._quality.grade(seen, look, depth)
        judged = Judged(None, (), [])
        if grade.usable and look is not None:
            judged = self._judge(frame, picture, look)
            if not judged.footprint:
                grade = grade._replace(usable=False, reason="off hull")
        self._publish(frame, now, seen, grade, look, depth, judged)

    def _alert(self, seen: Appearance, now: float) -> None:
        self._identical = self._identical + 1 if seen.identical else 0
        self._alarms.set(now, "camera-frozen", self._identical >= 3, f"camera repeats the same frame, {self._identical} times")
        black = seen.brightness < 8.0
        self._alarms.set(now, "camera-black", black, f"camera image black, brightness {seen.brightness:.0f} of 255")

    def _judge(self, frame: Frame, picture: Picture, look: Look) -> Judged:
        current = self._registrar.prepare(frame.t, picture, look)
        relief = self._measure(current)
        self._keep(current)
        covered, box = self._judged_box(relief, look)
        footprint = look.footprint(box)
        for fix in self._spotter.look_at(frame.t, picture, look):
            fitting = fix.fitting
            sighted = m.LandmarkSight(t=frame.t, name=fitting.name, side=fitting.side, x_error_m=fix.x_error_m, std_m=fix.std_m)
            self._bus.publish("landmark_sight", sighted)
        sights: list[Sight] = []
        for candidate in self._detector.detect(self._detector.see(picture), relief, look):
            sight = _sight(frame.t, candidate, self._source_box(candidate.box), look)
            if sight is not None and not self._fittings.explains(sight):
                sights.append(_rekinded(sight, self._fittings.kind(sight)))
        hit = self._tracker.update(sights, footprint, look.side, covered is not None)
        self._findings.merge(self._tracker.merged())
        self._findings.forget(self._tracker.tracks)
        for track in hit:
            best = track.sights[-1]
            self._findings.picture(track, frame.image, best.detection.bbox, any(best.cut), best.detection.score)
        return Judged(covered, footprint, sights)

    def _measure(self, current: Prepared) -> Relief | None:
        """Relief against the kept frame whose baseline suits best; None where it cannot be trusted."""
        options = [key for key in self._keys if key.look.side == current.look.side and current.t - key.t < _KEY_AGE_S]
        best = min(max(_BEST_BASELINE * current.look.range_m, 0.06), 0.15)
        distances = [(abs(_apart(current, key) - best), -key.t, key) for key in options]
        fitting = [row for row in distances if _BASELINE_M[0] <= _apart(current, row[2]) <= _BASELINE_M[1]]
        if not fitting:
            return None
        key = min(fitting, key=lambda row: row[:2])[2]
        found = self._registrar.register(current, key)
        if found is None or found.spread < 0.4 or not 0.03 < found.baseline_m < 0.3:
            return None
        if abs(float(found.shift[2])) > _MAX_AXIAL_SHARE * found.baseline_m:
            return None
        relief = self._meter.measure(current, found)
        trusted = relief.sure_share >= _SURE_SHARE and relief.noise_m <= _MAX_NOISE_M
        return relief if trusted else None

    def _keep(self, current: Prepared) -> None:
        if not self._keys or _apart(current, self._keys[-1]) >= _KEY_STEP_M:
            self._keys.append(current)

    def _judged_box(self, relief: Relief | None, look: Look) -> tuple[Relief | None, Box]:
        """Working-pixel rectangle really judged: the image less its margin and, with relief, without unmeasured holes.
        Relief too full of holes is no relief."""
        width, height = self._optics.width, self._optics.height
        mx, my = self._config.margin * width, self._config.margin * height
        whole = (mx, my, width - mx, height - my)
        if relief is None:
            return None, whole
        box = judged_box(relief, whole, look.range_m / self._optics.focal_px * HALF)
        return (relief, box) if box is not None else (None, whole)

    def _source_box(self, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = box
        corners = self._optics.to_source(np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]]))
        low, high = corners.min(axis=0), corners.max(axis=0)
        camera = self._config.rig.camera
        return (
            max(0, math.floor(low[0])),
            max(0, math.floor(low[1])),
            min(camera.width, math.ceil(high[0])),
            min(camera.height, math.ceil(high[1])),
        )

    def _publish(
        self, frame: Frame, now: float, seen: Appearance, grade: Grade, look: Look | None, depth: float, judged: Judged
    ) -> None:
        on_hull = look is not None and look.seen
        detections = tuple(sight.detection for sight in judged.sights)
        report = m.FrameReport(
            t=frame.t,
            frame_seq=frame.seq,
            side=look.side if look is not None else None,
            footprint=judged.footprint if grade.usable else (),
            range_m=look.range_m if look is not None and on_hull else 0.0,
            incidence_rad=look.incidence_rad if look is not None else 0.0,
            usable=grade.usable,
            reason=grade.reason,
            optical_depth=depth,
            sharpness=seen.sharpness,
            px_per_cm=grade.px_per_cm,
            relief_ok=grade.usable and judged.relief is not None,
            x_std_m=look.belief.pose.x_std_m if look is not None else 0.0,
            detections=detections,
        )
        self._bus.publish("frame_report", report)
        if now >= self._preview_due:
            self._preview_due = now + 1.0 / self._config.preview_hz - 0.005
            numbers = tuple(self._number(detection) for detection in detections)
            self._bus.publish("preview", preview(frame.t, frame.image, detections, numbers, grade.reason))

    def _number(self, detection: m.Detection) -> int:
        for track in self._tracker.tracks:
            if track.sights[-1].detection == detection:
                return self._findings.number_of(track)
        return 0


def _apart(a: Prepared, b: Prepared) -> float:
    return float(np.linalg.norm(a.look.view.centre - b.look.view.centre))


def _sight(t: float, candidate: Candidate, box: tuple[int, int, int, int], look: Look) -> Sight | None:
    """The candidate on the hull; None when it misses the hull."""
    x0, y0, x1, y1 = candidate.base
    pixels = np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1], [(x0 + x1) / 2, (y0 + y1) / 2]])
    hits = look.place(pixels)
    if not hits.ok.all():
        return None
    low = float(hits.x[:4].min()), float(hits.s[:4].min())
    high = float(hits.x[:4].max()), float(hits.s[:4].max())
    left, top, right, bottom = candidate.cut
    mirrored = look.right_is_aft
    cut = (right if mirrored else left, bottom, left if mirrored else right, top)
    pose = look.belief.pose
    detection = m.Detection(
        bbox=box,
        score=candidate.score,
        kind=candidate.kind,
        side=look.side,
        x_m=float(hits.x[4]),
        s_m=float(hits.s[4]),
        depth_m=float(hits.depth[4]),
        size_m=(high[0] - low[0], high[1] - low[1]),
        height_m=candidate.height_m,
    )
    std = math.hypot(pose.x_std_m, look.range_m * pose.yaw_std_rad)
    return Sight(t, detection, low, high, cut, std, candidate.cue)


def _rekinded(sight: Sight, kind: m.Kind) -> Sight:
    old = sight.detection
    fields = {name: getattr(old, name) for name in old.__struct_fields__}
    return sight._replace(detection=m.Detection(**fields | {"kind": kind}))


def _unusable(frame: Frame, reason: str) -> m.FrameReport:
    return m.FrameReport(
        t=frame.t,
        frame_seq=frame.seq,
        side=None,
        footprint=(),
        range_m=0.0,
        incidence_rad=0.0,
        usable=False,
        reason=reason,
        optical_depth=0.0,
        sharpness=0.0,
        px_per_cm=0.0,
        relief_ok=False,
        x_std_m=0.0,
        detections=(),
    )
