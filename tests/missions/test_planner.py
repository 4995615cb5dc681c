"""Plans: every planned cell lies wholly inside the inner view of a lane, whatever the zone; refusals; the preview."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hull.coverage import CELL_M, CellKey
from hull.surface import HullSurface
from hull.zones import zone_cells
from missions.feasibility import refusals
from missions.lanes import GUARD_M, IMAGE_MARGIN, view_of
from missions.mission import LandmarkSpec, Mission, ZoneSpec, load_mission_with_ship
from missions.planner import Plan, plan
from missions.preview import preview
from wire.messages import Side
from wire.rig import BLUEROV2

LIBRARY = Path(__file__).parents[2] / "missions" / "library"
MISSION, VESSEL, SURFACE, _FILE = load_mission_with_ship(LIBRARY / "coaster_starboard.yaml")


def changed(**update: object) -> Mission:
    return MISSION.model_copy(update=update)


def zone(frames: tuple[float, float], depths: tuple[float, float], name: str = "z", side: str = "S") -> ZoneSpec:
    return ZoneSpec(name=name, side=side, frames=frames, depth_m=depths)


def planned(mission: Mission) -> Plan:
    return plan(mission, VESSEL, SURFACE, BLUEROV2)


def sample(result: Plan) -> set[CellKey]:
    cols = set(sorted({cell.col for cell in result.cells})[::4])
    return {cell for cell in result.cells if cell.col in cols}


class Window(NamedTuple):
    """Girths seen: NaN where the hull is missed."""

    x: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def window(surface: HullSurface, standoff_m: float, side: Side, depth_m: float, places: NDArray[np.float64]) -> Window:
    """What a vehicle facing the hull at ``depth_m`` sees at each of ``places`` within the inner view, by casting the upper and
    the lower edge of its view at the hull: independent of `missions.lattice`."""
    camera = BLUEROV2.camera
    half = math.atan(math.tan(camera.vfov_rad / 2.0) * (1.0 - 2.0 * IMAGE_MARGIN))
    low, high = np.full(len(places), np.nan), np.full(len(places), np.nan)
    for i, x in enumerate(places):
        origin, level = _station(surface, standoff_m, side, depth_m, float(x))
        eye = origin + level * camera.mount_m[0] - np.array([0.0, 0.0, camera.mount_m[2]])
        ends = []
        for pitch in (-half, half):
            ray = level * math.cos(pitch) + np.array([0.0, 0.0, math.sin(pitch)])
            reach = surface.raycast(eye, ray, 5.0)
            if reach is not None:
                hit = eye + ray * reach
                ends.append(surface.girth_at_depth(float(hit[0]), surface.draught_m - float(hit[2])))
        if len(ends) == 2:
            low[i], high[i] = ends[0] + GUARD_M, ends[1] - GUARD_M
    return Window(places, low, high)


def _station(
    surface: HullSurface, standoff_m: float, side: Side, depth_m: float, x_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = depth_m
    for _ in range(3):
        normal = surface.normal(side, x_m, surface.girth_at_depth(x_m, at))
        at = depth_m + standoff_m * float(normal[2])
    origin = surface.point(side, x_m, surface.girth_at_depth(x_m, at)) + normal * standoff_m
    level = -normal * np.array([1.0, 1.0, 0.0])
    return origin, level / np.linalg.norm(level)


def cells_seen(result: Plan, standoff_m: float, surface: HullSurface) -> set[CellKey]:
    """By the lanes, cell by cell: the view is cast anew at each cell's own x."""
    seen = set()
    sampled = sample(result)
    for lane in result.lanes:
        low_x, high_x = sorted((lane.x_from_m, lane.x_to_m))
        half = result.footprint.width_m / 2.0
        cols = sorted({cell.col for cell in result.cells})[::4]
        places = np.clip(np.array([(col + 0.5) * CELL_M for col in cols]), low_x, high_x)
        view = dict(zip(cols, zip(*window(surface, standoff_m, lane.side, lane.depth_m, places)[1:], strict=True), strict=True))
        for cell in sampled:
            low, high = view[cell.col]
            in_x = low_x - half <= cell.col * CELL_M and (cell.col + 1) * CELL_M <= high_x + half
            if cell.side == lane.side and in_x and low - 0.005 <= cell.row * CELL_M and (cell.row + 1) * CELL_M <= high + 0.005:
                seen.add(cell)
    return seen


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    frame=st.floats(30.0, 50.0),
    length=st.floats(1.0, 5.0),
    top=st.floats(0.6, 1.6),
    height=st.floats(0.1, 1.0),
    standoff=st.floats(0.6, 1.4),
    overlap=st.floats(0.0, 0.8),
)
def test_every_planned_cell_lies_in_the_inner_view_of_a_lane(
    frame: float, length: float, top: float, height: float, standoff: float, overlap: float
) -> None:
    mission = changed(
        zones=(zone((frame, frame + length), (top, top + height)),), landmarks=(), standoff_m=standoff, overlap=overlap
    )
    result = planned(mission)
    assert set(result.cells) == set(zone_cells(result.zones[0], SURFACE))
    assert not result.unreachable
    assert cells_seen(result, standoff, SURFACE) == sample(result)


def wall_m2() -> float:
    """The default zone is upright plating: frames times depth range."""
    (only,) = MISSION.zones
    return (only.frames[1] - only.frames[0]) * VESSEL.frame_spacing_m * (only.depth_m[1] - only.depth_m[0])


