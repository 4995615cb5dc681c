"""What missions publishes, with its numbers and rates."""

import math
from typing import Literal

from hull.coverage import CELL_M2
from missions.accounting import Accounting
from missions.tasks import Order
from wire import messages as m
from wire.bus import Bus

PERIOD_S = 0.5
MAX_CELLS = 2000
Ended = Literal["", "completed", "aborted", "failed"]


class Outlet:
    """`obeyed` tells whether a vehicle state already answers the newest order. Numbers go on after ``guidance_seq`` and
    ``coverage_seq``."""

    def __init__(self, bus: Bus, mission: str, accounting: Accounting, guidance_seq: int, coverage_seq: int) -> None:
        self._bus, self._mission, self._accounting = bus, mission, accounting
        self._guidance_seq, self._coverage_seq = guidance_seq, coverage_seq
        self._order: Order | None = None
        self._order_seq = 0
        self._status_due = self._coverage_due = -math.inf
        self._last_phase = ""
        self._alerts: dict[str, str] = {}

    def obeyed(self, state: m.VehicleState) -> Order | None:
        """The newest order, if the vehicle acts on it."""
        return self._order if self._order is not None and state.guidance_seq >= self._order_seq else None

    def guide(self, now: float, order: Order) -> None:
        self._guidance_seq += 1
        if order != self._order:
            self._order, self._order_seq = order, self._guidance_seq
        self._bus.publish("guidance", m.Guidance(t=now, seq=self._guidance_seq, **order._asdict()))

    def coverage(self, now: float) -> None:
        """Changed cells, at most every `PERIOD_S` and `MAX_CELLS` at once; the rest follows."""
        if now < self._coverage_due:
            return
        cells = self._accounting.changed(MAX_CELLS)
        if cells:
            self._coverage_due = now + PERIOD_S - 1e-6
            self._coverage_seq += 1
            self._bus.publish("coverage", m.Coverage(t=now, seq=self._coverage_seq, cells=cells))

    def status(self, now: float, phase: str, task: str, index: int, count: int, ended: Ended, detail: str) -> None:
        """At 2 Hz, and at once when the phase changes."""
        if now < self._status_due and phase == self._last_phase:
            return
        self._status_due, self._last_phase = now + PERIOD_S - 1e-6, phase
        status = m.MissionStatus(
            t=now,
            mission=self._mission,
            phase=phase,
            task=task,
            task_index=index,
            task_count=count,
            planned_m2=self._accounting.planned * CELL_M2,
            inspected_m2=self._accounting.inspected() * CELL_M2,
            ended=ended,
            detail=detail,
        )
        self._bus.publish("mission_status", status)

    def alert(self, now: float, code: str, text: str, severity: m.Severity = "warning") -> None:
        """Raises an alert when ``text`` is new, clears it when ``text`` is empty."""
        if self._alerts.get(code, "") == text:
            return
        self._alerts[code] = text
        self._bus.publish("alert", m.Alert(t=now, source="missions", code=code, severity=severity, text=text, active=bool(text)))
