"""``hullscan doctor``: connects, asks for streams and parameters, judges; never steers, arms or sets a parameter."""

import time
from collections.abc import Callable
from typing import Any

from rov.channels import TcpChannel, open_mavlink
from rov.doctor import PARAMETERS, Sensors, examine
from rov.dvl import DvlReader
from rov.link import Link
from rov.vehicle import ArduSub
from wire.channel import pipe

CONNECT_S = 15.0
LISTEN_S = 4.0
TICK_S = 0.05


def examine_vehicle(
    address: str, dvl_address: str | None, say: Callable[[str], None], min_battery: float = 0.2
) -> list[dict[str, Any]]:
    """The checks as rows with name, ok, found, expected, cause and cure.

    Raises:
        ConnectionError: the address cannot be opened.
    """
    channel = open_mavlink(address)
    dvl_channel = TcpChannel(dvl_address) if dvl_address else pipe()[0]
    vehicle, dvl = ArduSub(Link(channel, time.time()), PARAMETERS), DvlReader(dvl_channel)
    began = time.monotonic()
    ready_at = None
    now = 0.0
    say(f"doctor: connecting to {address}")
    while now < CONNECT_S and (ready_at is None or now < ready_at + LISTEN_S):
        now = time.monotonic() - began
        vehicle.receive(now)
        dvl.receive(now)
        if ready_at is None and vehicle.ready:
            ready_at = now
        vehicle.keep_alive(now)
        time.sleep(TICK_S)
    channel.close()
    dvl_channel.close()
    sensors = Sensors(now - dvl.seen_t, now - vehicle.reported.forward_t)
    return [check._asdict() for check in examine(vehicle.values, vehicle.reported, sensors, min_battery, now)]
