"""Every message that crosses a process boundary: frozen structs, one tagged union.

Conventions (docs/ARCHITECTURE.md): SI units, radians, times ``t`` in seconds of the machine's
hullscan clock (``wire.clock``), UTC only where a name says ``utc``. Ship frame: x forward from the
aft perpendicular, y to port, z up from the baseline. ``side`` is "P" or "S"; girth ``s_m`` runs from
the keel along the section. All numbers are finite; producers drop what is not.
"""

from typing import Literal

import msgspec

Side = Literal["P", "S"]
Control = Literal["idle", "neutral", "hold", "approach", "track", "leave", "surface"]
Ladder = Literal["ok", "hold", "backoff", "leave", "ascend", "surfaced"]
Severity = Literal["info", "warning", "critical"]
Kind = Literal["torpedo", "box", "bag", "grating_tamper", "unknown"]


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of all messages. ``t`` [s] is when the content was true, not when it was sent."""

    t: float


class HullPose(msgspec.Struct, frozen=True, kw_only=True):
    """Vehicle relative to the hull, as the navigator believes it.

    ``x_m``/``s_m``: ship x and girth of the hull point nearest the vehicle. ``standoff_m``: distance
    from the vehicle's reference point to that point. ``yaw_off_rad``: heading minus the heading that
    faces the hull squarely, positive nose to the right seen from above. ``*_std_*``: 1 sigma.
    """

    side: Side
    x_m: float
    s_m: float
    depth_m: float
    standoff_m: float
    yaw_off_rad: float
    x_std_m: float
    standoff_std_m: float
    yaw_std_rad: float


class VehicleState(Message, frozen=True, tag=True, kw_only=True):
    """rov, 20 Hz. ``pose`` is None while the hull is not in sight of DVL or sonar.

    ``roll_rad``, ``pitch_rad``, ``heading_rad``: from the autopilot (heading is magnetic and not to be
    trusted beside steel). ``along_mps``: dx/dt; ``closing_mps``: towards the hull, positive.
    ``link_age_s``: since the last autopilot heartbeat. ``reason``: why the ladder is not "ok"; ``latched``: all triggers that
    wait for the operator's word. ``guidance_seq``: the last guidance obeyed. ``at_target``: that guidance is fulfilled.
    """

    armed: bool
    mode: str
    control: Control
    ladder: Ladder
    reason: str
    depth_m: float
    roll_rad: float
    pitch_rad: float
    heading_rad: float
    pose: HullPose | None
    along_mps: float
    closing_mps: float
    climb_mps: float
    dvl_age_s: float
    range_age_s: float
    link_age_s: float
    battery_v: float
    battery_fraction: float
    leak: bool
    guidance_seq: int
    at_target: bool
    sticks: tuple[int, int, int, int]
    latched: tuple[str, ...] = ()


class Guidance(Message, frozen=True, tag=True, kw_only=True):
    """missions to rov, 10 Hz while a mission runs: what to do now. Older than 0.8 s means hold.

    idle: disarmed. hold: stay. approach: face the hull, close to ``standoff_m`` at ``depth_m``. track:
    hold ``standoff_m`` facing the normal at ``depth_m`` and move along x at ``along_mps`` (signed) until
    ``x_stop_m``. leave: back off outboard to ``standoff_m``. surface: ascend, only when clear outboard.
    """

    seq: int
    kind: Literal["idle", "hold", "approach", "track", "leave", "surface"]
    side: Side
    depth_m: float
    standoff_m: float
    along_mps: float
    x_stop_m: float


class MissionStatus(Message, frozen=True, tag=True, kw_only=True):
    """missions, 2 Hz. ``phase``: the executor's state; ``ended``: "" while running, else
    "completed", "aborted" or "failed" with ``detail`` saying why."""

    mission: str
    phase: str
    task: str
    task_index: int
    task_count: int
    planned_m2: float
    inspected_m2: float
    ended: Literal["", "completed", "aborted", "failed"]
    detail: str


class CellState(msgspec.Struct, frozen=True, kw_only=True):
    """One coverage cell, named by side and integer column (along x) and row (along girth)."""

    side: Side
    col: int
    row: int
    status: Literal["inspected", "seen_poor"]
    reason: str


class Coverage(Message, frozen=True, tag=True, kw_only=True):
    """missions, on change, ≤ 2 Hz: cells whose status changed. ``seq`` counts from 1 without gaps."""

    seq: int
    cells: tuple[CellState, ...]


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """One suspicious region of one frame, placed on the hull.

    ``bbox``: x0, y0, x1, y1 in pixels. ``height_m``: relief above the plating, None if not measured.
    """

    bbox: tuple[int, int, int, int]
    score: float
    kind: Kind
    side: Side
    x_m: float
    s_m: float
    depth_m: float
    size_m: tuple[float, float]
    height_m: float | None


class FrameReport(Message, frozen=True, tag=True, kw_only=True):
    """vision, one per processed frame; ``t`` is the capture time.

    ``footprint``: ((x, s), …) corners of the imaged patch on ``side`` that was graded usable, in order.
    ``usable`` False comes with ``reason``. ``relief_ok``: relief could be measured (baseline, texture).
    ``x_std_m``: 1 sigma of the vehicle's own x by which the footprint was placed.
    """

    frame_seq: int
    side: Side | None
    footprint: tuple[tuple[float, float], ...]
    range_m: float
    incidence_rad: float
    usable: bool
    reason: str
    optical_depth: float
    sharpness: float
    px_per_cm: float
    relief_ok: bool
    x_std_m: float
    detections: tuple[Detection, ...]


class LandmarkSight(Message, frozen=True, tag=True, kw_only=True):
    """vision, when a mapped landmark was found again; ``t`` is the capture time. ``name``: of the fitting in the vessel file.

    ``x_error_m``: where the landmark appears by the vehicle's believed x, minus where the vessel file has it. ``std_m``: 1 sigma.
    """

    name: str
    side: Side
    x_error_m: float
    std_m: float


class PositionFix(Message, frozen=True, tag=True, kw_only=True):
    """rov, when a landmark corrected its x: ``x_shift_m`` was added to it. What was placed with the old, larger deviation
    ``x_std_before_m`` since the fix before lies off by about that much; ``x_std_m``: the deviation since."""

    name: str
    side: Side
    x_shift_m: float
    x_std_before_m: float
    x_std_m: float


class Preview(Message, frozen=True, tag=True, kw_only=True):
    """vision, ≤ 5 Hz: JPEG with the boxes drawn, for the page."""

    jpeg: bytes
    width: int
    height: int


class Finding(Message, frozen=True, tag=True, kw_only=True):
    """A confirmed contact, or a better account of one. ``seq`` counts messages from 1 without gaps;
    ``number`` names the contact (F001 is 1); ``revision`` counts from 1 within a number. ``same_as`` other than 0: this was the
    last revision, the object turned out to be that other contact and is counted there."""

    seq: int
    number: int
    revision: int
    utc: str
    kind: Kind
    confidence: float
    side: Side
    x_m: float
    s_m: float
    depth_m: float
    frame: float
    position_std_m: float
    size_m: tuple[float, float]
    height_m: float | None
    hits: int
    frames: int
    first_t: float
    last_t: float
    crop_jpeg: bytes
    evidence: str
    same_as: int = 0


class Alert(Message, frozen=True, tag=True, kw_only=True):
    """Anyone, on change. ``code`` is stable and kebab-case; ``active`` False clears it."""

    source: str
    code: str
    severity: Severity
    text: str
    active: bool


class ProcessStatus(Message, frozen=True, tag=True, kw_only=True):
    """Every daemon, 1 Hz. ``jitter_p99_ms``: of the time between two ticks against the period, on the hullscan clock."""

    name: str
    pid: int
    ticks: int
    tick_p99_ms: float
    jitter_p99_ms: float = 0.0


class RecorderStatus(Message, frozen=True, tag=True, kw_only=True):
    """recorder, 1 Hz: the highest numbers logged, so that a receiver knows what it lacks."""

    finding_seq: int
    coverage_seq: int
    log_bytes: int
    disk_free_bytes: int


class Command(Message, frozen=True, tag=True, kw_only=True):
    """Operator to rov or missions, acknowledged; idempotent by ``id`` (UUID hex).

    rov: hold, resume, abort, take_control, release_control, disarm. missions: start, skip_task.
    recorder: replay (``topic``, ``first``, ``last``)."""

    id: str
    source: str
    verb: Literal["hold", "resume", "abort", "disarm", "take_control", "release_control", "start", "skip_task", "replay", "ping"]
    topic: str = ""
    first: int = 0
    last: int = 0


class Ack(Message, frozen=True, tag=True, kw_only=True):
    """Answer to a command. A replay's ack carries the recorded messages, ≤ 16 an answer."""

    id: str
    source: str
    accepted: bool
    reason: str
    messages: tuple[bytes, ...] = ()


class StationBeat(Message, frozen=True, tag=True, kw_only=True):
    """station, 2 Hz: the surface is alive; rov starts its ladder when this is 2 s old."""

    operator: str


AnyMessage = (
    VehicleState
    | Guidance
    | MissionStatus
    | Coverage
    | FrameReport
    | LandmarkSight
    | PositionFix
    | Preview
    | Finding
    | Alert
    | ProcessStatus
    | RecorderStatus
    | Command
    | Ack
    | StationBeat
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyMessage] = msgspec.msgpack.Decoder(AnyMessage)


def encode(message: AnyMessage) -> bytes:
    """MessagePack with the struct's name as tag."""
    return _encoder.encode(message)


def decode(data: bytes) -> AnyMessage:
    """Inverse of `encode`.

    Raises:
        msgspec.DecodeError: damaged or unknown (``msgspec.ValidationError`` is a subclass).
    """
    return _decoder.decode(data)
