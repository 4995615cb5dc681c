"""What belongs on the hull is no contact; what sits at a grating may be one of its own kind."""

from hull.surface import HullSurface
from hull.vessel import CENTRELINE, Vessel
from vision.config import KnownFitting
from vision.tracks import Sight
from wire.messages import Kind

_PLAY_M = 0.10
_GRATINGS = ("sea_chest_grating",)


def known_fittings(vessel: Vessel, surface: HullSurface) -> tuple[KnownFitting, ...]:
    """The vessel file's fittings on the plating, with their girth."""
    return tuple(
        KnownFitting(
            side=fitting.side,
            x_m=vessel.frame_to_x(fitting.frame),
            s_m=surface.girth_at_depth(vessel.frame_to_x(fitting.frame), fitting.depth_m),
            size_m=fitting.size_m[:2],
            kind=fitting.kind,
            height_m=fitting.size_m[2],
            name=fitting.name,
        )
        for fitting in vessel.fittings
        if fitting.kind not in CENTRELINE
    )


class Fittings:
    """Lookup by place. Positions from the vessel file; the vehicle's own uncertainty widens the match."""

    def __init__(self, known: tuple[KnownFitting, ...]) -> None:
        self._known = known

    def explains(self, sight: Sight) -> bool:
        """The sight lies within a known fitting's outline and is no higher than it should be."""
        return any(_inside(sight, fitting) and _fits(sight, fitting) for fitting in self._known)

    def kind(self, sight: Sight) -> Kind:
        """The sight's kind, or "grating_tamper" for something small at a known grating."""
        for fitting in self._known:
            if fitting.kind in _GRATINGS and _inside(sight, fitting):
                return "grating_tamper"
        return sight.detection.kind


def _inside(sight: Sight, fitting: KnownFitting) -> bool:
    play = _PLAY_M + min(2.0 * sight.pose_std_m, 0.2)
    half_x, half_s = fitting.size_m[0] / 2.0 + play, fitting.size_m[1] / 2.0 + play
    return (
        sight.detection.side == fitting.side
        and sight.low[0] >= fitting.x_m - half_x
        and sight.high[0] <= fitting.x_m + half_x
        and sight.low[1] >= fitting.s_m - half_s
        and sight.high[1] <= fitting.s_m + half_s
    )


def _fits(sight: Sight, fitting: KnownFitting) -> bool:
    height = sight.detection.height_m
    return fitting.kind not in _GRATINGS and (height is None or height <= fitting.height_m + 0.02)
