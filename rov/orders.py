"""The operator's words to rov. Anyone may hold; the station keeps the lease of who may say more."""

from rov.ladder import AbortLadder
from wire import messages as m
from wire.command import CommandServer


class Orders:
    """`serve` first in a tick, so that a hold acts in that very tick. ``triggers``: what the ladder is to see."""

    def __init__(self, commands: CommandServer, ladder: AbortLadder) -> None:
        self._commands = commands
        self._ladder = ladder
        self.triggers: set[str] = set()
        self.disarm_wanted = False
        self.operator = ""
        self.now = 0.0

    def serve(self, now: float) -> None:
        """Answers what waits."""
        self.now = now
        self._commands.serve(self._handle)

    def _handle(self, command: m.Command) -> m.Ack:
        refusal = self._obey(command)
        return m.Ack(t=self.now, id=command.id, source="rov", accepted=not refusal, reason=refusal)

    def _obey(self, command: m.Command) -> str:
        verb = command.verb
        if verb == "ping":
            return ""
        if verb == "hold":
            if self._ladder.rung not in ("ok", "hold"):
                return f"already at {self._ladder.rung}: {self._ladder.reason.replace('_', ' ')}; hold does not stop it"
            self.triggers.add("operator_hold")
            return ""
        if verb == "take_control":
            self.operator = command.source
            return ""
        if verb in ("resume", "abort", "disarm", "release_control") and self.operator not in ("", command.source):
            return f"{self.operator} is in control"
        if verb == "release_control":
            self.operator = ""
        elif verb == "resume":
            refusal = self._ladder.resume()
            if not refusal:
                self.triggers.clear()
                self.disarm_wanted = False
            return refusal
        elif verb == "abort":
            self.triggers.add("operator_abort")
        elif verb == "disarm":
            self.disarm_wanted = True
        else:
            return f"{verb}: rov does not know it"
        return ""
