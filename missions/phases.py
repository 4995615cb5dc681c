"""The executor's states and what moves it between them, as a table."""

from typing import Literal

from wire.messages import Ladder, VehicleState

Phase = Literal["waiting", "launching", "surveying", "gap_filling", "leaving", "surfacing", "holding", "aborting", "ended"]
Event = Literal["go", "home", "refused", "done", "failed", "unlaunched", "limit", "held", "released", "abort", "surfaced"]

WORKING: tuple[Phase, ...] = ("launching", "surveying", "gap_filling", "leaving", "surfacing")

TABLE: dict[tuple[Phase, Event], Phase] = {
    ("waiting", "go"): "launching",
    # A restarted process with the vehicle in the water and no survey left to fly, or none that may be flown.
    ("waiting", "home"): "leaving",
    ("waiting", "refused"): "ended",
    ("launching", "done"): "surveying",
    ("launching", "failed"): "leaving",
    ("launching", "unlaunched"): "ended",
    ("launching", "limit"): "leaving",
    ("surveying", "done"): "gap_filling",
    ("surveying", "failed"): "leaving",
    ("surveying", "limit"): "leaving",
    ("gap_filling", "done"): "leaving",
    ("gap_filling", "failed"): "leaving",
    ("gap_filling", "limit"): "leaving",
    ("leaving", "done"): "surfacing",
    # Not seen to be clear of the hull: never ascend blindly. It ends holding, for the operator.
    ("leaving", "failed"): "ended",
    ("surfacing", "done"): "ended",
    ("surfacing", "failed"): "ended",
    # Held by rov's ladder: task time stands still. "released" goes back to where it was (None in `after`).
    ("holding", "abort"): "aborting",
    ("holding", "failed"): "ended",
    ("aborting", "released"): "leaving",
    ("aborting", "surfaced"): "ended",
    ("aborting", "failed"): "ended",
}
for _phase in WORKING:
    TABLE[(_phase, "held")] = "holding"
    TABLE[(_phase, "abort")] = "aborting"


def after(phase: Phase, event: Event, held_from: Phase) -> Phase:
    """The next phase; the same one where the table has no row.

    ``held_from``: the phase in which the vehicle was held, to go back to.
    """
    if (phase, event) == ("holding", "released"):
        return held_from
    return TABLE.get((phase, event), phase)


LADDER_EVENTS: dict[Ladder, Event] = {
    "ok": "released",
    "hold": "held",
    "backoff": "abort",
    "leave": "abort",
    "ascend": "abort",
    "surfaced": "abort",
}


def ladder_event(state: VehicleState) -> Event:
    """What rov's ladder means for the mission."""
    return LADDER_EVENTS[state.ladder]
