from typing import Any

import pytest

from sim.ardusub.odometry import Odometry
from sim.sensors.dvl import Ping
from sim.sensors.dvl_wire import velocity_report


def report(valid: bool, velocity: tuple[float, float, float] = (0.0, 0.2, 0.3)) -> bytes:
    return velocity_report(Ping(velocity, 0.01, valid, 0.8, ()), 1.0, 0.125)


def test_a_report_becomes_the_way_since_the_last_one_in_body_axes() -> None:
    sent: list[Any] = []
    odometry = Odometry(sent.append)
    odometry.dvl_end.send(report(True))
    odometry.tick(1.0, (0.0, 0.0, 0.1))
    assert not sent, "one report is no way yet"
    odometry.dvl_end.send(report(True))
    odometry.tick(1.125, (0.0, 0.0, 0.1))
    (message,) = sent
    assert message.get_type() == "VISION_POSITION_DELTA" and message.time_delta_usec == 125_000
    assert message.position_delta == pytest.approx([0.3 * 0.125, 0.2 * 0.125, 0.0])
    assert message.angle_delta == pytest.approx([0.0, 0.0, 0.0125])
    assert 1.0 <= message.confidence <= 100.0


def test_a_gap_is_left_a_gap() -> None:
    sent: list[Any] = []
    odometry = Odometry(sent.append)
    for t, valid in ((1.0, True), (1.125, False), (1.25, True), (3.0, True)):
        odometry.dvl_end.send(report(valid))
        odometry.tick(t, (0.0, 0.0, 0.0))
    assert not sent
