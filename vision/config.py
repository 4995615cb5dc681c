"""What vision is told at its start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from wire.messages import Side
from wire.rig import BLUEROV2, Rig


def _epoch(t: float) -> datetime:
    return datetime.fromtimestamp(t, UTC)


@dataclass(frozen=True, kw_only=True)
class KnownFitting:
    """Something that belongs on the hull. ``x_m``, ``s_m``: its middle; ``size_m``: along x, along girth; ``height_m``: off
    the plating. ``kind``: the vessel file's word (`hull.vessel.FittingKind`); ``name``: its name there."""

    side: Side
    x_m: float
    s_m: float
    size_m: tuple[float, float]
    kind: str
    height_m: float = 0.05
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a frame is usable. Distances along the optical axis [m]; brightness of 255; ratios without unit."""

    max_range_m: float = 2.0
    min_px_per_cm: float = 2.5
    max_incidence_rad: float = 0.8
    max_optical_depth: float = 2.5
    min_brightness: float = 22.0
    min_contrast: float = 0.003
    min_sharpness: float = 1.45


@dataclass(frozen=True, kw_only=True)
class VisionConfig:
    """``utc``: hullscan seconds to UTC (`wire.clock.Clock.utc`). ``next_seq``, ``next_number``: where the finding log goes on.
    ``beam_attenuation_per_m``: what is believed of the water before vision has measured it.
    ``confirm_hits`` of the last ``confirm_window`` opportunities make a finding."""

    rig: Rig = BLUEROV2
    frame_spacing_m: float = 0.6
    fittings: tuple[KnownFitting, ...] = ()
    utc: Callable[[float], datetime] = _epoch
    next_seq: int = 1
    next_number: int = 1
    beam_attenuation_per_m: float = 0.8
    limits: Limits = field(default_factory=Limits)
    confirm_hits: int = 3
    confirm_window: int = 5
    min_score: float = 0.5
    gate_m: float = 0.35
    preview_hz: float = 5.0
    silent_s: float = 1.0
    margin: float = 0.04

    def __post_init__(self) -> None:
        for name in ("next_seq", "next_number", "confirm_hits"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected at least 1")
        if self.confirm_window < self.confirm_hits:
            raise ValueError(f"confirm_window: {self.confirm_window}; expected at least confirm_hits ({self.confirm_hits})")
        if self.frame_spacing_m <= 0:
            raise ValueError(f"frame_spacing_m: {self.frame_spacing_m}; expected more than 0")
