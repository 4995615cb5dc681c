"""Acknowledged commands. The sender repeats until it is answered; the receiver is idempotent by command id.

Bodies: `LocalCommands` in one process, ``wire.zmq_command`` over DEALER/ROUTER sockets.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Protocol

from wire import messages as m

Handler = Callable[[m.Command], m.Ack]


class CommandServer(Protocol):
    """Owned by the receiver. ``serve`` answers everything that waits; a repeated id gets the first answer again."""

    def serve(self, handler: Handler) -> None: ...


class CommandClient(Protocol):
    """Owned by the sender, one per receiver. ``send`` queues; ``poll`` returns new answers and repeats what is
    unanswered for 0.25 s; after 5 s a command is given up with a not-accepted ack whose reason says so."""

    def send(self, command: m.Command, now: float) -> None: ...

    def poll(self, now: float) -> list[m.Ack]: ...


class AnswerMemory:
    """The last 1024 answers by command id."""

    def __init__(self, limit: int = 1024) -> None:
        self._answers: OrderedDict[str, m.Ack] = OrderedDict()
        self._limit = limit

    def answer(self, command: m.Command, handler: Handler) -> m.Ack:
        known = self._answers.get(command.id)
        if known is not None:
            return known
        ack = handler(command)
        self._answers[command.id] = ack
        while len(self._answers) > self._limit:
            self._answers.popitem(last=False)
        return ack


class LocalCommands:
    """Both ends in one process."""

    def __init__(self) -> None:
        self._waiting: deque[m.Command] = deque()
        self._answers: deque[m.Ack] = deque()
        self._memory = AnswerMemory()

    def send(self, command: m.Command, now: float) -> None:
        self._waiting.append(m.decode(m.encode(command)))  # type: ignore[arg-type]

    def poll(self, now: float) -> list[m.Ack]:
        out = list(self._answers)
        self._answers.clear()
        return out

    def serve(self, handler: Handler) -> None:
        while self._waiting:
            self._answers.append(self._memory.answer(self._waiting.popleft(), handler))
