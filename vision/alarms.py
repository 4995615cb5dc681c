"""Camera trouble as alerts, raised and cleared on change."""

from wire import messages as m
from wire.bus import Bus


class Alarms:
    """``set`` publishes an alert when its state changes; nothing is published for what was never wrong."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._active: set[str] = set()

    def set(self, now: float, code: str, active: bool, text: str) -> None:
        if active == (code in self._active):
            return
        self._active ^= {code}
        severity: m.Severity = "critical" if active else "info"
        self._bus.publish("alert", m.Alert(t=now, source="vision", code=code, severity=severity, text=text, active=active))
