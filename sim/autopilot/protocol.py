"""Incoming messages other than commands: who may steer, parameters, depth target, pings. A table by message name."""

import math
from collections.abc import Callable

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from sim.autopilot import commands, layout, modes, pilot, streams
from sim.autopilot.core import Core
from sim.autopilot.endpoint import Endpoint
from sim.autopilot.failsafes import Failsafes
from sim.autopilot.params import Param

Z_IGNORE = 4
LEAK_BIT = 0x20000000
STREAM_GROUPS: dict[int, tuple[str, tuple[int, ...]]] = {
    1: ("RAW_SENS", (27, 29, 137)),
    2: ("EXT_STAT", (1, 62)),
    3: ("RC_CHAN", (36, 65)),
    6: ("POSITION", (33,)),
    10: ("EXTRA1", (30,)),
    11: ("EXTRA2", (74,)),
    12: ("EXTRA3", (132, 193, 147, 2)),
}


class Protocol:
    """Handles one message at a time; nothing in a message can raise out of here."""

    def __init__(self, core: Core, failsafes: Failsafes, endpoints: list[Endpoint]) -> None:
        self._core = core
        self._failsafes = failsafes
        self._endpoints = endpoints
        self._handlers: dict[str, Callable[[Endpoint, mavlink.MAVLink_message], None]] = {
            "HEARTBEAT": self._heartbeat,
            "MANUAL_CONTROL": self._manual_control,
            "RC_CHANNELS_OVERRIDE": self._rc_override,
            "COMMAND_LONG": self._command_long,
            "COMMAND_INT": self._command_int,
            "SET_MODE": self._set_mode,
            "PARAM_REQUEST_LIST": self._param_list,
            "PARAM_REQUEST_READ": self._param_read,
            "PARAM_SET": self._param_set,
            "SET_POSITION_TARGET_GLOBAL_INT": self._depth_target,
            "REQUEST_DATA_STREAM": self._data_stream,
            "SYS_STATUS": self._sys_status,
            "TIMESYNC": self._timesync,
        }

    def handle(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        handler = self._handlers.get(message.get_type())
        target = getattr(message, "target_system", None)
        if message.get_type() == "MANUAL_CONTROL":
            target = message.target
        if handler is None or (target is not None and target not in self._accepted_targets(message)):
            return
        handler(endpoint, message)

    def _accepted_targets(self, message: "mavlink.MAVLink_message") -> tuple[int, ...]:
        mine = int(self._core.params["MAV_SYSID"])
        return (mine,) if message.get_type() in ("MANUAL_CONTROL", "RC_CHANNELS_OVERRIDE") else (mine, 0)

    def _from_gcs(self, message: "mavlink.MAVLink_message") -> bool:
        return bool(message.get_srcSystem() == int(self._core.params["MAV_GCS_SYSID"]))

    def _heartbeat(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        if self._from_gcs(message):
            self._core.last_gcs_t = self._core.t

    def _manual_control(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        if self._from_gcs(message):
            pilot.manual_control(self._core, message.x, message.y, message.z, message.r, message.buttons)

    def _rc_override(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        if self._from_gcs(message):
            pilot.rc_override(self._core, [getattr(message, f"chan{i}_raw") for i in range(1, 9)])

    def _command_long(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        params = tuple(float(getattr(message, f"param{i}")) for i in range(1, 8))
        self._execute(endpoint, message, params)

    def _command_int(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        params = (message.param1, message.param2, message.param3, message.param4, message.x, message.y, message.z)
        self._execute(endpoint, message, tuple(float(p) for p in params))

    def _execute(self, endpoint: Endpoint, message: "mavlink.MAVLink_message", params: tuple[float, ...]) -> None:
        source = (message.get_srcSystem(), message.get_srcComponent())
        commands.execute(self._core, endpoint, message.command, params, source)

    def _set_mode(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        modes.set_mode(self._core, message.custom_mode)

    def _param_list(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        for text in streams.banner(self._core):
            endpoint.send_text(6, text)
        endpoint.param_cursor = 0

    def _value(self, param: Param, index: int) -> "mavlink.MAVLink_message":
        name = param.name.encode("ascii", "replace")
        return mavlink.MAVLink_param_value_message(name, param.value, param.type, len(self._core.params), index)

    def _param_read(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        if message.param_index >= 0:
            param = self._core.params.by_index(message.param_index)
            index = message.param_index
        else:
            param = self._core.params.by_name(message.param_id)
            index = 65535
        if param is not None:
            endpoint.send(self._value(param, index))

    def _param_set(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        param = self._core.params.set(message.param_id, message.param_value)
        if param is None:
            return
        self._core.load_gains()
        for each in self._endpoints:
            each.send(self._value(param, 65535))

    def send_param_chunk(self, endpoint: Endpoint, count: int) -> None:
        """The next ``count`` parameters of a running list."""
        if endpoint.param_cursor is None:
            return
        for _ in range(count):
            param = self._core.params.by_index(endpoint.param_cursor)
            if param is None:
                endpoint.param_cursor = None
                return
            endpoint.send(self._value(param, endpoint.param_cursor))
            endpoint.param_cursor += 1

    def _depth_target(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        """In ALT_HOLD only the altitude counts, metres, negative down. What is not finite is dropped."""
        if self._core.mode == modes.ALT_HOLD and not message.type_mask & Z_IGNORE and math.isfinite(message.alt):
            self._core.c[layout.Z_DESIRED] = message.alt

    def _data_stream(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        groups = (
            STREAM_GROUPS if message.req_stream_id == 0 else {message.req_stream_id: STREAM_GROUPS.get(message.req_stream_id)}
        )
        rate = message.req_message_rate if message.start_stop else 0
        channel = min(self._endpoints.index(endpoint) + 1, 2)
        for group in groups.values():
            if group is not None:
                self._core.params.set(f"MAV{channel}_{group[0]}", rate)
                for message_id in group[1]:
                    endpoint.set_interval(message_id, int(1e6 / rate) if rate else -1, round(self._core.t * 1e6))

    def _sys_status(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        if message.onboard_control_sensors_enabled & LEAK_BIT and not message.onboard_control_sensors_health & LEAK_BIT:
            self._failsafes.report_leak()

    def _timesync(self, endpoint: Endpoint, message: "mavlink.MAVLink_message") -> None:
        if message.tc1 == 0:
            endpoint.send(mavlink.MAVLink_timesync_message(int(self._core.t * 1e9), message.ts1))
