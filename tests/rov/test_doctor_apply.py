"""Setting parameters: each is read back, what does not stick is told, and the record leads back."""

import json
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from rov.doctor import Change
from rov.doctor_apply import TRIES, ApplyError, Setter, read_record, write_record
from rov.link import Link
from rov.vehicle import ArduSub
from tests.rov.fakes import FakeAutopilot

WANTED = [Change("FS_PILOT_INPUT", 2.0, 1.0), Change("FS_PILOT_TIMEOUT", 3.0, 0.7)]


def run(answers: dict[str, float | None], seconds: float = 20.0) -> tuple[Setter, list[Any]]:
    """What the autopilot was told; it says what ``answers`` has for a name, or nothing for None."""
    autopilot = FakeAutopilot()
    vehicle = ArduSub(Link(autopilot.end, 0.0), ())
    autopilot.heartbeat()
    setter, told, now = Setter(vehicle, WANTED), [], 0.0
    while not setter.done and now < seconds:
        now += 0.05
        vehicle.receive(now)
        setter.tick(now)
        for message in autopilot.heard("PARAM_SET"):
            told.append(message)
            value = answers[message.param_id]
            if value is not None:
                autopilot.say(mavlink.MAVLink_param_value_message(message.param_id.encode(), value, 9, 900, 1))
    assert setter.done
    return setter, told


def test_each_is_set_and_read_back() -> None:
    setter, told = run({"FS_PILOT_INPUT": 1.0, "FS_PILOT_TIMEOUT": 0.7})
    assert setter.failed == [] and [(m.param_id, round(m.param_value, 3)) for m in told] == [(c.name, c.to) for c in WANTED]


def test_what_is_not_taken_is_told_and_the_rest_goes_on() -> None:
    setter, told = run({"FS_PILOT_INPUT": 2.0, "FS_PILOT_TIMEOUT": 0.7})
    assert setter.failed == WANTED[:1] and len(told) == TRIES + 1
    setter, _ = run({"FS_PILOT_INPUT": None, "FS_PILOT_TIMEOUT": None})
    assert setter.failed == WANTED


def test_the_record_leads_back_and_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    write_record(file, "udpin:0.0.0.0:14550", WANTED)
    assert read_record(file) == [Change(c.name, c.to, c.before) for c in WANTED]
    with pytest.raises(FileExistsError):
        write_record(file, "x", WANTED[:1])
    assert read_record(file) == [Change(c.name, c.to, c.before) for c in WANTED]


GOOD = {"name": "FS_PILOT_INPUT", "before": 2, "to": 1}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "cannot be read"),
        ([], "parameters: got None, expected a list"),
        ({"parameters": []}, "expected a list"),
        ({"parameters": [3]}, r"parameters\[0\].name: got None"),
        ({"parameters": [GOOD, GOOD | {"name": "MOT_1_DIRECTION"}]}, r"parameters\[1\].name: got 'MOT_1_DIRECTION'"),
        ({"parameters": [GOOD | {"before": "2"}]}, "before '2', expected two finite numbers"),
        ({"parameters": [GOOD | {"to": True}]}, "to True"),
        ({"parameters": [GOOD | {"before": float("nan")}]}, "before nan"),
    ],
)
def test_a_bad_record_is_one_clear_line(tmp_path: Path, document: object, says: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(ApplyError, match=says) as caught:
        read_record(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
