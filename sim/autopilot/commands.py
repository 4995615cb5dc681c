"""COMMAND_LONG and COMMAND_INT (FACTS 1.7, 2): each handler returns a MAV_RESULT."""

import math
from collections.abc import Callable
from typing import NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.autopilot import modes, streams
from sim.autopilot.core import Core
from sim.autopilot.endpoint import Endpoint
from sim.autopilot.modes import ACCEPTED, DENIED, FAILED, TEMPORARILY_REJECTED, UNSUPPORTED

FASTEST_US = 2500


class Call(NamedTuple):
    """A command from one client. ``params``: param1 … param7."""

    core: Core
    endpoint: Endpoint
    params: tuple[float, ...]


Handler = Callable[[Call], int]


def whole(value: float) -> int | None:
    """The number as an integer, or None when it is not finite."""
    return int(value) if math.isfinite(value) else None


def arm_disarm(call: Call) -> int:
    force = call.params[1] == modes.MAGIC_FORCE
    if call.params[0] == 1.0:
        return ACCEPTED if modes.arm(call.core, force) else FAILED
    if call.params[0] == 0.0:
        return ACCEPTED if modes.disarm(call.core) else FAILED
    return UNSUPPORTED


def do_set_mode(call: Call) -> int:
    base, number = whole(call.params[0]), whole(call.params[1])
    if base is None or number is None or not base & 1:
        return DENIED
    return ACCEPTED if modes.set_mode(call.core, number) else FAILED


def set_message_interval(call: Call) -> int:
    message_id, interval = whole(call.params[0]), whole(call.params[1])
    if message_id is None or interval is None or message_id not in streams.BUILDERS:
        call.endpoint.send_text(6, f"No ap_message for mavlink id ({message_id})")
        return DENIED
    if 0 < interval < FASTEST_US:
        call.endpoint.send_text(6, f"Requested rate for message ID {message_id} too fast. Increase SCHED_LOOP_RATE")
        return DENIED
    if interval == 0:
        interval = streams.DEFAULT_INTERVALS.get(message_id, -1)
    call.endpoint.set_interval(message_id, interval, round(call.core.t * 1e6))
    return ACCEPTED


def request_message(call: Call) -> int:
    message_id = whole(call.params[0])
    if message_id is None or message_id not in streams.BUILDERS:
        return FAILED
    for message in streams.BUILDERS[message_id][0](call.core):
        call.endpoint.send(message)
    return ACCEPTED


def get_message_interval(call: Call) -> int:
    message_id = whole(call.params[0])
    if message_id is None or message_id not in streams.BUILDERS:
        return FAILED
    interval = call.endpoint.interval_us.get(message_id, -1)
    call.endpoint.send(mavlink.MAVLink_message_interval_message(message_id, interval))
    return ACCEPTED


def request_capabilities(call: Call) -> int:
    for message in streams.autopilot_version(call.core):
        call.endpoint.send(message)
    return ACCEPTED


def prearm_checks(call: Call) -> int:
    if call.core.armed:
        return TEMPORARILY_REJECTED
    reason = modes.prearm_failure(call.core)
    if reason is not None:
        call.core.say(2, f"PreArm: {reason}")
    return ACCEPTED


def flight_termination(call: Call) -> int:
    if not call.params[0] > 0.5:
        return FAILED
    modes.disarm(call.core)
    return ACCEPTED


def nav_land(call: Call) -> int:
    return ACCEPTED if modes.set_mode(call.core, modes.SURFACE) else FAILED


def nav_loiter(call: Call) -> int:
    return ACCEPTED if modes.set_mode(call.core, 16) else FAILED


HANDLERS: dict[int, Handler] = {
    mavlink.MAV_CMD_COMPONENT_ARM_DISARM: arm_disarm,
    mavlink.MAV_CMD_DO_SET_MODE: do_set_mode,
    mavlink.MAV_CMD_SET_MESSAGE_INTERVAL: set_message_interval,
    mavlink.MAV_CMD_GET_MESSAGE_INTERVAL: get_message_interval,
    mavlink.MAV_CMD_REQUEST_MESSAGE: request_message,
    mavlink.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: request_capabilities,
    mavlink.MAV_CMD_RUN_PREARM_CHECKS: prearm_checks,
    mavlink.MAV_CMD_DO_FLIGHTTERMINATION: flight_termination,
    mavlink.MAV_CMD_NAV_LAND: nav_land,
    mavlink.MAV_CMD_NAV_LOITER_UNLIM: nav_loiter,
}


def execute(core: Core, endpoint: Endpoint, command: int, params: tuple[float, ...], source: tuple[int, int]) -> None:
    """Runs a command and ACKs it to the asker. Whoever sends it: only sticks are reserved to the ground station's id."""
    handler = HANDLERS.get(command)
    result = UNSUPPORTED if handler is None else handler(Call(core, endpoint, params))
    endpoint.send(mavlink.MAVLink_command_ack_message(command, result, 0, 0, source[0], source[1]))
