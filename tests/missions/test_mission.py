"""Mission files: the library's load; wrong ones are refused by one line with file, line, field, value and expectation."""

import shutil
from pathlib import Path

import pytest

from hull.document import DocumentError
from missions.mission import load_mission, load_mission_with_ship, planned_zones

LIBRARY = Path(__file__).parents[2] / "missions" / "library"

GOOD = """\
name: trial
vessel: coaster50.vessel.yaml
launch: {side: S, frame: 28, offset_m: 3.0, frame_std_m: 0.5}
zones:
  - {name: one, side: S, frames: [30, 40], depth_m: [0.7, 2.6]}
landmarks:
  - {fitting: sea chest S, dwell_s: 3.0}
standoff_m: 0.8
overlap: 0.35
speed_mps: 0.3
limits: {max_depth_m: 3.5, min_standoff_m: 0.5, min_battery_fraction: 0.3, max_duration_s: 1800, max_tether_m: 60}
abort: {outboard_m: 2.5}
"""

BAD = [
    # what is replaced, by what, field in the error, part of the expectation
    ("name: trial", "name: ../evil", "name", "pattern"),
    ("name: trial", "nam: trial", "name", "this key to be given"),
    ("name: trial", "name: trial\nname: again", "name", "each key once"),
    ("name: trial", "name: trial\nspeed: 0.3", "speed", "did you mean speed_mps"),
    ("vessel: coaster50.vessel.yaml", "vessel: ../../../etc/passwd", "vessel", "a path inside"),
    ("vessel: coaster50.vessel.yaml", "vessel: /etc/passwd", "vessel", "a relative path"),
    ("vessel: coaster50.vessel.yaml", "vessel: none.yaml", "vessel", "an existing file"),
    ("side: S, frame: 28", "side: port, frame: 28", "launch.side", "'P' or 'S'"),
    ("side: S, frame: 28", "side: P, frame: 28", "zones[0].side", "the launch side, P"),
    ("frame: 28", "frame: 280", "launch.frame", "a frame on the ship"),
    ("frame: 28", "frame: .nan", "launch.frame", "finite"),
    ("frame: 28", "frame: '28 m'", "launch.frame", "a valid number"),
    ("offset_m: 3.0", "offset_m: -3.0", "launch.offset_m", "greater than or equal to 0.6"),
    ("frames: [30, 40]", "frames: [40, 30]", "zones[0]", "the first less than the second"),
    ("frames: [30, 40]", "frames: [30, 140]", "zones[0].frames", "two frames on the ship"),
    ("frames: [30, 40]", "frames: [30]", "zones[0].frames[1]", "this key to be given"),
    ("side: S, frames", "side: starboard, frames", "zones[0].side", "'bottom'"),
    ("depth_m: [0.7, 2.6]", "depth_m: [2.6, 0.7]", "zones[0]", "the first less than the second"),
    ("depth_m: [0.7, 2.6]", "depth_m: [0.7, 4.6]", "zones[0].depth_m", "within the draught, 3.6 m"),
    ("depth_m: [0.7, 2.6]", "depth_m: [0.7, 3.5]", "zones[0].depth_m", "above the turn of the bilge"),
    ("depth_m: [0.7, 2.6]", "depth_m: [-1, 2.6]", "zones[0].depth_m[0]", "greater than or equal to 0"),
    ("fitting: sea chest S,", "fitting: sea chest X,", "landmarks[0].fitting", "a fitting of the vessel: sea chest S"),
    ("fitting: sea chest S,", "fitting: sea chest P,", "landmarks[0].fitting", "on the launch side, S"),
    ("dwell_s: 3.0", "dwell_s: 1000", "landmarks[0].dwell_s", "less than or equal to 120"),
    ("standoff_m: 0.8\n", "standoff_m: 0.3\n", "standoff_m", "greater than or equal to 0.4"),
    ("standoff_m: 0.8\n", "standoff_m: 3.5\n", "standoff_m", "less than or equal to 3"),
    ("min_standoff_m: 0.5", "min_standoff_m: 0.8", "limits.min_standoff_m", "less than standoff_m, 0.8"),
    ("overlap: 0.35", "overlap: 0.9", "overlap", "less than or equal to 0.8"),
    ("speed_mps: 0.3", "speed_mps: 0.6", "speed_mps", "less than or equal to 0.5"),
    ("speed_mps: 0.3", "speed_mps: [0.3]", "speed_mps", "a valid number"),
    ("max_duration_s: 1800", "max_duration_s: .inf", "limits.max_duration_s", ""),
    ("outboard_m: 2.5", "outboard_m: 0.5", "abort.outboard_m", "greater than or equal to 1"),
    ("abort: {outboard_m: 2.5}", "abort: &a {outboard_m: 2.5}", "file", "without & and *"),
    ("abort: {outboard_m: 2.5}", "abort: {outboard_m: 2.5", "file", "well-formed YAML"),
    ("limits: {", "limits: {tether: 3, ", "limits.tether", "max_tether_m"),
]


def _written(tmp_path: Path, text: str) -> Path:
    shutil.copy(LIBRARY / "coaster50.vessel.yaml", tmp_path)
    path = tmp_path / "mission.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("old", "new", "field", "expected"), BAD, ids=[f"{i}-{row[2]}" for i, row in enumerate(BAD)])
def test_wrong_files_are_refused_in_one_line(tmp_path: Path, old: str, new: str, field: str, expected: str) -> None:
    path = _written(tmp_path, GOOD.replace(old, new, 1) if old != "standoff_m: 0.8\n" else GOOD.replace(f"\n{old}", f"\n{new}"))
    with pytest.raises(DocumentError) as caught:
        load_mission_with_ship(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    assert f": {field}: got " in text, text
    assert expected in text, text


def test_two_zones_need_two_names(tmp_path: Path) -> None:
    zone = "  - {name: one, side: S, frames: [42, 44], depth_m: [0.7, 2.6]}\n"
    with pytest.raises(DocumentError, match=r"mission\.yaml:6: zones\[1\]\.name: got 'one', expected a name no other zone has"):
        load_mission_with_ship(_written(tmp_path, GOOD.replace("landmarks:\n", zone + "landmarks:\n")))


def test_the_good_one_loads(tmp_path: Path) -> None:
    path = _written(tmp_path, GOOD)
    mission, vessel, surface, vessel_path = load_mission_with_ship(path)
    assert mission == load_mission(path)
    assert vessel_path == (tmp_path / "coaster50.vessel.yaml").resolve()
    assert surface.draught_m == vessel.draught_m
    (zone,) = planned_zones(mission, vessel)
    assert (zone.name, zone.side, zone.depth_m) == ("one", "S", (0.7, 2.6))
    assert zone.x_m == pytest.approx((18.0, 24.0))
    assert planned_zones(mission, vessel) == (zone,)


@pytest.mark.parametrize("name", ["coaster_starboard", "coaster_short"])
def test_the_library_loads(name: str) -> None:
    mission, _vessel, _surface, _file = load_mission_with_ship(LIBRARY / f"{name}.yaml")
    assert mission.name == name
    assert mission.standoff_m == 0.8
