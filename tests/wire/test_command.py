"""One suite for both bodies of acknowledged commands."""

import time
from collections.abc import Iterator

import pytest
import zmq

from wire import messages as m
from wire.command import CommandClient, CommandServer, LocalCommands
from wire.zmq_command import ZmqCommandClient, ZmqCommandServer

Pair = tuple[CommandClient, CommandServer]


@pytest.fixture(params=["local", pytest.param("zmq", marks=pytest.mark.sockets)])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param == "local":
        both = LocalCommands()
        yield both, both
        return
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    server = ZmqCommandServer(context, "tcp://127.0.0.1:0")
    client = ZmqCommandClient(context, server.endpoint, "rov")
    yield client, server
    client.close()
    server.close()
    context.term()


def hold(key: str = "k1") -> m.Command:
    return m.Command(t=0.0, id=key, source="station", verb="hold")


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, command: m.Command) -> m.Ack:
        self.count += 1
        return m.Ack(t=1.0, id=command.id, source="rov", accepted=True, reason=f"no {self.count}")


def exchange(pair: Pair, handler: Counter, want: int) -> list[m.Ack]:
    client, server = pair
    acks: list[m.Ack] = []
    deadline = time.monotonic() + 10.0
    while len(acks) < want and time.monotonic() < deadline:
        server.serve(handler)
        acks += client.poll(0.0)
        time.sleep(0.002)
    return acks


def test_answer_comes_back(pair: Pair) -> None:
    pair[0].send(hold(), 0.0)
    assert [(ack.id, ack.accepted) for ack in exchange(pair, Counter(), 1)] == [("k1", True)]


def test_a_repeated_id_is_executed_once_and_answered_again(pair: Pair) -> None:
    handler = Counter()
    pair[0].send(hold(), 0.0)
    first = exchange(pair, handler, 1)
    pair[0].send(hold(), 0.0)
    assert exchange(pair, handler, 1) == first
    assert handler.count == 1


@pytest.mark.sockets
def test_unanswered_is_repeated_then_given_up() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    raw = context.socket(zmq.ROUTER)
    raw.linger = 0
    port = raw.bind_to_random_port("tcp://127.0.0.1")
    client = ZmqCommandClient(context, f"tcp://127.0.0.1:{port}", "rov")
    client.send(hold(), 0.0)
    assert client.poll(0.1) == []
    assert client.poll(0.3) == []
    received = []
    deadline = time.monotonic() + 10.0
    while len(received) < 2 and time.monotonic() < deadline:
        if raw.poll(100):
            received.append(raw.recv_multipart()[1])
    assert received == [m.encode(hold())] * 2
    (ack,) = client.poll(5.5)
    assert (ack.accepted, ack.reason) == (False, "no answer from rov in 5 s")
    client.close()
    raw.close()
    context.term()


@pytest.mark.sockets
def test_server_survives_garbage() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    server = ZmqCommandServer(context, "tcp://127.0.0.1:0")
    raw = context.socket(zmq.DEALER)
    raw.linger = 0
    raw.connect(server.endpoint)
    for parts in ([b"\xc1"], [b"a", b"b"], [m.encode(m.StationBeat(t=0.0, operator=""))], [b""]):
        raw.send_multipart(parts)
    handler = Counter()
    deadline = time.monotonic() + 10.0
    while server.dropped < 4 and time.monotonic() < deadline:
        server.serve(handler)
        time.sleep(0.002)
    assert (server.dropped, handler.count) == (4, 0)
    raw.close()
    server.close()
    context.term()
