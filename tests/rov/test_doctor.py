"""The doctor: each rule on its own, and what a real firmware has."""

import pytest

from rov.doctor import PARAMETERS, RULES, Change, Check, Rule, Sensors, changes, examine
from rov.vehicle import Reported

# ArduSub 4.7 as the firmware listed it (boot.parm), but for the two that hullscan wants otherwise; and the older names.
DEFAULTS = {
    "FS_PILOT_INPUT": 1.0,
    "FS_PILOT_TIMEOUT": 0.7,
    "FS_GCS_ENABLE": 2.0,
    "FS_LEAK_ENABLE": 1.0,
    "FS_EKF_ACTION": 0.0,
    "BATT_FS_LOW_ACT": 0.0,
    "MAV_GCS_SYSID": 255.0,
    "EK3_SRC1_POSZ": 1.0,
    "FRAME_CONFIG": 1.0,
    "JS_GAIN_DEFAULT": 0.5,
    "JS_THR_GAIN": 1.0,
}
SENSORS = Sensors(0.1, 0.1)


def healthy() -> Reported:
    return Reported(heartbeat_t=9.5, attitude_t=9.9, depth_t=9.9, depth_m=0.2, volts=15.8, battery_fraction=0.9)


def failing(
    values: dict[str, float] | None = None, reported: Reported | None = None, sensors: Sensors = SENSORS
) -> dict[str, Check]:
    checks = examine(DEFAULTS if values is None else values, reported or healthy(), sensors, 0.2, 10.0)
    assert len(checks) == len(RULES) + 8 and len({c.name for c in checks}) == len(checks)
    for check in checks:
        assert check.cause and check.cure and check.expected and check.found
    return {c.name: c for c in checks if not c.ok}


def test_a_prepared_vehicle_passes_and_the_firmware_s_defaults_lack_two() -> None:
    assert failing() == {}
    assert set(failing(DEFAULTS | {"FS_PILOT_INPUT": 2.0, "FS_PILOT_TIMEOUT": 3.0})) == {"FS_PILOT_INPUT", "FS_PILOT_TIMEOUT"}


def test_what_apply_would_set() -> None:
    bad = DEFAULTS | {"FS_PILOT_INPUT": 0.0, "FS_LEAK_ENABLE": 2.0, "FRAME_CONFIG": 0.0}
    assert changes(bad) == [Change("FS_PILOT_INPUT", 0.0, 1.0), Change("FS_LEAK_ENABLE", 2.0, 1.0)]  # nobody guesses a frame
    assert changes(DEFAULTS) == []
    cured = bad | {c.name: c.to for c in changes(bad)}
    assert set(failing(cured)) == {"FRAME_CONFIG"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.names[0])
def test_what_apply_sets_is_safe(rule: Rule) -> None:
    assert rule.to is None or rule.low <= rule.to <= rule.high


def test_old_names_pass() -> None:
    old = {("SYSID_MYGCS" if name == "MAV_GCS_SYSID" else name): value for name, value in DEFAULTS.items()}
    assert failing(old) == {}
    assert set(failing(old | {"SYSID_MYGCS": 254.0})) == {"SYSID_MYGCS"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("FS_PILOT_INPUT", 0), ("FS_PILOT_INPUT", 2), ("FS_PILOT_TIMEOUT", 3), ("FS_PILOT_TIMEOUT", 0.1),
     ("FS_GCS_ENABLE", 4), ("FS_GCS_ENABLE", 0),
     ("FS_LEAK_ENABLE", 2), ("FS_EKF_ACTION", 2), ("BATT_FS_LOW_ACT", 3), ("MAV_GCS_SYSID", 254), ("EK3_SRC1_POSZ", 3),
     ("FRAME_CONFIG", 0), ("FRAME_CONFIG", 6), ("JS_GAIN_DEFAULT", 55), ("JS_GAIN_DEFAULT", 0.1), ("JS_THR_GAIN", 3),
     ("FS_GCS_ENABLE", float("nan"))],
)  # fmt: skip
def test_each_rule(name: str, value: float) -> None:
    bad = failing(DEFAULTS | {name: value})
    assert set(bad) == {name}
    assert bad[name].found == f"{value:g}" and name in bad[name].cure


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_parameter_the_firmware_lacks(name: str) -> None:
    bad = failing({key: value for key, value in DEFAULTS.items() if key != name})
    assert set(bad) == (set() if name in ("BATT_FS_LOW_ACT", "JS_THR_GAIN") else {name})
    assert all(check.found == "not known to this firmware" for check in bad.values())


def test_silence_of_each_source() -> None:
    assert set(failing(reported=Reported())) == {"autopilot", "attitude", "depth", "battery"}
    assert failing(reported=Reported())["autopilot"].found == "never heard"
    assert set(failing(sensors=Sensors(1e9, 0.1))) == {"dvl"}
    assert set(failing(sensors=Sensors(0.1, 2.0))) == {"forward range"}
    late = healthy()
    late.heartbeat_t = 7.0
    assert failing(reported=late)["autopilot"].found == "3.0 s old"


@pytest.mark.parametrize(
    ("field", "value", "name", "found"),
    [
        ("depth_m", 7.5, "depth zero", "7.50 m"),
        ("depth_m", -0.6, "depth zero", "-0.60 m"),
        ("volts", 0.0, "battery", "0.0 V, 90 %"),
        ("battery_fraction", 0.19, "battery", "15.8 V, 19 %"),
        ("leak", True, "leak", "wet"),
    ],
)
def test_the_vehicle_s_state(field: str, value: float, name: str, found: str) -> None:
    ill = healthy()
    setattr(ill, field, value)
    assert {key: check.found for key, check in failing(reported=ill).items()} == {name: found}


def test_a_battery_that_does_not_say_passes() -> None:
    quiet = healthy()
    quiet.battery_fraction = -1.0
    assert failing(reported=quiet) == {}


def test_every_parameter_is_read() -> None:
    assert set(DEFAULTS) | {"SYSID_MYGCS"} == set(PARAMETERS)
