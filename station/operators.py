"""Who may command what, and what became of each command.

One operator is in control (a lease); the vehicle grants it. Anyone may hold; everything else needs the lease.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Literal, get_args

from station.store import StoredCommand
from wire import messages as m
from wire.command import CommandClient

Verb = Literal["hold", "resume", "abort", "disarm", "take_control", "release_control", "start", "skip_task"]
VERBS: tuple[Verb, ...] = get_args(Verb)
RECEIVER: dict[Verb, str] = {verb: "missions" if verb in ("start", "skip_task") else "rov" for verb in VERBS}
ANYONE: tuple[Verb, ...] = ("hold", "take_control")
LEASE_S = 10.0
REMEMBERED = 64
NAME_LIMIT = 40


def check_verb(verb: str) -> Verb:
    """Raises ValueError naming the verbs there are."""
    if verb not in VERBS:
        raise ValueError(f"verb: {verb!r}; expected one of {', '.join(VERBS)}")
    return verb


def check_operator(name: str) -> str:
    """Raises ValueError unless the name is 1 to 40 printable characters."""
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise ValueError(f"operator: {name[:60]!r}; expected a name of 1 to {NAME_LIMIT} printable characters")
    return name.strip()


class Operators:
    """Sends operators' commands and follows their answers. ``log`` hears of every change.

    A command's state is "sent", then "accepted" or "refused" (``reason``; an unanswered one is refused by the client).
    """

    def __init__(
        self,
        clients: Mapping[str, CommandClient],
        log: Callable[[StoredCommand], None],
        utc: Callable[[float], str],
        in_control: str,
    ) -> None:
        self._clients = {name: client for name, client in clients.items() if name in ("rov", "missions")}
        self._log = log
        self._utc = utc
        self._commands: OrderedDict[str, StoredCommand] = OrderedDict()
        self._holder_seen = float("-inf")
        self.in_control = in_control

    def seen(self, operator: str, now: float) -> None:
        """The operator's page is open. A lease ends ``LEASE_S`` after it was seen last, if somebody else asks for it."""
        if operator == self.in_control:
            self._holder_seen = now

    def command(self, key: str, verb: Verb, operator: str, now: float) -> None:
        """Sends, or refuses on the spot."""
        reason = self._refusal(verb, operator, now)
        client = self._clients.get(RECEIVER[verb])
        if not reason and client is None:
            reason = f"no {RECEIVER[verb]} in this survey"
        state = "refused" if reason else "sent"
        self._set(StoredCommand(key, now, self._utc(now), operator, verb, state, reason))
        if not reason and client is not None:
            client.send(m.Command(t=now, id=key, source=operator, verb=verb), now)

    def _refusal(self, verb: Verb, operator: str, now: float) -> str:
        holder = self.in_control
        if verb == "take_control":
            if holder not in ("", operator) and now - self._holder_seen < LEASE_S:
                return f"{holder} is in control"
            return ""
        if verb in ANYONE or holder == operator:
            return ""
        return f"{holder} is in control" if holder else "nobody is in control; take control first"

    def poll(self, now: float) -> None:
        """Takes answers in."""
        for name in sorted(self._clients):
            for ack in self._clients[name].poll(now):
                command = self._commands.get(ack.id)
                if command is not None:
                    self._answered(command, ack, now)

    def _answered(self, command: StoredCommand, ack: m.Ack, now: float) -> None:
        if ack.accepted and command.verb == "take_control":
            self.in_control = command.operator
            self._holder_seen = now
        if ack.accepted and command.verb == "release_control" and self.in_control == command.operator:
            self.in_control = ""
        self._set(command._replace(state="accepted" if ack.accepted else "refused", reason=ack.reason))

    def _set(self, command: StoredCommand) -> None:
        self._commands[command.id] = command
        while len(self._commands) > REMEMBERED:
            self._commands.popitem(last=False)
        self._log(command)

    def state(self, key: str) -> StoredCommand | None:
        return self._commands.get(key)

    def recent(self, count: int) -> list[StoredCommand]:
        """The newest first."""
        return list(reversed(self._commands.values()))[:count]


def new_id() -> str:
    """A fresh command id (UUID hex)."""
    return uuid.uuid4().hex
