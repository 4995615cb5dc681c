"""Publish and subscribe, with age and gaps. Two bodies pass one test suite: in-process and ZeroMQ."""

from collections import deque
from typing import Protocol

from wire import messages as m
from wire.topics import TOPICS


class Subscription(Protocol):
    """A reader's own queue over some topics. Nothing blocks."""

    def drain(self) -> list[tuple[str, m.AnyMessage]]:
        """All (topic, message) since the last drain, in arrival order."""
        ...

    @property
    def dropped(self) -> int:
        """Messages lost to the bound on this queue or to damage on the way."""
        ...


class Bus(Protocol):
    """``publish`` checks topic and type against the topic table and never blocks."""

    def publish(self, topic: str, message: m.AnyMessage) -> None: ...

    def subscribe(self, *topics: str) -> Subscription: ...


def check(topic: str, message: m.AnyMessage) -> None:
    """Raises ValueError when ``topic`` is unknown or does not carry this type."""
    row = TOPICS.get(topic)
    if row is None or not isinstance(message, row.type):
        raise ValueError(
            f"topic {topic!r}: got {type(message).__name__}, expected {row.type.__name__ if row else 'a topic of the table'}"
        )


class LocalSubscription:
    """Bounded queue; the oldest is dropped and counted."""

    def __init__(self, limit: int) -> None:
        self._queue: deque[tuple[str, m.AnyMessage]] = deque()
        self._limit = limit
        self.dropped = 0

    def put(self, topic: str, message: m.AnyMessage) -> None:
        if len(self._queue) >= self._limit:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append((topic, message))

    def drain(self) -> list[tuple[str, m.AnyMessage]]:
        out = list(self._queue)
        self._queue.clear()
        return out


class LocalBus:
    """All in one process: delivers decoded copies of encoded bytes, so what runs here runs on sockets."""

    def __init__(self, limit: int = 4096) -> None:
        self._subscriptions: dict[str, list[LocalSubscription]] = {name: [] for name in TOPICS}
        self._limit = limit

    def publish(self, topic: str, message: m.AnyMessage) -> None:
        check(topic, message)
        readers = self._subscriptions[topic]
        if readers:
            copy = m.decode(m.encode(message))
            for reader in readers:
                reader.put(topic, copy)

    def subscribe(self, *topics: str) -> LocalSubscription:
        subscription = LocalSubscription(self._limit)
        for topic in topics:
            self._subscriptions[topic].append(subscription)
        return subscription
