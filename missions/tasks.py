"""What a mission is made of: tasks that say what the vehicle should do now, and combinators of tasks.

A task is started once, ticked until it finishes, and always ended, interrupted or not. Times are task time: it stands still
while the vehicle is held, so that no patience runs out during a hold.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from missions.lanes import Lane
from missions.strain import MAX_STICK, Strain
from wire.messages import Side, VehicleState

Kind = Literal["idle", "hold", "approach", "track", "leave", "surface"]


BLIND_S = 45.0
STILL_S = 2.0


class Order(NamedTuple):
    """The content of `wire.messages.Guidance`."""

    kind: Kind
    side: Side
    depth_m: float
    standoff_m: float
    along_mps: float = 0.0
    x_stop_m: float = 0.0


class View(NamedTuple):
    """What a task sees. ``obeyed``: the order the vehicle acts on; None while it has not yet got the newest."""

    state: VehicleState
    obeyed: Order | None = None

    def reached(self, order: Order) -> bool:
        """The vehicle acts on exactly this order and calls it fulfilled."""
        return self.state.at_target and self.obeyed == order


class Finished(NamedTuple):
    """``detail`` says why not, when not ``ok``."""

    ok: bool
    detail: str = ""


DONE = Finished(True)


class Task(Protocol):
    """``name`` is for people. `end` is called exactly once after `start`, whatever happened between."""

    @property
    def name(self) -> str: ...

    def start(self, now: float) -> None: ...

    def tick(self, now: float, view: View) -> Order | Finished: ...

    def end(self, interrupted: bool) -> None: ...


class Leaf:
    """A task without children; remembers when it started."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.began = 0.0

    def start(self, now: float) -> None:
        self.began = now

    def end(self, interrupted: bool) -> None:
        pass


class Sequence:
    """One after another; the first failure fails it."""

    def __init__(self, name: str, *tasks: Task) -> None:
        self._label = name
        self._tasks = tasks
        self._at = 0
        self._running = False

    @property
    def name(self) -> str:
        inner = self._tasks[self._at].name if self._at < len(self._tasks) else ""
        return f"{self._label}: {inner}" if inner else self._label

    def start(self, now: float) -> None:
        self._at = 0
        self._begin(now)

    def _begin(self, now: float) -> None:
        if self._at < len(self._tasks):
            self._tasks[self._at].start(now)
            self._running = True

    def tick(self, now: float, view: View) -> Order | Finished:
        while self._at < len(self._tasks):
            out = self._tasks[self._at].tick(now, view)
            if not isinstance(out, Finished):
                return out
            self._running = False
            self._tasks[self._at].end(False)
            if not out.ok:
                return out
            self._at += 1
            self._begin(now)
        return DONE

    def end(self, interrupted: bool) -> None:
        if self._running:
            self._running = False
            self._tasks[self._at].end(True)


class Timeout:
    """Fails a task that takes longer than ``seconds``."""

    def __init__(self, task: Task, seconds: float) -> None:
        self._task, self._seconds = task, seconds
        self._began = 0.0
        self._running = False

    @property
    def name(self) -> str:
        return self._task.name

    def start(self, now: float) -> None:
        self._began = now
        self._running = True
        self._task.start(now)

    def tick(self, now: float, view: View) -> Order | Finished:
        out = self._task.tick(now, view)
        if isinstance(out, Finished):
            self._running = False
            self._task.end(False)
        elif now - self._began > self._seconds:
            return Finished(False, f"{self._task.name}: not done after {self._seconds:.0f} s")
        return out

    def end(self, interrupted: bool) -> None:
        if self._running:
            self._running = False
            self._task.end(True)


class Retry:
    """A fresh task from ``make`` up to ``tries`` times, until one succeeds."""

    def __init__(self, make: Callable[[], Task], tries: int) -> None:
        self._make, self._tries = make, tries
        self._task = make()
        self._left = tries
        self._running = False

    @property
    def name(self) -> str:
        return self._task.name

    def start(self, now: float) -> None:
        self._left = self._tries - 1
        self._task.start(now)
        self._running = True

    def tick(self, now: float, view: View) -> Order | Finished:
        while True:
            out = self._task.tick(now, view)
            if not isinstance(out, Finished):
                return out
            self._running = False
            self._task.end(False)
            if out.ok or self._left <= 0:
                return out
            self._left -= 1
            self._task = self._make()
            self._task.start(now)
            self._running = True

    def end(self, interrupted: bool) -> None:
        if self._running:
            self._running = False
            self._task.end(True)


class Ready(Leaf):
    """Disarmed, until the autopilot is heard and fit: ``min_battery`` is the fraction below which no survey starts."""

    def __init__(self, side: Side, min_battery: float) -> None:
        super().__init__("wait for vehicle")
        self._order = Order("idle", side, 0.0, 1.0)
        self._min_battery = min_battery

    def tick(self, now: float, view: View) -> Order | Finished:
        state = view.state
        if state.leak:
            return Finished(False, "leak")
        if state.link_age_s > 2.0:
            return self._order
        if 0.0 <= state.battery_fraction < self._min_battery:
            return Finished(False, f"battery at {state.battery_fraction:.0%}; expected at least {self._min_battery:.0%}")
        return DONE


