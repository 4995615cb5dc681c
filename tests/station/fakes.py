"""A small survey around a real station: messages as the vehicle would send them, on an in-process bus."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from hull.shell import build_surface
from hull.vessel import Fitting, Form, Vessel
from hull.zones import Zone, zone_cells
from station.config import FileHash, StationConfig
from station.station import Station
from station.store import Store
from wire import messages as m
from wire.bus import LocalBus
from wire.command import LocalCommands
from wire.messages import Side

FITTINGS = (
    Fitting(kind="sea_chest_grating", name="sea chest", side="S", frame=44, depth_m=2.1, size_m=(0.6, 0.5, 0.0)),
    Fitting(kind="anode", name="anode 1", side="S", frame=41, depth_m=1.6, size_m=(0.3, 0.12, 0.03)),
    Fitting(kind="bilge_keel", name="bilge keel", side="S", frame=42, depth_m=3.35, size_m=(16.0, 0.02, 0.2)),
)
VESSEL = Vessel(
    name="MV Test Coaster",
    type="coaster",
    length_m=50.0,
    beam_m=9.0,
    draught_m=3.6,
    depth_m=5.2,
    form=Form(bilge_radius_m=0.9, parallel_from=0.2, parallel_to=0.8),
    frame_spacing_m=0.6,
    fittings=FITTINGS,
)
SURFACE = build_surface(VESSEL, Path("test.vessel.yaml"))
ZONE = Zone("midships starboard", "S", (18.0, 32.4), (0.7, 2.6))
UTC0 = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
CONFIG = StationConfig(
    survey_id="20260504-0800",
    mission="coaster_starboard",
    zones=(ZONE,),
    utc_at_zero=UTC0,
    hashes=(FileHash("mission.yaml", "ab" * 32), FileHash("vessel.yaml", "cd" * 32)),
    versions={"hullscan": "0.1.0", "python": "3.11"},
)


def jpeg(text: str = "", width: int = 320, height: int = 240, shade: int = 70) -> bytes:
    """A greenish picture with a light box in it."""
    rows = np.linspace(0.6, 1.2, height)[:, None, None]
    image = np.clip(rows * np.array([shade, shade * 1.5, shade * 0.7]) * np.ones((height, width, 1)), 0, 255).astype(np.uint8)
    cv2.rectangle(image, (width // 3, height // 3), (2 * width // 3, height // 2), (120, 200, 230), 2)
    cv2.putText(image, text, (10, height - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (230, 240, 240), 1)
    return cv2.imencode(".jpg", image)[1].tobytes()


CROP = jpeg("crop", 160, 120)


def pose(x_m: float = 20.0, depth_m: float = 1.5, side: Side = "S") -> m.HullPose:
    return m.HullPose(
        side=side,
        x_m=x_m,
        s_m=SURFACE.girth_at_depth(x_m, depth_m),
        depth_m=depth_m,
        standoff_m=0.81,
        yaw_off_rad=0.05,
        x_std_m=0.12,
        standoff_std_m=0.02,
        yaw_std_rad=0.02,
    )


def vehicle(t: float, control: m.Control = "track", ladder: m.Ladder = "ok", place: m.HullPose | None = None) -> m.VehicleState:
    return m.VehicleState(
        t=t,
        armed=True,
        mode="ALT_HOLD",
        control=control,
        ladder=ladder,
        reason="" if ladder == "ok" else "operator",
        depth_m=1.5,
        roll_rad=0.01,
        pitch_rad=-0.02,
        heading_rad=1.6,
        pose=place or pose(),
        along_mps=0.28,
        closing_mps=0.0,
        climb_mps=0.0,
        dvl_age_s=0.1,
        range_age_s=0.1,
        link_age_s=0.4,
        battery_v=15.4,
        battery_fraction=0.72,
        leak=False,
        guidance_seq=4,
        at_target=False,
        sticks=(0, 0, 500, 0),
    )


def finding(seq: int, number: int = 1, revision: int = 1, *, x_m: float = 21.6, utc: str = "", evidence: str = "") -> m.Finding:
    return m.Finding(
        t=float(seq),
        seq=seq,
        number=number,
        revision=revision,
        utc=utc or f"2026-05-04T08:01:{seq % 60:02d}.000Z",
        kind="torpedo",
        confidence=0.87,
        side="S",
        x_m=x_m,
        s_m=SURFACE.girth_at_depth(x_m, 1.5),
        depth_m=1.5,
        frame=x_m / 0.6,
        position_std_m=0.11,
        size_m=(1.18, 0.24),
        height_m=0.21,
        hits=9,
        frames=11,
        first_t=float(seq) - 3.0,
        last_t=float(seq),
        crop_jpeg=CROP,
        evidence=evidence or "relief 0.21 m over 1.18 m, seen from 9 places",
    )


def coverage(seq: int, *cells: tuple[int, int, str]) -> m.Coverage:
    """``cells``: (col, row, reason); no reason means inspected."""
    states = tuple(
        m.CellState(side="S", col=col, row=row, status="seen_poor" if reason else "inspected", reason=reason)
        for col, row, reason in cells
    )
    return m.Coverage(t=float(seq), seq=seq, cells=states)


def frame_report(t: float, seq: int, place: m.HullPose) -> m.FrameReport:
    x, s = place.x_m, place.s_m
    return m.FrameReport(
        t=t,
        frame_seq=seq,
        side="S",
        footprint=((x - 0.5, s - 0.4), (x + 0.5, s - 0.4), (x + 0.5, s + 0.4), (x - 0.5, s + 0.4)),
        range_m=0.8,
        incidence_rad=0.04,
        usable=True,
        reason="",
        optical_depth=0.45,
        sharpness=120.0,
        px_per_cm=5.7,
        relief_ok=True,
        x_std_m=0.05,
        detections=(),
    )


def mission(t: float, index: int = 2, ended: str = "") -> m.MissionStatus:
    return m.MissionStatus(
        t=t,
        mission="coaster_starboard",
        phase="survey",
        task=f"lane {index}",
        task_index=index,
        task_count=9,
        planned_m2=27.0,
        inspected_m2=9.0,
        ended=ended,  # type: ignore[arg-type]
        detail="",
    )


@dataclass
class Rig:
    """A station with everything it talks to. ``answer``: how rov and missions answer commands."""

    folder: Path
    config: StationConfig = CONFIG
    bus: LocalBus = field(default_factory=LocalBus)
    rov: LocalCommands = field(default_factory=LocalCommands)
    missions: LocalCommands = field(default_factory=LocalCommands)
    recorder: LocalCommands = field(default_factory=LocalCommands)

    def __post_init__(self) -> None:
        self.reopen()

    def reopen(self) -> None:
        self.store = Store(self.folder / "survey.db")
        clients = {"rov": self.rov, "missions": self.missions, "recorder": self.recorder}
        self.station = Station(self.config, SURFACE, VESSEL, self.bus, dict(clients), self.store)


class FakeVehicle:
    """Flies lanes along the zone and reports what it saw; obeys hold, resume and the lease."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._cells = zone_cells(ZONE, SURFACE)
        self._seen: set[tuple[int, int]] = set()
        self._coverage_seq = self._finding_seq = self._frame = 0
        self._x = 19.0
        self.control: m.Control = "track"
        self.verbs: list[str] = []
        self.quiet = False

    def tick(self, t: float) -> None:
        self._rig.rov.serve(lambda command: self._obey(command, t))
        self._rig.missions.serve(lambda command: self._obey(command, t))
        self._rig.recorder.serve(lambda command: m.Ack(t=t, id=command.id, source="recorder", accepted=True, reason=""))
        if self.quiet:
            return
        bus = self._rig.bus
        if self.control == "track":
            self._x += 0.05 if self._x < 31.5 else 0.0
        place = pose(self._x, 1.2 + 0.02 * math.sin(t))
        bus.publish("vehicle_state", vehicle(t, self.control, "hold" if self.control == "hold" else "ok", place))
        self._frame += 1
        if self._frame % 4 == 0:
            bus.publish("frame_report", frame_report(t, self._frame, place))
            bus.publish("preview", m.Preview(t=t, jpeg=jpeg(f"frame {self._frame}", 640, 480), width=640, height=480))
            self._cover(place)
        if self._frame % 10 == 0:
            bus.publish("mission_status", mission(t))
        if self._frame % 20 == 0:
            for name in ("missions", "recorder", "rov", "vision"):
                bus.publish("process_status", m.ProcessStatus(t=t, name=name, pid=100, ticks=self._frame, tick_p99_ms=3.4))
            status = {"finding_seq": self._finding_seq, "coverage_seq": self._coverage_seq, "log_bytes": 81_000_000}
            bus.publish("recorder_status", m.RecorderStatus(t=t, disk_free_bytes=300_000_000_000, **status))

    def _obey(self, command: m.Command, t: float) -> m.Ack:
        self.verbs.append(command.verb)
        if command.verb == "hold":
            self.control = "hold"
        elif command.verb == "resume":
            self.control = "track"
        return m.Ack(t=t, id=command.id, source="rov", accepted=True, reason="")

    def _cover(self, place: m.HullPose) -> None:
        fresh = []
        for side, col, row in self._cells:
            x, s = (col + 0.5) * 0.1, (row + 0.5) * 0.1
            if abs(x - place.x_m) < 0.45 and abs(s - place.s_m) < 0.4 and (col, row) not in self._seen:
                self._seen.add((col, row))
                poor = 24.0 < x < 25.2 and s > place.s_m
                fresh.append(
                    m.CellState(
                        side=side,
                        col=col,
                        row=row,
                        status="seen_poor" if poor else "inspected",
                        reason="too murky (optical depth 2.1)" if poor else "",
                    )
                )
        if fresh:
            self._coverage_seq += 1
            self._rig.bus.publish("coverage", m.Coverage(t=0.0, seq=self._coverage_seq, cells=tuple(fresh)))

    def find(self, number: int, revision: int = 1, **changes: object) -> None:
        self._finding_seq += 1
        self._rig.bus.publish("finding", finding(self._finding_seq, number, revision, **changes))  # type: ignore[arg-type]
