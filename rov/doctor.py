"""Preflight: is this vehicle set up so that a failsafe helps instead of pushing it into steel? Pure checks on what was read.

Reasons are in docs/ARCHITECTURE.md and measured on the firmware. FS_GCS_ENABLE may be disarm (2), the default, or ALT_HOLD (3);
SURFACE (4) drives up under the hull and is refused.
"""

from collections.abc import Mapping
from typing import NamedTuple

from rov.vehicle import Reported


class Check(NamedTuple):
    """One finding of the doctor."""

    name: str
    ok: bool
    found: str
    expected: str
    cause: str
    cure: str


class Rule(NamedTuple):
    """A parameter (first name that the firmware knows counts) and the values that are safe. ``to``: what `hullscan doctor
    --apply` sets; None where only the owner of the vehicle can know."""

    names: tuple[str, ...]
    low: float
    high: float
    expected: str
    cause: str
    to: float | None
    required: bool = True

    @property
    def cure(self) -> str:
        name = self.names[0] + "".join(f" ({other})" for other in self.names[1:])
        if self.to is None:
            return f"set {name} to {self.expected} and restart the autopilot"
        return f"set {name} to {self.to:g} (hullscan doctor --apply does)"


RULES = (
    Rule(("FS_PILOT_INPUT",), 1, 1, "1 (warn: sticks to neutral, depth held)", "0 latches the last stick when hullscan dies, 2 disarms and lets the vehicle float up into the hull", 1),
    Rule(("FS_PILOT_TIMEOUT",), 0.3, 1.0, "0.3 to 1 s", "a long time-out drives on with the last stick", 0.7),
    Rule(("FS_GCS_ENABLE",), 1, 3, "1, 2 or 3, not 4", "SURFACE drives up into the hull when the tether is cut", 2),
    Rule(("FS_LEAK_ENABLE",), 0, 1, "0 or 1, not 2", "SURFACE on a leak drives up into the hull; hullscan's ladder leaves outboard first", 1),
    Rule(("FS_EKF_ACTION",), 0, 1, "0 or 1", "disarming under a hull lets the vehicle float up into it", 0),
    Rule(("BATT_FS_LOW_ACT",), 0, 0, "0", "SURFACE on low battery drives up into the hull; hullscan leaves earlier", 0, False),
    Rule(("MAV_GCS_SYSID", "SYSID_MYGCS"), 255, 255, "255", "only this system may steer", 255),
    Rule(("EK3_SRC1_POSZ",), 1, 1, "1 (barometer)", "depth must come from the pressure sensor", 1),
    Rule(("FRAME_CONFIG",), 1, 2, "1 (vectored) or 2 (vectored 6DOF)", "the stick law is known for these frames", None),
    Rule(("JS_GAIN_DEFAULT",), 0.2, 1.0, "0.2 to 1", "sticks are scaled by it", 0.5),
    Rule(("JS_THR_GAIN",), 0.5, 2.0, "0.5 to 2", "scales heave", 1, False),
)  # fmt: skip
PARAMETERS = tuple(name for rule in RULES for name in rule.names)
FRESH_S = 2.0


class Change(NamedTuple):
    """A parameter that is not safe: what it is, and what it should be set to."""

    name: str
    before: float
    to: float


class Sensors(NamedTuple):
    """Ages [s] of the instruments that are not the autopilot's; DVL beams with an echo."""

    dvl_age_s: float
    range_age_s: float


def examine(values: Mapping[str, float], reported: Reported, sensors: Sensors, min_battery: float, now: float) -> list[Check]:
    """All checks, in a fixed order."""
    checks = [_rule(rule, values) for rule in RULES]
    checks += [
        _age(
            "autopilot",
            now - reported.heartbeat_t,
            "no heartbeat: wrong address, cable or power",
            "check --vehicle and the tether",
        ),
        _age("attitude", now - reported.attitude_t, "the stream was not granted", "restart the autopilot"),
        _age("depth", now - reported.depth_t, "no depth sensor or stream", "check the Bar30"),
        _age("dvl", sensors.dvl_age_s, "no DVL reports", "check --dvl and its web page"),
        _age("forward range", sensors.range_age_s, "no DISTANCE_SENSOR with orientation 0", "check the sonar's driver"),
    ]
    checks += [_depth_zero(reported), _battery(reported, min_battery), _leak(reported)]
    return checks


def changes(values: Mapping[str, float]) -> list[Change]:
    """What would make the rules hold that do not, as far as `Rule.to` says."""
    out = []
    for rule in RULES:
        name = next((name for name in rule.names if name in values), None)
        if name is not None and rule.to is not None and not rule.low <= values[name] <= rule.high:
            out.append(Change(name, values[name], rule.to))
    return out


def _rule(rule: Rule, values: Mapping[str, float]) -> Check:
    found = next((values[name] for name in rule.names if name in values), None)
    name = next((name for name in rule.names if name in values), rule.names[0])
    if found is None:
        text = "not known to this firmware"
        return Check(
            name, not rule.required, text, rule.expected, "the firmware did not answer for it", "check the firmware version"
        )
    return Check(name, rule.low <= found <= rule.high, f"{found:g}", rule.expected, rule.cause, rule.cure)


def _age(name: str, age_s: float, cause: str, cure: str) -> Check:
    found = "never heard" if age_s > 1e6 else f"{age_s:.1f} s old"
    return Check(name, age_s < FRESH_S, found, f"younger than {FRESH_S:.0f} s", cause, cure)


def _depth_zero(reported: Reported) -> Check:
    ok = -0.5 < reported.depth_m < 3.0
    cause, cure = "depth was zeroed elsewhere than at the surface", "restart the autopilot with the vehicle at the surface"
    return Check("depth zero", ok, f"{reported.depth_m:.2f} m", "-0.5 to 3 m before a survey", cause, cure)


def _battery(reported: Reported, least: float) -> Check:
    ok = reported.volts > 1.0 and (reported.battery_fraction < 0 or reported.battery_fraction >= least)
    share = "?" if reported.battery_fraction < 0 else f"{100 * reported.battery_fraction:.0f} %"
    return Check(
        "battery", ok, f"{reported.volts:.1f} V, {share}", f"at least {100 * least:.0f} %", "flat or no monitor", "charge it"
    )


def _leak(reported: Reported) -> Check:
    return Check(
        "leak", not reported.leak, "wet" if reported.leak else "dry", "dry", "water in the hull of the ROV", "take it out"
    )
