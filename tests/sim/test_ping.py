"""The Ping sounder by the vendor's own client, on UDP, and by whoever sends it rubbish."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from brping import Ping1D as Client
from brping import PingMessage
from brping import definitions as p

from sim.ping_server import DATAGRAMS_A_TURN, MOST_CLIENTS, PingServer
from sim.sensors.ping1d import KINDS, POINTS, REPORTS, STREAMS, Echo, Ping1D, unpack
from sim.world import World


def request(kind: int) -> bytes:
    message = PingMessage(p.COMMON_GENERAL_REQUEST)
    message.requested_id = kind
    return bytes(message.pack_msg_data())


def older(kind: int) -> bytes:
    message = PingMessage()
    message.request_id = kind
    return bytes(message.pack_msg_data())


def command(kind: int, **fields: int) -> bytes:
    message = PingMessage(kind, payload_dict=KINDS)
    for name, value in fields.items():
        setattr(message, name, value)
    return bytes(message.pack_msg_data())


def read(data: bytes) -> Any:
    return PingMessage(msg_data=data, payload_dict=KINDS)


def ask(device: Ping1D, data: bytes, streams: set[int] | None = None) -> list[Any]:
    known = set[int]() if streams is None else streams
    return [read(out) for message in unpack(data) for out in device.heard(message, known)]


class Served:
    """The server in a thread of its own, on a clock that runs 50 ms a turn, before a wall at ``distance_m``."""

    def __init__(self) -> None:
        self.server, self.distance_m, self._stop = PingServer(0, Ping1D(1)), 0.8, threading.Event()
        self.turns = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            self.turns += 1
            self.server.turn(0.05 * self.turns, Echo(self.distance_m, 90, self.turns))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.server.close()


@pytest.fixture
def served() -> Iterator[Served]:
    here = Served()
    yield here
    here.close()


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    client = Client(payload_dict=p.payload_dict_ping1d)
    client.connect_udp("127.0.0.1", served.server.port)
    yield client
    client.iodev.close()


def test_the_vendor_s_client_reads_and_sets(client: Client, served: Served) -> None:
    assert client.initialize()
    assert client.get_device_information()["device_type"] == 1
    assert client.get_distance()["distance"] == 800 and client.get_distance_simple() == {"distance": 800, "confidence": 90}
    assert client.get_general_info()["ping_interval"] == 100
    assert client.set_mode_auto(0) and client.set_ping_interval(50) and client.set_gain_setting(4) and client.set_range(200, 5000)
    # brping 0.2.5's own set_speed_of_sound fills in the field of another device of the family with the same number.
    client.write(command(p.PING1D_SET_SPEED_OF_SOUND, speed_of_sound=1_450_000))
    assert client.get_speed_of_sound() == {"speed_of_sound": 1_450_000}
    assert client.get_range() == {"scan_start": 200, "scan_length": 5000} and client.get_gain_setting()["gain_setting"] == 4
    profile = client.get_profile()
    assert len(profile["profile_data"]) == POINTS
    peak = max(range(POINTS), key=lambda k: profile["profile_data"][k])
    assert 200 + (peak + 0.5) * 5000 / POINTS == pytest.approx(profile["distance"], abs=2 * 5000 / POINTS)
    assert profile["distance"] == round(800 * 1450 / 1500)


def test_streams_of_two_clients_and_one_that_is_gone(client: Client, served: Served) -> None:
    gone = Client()
    gone.connect_udp("127.0.0.1", served.server.port)
    for each in (gone, client):
        each.control_continuous_start(p.PING1D_DISTANCE)
    gone.iodev.close()
    numbers = [client.wait_message([p.PING1D_DISTANCE], 5.0).ping_number for _ in range(5)]
    assert numbers == sorted(set(numbers))
    client.control_continuous_stop(p.PING1D_DISTANCE)
    assert client.wait_message([p.COMMON_ACK], 5.0).acked_id == p.PING1D_CONTINUOUS_STOP


@pytest.mark.parametrize("kind", sorted(REPORTS))
def test_every_report_can_be_asked_for_in_both_ways(kind: int) -> None:
    device = Ping1D(1)
    device.measured(0.0, Echo(1.2, 80, 7))
    (new,), (old,) = ask(device, request(kind)), ask(device, older(kind))
    assert new.message_id == old.message_id == kind and new.msg_data == old.msg_data and new.verify_checksum()


@pytest.mark.parametrize(
    "data",
    [
        request(4711), request(p.PING1D_SET_RANGE), command(p.PING1D_SET_PING_INTERVAL, ping_interval=10),
        command(p.PING1D_SET_GAIN_SETTING, gain_setting=7), command(p.PING1D_SET_MODE_AUTO, mode_auto=2),
        command(p.PING1D_SET_SPEED_OF_SOUND, speed_of_sound=0), command(p.PING1D_SET_RANGE, scan_start=0, scan_length=50),
        command(p.PING1D_SET_RANGE, scan_start=2**32 - 1, scan_length=2**32 - 1), command(p.COMMON_SET_DEVICE_ID, device_id=255),
        command(p.PING1D_CONTINUOUS_START, id=1210), command(p.PING1D_GOTO_BOOTLOADER), command(p.COMMON_ACK, acked_id=3),
    ],
)  # fmt: skip
def test_what_it_does_not_take_is_answered_with_a_nack(data: bytes) -> None:
    device, streams = Ping1D(1), set[int]()
    before = device.report(p.PING1D_GENERAL_INFO), device.report(p.PING1D_RANGE)
    (answer,) = ask(device, data, streams)
    assert answer.message_id == p.COMMON_NACK and len(answer.nack_message) > 5
    assert (device.report(p.PING1D_GENERAL_INFO), device.report(p.PING1D_RANGE)) == before and not streams


def test_no_echo_leaves_the_last_distance_without_confidence() -> None:
    device = Ping1D(1)
    assert device.measured(0.0, Echo(1.0, 95, 1)) and not device.measured(0.05, Echo(1.1, 95, 2))
    assert device.measured(0.1, Echo(None, 0, 3))
    (answer,) = ask(device, request(p.PING1D_DISTANCE))
    assert (answer.distance, answer.confidence, answer.ping_number) == (1000, 0, 3)


def test_outside_the_set_range_it_hears_nothing_and_off_it_does_not_ping() -> None:
    device = Ping1D(1)
    ask(device, command(p.PING1D_SET_MODE_AUTO, mode_auto=0) + command(p.PING1D_SET_RANGE, scan_start=500, scan_length=1000))
    device.measured(0.0, Echo(2.0, 95, 1))
    assert ask(device, request(p.PING1D_DISTANCE))[0].confidence == 0
    ask(device, command(p.PING1D_SET_PING_ENABLE, ping_enabled=0))
    assert not device.measured(9.0, Echo(1.0, 95, 2))


def test_any_bytes_are_survived_and_a_whole_message_among_them_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    draw, device, good = random.Random(5), Ping1D(1), request(p.PING1D_DISTANCE)
    found = 0
    for k in range(3000):
        mess = bytearray(draw.randbytes(draw.randrange(60)))
        if k % 3 == 0:
            mess += struct.pack("<2sHHBB", b"BR", draw.randrange(65536), draw.choice([*STREAMS, 6, 1001, 9999]), 0, 0)
        damaged = bytearray(good)
        damaged[draw.randrange(len(good))] ^= 1 << draw.randrange(8)
        for message in unpack(bytes(mess + damaged[: draw.randrange(len(good))] + good)):
            answers = device.heard(message, set())
            found += any(read(out).message_id == p.PING1D_DISTANCE for out in answers)
    assert found >= 2900
    assert capfd.readouterr().out == ""  # brping prints about what it does not know


def test_a_flood_waits_its_turn_and_clients_are_bounded() -> None:
    server = PingServer(0, Ping1D(1))
    flooder, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for _ in range(DATAGRAMS_A_TURN - 1):
        flooder.sendto(request(p.PING1D_PROFILE), ("127.0.0.1", server.port))
    other.sendto(request(p.PING1D_DISTANCE), ("127.0.0.1", server.port))
    for _ in range(200):
        flooder.sendto(b"x" * 1000, ("127.0.0.1", server.port))
    server.turn(0.0, Echo(1.0, 90, 1))
    other.settimeout(5.0)
    assert read(other.recv(4096)).message_id == p.PING1D_DISTANCE
    many = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(MOST_CLIENTS + 3)]
    for one in many:
        one.sendto(request(p.PING1D_DISTANCE), ("127.0.0.1", server.port))
    for k in range(6):
        server.turn(0.05 * k, Echo(1.0, 90, k))
    assert len(server._clients) == MOST_CLIENTS
    for each in (flooder, other, *many):
        each.close()
    server.close()


def test_the_world_s_echo_is_the_one_the_autopilot_gets(scenario: Any, vessel: Any, surface: Any) -> None:
    launch = scenario.vehicle.launch.model_copy(update={"depth_m": 1.5, "offset_m": 1.2})
    vehicle = scenario.vehicle.model_copy(update={"launch": launch})
    world = World(scenario.model_copy(update={"vehicle": vehicle}), vessel, surface)
    confidences = []
    for k in range(40):
        world.advance_to(0.1 * (k + 1))
        ahead, above = world.echoes
        sensed = {r.orientation: r.metres for r in world.autopilot.core.sensed.ranges}
        assert (ahead.distance_m, above.distance_m) == (sensed[0], sensed[24])
        assert (ahead.confidence == 0) == (ahead.distance_m is None)
        confidences.append(ahead.confidence)
    assert max(confidences) <= 100 and sorted(confidences)[20] > 50
