"""The operator's words to rov."""

import uuid
from typing import Any

import pytest

from rov.ladder import AbortLadder, Clearance
from rov.orders import Orders
from wire import messages as m
from wire.command import LocalCommands

NEAR = Clearance(False, False)


class Desk:
    def __init__(self) -> None:
        self.commands, self.ladder = LocalCommands(), AbortLadder()
        self.orders = Orders(self.commands, self.ladder)

    def say(self, verb: Any, source: str = "station") -> m.Ack:
        self.commands.send(m.Command(t=0.0, id=uuid.uuid4().hex, source=source, verb=verb), 0.0)
        self.orders.serve(3.0)
        (ack,) = self.commands.poll(0.0)
        return ack

    def refused(self, verb: Any, source: str = "station") -> str:
        ack = self.say(verb, source)
        assert ack.accepted == (ack.reason == "") and (ack.t, ack.source) == (3.0, "rov")
        return ack.reason


def test_anyone_may_hold_and_ping() -> None:
    desk = Desk()
    assert desk.refused("take_control", "ann") == ""
    assert desk.refused("ping", "bob") == "" and desk.orders.triggers == set()
    assert desk.refused("hold", "bob") == "" and desk.orders.triggers == {"operator_hold"}


@pytest.mark.parametrize("verb", ["resume", "abort", "disarm", "release_control"])
def test_the_rest_only_by_who_is_in_control(verb: str) -> None:
    desk = Desk()
    desk.refused("take_control", "ann")
    assert desk.refused(verb, "bob") == "ann is in control"
    assert not desk.orders.triggers and not desk.orders.disarm_wanted and desk.orders.operator == "ann"
    assert desk.refused(verb, "ann") == ""
    desk.refused("release_control", "ann")
    assert desk.orders.operator == "" and desk.refused(verb, "bob") == ""


def test_abort_and_disarm() -> None:
    desk = Desk()
    assert desk.refused("abort") == "" and desk.orders.triggers == {"operator_abort"}
    assert desk.refused("disarm") == "" and desk.orders.disarm_wanted


def test_resume_takes_everything_back() -> None:
    desk = Desk()
    for verb in ("hold", "abort", "disarm"):
        desk.refused(verb)
    desk.ladder.update(desk.orders.triggers, NEAR, 0.0)
    assert desk.refused("resume") == ""
    assert (desk.orders.triggers, desk.orders.disarm_wanted, desk.ladder.rung) == (set(), False, "ok")


def test_resume_is_refused_on_the_way_up() -> None:
    desk = Desk()
    desk.refused("abort")
    for t in (0.0, 3.0, 3.1):
        desk.ladder.update(desk.orders.triggers, Clearance(True, False), t)
    assert desk.refused("resume") == "the ladder is at ascend; it ends at the surface"
    assert desk.orders.triggers == {"operator_abort"} and desk.ladder.rung == "ascend"


@pytest.mark.parametrize("verb", ["start", "skip_task", "replay"])
def test_words_for_others(verb: str) -> None:
    assert Desk().refused(verb) == f"{verb}: rov does not know it"


def test_a_repeated_command_acts_once() -> None:
    desk = Desk()
    hold = m.Command(t=0.0, id="1", source="station", verb="hold")
    desk.commands.send(hold, 0.0)
    desk.orders.serve(1.0)
    (first,) = desk.commands.poll(0.0)
    desk.refused("resume")
    desk.commands.send(hold, 0.0)
    desk.orders.serve(4.0)
    assert desk.commands.poll(0.0) == [first] and first.t == 1.0 and desk.orders.triggers == set()
