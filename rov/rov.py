"""One control tick: hear, decide, guard, send. The heartbeat comes from here, so that a hung loop lets the failsafe act."""

import math
from typing import BinaryIO

import msgspec

from hull.surface import HullSurface
from rov.config import RovConfig
from rov.controller import MAX_DEPTH_BIAS_M, REACHED_M, Controller, Wish, stick_for_force
from rov.doctor import PARAMETERS, Check, Sensors, examine
from rov.dvl import DvlReader
from rov.gate import Facts, Limits, Verdict, judge
from rov.ladder import LEAVE_PATIENCE_S, AbortLadder, Clearance
from rov.link import Link
from rov.navigator import Motion, Navigator
from rov.orders import Orders
from rov.restart import Restored
from rov.vehicle import NEUTRAL, ArduSub
from wire import messages as m
from wire.bus import Bus
from wire.channel import ByteChannel
from wire.command import CommandServer

ASK_AGAIN_S = 2.0
GUIDANCE_FRESH_S = 0.8
FRAMES_FRESH_S = 0.9
STATION_FRESH_S = 2.0
DEPTH_JUMP_M = 0.6
DATUM_PATIENCE_S = 3.0
NEAR_M = 1.6
PUSH_S = 3.5
FEND_M = 0.05
HANDS_OFF = {"other_commander", "mode_changed", "disarmed"}
PASCAL_PER_M = 10_000.0  # fresh or salt: 2.5 % of a depth change is far below the alarm
SURFACE_M = 0.35
DISARM_M = 0.6
PREFLIGHT_S = 6.0
JOIN_S = 2.0
HULL_LOST_S = 4.0  # missions gets the first go at finding it again
MODE = "ALT_HOLD"


