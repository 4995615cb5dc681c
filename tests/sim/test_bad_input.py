"""What no autopilot should be sent, and clients that behave badly: the simulator goes on, and so do the others."""

import math
import socket
import struct
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.autopilot.commands import HANDLERS
from sim.server import Ports, Server
from sim.world import World
from wire.clock import SimClock

BAD = (math.nan, math.inf, -math.inf, 1e9, -1e9, 1e38)


def sound(ground) -> None:
    """Still talking, and every number of the vehicle finite."""
    since = ground.world.t
    ground.run(0.5)
    assert ground.count("ATTITUDE", since) > 3
    assert np.isfinite(ground.world._s).all() and np.isfinite(ground.world._c).all()


@pytest.mark.parametrize("number", [*sorted(HANDLERS), 115, 192, 300])
def test_bad_numbers_in_every_field_of_every_command(ground, number: int) -> None:
    ground.run(6.0)
    for place in range(7):
        for value in BAD:
            params = [1.0 if number == 176 else 0.0] * 7
            params[place] = value
            ground.send(mavlink.MAVLink_command_long_message(1, 1, number, 0, *params))
            head, tail = params[:4], (value if place > 5 else 0.0)
            ground.send(mavlink.MAVLink_command_int_message(1, 1, 6, number, 0, 0, *head, 2**31 - 1, -(2**31), tail))
    sound(ground)


@pytest.mark.parametrize("mode", [0, 1, 2, 9, 19, 21])
def test_bad_numbers_in_setpoints_and_parameters(ground, mode: int) -> None:
    ground.dive(1.0)
    ground.command(176, 1, mode)
    for value in BAD:
        numbers = [value] * 11
        ground.send(mavlink.MAVLink_set_position_target_local_ned_message(0, 1, 1, 1, 0, *numbers))
        if math.isfinite(value):
            ground.send(mavlink.MAVLink_set_attitude_target_message(0, 1, 1, 0, [value] * 4, value, value, value, 0.5))
        ground.send(mavlink.MAVLink_set_position_target_global_int_message(0, 1, 1, 6, 0xDFB, 2**31 - 1, -(2**31), *[value] * 9))
        for name in (b"JS_GAIN_DEFAULT", b"PSC_POSZ_P", b"FS_GCS_TIMEOUT"):
            if not math.isfinite(value):
                ground.send(mavlink.MAVLink_param_set_message(1, 1, name, value, 9))
    sound(ground)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=8), st.booleans())
def test_any_bytes(ground, blocks: list[bytes], framed: bool) -> None:
    for block in blocks:
        if framed:
            block = bytes([0xFD, len(block) % 256, 0, 0, 0, 255, 190]) + block
        ground.end.send(block)
        ground.run(0.05)
    ground.end.send(bytes(600))  # out of any frame that a stray header began
    sound(ground)


@pytest.fixture
def served(calm, vessel, surface) -> Iterator[tuple[Server, SimClock, socket.socket, socket.socket]]:
    """A served world and two MAVLink clients' sockets."""
    good, bad = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for client in (good, bad):
        client.bind(("127.0.0.1", 0))
        client.setblocking(False)
    clock = SimClock()
    addresses = tuple(f"udpout:127.0.0.1:{client.getsockname()[1]}" for client in (good, bad))
    server = Server(World(calm, vessel, surface), None, clock, Ports(addresses, 0, ""))
    yield server, clock, good, bad
    server.close()
    good.close()
    bad.close()


def drain(client: socket.socket) -> int:
    """Bytes that have arrived."""
    got = 0
    while True:
        try:
            got += len(client.recv(65536))
        except BlockingIOError:
            return got


def turns(server: Server, clock: SimClock, seconds: float) -> None:
    end = clock.now() + seconds
    while clock.now() < end:
        clock.advance_to(clock.now() + 0.02)
        server.turn()


@pytest.mark.sockets
def test_a_flooding_client_stalls_nobody(served) -> None:
    server, clock, good, bad = served
    turns(server, clock, 2.0)
    drain(good)
    turns(server, clock, 2.0)
    usual = drain(good)
    vehicle = bad.recvfrom(65536)[1]
    noise = np.random.default_rng(3).bytes(1400)
    began, slowest = time.monotonic(), 0.0
    for _ in range(100):
        for _ in range(50):
            bad.sendto(noise, vehicle)
        before = time.monotonic()
        turns(server, clock, 0.02)
        slowest = max(slowest, time.monotonic() - before)
    assert drain(good) == pytest.approx(usual, rel=0.1)
    assert slowest < 2.0 and time.monotonic() - began < 60.0


@pytest.mark.sockets
def test_dvl_clients_that_never_read_or_die_stall_nobody(served) -> None:
    server, clock, good, _bad = served
    port = server.dvl_port
    deaf = socket.create_connection(("127.0.0.1", port))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    dead = socket.create_connection(("127.0.0.1", port))
    listening = socket.create_connection(("127.0.0.1", port))
    listening.setblocking(False)
    turns(server, clock, 1.0)
    dead.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    dead.close()  # a reset, not a farewell
    drain(good)
    heard = 0
    for _ in range(60):
        turns(server, clock, 2.0)
        heard += drain(listening)
    assert heard > 120 * 8 * 400
    assert drain(good) > 0
    deaf.close()
    listening.close()
