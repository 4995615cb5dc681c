"""Scenario faults: which act now, and how much. ``python -m sim.faults`` prints docs/faults.md."""

import math
from dataclasses import dataclass, field

from sim.scenario import FAULT_PARAMS, Fault

MEANINGS: dict[str, str] = {
    "dvl_lost": "no beam of the DVL locks: velocity_valid false, distances -1",
    "range_dropout": "each reading of both sonars is lost with this probability",
    "range_stuck": "both sonars repeat the reading they had when it began",
    "compass_swing": "the compass' heading swings as a sine about the truth",
    "current_gust": "added to the current, ship axes (x forward, y to port)",
    "depth_jump": "added to the depth that the pressure sensor reads",
    "leak": "the leak sensor is wet",
    "low_battery": "charge falls to this fraction at once",
    "thruster_dead": "the thruster gives no force",
    "thruster_reversed": "the thruster pushes the other way",
    "tether_snag": "the tether catches where the vehicle is when it begins; it pulls back once the slack is used up",
    "camera_frozen": "the last picture is sent again and again, with new stamps",
    "camera_black": "pictures are black",
    "camera_smeared": "pictures are smeared sideways over this width",
    "autopilot_reboot": "the stand-in restarts: disarmed, MANUAL, stream rates and depth zero lost, silent for 1.5 s "
    "(once; a real firmware under --ardusub is not touched)",
    "gcs_loss": "nothing that clients send reaches the autopilot; its telemetry still goes out",
    "mavlink_loss": "each MAVLink packet is lost with this probability, both ways",
    "mavlink_delay": "each MAVLink packet comes this much later, both ways",
    "mavlink_duplicate": "each MAVLink packet comes twice with this probability, both ways",
    "mavlink_reorder": "each MAVLink packet changes places with the next one with this probability, both ways",
}


@dataclass
class Link:
    """What befalls MAVLink packets: probabilities, seconds; ``deaf``: what clients send is lost."""

    loss: float = 0.0
    delay_s: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    deaf: bool = False


@dataclass
class Effects:
    """What all active faults do together at one moment. Angles rad, lengths m, ship-frame current m/s."""

    dvl_lost: bool = False
    range_dropout: float = 0.0
    compass_swing_rad: float = 0.0
    gust_mps: tuple[float, float] = (0.0, 0.0)
    depth_offset_m: float = 0.0
    leak: bool = False
    battery_fraction: float | None = None
    dead_thrusters: frozenset[int] = field(default_factory=frozenset)
    reversed_thrusters: frozenset[int] = field(default_factory=frozenset)
    snag_slack_m: float | None = None
    range_stuck: bool = False
    camera_frozen: bool = False
    camera_black: bool = False
    camera_smear_px: int = 0
    reboots: int = 0
    link: Link = field(default_factory=Link)


def effects_at(faults: list[Fault], t: float) -> Effects:
    """The active faults' effects at ``t`` [s]. Thruster numbers count from 0; ``reboots`` counts those up to ``t``."""
    out = Effects()
    for fault in faults:
        if fault.active(t):
            _on_vehicle(fault, out)
            _on_sensors(fault, t, out)
            _on_link(fault, out.link)
    return out


def _on_vehicle(fault: Fault, out: Effects) -> None:
    match fault.kind:
        case "current_gust":
            x, y = out.gust_mps
            out.gust_mps = (x + fault.param("x_mps"), y + fault.param("y_mps"))
        case "leak":
            out.leak = True
        case "low_battery":
            out.battery_fraction = fault.param("fraction")
        case "thruster_dead":
            out.dead_thrusters = out.dead_thrusters | {int(fault.param("number")) - 1}
        case "thruster_reversed":
            out.reversed_thrusters = out.reversed_thrusters | {int(fault.param("number")) - 1}
        case "tether_snag":
            slack = fault.param("slack_m")
            out.snag_slack_m = slack if out.snag_slack_m is None else min(out.snag_slack_m, slack)
        case "autopilot_reboot":
            out.reboots += 1


def _on_sensors(fault: Fault, t: float, out: Effects) -> None:
    match fault.kind:
        case "dvl_lost":
            out.dvl_lost = True
        case "range_dropout":
            out.range_dropout = max(out.range_dropout, fault.param("probability"))
        case "range_stuck":
            out.range_stuck = True
        case "compass_swing":
            phase = 2.0 * math.pi * (t - fault.at_s) / fault.param("period_s")
            out.compass_swing_rad += math.radians(fault.param("amplitude_deg")) * math.sin(phase)
        case "depth_jump":
            out.depth_offset_m += fault.param("offset_m")
        case "camera_frozen":
            out.camera_frozen = True
        case "camera_black":
            out.camera_black = True
        case "camera_smeared":
            out.camera_smear_px = max(out.camera_smear_px, int(fault.param("width_px")))


def _on_link(fault: Fault, link: Link) -> None:
    match fault.kind:
        case "gcs_loss":
            link.deaf = True
        case "mavlink_loss":
            link.loss = max(link.loss, fault.param("probability"))
        case "mavlink_delay":
            link.delay_s = max(link.delay_s, fault.param("delay_s"))
        case "mavlink_duplicate":
            link.duplicate = max(link.duplicate, fault.param("probability"))
        case "mavlink_reorder":
            link.reorder = max(link.reorder, fault.param("probability"))


def fault_table() -> str:
    """docs/faults.md."""
    rows = ["# Faults", "", "Rows of a scenario's `faults`: `{at_s: 30, kind: leak, params: {duration_s: 10}}`.", ""]
    rows += ["Every kind takes `duration_s` [s] (default: to the end). Made by `python -m sim.faults`; do not edit.", ""]
    rows += ["| kind | does | parameters: default (least … most) |", "|---|---|---|"]
    for kind, params in FAULT_PARAMS.items():
        shown = ", ".join(f"`{name}`: {d:g} ({low:g} … {high:g})" for name, (d, low, high) in params.items())
        rows.append(f"| `{kind}` | {MEANINGS[kind]} | {shown or 'none'} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(fault_table(), end="")