def test_the_default_plan() -> None:
    result = planned(MISSION)
    assert [visit.name for visit in result.visits] == ["sea chest S aft"]
    # 1.60 m of depth, 0.04 m more at each edge, one view is 0.52 m: 1.16 m left for steps of at most 0.75 x 0.58 = 0.435 m.
    assert len(result.lanes) == 1 + 3
    for before, after in zip(result.lanes, result.lanes[1:], strict=False):
        assert before.x_to_m == after.x_from_m, "boustrophedon"
        assert abs(before.depth_m - after.depth_m) == pytest.approx(1.16 / 3, abs=0.002), "evenly spread"
    view = view_of(BLUEROV2.camera, 0.8)
    assert (
        abs(result.lanes[0].depth_m - result.lanes[1].depth_m) <= (1.0 - MISSION.overlap) * (view.height_m + 2.0 * GUARD_M) + 1e-9
    )
    assert wall_m2() == pytest.approx(9.6 * 1.6)
    assert result.planned_m2 == pytest.approx(wall_m2(), abs=0.1)
    assert not result.unreachable
    assert result == planned(MISSION), "the same every time"


def test_landmarks_come_first_the_one_nearest_the_launch_before_the_others() -> None:
    names = ["sea chest S aft", "sea chest S"]
    for frame, expected in ((28.0, names), (60.0, names[::-1])):
        launch = MISSION.launch.model_copy(update={"frame": frame})
        for order in (names, names[::-1]):
            marks = tuple(LandmarkSpec(fitting=name, dwell_s=3.0) for name in order)
            assert [visit.name for visit in planned(changed(landmarks=marks, launch=launch)).visits] == expected


def test_lanes_start_at_the_corner_nearest_the_launch() -> None:
    for frame, end in ((28.0, 0), (60.0, 1)):
        launch = MISSION.launch.model_copy(update={"frame": frame, "frame_std_m": 0.05})
        result = planned(changed(landmarks=(), launch=launch))
        first = result.lanes[0]
        assert abs(first.x_from_m - result.zones[0].x_m[end]) < 0.3
        assert first.depth_m == min(lane.depth_m for lane in result.lanes)


def test_more_overlap_more_lanes_and_more_standoff_fewer() -> None:
    small = changed(landmarks=(), zones=(zone((30, 33), (0.7, 2.6)),))
    counts = [len(planned(small.model_copy(update={"overlap": overlap})).lanes) for overlap in (0.0, 0.35, 0.6, 0.8)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert len(planned(small.model_copy(update={"standoff_m": 1.3})).lanes) < counts[1]


def test_zones_that_overlap_count_once() -> None:
    result = planned(changed(zones=(zone((30, 34), (1.0, 2.0), "a"), zone((32, 36), (1.0, 2.0), "b")), landmarks=()))
    assert len(result.cells) == len(set(result.cells)) == len(planned(changed(zones=(zone((30, 36), (1.0, 2.0)),))).cells)


LIMITS = MISSION.limits


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ({}, []),
        ({"zones": (zone((30, 40), (0.0, 0.0), side="bottom"),)}, ["zone z: the flat bottom needs a camera that looks up"]),
        ({"limits": LIMITS.model_copy(update={"max_duration_s": 200.0})}, ["limits.max_duration_s, 200 s"]),
        ({"limits": LIMITS.model_copy(update={"min_battery_fraction": 0.97})}, ["a full battery lasts 162 s down to 97%"]),
        ({"limits": LIMITS.model_copy(update={"max_tether_m": 10.0})}, ["limits.max_tether_m, 10 m"]),
        ({"limits": LIMITS.model_copy(update={"max_depth_m": 1.5})}, ["limits.max_depth_m, 1.50 m"]),
        ({"zones": (zone((30.0, 30.05), (1.0, 1.02)),)}, ["no coverage cell"]),
        ({"standoff_m": 0.4}, ["the camera's usable view is"]),
    ],
)
def test_refusals(update: dict[str, object], said: list[str]) -> None:
    mission = changed(**update)
    found = refusals(mission, planned(mission))
    assert len(found) == len(said), found
    for text, part in zip(found, said, strict=True):
        assert part in text


def test_preview_draws_what_it_says(tmp_path: Path) -> None:
    out = tmp_path / "plan.svg"
    summary = preview(LIBRARY / "coaster_starboard.yaml", out)
    assert summary["refusals"] == []
    assert summary["planned_m2"] == pytest.approx(wall_m2(), abs=0.1)
    assert summary["cells"] == round(wall_m2() / CELL_M**2)
    tree = ET.parse(out).getroot()
    lanes = [line for line in tree.iter("{http://www.w3.org/2000/svg}polyline") if line.get("class") == "lane"]
    assert len(lanes) == len(summary["lanes"])
    assert preview(LIBRARY / "coaster_starboard.yaml") == summary


def test_without_a_landmark_lanes_reach_as_much_farther_as_the_launch_may_be_off() -> None:
    def ends(std_m: float, **fields: Any) -> tuple[float, float]:
        launch = MISSION.launch.model_copy(update={"frame_std_m": std_m})
        lane = planned(changed(launch=launch, **fields)).lanes[0]
        return min(lane.x_from_m, lane.x_to_m), max(lane.x_from_m, lane.x_to_m)

    sure, unsure = ends(0.3, landmarks=()), ends(0.6, landmarks=())
    assert sure[0] - unsure[0] == pytest.approx(0.6, abs=0.01) and unsure[1] - sure[1] == pytest.approx(0.6, abs=0.01)
    assert ends(0.3) == ends(0.6), "a landmark will tell"
