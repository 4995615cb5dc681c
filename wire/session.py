"""What one survey's processes are told at their start: a JSON file written by the launcher.

It names no scenario and holds no truth: rov, vision, missions and station get nothing else.
"""

from pathlib import Path
from typing import Literal

import msgspec

from wire.clock import WallClock
from wire.messages import Side
from wire.rig import BLUEROV2, Rig


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a process publishes (PUB) and takes commands (ROUTER); "" where it does neither."""

    publish: str
    commands: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The limits rov guards, from the mission. Launch: where the vehicle goes in, and how sure that is."""

    side: Side
    launch_x_m: float
    launch_x_std_m: float
    launch_offset_m: float
    standoff_m: float
    min_standoff_m: float
    max_depth_m: float
    max_speed_mps: float
    min_battery_fraction: float
    outboard_m: float


class ZoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """A planned zone, for the station's map and report (`hull.zones.Zone`)."""

    name: str
    side: Literal["P", "S", "bottom"]
    x_m: tuple[float, float]
    depth_m: tuple[float, float]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """``folder``: the survey folder. ``clock_epoch``/``clock_rate``/``utc_epoch`` [s]: see `WallClock`.
    ``mavlink``: pymavlink address; ``dvl``: host:port; ``camera``: a URL `vision` can open."""

    survey_id: str
    folder: str
    mission_file: str
    vessel_file: str
    clock_epoch: float
    clock_rate: float
    utc_epoch: float
    mavlink: str
    dvl: str
    camera: str
    envelope: Envelope
    endpoints: dict[str, Endpoint]
    zones: tuple[ZoneRow, ...] = ()
    rig: Rig = BLUEROV2
    keys: str = ""
    web_host: str = "127.0.0.1"
    web_port: int = 0
    web_token: str = ""

    def save(self, path: Path) -> None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self)))

    def clock(self) -> WallClock:
        return WallClock(self.clock_epoch, self.clock_rate, self.utc_epoch)


def load_session(path: Path) -> Session:
    """Reads what `Session.save` wrote.

    Raises:
        ValueError: names the file and what was wrong.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Session)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{path}: {error}; expected a session file written by hullscan run") from error
