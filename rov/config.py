"""What rov is told: side, launch, envelope, rig. Plain values; nothing here knows missions."""

import msgspec

from wire.rig import BLUEROV2, Rig
from wire.session import Envelope


class RovConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``envelope``: see `wire.session.Envelope`. ``utc_epoch``: POSIX seconds at ``now`` = 0, for the tlog.
    ``station_required``: start the ladder also when no station was ever heard."""

    envelope: Envelope
    utc_epoch: float = 0.0
    rig: Rig = BLUEROV2
    station_required: bool = True
