"""The topic table: every stream between processes, with its type, owner, rate and whether it is logged."""

from typing import NamedTuple

from wire import messages as m


class Topic(NamedTuple):
    """``rate_hz``: declared rate (0: on change); silent for 3 periods means stale."""

    name: str
    type: type[m.Message]
    owner: str
    rate_hz: float
    logged: bool


TOPICS: dict[str, Topic] = {
    row.name: row
    for row in (
        #     name              type              owner       rate  logged
        Topic("vehicle_state", m.VehicleState, "rov", 20.0, True),
        Topic("guidance", m.Guidance, "missions", 10.0, True),
        Topic("mission_status", m.MissionStatus, "missions", 2.0, True),
        Topic("coverage", m.Coverage, "missions", 0.0, True),
        Topic("frame_report", m.FrameReport, "vision", 5.0, True),
        Topic("landmark_sight", m.LandmarkSight, "vision", 0.0, True),
        Topic("position_fix", m.PositionFix, "rov", 0.0, True),
        Topic("preview", m.Preview, "vision", 5.0, False),
        Topic("finding", m.Finding, "vision", 0.0, True),
        Topic("alert", m.Alert, "*", 0.0, True),
        Topic("process_status", m.ProcessStatus, "*", 1.0, False),
        Topic("recorder_status", m.RecorderStatus, "recorder", 1.0, False),
        Topic("station_beat", m.StationBeat, "station", 2.0, False),
    )
}
