"""What a survey needs before it starts, whichever way it is flown: mission, ship, plan, envelope; refusals first."""

from pathlib import Path
from typing import NamedTuple

from hull.document import Infeasible, fail
from hull.surface import HullSurface
from hull.vessel import Vessel
from hull.zones import Zone
from missions.feasibility import refusals
from missions.mission import Mission, load_mission_with_ship, planned_zones
from missions.planner import Plan, plan
from sim.scenario import Scenario, load_scenario, vessel_path
from station.config import StationConfig
from station.evidence import hash_files
from station.main import versions
from wire.clock import Clock
from wire.rig import BLUEROV2, Rig
from wire.session import Envelope, ZoneRow


class Prepared(NamedTuple):
    """A mission checked against its ship and planned."""

    mission: Mission
    mission_file: Path
    vessel: Vessel
    vessel_file: Path
    surface: HullSurface
    plan: Plan
    zones: tuple[Zone, ...]
    rig: Rig

    def envelope(self) -> Envelope:
        """The limits rov guards."""
        mission = self.mission
        return Envelope(
            side=mission.launch.side,
            launch_x_m=self.vessel.frame_to_x(mission.launch.frame),
            launch_x_std_m=mission.launch.frame_std_m,
            launch_offset_m=mission.launch.offset_m,
            standoff_m=mission.standoff_m,
            min_standoff_m=mission.limits.min_standoff_m,
            max_depth_m=mission.limits.max_depth_m,
            max_speed_mps=mission.speed_mps,
            min_battery_fraction=mission.limits.min_battery_fraction,
            outboard_m=mission.abort.outboard_m,
        )

    def zone_rows(self) -> tuple[ZoneRow, ...]:
        """The zones as the session carries them."""
        return tuple(ZoneRow(name=z.name, side=z.side, x_m=z.x_m, depth_m=z.depth_m) for z in self.zones)

    def station_config(self, survey_id: str, clock: Clock) -> StationConfig:
        """For a station in this process."""
        return StationConfig(
            survey_id=survey_id,
            mission=self.mission.name,
            zones=self.zones,
            utc_at_zero=clock.utc(0.0),
            hashes=hash_files(self.mission_file, self.vessel_file),
            versions=versions(),
        )


def prepare(mission_file: Path, rig: Rig = BLUEROV2) -> Prepared:
    """Loads, checks and plans.

    Raises:
        hull.document.DocumentError: a file is wrong.
        hull.document.Infeasible: the files are right and the mission cannot be flown.
    """
    mission, vessel, surface, vessel_file = load_mission_with_ship(mission_file)
    planned = plan(mission, vessel, surface, rig)
    reasons = refusals(mission, planned)
    if reasons:
        raise Infeasible(reasons)
    return Prepared(mission, mission_file, vessel, vessel_file, surface, planned, planned_zones(mission, vessel), rig)


def load_world_file(scenario_file: Path, prepared: Prepared) -> Scenario:
    """The scenario, which must be about the mission's own vessel. Raises DocumentError."""
    scenario = load_scenario(scenario_file)
    theirs = vessel_path(scenario, scenario_file)
    if theirs.read_bytes() != prepared.vessel_file.read_bytes():
        raise fail(scenario_file, "vessel", scenario.vessel, f"the mission's vessel, {prepared.vessel_file.name}")
    return scenario
