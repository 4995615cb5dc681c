"""What the station is told about the survey. Everything else it hears from the vehicle."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hull.zones import Zone


class FileHash(NamedTuple):
    """A file that the survey was flown from, and its SHA-256 (hex)."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class StationConfig:
    """``zones``: what the mission plans to inspect. ``utc_at_zero``: UTC when the hullscan clock read 0.

    ``operator``: who is in control from the start ("": nobody; the page asks for a name).
    """

    survey_id: str
    mission: str
    zones: tuple[Zone, ...]
    utc_at_zero: datetime
    operator: str = ""
    clock_source: str = "station system clock"
    hashes: tuple[FileHash, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    def utc(self, t: float) -> str:
        """The moment ``t`` [s of the hullscan clock] as ISO 8601 UTC with milliseconds."""
        moment = (self.utc_at_zero + timedelta(seconds=t)).astimezone(UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
