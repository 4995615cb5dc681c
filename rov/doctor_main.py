"""``hullscan doctor``: connects, asks for streams and parameters, judges. It never steers or arms; it sets parameters only with
``--apply`` or ``--restore`` and only after a yes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rov.channels import TcpChannel, open_mavlink
from rov.doctor import PARAMETERS, Change, Sensors, changes, examine
from rov.doctor_apply import ApplyError, Setter, read_record, write_record
from rov.dvl import DvlReader
from rov.link import Link
from rov.vehicle import ArduSub
from wire.channel import pipe

CONNECT_S = 15.0
LISTEN_S = 4.0
TICK_S = 0.05

Say = Callable[[str], None]
Agree = Callable[[str], bool]


class Visit:
    """A vehicle while the doctor is there."""

    def __init__(self, vehicle: ArduSub, dvl: DvlReader) -> None:
        self.vehicle, self.dvl = vehicle, dvl
        self._began = time.monotonic()
        self.now = 0.0

    def run(self, until: Callable[[float], bool]) -> None:
        """Listens and keeps the link alive until ``until(now)``."""
        while not until(self.now):
            self.now = time.monotonic() - self._began
            self.vehicle.receive(self.now)
            self.dvl.receive(self.now)
            self.vehicle.keep_alive(self.now)
            time.sleep(TICK_S)

    def listen(self) -> None:
        """Until everything was asked for and had time to come, or `CONNECT_S`."""
        self.run(lambda now: self.vehicle.ready or now >= CONNECT_S)
        if self.vehicle.ready:
            end = self.now + LISTEN_S
            self.run(lambda now: now >= end)

    def set(self, wanted: list[Change]) -> None:
        """Raises ApplyError: the autopilot did not take one."""
        setter = Setter(self.vehicle, wanted)

        def step(now: float) -> bool:
            setter.tick(now)
            return setter.done

        self.run(step)
        if setter.failed:
            names = ", ".join(f"{c.name} (wanted {c.to:g}, is {self.vehicle.values.get(c.name)})" for c in setter.failed)
            raise ApplyError(f"the autopilot did not take {names}")

    def checks(self, min_battery: float) -> list[dict[str, Any]]:
        sensors = Sensors(self.now - self.dvl.seen_t, self.now - self.vehicle.reported.forward_t)
        rows = examine(self.vehicle.values, self.vehicle.reported, sensors, min_battery, self.now)
        return [check._asdict() for check in rows]


@contextmanager
def visit(address: str, dvl_address: str | None, say: Say) -> Iterator[Visit]:
    """Connected and listened to. Raises ConnectionError: the address cannot be opened."""
    channel = open_mavlink(address)
    dvl_channel = TcpChannel(dvl_address) if dvl_address else pipe()[0]
    say(f"doctor: connecting to {address}")
    try:
        visiting = Visit(ArduSub(Link(channel, time.time()), PARAMETERS), DvlReader(dvl_channel))
        visiting.listen()
        yield visiting
    finally:
        channel.close()
        dvl_channel.close()


def examine_vehicle(address: str, dvl_address: str | None, say: Say, min_battery: float = 0.2) -> list[dict[str, Any]]:
    """The checks as rows with name, ok, found, expected, cause and cure.

    Raises:
        ConnectionError: the address cannot be opened.
    """
    with visit(address, dvl_address, say) as visiting:
        return visiting.checks(min_battery)


def cure_vehicle(
    address: str, dvl_address: str | None, say: Say, agree: Agree, record: Path, restore: bool, min_battery: float = 0.2
) -> list[dict[str, Any]]:
    """Sets what the rules want and writes the values before to ``record``; with ``restore`` sets back what ``record`` says.
    ``agree(question)`` is asked once, with the list of changes. Returns the checks after it.

    Raises:
        ApplyError: nobody there, armed, refused by ``agree``, a bad record, or the autopilot did not take a value.
        ConnectionError: the address cannot be opened.
        OSError: ``record`` exists or cannot be written; nothing was set then.
    """
    wanted = read_record(record) if restore else []
    with visit(address, dvl_address, say) as visiting:
        reported = visiting.vehicle.reported
        if not visiting.vehicle.ready:
            raise ApplyError(f"{address}: no autopilot answered within {CONNECT_S:.0f} s")
        if reported.armed:
            raise ApplyError(f"{address}: the vehicle is armed, expected a disarmed one to change parameters")
        if not restore:
            wanted = changes(visiting.vehicle.values)
        if not wanted:
            say("doctor: no parameter needs to be changed")
            return visiting.checks(min_battery)
        if not agree("\n".join(f"{c.name}: {c.before:g} -> {c.to:g}" for c in wanted)):
            raise ApplyError("not confirmed, nothing was changed")
        if not restore:
            write_record(record, address, wanted)
            say(f"doctor: values before are in {record}; undo with --restore {record}")
        visiting.set(wanted)
        return visiting.checks(min_battery)
