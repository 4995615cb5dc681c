"""Failsafes: pilot input, ground station, leak, battery (FACTS 4). Checked every slow tick."""

from dataclasses import dataclass

from sim.autopilot import modes
from sim.autopilot.core import Core

LEAK_LATCH_S = 3.0
WARN, ALT_HOLD, SURFACE, DISARM = 1, 3, 4, 2


@dataclass
class Failsafes:
    """Owns the timers; acts through `modes` on the shared core."""

    core: Core
    last_gcs_text_t: float = -1e9
    last_leak_text_t: float = -1e9
    leak_report_t: float = -1e9
    battery_low_since: float | None = None
    battery_critical_since: float | None = None

    def check(self) -> None:
        self._pilot()
        self._gcs()
        self._leak()
        self._battery()

    def report_leak(self) -> None:
        """A payload's SYS_STATUS says the leak sensor is unhealthy."""
        self.leak_report_t = self.core.t

    def _pilot(self) -> None:
        core = self.core
        action = int(core.params["FS_PILOT_INPUT"])
        if action == 0 or core.t < core.last_pilot_t + core.params["FS_PILOT_TIMEOUT"]:
            core.flags.pilot_input = False
            return
        if core.flags.pilot_input:
            return
        core.flags.pilot_input = True
        core.say(2, "Lost manual control")
        core.neutral_sticks()
        if action == DISARM:
            modes.disarm(core)

    def _gcs(self) -> None:
        core = self.core
        action = int(core.params["FS_GCS_ENABLE"])
        if action == 0 or core.last_gcs_t is None:
            return
        if core.t - core.last_gcs_t < core.params["FS_GCS_TIMEOUT"]:
            if core.flags.gcs:
                core.say(4, "GCS Failsafe Cleared")
            core.flags.gcs = False
            return
        if core.t - self.last_gcs_text_t > 30.0:
            self.last_gcs_text_t = core.t
            core.say(4, f"MYGCS: {int(core.params['MAV_GCS_SYSID'])}, heartbeat lost")
        if core.flags.gcs:
            return
        core.flags.gcs = True
        if core.armed:
            self._act(action)

    def _act(self, action: int) -> None:
        core = self.core
        if action == DISARM:
            modes.disarm(core)
        elif action == ALT_HOLD:
            modes.set_mode(core, modes.ALT_HOLD)
        elif action == SURFACE:
            modes.set_mode(core, modes.SURFACE)

    def _leak(self) -> None:
        core = self.core
        wet = core.sensed.leak or core.t - self.leak_report_t < LEAK_LATCH_S
        action = int(core.params["FS_LEAK_ENABLE"])
        if not wet or action == 0:
            core.flags.leak = False
            return
        if core.t - self.last_leak_text_t > 20.0:
            self.last_leak_text_t = core.t
            core.say(2, "Leak Detected")
        if core.flags.leak:
            return
        core.flags.leak = True
        if action == 2 and core.armed:
            modes.set_mode(core, modes.SURFACE)

    def _battery(self) -> None:
        self.battery_low_since = self._timed("LOW", self.battery_low_since)
        self.battery_critical_since = self._timed("CRT", self.battery_critical_since)

    def _timed(self, level: str, since: float | None) -> float | None:
        core = self.core
        threshold = core.params[f"BATT_{level}_VOLT"]
        if threshold <= 0.0 or core.sensed.volts >= threshold:
            self._set_battery(level, False)
            return None
        if since is None:
            return core.t
        if core.t - since >= core.params["BATT_LOW_TIMER"] and not self._battery_flag(level):
            self._set_battery(level, True)
            word = "low" if level == "LOW" else "critical"
            core.say(4, f"Battery 1 is {word} {core.sensed.volts:.2f}V used {core.sensed.consumed_mah:.0f} mAh")
            action = int(core.params[f"BATT_FS_{level}_ACT"])
            if core.armed:
                self._act({2: DISARM, 3: SURFACE}.get(action, 0))
        return since

    def _battery_flag(self, level: str) -> bool:
        return self.core.flags.battery_low if level == "LOW" else self.core.flags.battery_critical

    def _set_battery(self, level: str, value: bool) -> None:
        if level == "LOW":
            self.core.flags.battery_low = value
        else:
            self.core.flags.battery_critical = value
