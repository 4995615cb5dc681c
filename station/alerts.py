"""Alerts: what is wrong now, and the station's own."""

from wire import messages as m

ORDER = {"critical": 0, "warning": 1, "info": 2}


class AlertBoard:
    """Active alerts by (source, code). A repeated alert replaces its text and keeps its first time."""

    def __init__(self) -> None:
        self._active: dict[tuple[str, str], m.Alert] = {}

    def apply(self, alert: m.Alert) -> bool:
        """True when this changes what is shown."""
        key = (alert.source, alert.code)
        known = self._active.get(key)
        if not alert.active:
            return self._active.pop(key, None) is not None
        if known is not None and (known.text, known.severity) == (alert.text, alert.severity):
            return False
        self._active[key] = alert
        return True

    def active(self) -> list[m.Alert]:
        """Worst first, then the newest."""
        return sorted(self._active.values(), key=lambda a: (ORDER[a.severity], -a.t, a.source, a.code))


class OwnAlerts:
    """Turns conditions into alerts: raised when one becomes true, cleared when it ends."""

    def __init__(self) -> None:
        self._raised: dict[str, m.Alert] = {}

    def set(self, now: float, code: str, severity: m.Severity, text: str, active: bool) -> m.Alert | None:
        """The alert to publish, or None when nothing changed."""
        known = self._raised.get(code)
        if active and known is None:
            alert = m.Alert(t=now, source="station", code=code, severity=severity, text=text, active=True)
            self._raised[code] = alert
            return alert
        if not active and known is not None:
            del self._raised[code]
            return m.Alert(t=now, source="station", code=code, severity=known.severity, text=known.text, active=False)
        return None