class Arm(Leaf):
    """Asks for the approach until the vehicle is armed."""

    def __init__(self, order: Order) -> None:
        super().__init__("arm")
        self._order = order

    def tick(self, now: float, view: View) -> Order | Finished:
        return DONE if view.state.armed else self._order


class Disarm(Leaf):
    """Idle until the vehicle is disarmed."""

    def __init__(self, side: Side) -> None:
        super().__init__("disarm")
        self._order = Order("idle", side, 0.0, 1.0)

    def tick(self, now: float, view: View) -> Order | Finished:
        return self._order if view.state.armed else DONE


class Obey(Leaf):
    """Gives one order until the vehicle says it is fulfilled."""

    def __init__(self, name: str, order: Order) -> None:
        super().__init__(name)
        self._order = order

    def tick(self, now: float, view: View) -> Order | Finished:
        return DONE if view.reached(self._order) else self._order


class Close(Leaf):
    """Gives the approach order until it is fulfilled. Fails in a current too strong for a survey: when standing there takes a
    mean stick above `MAX_STICK` over `STILL_S`."""

    def __init__(self, order: Order) -> None:
        super().__init__("approach")
        self._order = order
        self._strain = Strain(STILL_S)

    def tick(self, now: float, view: View) -> Order | Finished:
        x, y, _z, _r = view.state.sticks
        mean = self._strain.mean(now, math.hypot(x, y))
        if not view.reached(self._order):
            return self._order
        if mean > MAX_STICK:
            return Finished(False, f"current too strong: standing still takes sticks at {mean:.0f} of at most {MAX_STICK}")
        return DONE


class Move(Leaf):
    """Along the hull to ``x_m`` at ``depth_m``, there when both are near; the look at what lies between is welcome."""

    def __init__(self, name: str, side: Side, x_m: float, depth_m: float, standoff_m: float, speed_mps: float) -> None:
        super().__init__(name)
        self._there = x_m, depth_m
        self._side, self._standoff_m, self._speed = side, standoff_m, speed_mps

    def tick(self, now: float, view: View) -> Order | Finished:
        x, depth = self._there
        pose = view.state.pose
        here = pose.x_m if pose is not None else x
        # The sign is kept while the vehicle is about to arrive, so that the order does not flicker.
        sign = 1.0 if x >= here else -1.0
        before = view.obeyed
        if (
            before is not None
            and before.kind == "track"
            and (before.x_stop_m, before.depth_m) == self._there
            and abs(x - here) < 0.3
        ):
            sign = math.copysign(1.0, before.along_mps)
        order = Order("track", self._side, depth, self._standoff_m, sign * self._speed, x)
        near = pose is not None and abs(pose.x_m - x) < 0.15 and abs(view.state.depth_m - depth) < 0.10
        near = near and pose is not None and abs(pose.standoff_m - self._standoff_m) < 0.2
        return DONE if near or view.reached(order) else order


class Pass(Leaf):
    """One lane from where the vehicle is to ``x_to_m``."""

    def __init__(self, lane: Lane, standoff_m: float, speed_mps: float) -> None:
        super().__init__("pass")
        self._lane = lane
        self._order = Order("track", lane.side, lane.depth_m, standoff_m, lane.direction * speed_mps, lane.x_to_m)

    def tick(self, now: float, view: View) -> Order | Finished:
        pose = view.state.pose
        passed = pose is not None and self._lane.direction * (pose.x_m - self._lane.x_to_m) > -0.12
        return DONE if passed or view.reached(self._order) else self._order


class Dwell(Leaf):
    """Facing the hull at rest for ``seconds``."""

    def __init__(self, name: str, order: Order, seconds: float) -> None:
        super().__init__(name)
        self._order, self._seconds = order, seconds

    def tick(self, now: float, view: View) -> Order | Finished:
        return DONE if now - self.began >= self._seconds else self._order


class Recover(Leaf):
    """After the hull was lost: hold for ``still_s``, then face and close again until it has been in sight for 1 s."""

    def __init__(self, order: Order, still_s: float = 1.0) -> None:
        super().__init__("find the hull again")
        self._order, self._still_s = order, still_s
        self._seen: float | None = None

    def start(self, now: float) -> None:
        super().start(now)
        self._seen = None

    def tick(self, now: float, view: View) -> Order | Finished:
        if view.state.pose is None:
            self._seen = None
        elif self._seen is None:
            self._seen = now
        if self._seen is not None and now - self._seen >= 1.0 and (view.reached(self._order) or now - self._seen >= 8.0):
            return DONE
        if now - self.began < self._still_s:
            return self._order._replace(kind="hold")
        return self._order


class Leave(Leaf):
    """Backs off until the vehicle says it is clear, or, like rov's ladder, has backed off blindly for `BLIND_S`."""

    def __init__(self, order: Order) -> None:
        super().__init__("leave the hull")
        self._order = order
        self._blind_t: float | None = None

    def tick(self, now: float, view: View) -> Order | Finished:
        if view.state.pose is not None:
            self._blind_t = None
        elif self._blind_t is None:
            self._blind_t = now
        blind = self._blind_t is not None and now - self._blind_t >= BLIND_S
        return DONE if view.reached(self._order) or blind else self._order
