"""Flies a plan: says what to do now, keeps account of what was inspected, and never argues with rov's ladder."""

import math
from collections import deque

from hull.coverage import CELL_M
from hull.surface import HullSurface
from hull.vessel import Vessel
from missions.accounting import Accounting
from missions.feasibility import SPARE_BATTERY, limit_reached, refusals
from missions.gaps import gap_lanes
from missions.lanes import Lane
from missions.looks import SIGMAS
from missions.mission import Mission
from missions.outlet import Ended, Outlet
from missions.phases import WORKING, Event, Phase, after, ladder_event
from missions.planner import Plan
from missions.restart import NOTHING, Restored
from missions.strain import MAX_STICK, Strain
from missions.survey import InSight
from missions.tasks import Arm, Close, Disarm, Finished, Kind, Leave, Obey, Order, Ready, Retry, Sequence, Task, Timeout, View
from missions.visits import Visit
from missions.ways import go_over, inspect
from wire import messages as m
from wire.bus import Bus
from wire.command import CommandServer

STALE_S = 1.0
ARM_S, APPROACH_S, LEAVE_S, SURFACE_S, FIND_S = 60.0, 90.0, 120.0, 90.0, 180.0
FAILURES_IN_A_ROW = 2
POSE_AGE_S = 0.2
AFLOAT_M = 0.6
GAP_ROUNDS = 2
VISIT_S = 180.0
BACK_M = 0.5
STRAIN_S = 5.0
DISARM_S = 20.0


