"""The abort ladder: ok -> hold -> backoff -> leave -> ascend -> surfaced, as a table.

Theory of operation. A trigger names the lowest rung it demands. Demands only ever lift the ladder; `hold` demanded by a passing
trigger falls back to `ok` when the trigger is gone, a latched one waits for the operator's `resume`. From `backoff` on there is
no way back but the operator's `resume`, and none at all once the vehicle is ascending. It never ascends before it is clear of
the hull outboard: under a flat bottom "up" is steel.
"""

from typing import NamedTuple

from wire.messages import Ladder

RUNGS: tuple[Ladder, ...] = ("ok", "hold", "backoff", "leave", "ascend", "surfaced")
BACKOFF_S = 3.0
LEAVE_PATIENCE_S = 45.0


class Demand(NamedTuple):
    """``rung``: the lowest rung; ``latched``: stays after the trigger is gone; ``later``: (seconds, rung) if it persists."""

    rung: Ladder
    latched: bool
    later: tuple[float, Ladder] | None


TRIGGERS: dict[str, Demand] = {
    #                      rung       latched  if it persists
    "operator_hold": Demand("hold", True, None),
    "operator_abort": Demand("backoff", True, None),
    "station_silent": Demand("hold", False, (60.0, "backoff")),
    "guidance_silent": Demand("hold", False, (30.0, "backoff")),
    "frames_silent": Demand("hold", False, (60.0, "backoff")),
    "hull_lost": Demand("hold", False, (6.0, "leave")),
    "navigator_uncertain": Demand("hold", False, (60.0, "backoff")),
    "depth_jump": Demand("hold", True, None),
    "too_close": Demand("hold", False, (3.0, "backoff")),
    "leak": Demand("backoff", True, None),
    "battery_low": Demand("backoff", True, None),
    "autopilot_silent": Demand("hold", False, None),
    "mode_changed": Demand("hold", True, None),
    "other_commander": Demand("hold", True, None),
    "disarmed": Demand("hold", True, None),
}


class Clearance(NamedTuple):
    """``outboard``: the vehicle is clear of the hull by the wanted distance. ``at_surface``: its depth is the surface's."""

    outboard: bool
    at_surface: bool


class AbortLadder:
    """Holds the rung and why. `update` once a tick with the triggers that are true now."""

    def __init__(self) -> None:
        self.rung: Ladder = "ok"
        self.reason = ""
        self._latched: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._rung_t = 0.0

    def restore(self, rung: Ladder, reason: str, latched: tuple[str, ...], now: float) -> None:
        """Takes over from a ladder that stood on ``rung`` for ``reason`` with ``latched`` triggers."""
        self.rung, self.reason, self._rung_t = rung, reason, now
        self._latched = dict.fromkeys(latched, now)

    @property
    def latched(self) -> tuple[str, ...]:
        """Triggers that wait for the operator's `resume`."""
        return tuple(sorted(self._latched))

    def resume(self) -> str:
        """The operator's word to go on. Returns "" or why not."""
        if self.rung in ("ascend", "surfaced"):
            return f"the ladder is at {self.rung}; it ends at the surface"
        self._latched.clear()
        self._since.clear()
        self.rung, self.reason = "ok", ""
        return ""

    def update(self, triggers: set[str], clearance: Clearance, now: float) -> Ladder:
        """The rung for this tick.

        Raises:
            KeyError: a trigger that is not in `TRIGGERS`.
        """
        self._since = {name: self._since.get(name, now) for name in sorted(triggers)}
        for name in sorted(triggers):
            if TRIGGERS[name].latched:
                self._latched.setdefault(name, now)
        self._lift(now)
        self._descend(clearance, now)
        return self.rung

    def _lift(self, now: float) -> None:
        demanded: Ladder = "ok"
        reason = ""
        for name in sorted(self._since.keys() | self._latched.keys()):
            demand = TRIGGERS[name]
            rung = demand.rung
            if demand.later and name in self._since and now - self._since[name] >= demand.later[0]:
                rung = demand.later[1]
            if RUNGS.index(rung) > RUNGS.index(demanded):
                demanded, reason = rung, name
        falls = self.rung == "hold" and RUNGS.index(demanded) < RUNGS.index("hold")
        if RUNGS.index(demanded) > RUNGS.index(self.rung) or falls:
            self._go(demanded, now)
            self.reason = reason
        elif demanded == self.rung and self.reason not in self._since.keys() | self._latched.keys():
            self.reason = reason  # the first reason has passed, another one holds the rung

    def _descend(self, clearance: Clearance, now: float) -> None:
        """Moves on along backoff -> leave -> ascend -> surfaced."""
        if self.rung == "backoff" and now - self._rung_t >= BACKOFF_S:
            self._go("leave", now)
        elif self.rung == "leave" and clearance.outboard:
            self._go("ascend", now)
        elif self.rung == "ascend" and clearance.at_surface:
            self._go("surfaced", now)

    def _go(self, rung: Ladder, now: float) -> None:
        self.rung, self._rung_t = rung, now

    @property
    def since(self) -> float:
        """When the present rung was reached [s]."""
        return self._rung_t
