"""One suite for every body of the bus."""

import time
from collections.abc import Callable, Iterator

import pytest
import zmq

from wire import messages as m
from wire.bus import Bus, LocalBus, Subscription
from wire.zmq_bus import ZmqBus


@pytest.fixture(params=["local", pytest.param("zmq", marks=pytest.mark.sockets)])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    if request.param == "local":
        yield LocalBus()
        return
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sender = ZmqBus(context, "tcp://127.0.0.1:0", {})
    both = ZmqBus(context, None, {"vision": sender.endpoint, "rov": sender.endpoint})
    both.publish = sender.publish  # type: ignore[method-assign]
    yield both
    both.close()
    sender.close()
    context.term()


def beat(t: float, text: str = "") -> m.Alert:
    return m.Alert(t=t, source="test", code="x", severity="info", text=text, active=True)


def collect(
    bus: Bus, subscription: Subscription, done: Callable[[list[tuple[str, m.AnyMessage]]], bool], send: m.Alert | None = None
) -> list[tuple[str, m.AnyMessage]]:
    got: list[tuple[str, m.AnyMessage]] = []
    deadline = time.monotonic() + 10.0
    while not done(got) and time.monotonic() < deadline:
        if send is not None:
            bus.publish("alert", send)
        got += subscription.drain()
        time.sleep(0.005)
    return got


def joined(bus: Bus) -> Subscription:
    """A subscription that is known to receive (PUB/SUB joins asynchronously)."""
    subscription = bus.subscribe("alert")
    assert collect(bus, subscription, bool, beat(0.0, "join"))
    return subscription


def test_delivers_in_order_and_equal(bus: Bus) -> None:
    subscription = joined(bus)
    sent = [beat(float(i), f"n{i}") for i in range(50)]
    for message in sent:
        bus.publish("alert", message)
    got = collect(bus, subscription, lambda g: bool(g) and g[-1][1] == sent[-1])
    assert [message for topic, message in got if message.t > 0 or message == sent[0]] == sent
    assert {topic for topic, _ in got} == {"alert"}


def test_refuses_wrong_type_and_unknown_topic(bus: Bus) -> None:
    with pytest.raises(ValueError, match=r"got Alert, expected VehicleState"):
        bus.publish("vehicle_state", beat(0.0))
    with pytest.raises(ValueError, match=r"topic 'nope'"):
        bus.publish("nope", beat(0.0))


def test_reader_sees_only_its_topics(bus: Bus) -> None:
    subscription = joined(bus)
    bus.publish("station_beat", m.StationBeat(t=1.0, operator="a"))
    bus.publish("alert", beat(2.0, "last"))
    got = collect(bus, subscription, lambda g: any(message.t == 2.0 for _, message in g))
    assert all(topic == "alert" for topic, _ in got)


def test_local_queue_is_bounded_and_counts() -> None:
    bus = LocalBus(limit=3)
    subscription = bus.subscribe("alert")
    for i in range(5):
        bus.publish("alert", beat(float(i)))
    assert [message.t for _, message in subscription.drain()] == [2.0, 3.0, 4.0]
    assert subscription.dropped == 2


@pytest.mark.sockets
def test_damage_is_counted_never_raised() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    raw = context.socket(zmq.PUB)
    raw.linger = 0
    port = raw.bind_to_random_port("tcp://127.0.0.1")
    reader = ZmqBus(context, None, {"rov": f"tcp://127.0.0.1:{port}"})
    subscription = reader.subscribe("alert")
    good = m.encode(beat(1.0))
    deadline = time.monotonic() + 10.0
    got: list[tuple[str, m.AnyMessage]] = []
    while (not got or subscription.dropped < 4) and time.monotonic() < deadline:
        for parts in (
            [b"alert\0", b"\xff"],
            [b"alert\0", good[:-3]],
            [b"alert\0"],
            [b"alert\0", m.encode(m.StationBeat(t=0, operator=""))],
        ):
            raw.send_multipart(parts)
        raw.send_multipart([b"alert\0", good])
        got += subscription.drain()
    assert got[0] == ("alert", beat(1.0))
    assert subscription.dropped >= 4
    reader.close()
    raw.close()
    context.term()