class Missions:
    """Call `tick` at 10 Hz. ``done``: nothing more will be asked of the vehicle. ``ended`` and ``detail``: how and why.

    Args:
        autostart: begins once the vehicle is heard and fit; else it waits for the command "start".
        restored: where an earlier process left off; what it inspected is not flown again, and what it ended stays ended.
    """

    def __init__(
        self,
        mission: Mission,
        plan: Plan,
        surface: HullSurface,
        vessel: Vessel,
        bus: Bus,
        commands: CommandServer,
        autostart: bool = True,
        restored: Restored = NOTHING,
    ) -> None:
        self._mission, self._plan, self._surface, self._vessel = mission, plan, surface, vessel
        self._commands = commands
        self._input = bus.subscribe("vehicle_state", "frame_report", "position_fix", "alert")
        view = (plan.footprint.width_m, plan.footprint.height_m)
        self.accounting = Accounting(plan.cells, view)
        self.accounting.restore(restored.cells)
        self._restored = restored
        self._out = Outlet(bus, mission.name, self.accounting, restored.guidance_seq, restored.coverage_seq)
        self._refusals = refusals(mission, plan)
        self.phase: Phase = "waiting"
        self.ended: Ended = ""
        self.detail = restored.detail
        self._outcome: Ended = restored.ended or ("aborted" if restored.detail else "completed")
        self._held_from: Phase = "waiting"
        self._wanted = autostart
        self._queue: list[Task] = []
        self._index = 0
        self._started_task = False
        self._skip = False
        self._failures = 0
        self._round = 0
        self._missing_before = 0
        self._task_t = 0.0
        self._last_t: float | None = None
        self._begun_t, self._launched_t = math.nan, restored.launched_t
        self._state: m.VehicleState | None = None
        self._preflight = ""
        self._strain = Strain(STRAIN_S)
        self._poses: deque[tuple[float, m.HullPose]] = deque(maxlen=60)
        self.phase = "ended" if restored.ended else "waiting"
        self._enter(self.phase)

    @property
    def done(self) -> bool:
        return self.phase == "ended"

    def tick(self, now: float) -> None:
        """One step: hears, decides, publishes guidance, status, coverage and alerts."""
        if self._last_t is None:
            self._begun_t = now
        dt = 0.0 if self._last_t is None else max(0.0, now - self._last_t)
        self._last_t = now
        self._commands.serve(lambda command: self._answer(command, now))
        self._hear()
        order = self._decide(now, dt)
        self._out.guide(now, order)
        self._out.coverage(now)
        task = self._queue[self._index].name if self._index < len(self._queue) else ""
        shown = min(self._index + 1, len(self._queue))
        self._out.status(now, self.phase, task, shown, len(self._queue), self.ended, self.detail)

    # -- hearing ---------------------------------------------------------------------------------------------------

    def _answer(self, command: m.Command, now: float) -> m.Ack:
        reason = ""
        if command.verb == "start":
            if self.phase != "waiting":
                reason = f"the mission is {self.phase}"
            elif self._refusals:
                reason = self._refusals[0]
            self._wanted = self._wanted or not reason
        elif command.verb == "skip_task":
            if self.phase in ("surveying", "gap_filling"):
                self._skip = True
            else:
                reason = f"nothing to skip while {self.phase}"
        elif command.verb != "ping":
            reason = f"{command.verb}: missions does not know it"
        return m.Ack(t=now, id=command.id, source="missions", accepted=not reason, reason=reason)

    def _hear(self) -> None:
        reports, fixes = [], []
        for _topic, message in self._input.drain():
            if isinstance(message, m.VehicleState):
                self._state = message
                if message.pose is not None:
                    self._poses.append((message.t, message.pose))
            elif isinstance(message, m.FrameReport):
                reports.append(message)
            elif isinstance(message, m.PositionFix):
                fixes.append(message)
            elif isinstance(message, m.Alert) and message.code == "preflight":
                self._preflight = message.text if message.active else ""
        for report in reports:
            aimed = self._pose_at(report.t) if self.phase in ("surveying", "gap_filling") else None
            self.accounting.take(report, aimed)
        for fix in fixes:
            self.accounting.correct(fix)

    def _pose_at(self, t: float) -> m.HullPose | None:
        nearest = min(self._poses, key=lambda row: abs(row[0] - t), default=None)
        return nearest[1] if nearest is not None and abs(nearest[0] - t) <= POSE_AGE_S else None

    # -- deciding --------------------------------------------------------------------------------------------------

    def _decide(self, now: float, dt: float) -> Order:
        state = self._state
        if self.phase == "ended":
            return self._last_order()
        if state is None or now - state.t > STALE_S:
            self._out.alert(now, "vehicle-silent", "no word from rov")
            if self.phase == "waiting":
                self._give_up_waiting(now)
                return self._last_order() if self.done else self._idle()
            return self._hold()
        self._out.alert(now, "vehicle-silent", "")
        if self.phase != "waiting":
            self._follow_ladder(state, now)
        if self.phase == "waiting" and not self._wanted:
            self._begun_t = now
            return self._idle()
        if self.phase == "waiting" and self._refusals:
            self._refuse(now)
        if self.done:
            return self._last_order()
        if self.phase in ("holding", "aborting"):
            return self._hold()
        self._task_t += dt
        if self.phase == "waiting":
            self._give_up_waiting(now)
        elif self.phase in ("launching", "surveying", "gap_filling"):
            self._watch_limits(state, now)
        return self._work(View(state, self._out.obeyed(state)), now)

    def _follow_ladder(self, state: m.VehicleState, now: float) -> None:
        event = ladder_event(state)
        if event == "abort" and self._outcome == "completed":
            self._outcome, self.detail = "aborted", f"{state.ladder}: {state.reason.replace('_', ' ')}"
        if event == "held" and self.phase in WORKING:
            self._held_from = self.phase
        self._move(event, now)
        afloat = not state.armed and state.depth_m < AFLOAT_M
        if self.phase == "aborting" and (state.ladder == "surfaced" or afloat):
            self._move("surfaced", now)

    def _refuse(self, now: float) -> None:
        self._outcome, self.detail = "failed", "; ".join(self._refusals)
        self._out.alert(now, "mission-refused", self.detail, "critical")
        self._move("refused", now)

    def _give_up_waiting(self, now: float) -> None:
        if now - self._begun_t > FIND_S:
            self._outcome, self.detail = "failed", f"link lost: no vehicle within {FIND_S:.0f} s"
            self._move("refused", now)

    def _watch_limits(self, state: m.VehicleState, now: float) -> None:
        flown_s = now - self._launched_t if self._launched_t is not None else 0.0
        outcome, reason = limit_reached(self._mission, self._plan, state, flown_s)
        mean = self._strain.mean(now, state.sticks[0] if state.pose is not None else 0.0)
        if not reason and self.phase != "launching" and self._strain.full(now) and mean > MAX_STICK:
            outcome, reason = (
                "aborted",
                f"current too strong: keeping off the hull takes sticks at {mean:.0f} of at most {MAX_STICK}",
            )
        if reason:
            self._outcome, self.detail = outcome, reason
            self._out.alert(now, "mission-limit", reason)
            self._move("limit", now)

    def _work(self, view: View, now: float) -> Order:
        """Ticks the task in hand; goes on to the next ones and phases until there is an order."""
        if self._skip:
            self._skip = False
            self._end_task(True)
            self._index += 1
        for _ in range(200):
            if self.phase == "ended":
                return self._last_order()
            if self._index >= len(self._queue):
                self._phase_done(now)
                continue
            task = self._queue[self._index]
            if not self._started_task:
                self._started_task = True
                task.start(self._task_t)
            out = task.tick(self._task_t, view)
            if not isinstance(out, Finished):
                return out
            self._end_task(False)
            self._index += 1
            if out.ok:
                self._failures = 0
                self._out.alert(now, "task-failed", "")
            else:
                self._task_failed(task, out, view, now)
        return self._hold()

    def _task_failed(self, task: Task, out: Finished, view: View, now: float) -> None:
        self._failures += 1
        if self.phase in ("surveying", "gap_filling") and self._failures < FAILURES_IN_A_ROW:
            self._out.alert(now, "task-failed", out.detail or task.name)
            return
        self._fail(out.detail, now, armed=view.state.armed)

    def _fail(self, detail: str, now: float, *, armed: bool = True) -> None:
        if self._outcome != "aborted":
            self._outcome, self.detail = "failed", detail
        if self.phase == "launching" and not armed:
            self.detail = self._preflight or f"not armed: {detail}"
            self._move("unlaunched", now)
        elif self.phase == "waiting":
            self._move("home" if armed else "refused", now)
        else:
            if self.phase == "leaving":
                self._out.alert(now, "leave-failed", f"not clear of the hull: {detail}", "critical")
            self._move("failed", now)

    def _phase_done(self, now: float) -> None:
        if self.phase == "gap_filling" and self._more_gaps():
            return
        self._move(self._begin() if self.phase == "waiting" else "done", now)

    def _begin(self) -> Event:
        if not self._restored.homeward:
            return "go"
        return "home" if self._state is not None and self._state.armed else "refused"

    # -- phases ----------------------------------------------------------------------------------------------------

    def _move(self, event: Event, now: float) -> None:
        following = after(self.phase, event, self._held_from)
        if following == self.phase:
            return
        keep = (self.phase, event) == ("holding", "released") or following == "holding"
        reason = self._state.reason.replace("_", " ") if self._state is not None else ""
        self._out.alert(now, "mission-held", f"held: {reason}" if following == "holding" else "")
        if not keep:
            self._end_task(True)
        if following == "launching" and self._launched_t is None:
            self._launched_t = now
        self.phase = following
        if not keep:
            self._enter(self.phase)

    def _enter(self, phase: Phase) -> None:
        self._index, self._failures = 0, 0
        self._queue = []
        if phase == "waiting":
            low = self._mission.limits.min_battery_fraction + 2.0 * SPARE_BATTERY
            self._queue = [Ready(self._mission.launch.side, low)]
        elif phase == "launching":
            self._queue = self._launch_tasks()
        elif phase == "surveying":
            self._queue = self._survey_tasks()
        elif phase == "gap_filling":
            self._missing_before = len(self._plan.cells) + 1
            self._more_gaps()
        elif phase == "leaving":
            order = self._order("leave", depth_m=self._depth(), standoff_m=self._mission.abort.outboard_m)
            self._queue = [Timeout(Leave(order), LEAVE_S)]
        elif phase == "surfacing":
            order = self._order("surface", depth_m=0.0, standoff_m=self._mission.abort.outboard_m)
            self._queue = [Timeout(Obey("surface", order), SURFACE_S), Timeout(Disarm(order.side), DISARM_S)]
        elif phase == "ended":
            self.ended = self._outcome

    def _launch_tasks(self) -> list[Task]:
        first = self._plan.visits[0].depth_m if self._plan.visits else self._plan.lanes[0].depth_m
        order = self._order("approach", depth_m=first)
        approach = Retry(lambda: Timeout(Close(order), APPROACH_S), 2)
        return [Sequence("launch", Timeout(Arm(order), ARM_S), approach)]

    def _survey_tasks(self) -> list[Task]:
        again = bool(self._restored.cells)
        lanes = self._gap_passes() if again else list(self._plan.lanes)
        visits = [visit for visit in self._plan.visits if not self._restored.finished(f"landmark {visit.name}")]
        flown = (self._lane_task(f"{'rest' if again else 'lane'} {i}", lane) for i, lane in enumerate(lanes, 1))
        return [*(self._visit_task(visit) for visit in visits), *flown]

    def _more_gaps(self) -> bool:
        """Queues another round of gaps; False when there is none worth flying, or the last round gained nothing."""
        missing = len(self.accounting.missing())
        if self._round >= GAP_ROUNDS or missing >= self._missing_before:
            return False
        lanes = self._gap_passes()
        if not lanes:
            return False
        self._round, self._missing_before, self._index = self._round + 1, missing, 0
        self._queue = [self._lane_task(f"gap {i}", lane) for i, lane in enumerate(lanes, 1)]
        return True

    def _gap_passes(self) -> list[Lane]:
        unreachable = self._plan.unreachable
        cells = [cell for cell in self.accounting.missing() if cell not in unreachable]
        x = self._poses[-1][1].x_m if self._poses else self._plan.launch_x_m
        deepest = max((lane.depth_m for lane in self._plan.lanes), default=self._mission.limits.max_depth_m)
        doubt = SIGMAS * (self._poses[-1][1].x_std_m if self._poses else self._mission.launch.frame_std_m)
        return gap_lanes(cells, self._surface, self._plan.footprint, deepest, x, doubt)

    def _visit_task(self, visit: Visit) -> Task:
        mission = self._mission
        order = self._order("approach", depth_m=visit.depth_m)
        look = InSight(f"landmark {visit.name}", order, lambda _x: inspect(visit, mission.standoff_m, mission.speed_mps))
        return Timeout(look, VISIT_S + visit.dwell_s)

    def _lane_task(self, label: str, lane: Lane) -> Task:
        mission = self._mission

        def rest(x_m: float | None) -> Task:
            begin = lane.x_from_m if x_m is None else self._again_from(lane, x_m)
            return go_over(label, lane._replace(x_from_m=begin), mission.standoff_m, mission.speed_mps)

        task = InSight(label, self._order("approach", depth_m=lane.depth_m), rest)
        return Timeout(task, 90.0 + 3.0 * (lane.length_m + 5.0) / mission.speed_mps)

    def _again_from(self, lane: Lane, x_m: float) -> float:
        """Where to go on with a lane that was left at ``x_m``: a little before the end of what is inspected."""
        half = max(CELL_M, self._plan.footprint.height_m / 2.0 - CELL_M)
        covered = self.accounting.covered_until(lane.side, lane.s_m - half, lane.s_m + half, lane.x_from_m, x_m)
        start = covered - lane.direction * BACK_M
        return max(start, lane.x_from_m) if lane.direction > 0 else min(start, lane.x_from_m)

    def _end_task(self, interrupted: bool) -> None:
        if self._started_task:
            self._started_task = False
            self._queue[self._index].end(interrupted)

    # -- orders ----------------------------------------------------------------------------------------------------

    def _depth(self) -> float:
        return max(0.3, self._state.depth_m) if self._state is not None else 0.3

    def _order(self, kind: Kind, *, depth_m: float, standoff_m: float | None = None) -> Order:
        distance = self._mission.standoff_m if standoff_m is None else standoff_m
        return Order(kind, self._mission.launch.side, round(depth_m, 3), distance)

    def _idle(self) -> Order:
        if self.phase == "waiting" and self._launched_t is not None:
            return self._hold()  # a restart: idle would disarm a vehicle that works just below the surface
        return self._order("idle", depth_m=0.0)

    def _hold(self) -> Order:
        return self._order("hold", depth_m=self._depth())

    def _last_order(self) -> Order:
        """Afloat: disarm. Anywhere else: hold, and leave the rest to rov and the operator."""
        afloat = self._state is not None and self._state.depth_m < AFLOAT_M
        return self._idle() if afloat else self._hold()