class Rov:
    """Call `tick` at 20 Hz with the clock's ``now`` [s].

    Args:
        mavlink, dvl: byte channels to autopilot and DVL.
        tlog: file for every MAVLink packet, or None.
        restored: of a process that died with the vehicle armed, or None.
    """

    def __init__(
        self,
        config: RovConfig,
        surface: HullSurface,
        bus: Bus,
        commands: CommandServer,
        mavlink: ByteChannel,
        dvl: ByteChannel,
        tlog: BinaryIO | None = None,
        restored: Restored | None = None,
    ) -> None:
        e = config.envelope
        self._config, self._bus = config, bus
        self.vehicle = ArduSub(Link(mavlink, config.utc_epoch, tlog), PARAMETERS)
        self.dvl = DvlReader(dvl)
        self.navigator = Navigator(surface, config.rig, e.side, e.launch_x_m, e.launch_x_std_m)
        self._controller = Controller()
        self._ladder = AbortLadder()
        self._limits = Limits(e.min_standoff_m, e.max_depth_m, e.max_speed_mps)
        self._orders = Orders(commands, self._ladder)
        self._subscription = bus.subscribe("guidance", "station_beat", "landmark_sight", "frame_report")
        self._guidance: m.Guidance | None = None
        self._guidance_t = self._station_t = self._frame_t = -math.inf
        self._last_depth: tuple[float, float] | None = None
        self._depth_jump_t = -math.inf
        self._datum_true_t = math.inf
        self._hull_wanted_t = math.inf
        self._mode_was_ours = self._was_armed = False
        self._asked_t = -math.inf
        self._ready_t: float | None = None
        self._alerts: dict[str, m.Alert] = {}
        self.preflight: list[Check] = []
        self._reason = ""
        self._pose: m.HullPose | None = None
        self._motion = Motion(0.0, 0.0, math.inf)
        self._outboard = self._leaving = False
        self._blind_t = self._leave_depth_m = 0.0
        self._seen_t = -math.inf
        self._pressure_offset_m: float | None = None
        self._last_standoff = e.launch_offset_m
        self._restored, self._took_over_t, self._restart = restored, -math.inf, ""

    # -- one tick --------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        if self._restored is not None:
            self._take_over(self._restored, now)
            self._restored = None
        self._orders.serve(now)
        self.vehicle.receive(now)
        self._hear(now)
        self._navigate(now)
        rung = self._ladder.update(self._triggers(now), self._clearance(now), now)
        control, guidance = self._choose(rung, now)
        self._leaving = control in ("leave", "surface")
        wish = self._wish(guidance, control, now)
        self._arming(control, wish, now)
        verdict = self._guard(wish, control, now)
        self.vehicle.transmit(now, verdict.sticks, verdict.altitude_m)
        self._watch_datum(control, guidance, now)
        self._publish(control, wish, verdict, now)

    def _take_over(self, before: Restored, now: float) -> None:
        self._was_armed = self._mode_was_ours = True
        self._took_over_t = now
        self._ladder.restore(before.rung, before.reason, before.latched, now)
        # Silent since before the restart is not known to be silent: each gets its usual patience from now on.
        self._guidance_t = self._station_t = self._hull_wanted_t = now
        here = before.x_now(now)
        text = "rov restarted in flight"
        if here is not None and before.place is not None:
            self.navigator.start_at(*here)
            self._seen_t, self._last_standoff = before.place[0], before.place[1].standoff_m
            text += f": x {here[0]:.1f} m, standard deviation {here[1]:.1f} m"
        self._restart = text

    def _hear(self, now: float) -> None:
        for _topic, message in self._subscription.drain():
            if isinstance(message, m.Guidance):
                self._guidance, self._guidance_t = message, now
            elif isinstance(message, m.StationBeat):
                self._station_t = now
            elif isinstance(message, m.FrameReport):
                self._frame_t = now
            elif isinstance(message, m.LandmarkSight):
                self._correct(message, now)

    def _correct(self, sight: m.LandmarkSight, now: float) -> None:
        if sight.side != self._config.envelope.side:
            return
        done = self.navigator.take_landmark(now, sight.t, sight.x_error_m, sight.std_m)
        if done is not None:
            fix = m.PositionFix(
                t=now,
                name=sight.name,
                side=sight.side,
                x_shift_m=done.shift_m,
                x_std_before_m=done.std_before_m,
                x_std_m=done.std_m,
            )
            self._bus.publish("position_fix", fix)

    def _navigate(self, now: float) -> None:
        r = self.vehicle.reported
        if now - r.depth_t < 1.0:
            self._watch_depth(r.depth_t, r.depth_m)
            self._watch_pressure(now)
        held = not self._was_armed
        self.navigator.predict(now, r.attitude.roll, r.attitude.pitch, r.attitude.yaw_rate, r.depth_m, held)
        for fix in self.dvl.receive(now):
            self.navigator.take_fix(fix)
        if r.forward_t == now:
            self.navigator.take_range(now, r.forward_m)
        self._pose = self.navigator.pose(now)
        self._motion = self.navigator.motion(now)
        if self._pose is not None:
            self._last_standoff, self._seen_t = self._pose.standoff_m, now
        if self._pose is not None or self._guidance is None or self._guidance.kind != "track":
            self._hull_wanted_t = now
        self._clear(now)

    def _clear(self, now: float) -> None:
        # Without sight of the hull only a long time of backing off counts as clear; never seen, also not having dived yet.
        if not self._leaving:
            self._leave_depth_m = self.vehicle.reported.depth_m
        if self._pose is not None or not self._leaving:
            self._blind_t = now
        seen = math.isfinite(self._seen_t)
        far = self._last_standoff >= self._config.envelope.outboard_m - 0.3
        self._outboard = (far and (seen or self.vehicle.reported.depth_m < DISARM_M)) or now - self._blind_t >= LEAVE_PATIENCE_S

    def _watch_depth(self, t: float, depth_m: float) -> None:
        # Any positive barometer altitude re-zeroes depth, even armed: the reading then jumps.
        if self._last_depth is not None:
            then, before = self._last_depth
            if t > then and abs(depth_m - before) > DEPTH_JUMP_M + 1.5 * (t - then):
                self._depth_jump_t = t
        self._last_depth = (t, depth_m)

    def _watch_pressure(self, now: float) -> None:
        # The filter behind the reported depth smooths a jump away, and a new zero is not in the pressure: they then disagree.
        r = self.vehicle.reported
        if now != r.pressure_t:
            return
        apart = r.pressure_pa / PASCAL_PER_M - r.depth_m
        if self._pressure_offset_m is None:
            self._pressure_offset_m = apart
        if abs(apart - self._pressure_offset_m) > DEPTH_JUMP_M:
            self._depth_jump_t = now
        else:
            self._pressure_offset_m += 0.01 * (apart - self._pressure_offset_m)

    # -- the ladder ------------------------------------------------------------------------------------------------

    def _triggers(self, now: float) -> set[str]:
        r, e = self.vehicle.reported, self._config.envelope
        flying = r.armed and self._was_armed
        out = set(self._orders.triggers)
        tracking = self._guidance is not None and self._guidance.kind == "track"
        heard, heard_autopilot = math.isfinite(self._station_t), math.isfinite(r.heartbeat_t)
        tests = {
            "station_silent": (heard or self._config.station_required) and now - self._station_t > STATION_FRESH_S and flying,
            "guidance_silent": flying and now - self._guidance_t > GUIDANCE_FRESH_S,
            "frames_silent": flying and tracking and FRAMES_FRESH_S < now - self._frame_t < math.inf,
            "hull_lost": flying and now - self._hull_wanted_t > HULL_LOST_S,
            "too_close": flying and self._pose is not None and self._pose.standoff_m < 0.8 * e.min_standoff_m,
            "navigator_uncertain": flying and self._pose is not None and self._pose.x_std_m > 3.0,
            "depth_jump": now - self._depth_jump_t < 0.5 and flying,
            "leak": r.leak and flying,
            "battery_low": flying and 0.0 <= r.battery_fraction < e.min_battery_fraction,
            "autopilot_silent": self._was_armed and now - max(r.heartbeat_t, self._took_over_t) > 3.0,
            "mode_changed": flying and self._mode_was_ours and r.mode != MODE,
            "other_commander": flying and now - self.vehicle.link.others_sticks_t < 2.0,
            "disarmed": self._was_armed and heard_autopilot and not r.armed and not self._may_disarm(),
        }
        return out | {name for name, true in tests.items() if true}

    def _may_disarm(self) -> bool:
        idle = self._guidance is not None and self._guidance.kind == "idle"
        return (
            (idle and self.vehicle.reported.depth_m < DISARM_M) or self._orders.disarm_wanted or self._ladder.rung == "surfaced"
        )

    def _clearance(self, now: float) -> Clearance:
        return Clearance(self._outboard, self.vehicle.reported.depth_m < SURFACE_M)

    # -- what to do ------------------------------------------------------------------------------------------------

    def _choose(self, rung: m.Ladder, now: float) -> tuple[m.Control, m.Guidance | None]:
        e = self._config.envelope
        if rung == "ok":
            fresh = self._guidance is not None and now - self._guidance_t <= GUIDANCE_FRESH_S
            if self._guidance is None or not fresh:
                return ("neutral", None) if self.vehicle.reported.armed else ("idle", None)
            if self._guidance.kind == "surface" and not self._outboard:
                return "leave", self._leave(e.outboard_m, self._guidance.seq, now)
            return self._guidance.kind, self._guidance
        if rung in ("hold", "surfaced"):
            return ("idle", None) if rung == "surfaced" else ("hold", None)
        distance = e.outboard_m if rung != "backoff" else max(self._last_standoff, e.standoff_m + 0.5)
        leave = self._leave(distance, 0, now)
        return ("surface", msgspec.structs.replace(leave, kind="surface")) if rung == "ascend" else ("leave", leave)

    def _leave(self, standoff_m: float, seq: int, now: float) -> m.Guidance:
        # One depth for the whole way out: a target that followed the reading would hold no depth at all.
        depth, side = self._leave_depth_m, self._config.envelope.side
        return m.Guidance(
            t=now, seq=seq, kind="leave", side=side, depth_m=depth, standoff_m=standoff_m, along_mps=0.0, x_stop_m=0.0
        )  # fmt: skip

    def _wish(self, guidance: m.Guidance | None, control: m.Control, now: float) -> Wish:
        if guidance is None or control in ("hold", "idle", "neutral") or not self.vehicle.reported.armed:
            # Neutral sticks in ALT_HOLD: the autopilot keeps depth and heading. Only a drift onto the hull is fended off, and not
            # when somebody else has taken the vehicle.
            sticks = NEUTRAL
            ours = not HANDS_OFF & {*self._ladder.latched}
            if ours and self.vehicle.reported.armed and self._ladder.rung != "surfaced":
                pilot_gain = self.vehicle.reported.pilot_gain
                sticks = self._controller.fend(self._pose, self._motion, pilot_gain, self._limits.min_standoff_m + FEND_M)
            if sticks == NEUTRAL:
                self._controller.reset()
            # Held by the ladder is not what the mission asked for.
            reached = guidance is not None and (control == "hold" or (control == "idle" and not self.vehicle.reported.armed))
            return Wish(sticks, None, reached)
        r = self.vehicle.reported
        if self._pose is None and guidance.kind in ("approach", "track") and self._last_standoff < NEAR_M:
            # So near it would be seen if the instruments worked: a short push outboard, and no creeping on into the plating.
            off = self._controller.blind_push_n if now - self._seen_t < PUSH_S else self._controller.off_n
            return Wish((stick_for_force(-off, r.pilot_gain), 0, 500, 0), None, False)
        return self._controller.steer(guidance, self._pose, self._motion, r.depth_m, r.pilot_gain)

    def _arming(self, control: m.Control, wish: Wish, now: float) -> None:
        r = self.vehicle.reported
        if not self.vehicle.ready:
            return
        self._ready_t = self._ready_t if self._ready_t is not None else now
        self._was_armed = self._was_armed or r.armed
        self._mode_was_ours = self._mode_was_ours or (r.mode == MODE and r.armed)
        # Below the surface only the operator's word disarms: the vehicle floats up into whatever is above it.
        disarm = r.armed and ((control == "idle" and r.depth_m < DISARM_M) or self._orders.disarm_wanted)
        if now - self._asked_t < ASK_AGAIN_S and not (disarm and self._orders.disarm_wanted):
            return
        if disarm:
            self._asked_t = now
            self.vehicle.disarm()
        elif r.mode != MODE and not self._mode_was_ours:
            self._asked_t = now
            self.vehicle.set_mode(MODE)
        elif not r.armed and control not in ("idle", "neutral", "hold") and r.mode == MODE and self._fit(now):
            self._asked_t = now
            self.vehicle.arm()

    def _fit(self, now: float) -> bool:
        """Preflight passed. Given time for the streams to start before it is called failed."""
        self.preflight = self.examine(now)
        bad = [check.name for check in self.preflight if not check.ok]
        late = self._ready_t is not None and now - self._ready_t > PREFLIGHT_S
        self._alert(now, "preflight", bool(bad) and late, "critical", f"preflight failed: {', '.join(bad)}")
        return not bad

    def examine(self, now: float) -> list[Check]:
        """The doctor's checks with what is known now."""
        r = self.vehicle.reported
        sensors = Sensors(now - self.dvl.seen_t, now - r.forward_t)
        return examine(self.vehicle.values, r, sensors, self._config.envelope.min_battery_fraction, now)

    def _guard(self, wish: Wish, control: m.Control, now: float) -> Verdict:
        r, pose = self.vehicle.reported, self._pose
        if wish.sticks == NEUTRAL and wish.altitude_m is None:
            return Verdict(NEUTRAL, None, "")
        facts = Facts(
            armed=r.armed,
            mode=r.mode,
            owner=not self._orders.disarm_wanted,
            link_age_s=now - r.heartbeat_t,
            wish_age_s=0.0,
            depth_m=r.depth_m,
            standoff_m=pose.standoff_m if pose else None,
            closing_mps=self._motion.closing_mps,
            speed_mps=math.hypot(self._motion.along_mps, self._motion.closing_mps) if self._motion.age_s < 1.0 else 0.0,
            braking_mps2=self._controller.braking_mps2,
        )
        verdict = judge(wish.sticks, wish.altitude_m, facts, self._limits)
        self._alert(now, "gate", bool(verdict.reason), "warning", f"gate: {verdict.reason}")
        return verdict

    def _watch_datum(self, control: m.Control, guidance: m.Guidance | None, now: float) -> None:
        # An autopilot that takes its origin at depth counts depth targets from there; the controller makes up for some of it.
        r = self.vehicle.reported
        wanted = guidance.depth_m if guidance is not None and control in ("approach", "track") else r.depth_m
        if not self._controller.depth_bias_full or abs(r.depth_m - wanted) <= REACHED_M:
            self._datum_true_t = now
        text = f"depth target shifted by {MAX_DEPTH_BIAS_M} m and still not at {wanted:.1f} m: check the depth datum"
        self._alert(now, "depth_datum", now - self._datum_true_t > DATUM_PATIENCE_S, "warning", text)

    # -- telling ---------------------------------------------------------------------------------------------------

    def _alert(self, now: float, code: str, active: bool, severity: m.Severity, text: str) -> None:
        before = self._alerts.get(code)
        if active == (before is not None) and (not active or (before is not None and before.text == text)):
            return
        alert = m.Alert(t=now, source="rov", code=code, severity=severity, text=text if active else "", active=active)
        if active:
            self._alerts[code] = alert
        else:
            del self._alerts[code]
        self._bus.publish("alert", alert)

    def _publish(self, control: m.Control, wish: Wish, verdict: Verdict, now: float) -> None:
        r, rung = self.vehicle.reported, self._ladder.rung
        # Told once the others have had time to hear of a process that is new.
        self._alert(now, "restart", JOIN_S < now - self._took_over_t < math.inf, "warning", self._restart)
        reason = self._ladder.reason if rung != "ok" else ""
        self._alert(
            now, "ladder", rung != "ok", "warning" if rung == "hold" else "critical", f"{rung}: {reason.replace('_', ' ')}"
        )
        state = m.VehicleState(
            t=now,
            armed=r.armed,
            mode=r.mode,
            control=control,
            ladder=rung,
            reason=reason,
            latched=self._ladder.latched,
            depth_m=r.depth_m,
            roll_rad=r.attitude.roll,
            pitch_rad=r.attitude.pitch,
            heading_rad=r.attitude.yaw,
            pose=self._pose,
            along_mps=self._motion.along_mps,
            closing_mps=self._motion.closing_mps,
            climb_mps=r.climb_mps,
            dvl_age_s=min(now - self.navigator.velocity_t, 1e6),
            range_age_s=min(now - r.forward_t, 1e6),
            link_age_s=min(now - r.heartbeat_t, 1e6),
            battery_v=r.volts,
            battery_fraction=r.battery_fraction,
            leak=r.leak,
            guidance_seq=self._guidance.seq if self._guidance is not None else 0,
            at_target=wish.at_target,
            sticks=verdict.sticks,
        )
        self._bus.publish("vehicle_state", state)
