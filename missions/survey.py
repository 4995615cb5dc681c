"""Work beside the hull, flown so that losing sight of the hull costs a detour and no coverage."""

from collections.abc import Callable

from missions.tasks import Finished, Order, Recover, Task, Timeout, View

LOST_S = 1.0
RECOVER_S = 30.0
TRIES = 3


class InSight:
    """Runs the task from ``make``. Without a pose for `LOST_S`: hold, face and close again, then a fresh task.

    Args:
        approach: the order that finds the hull again.
        make: the task; called with the last x known when the hull was lost, None the first time.
    """

    def __init__(self, label: str, approach: Order, make: Callable[[float | None], Task]) -> None:
        self._label, self._approach, self._make = label, approach, make
        self._inner: Task = make(None)
        self._running = self._searching = False
        self._seen_t = 0.0
        self._x_m: float | None = None
        self.losses = 0

    @property
    def name(self) -> str:
        return f"{self._label}: {self._inner.name}" if self._searching else self._inner.name

    def start(self, now: float) -> None:
        self._seen_t = now
        self._begin(self._inner, now, False)

    def _begin(self, task: Task, now: float, searching: bool) -> None:
        self._inner, self._searching, self._running = task, searching, True
        task.start(now)

    def tick(self, now: float, view: View) -> Order | Finished:
        pose = view.state.pose
        if pose is not None:
            self._seen_t = now
            self._x_m = self._x_m if self._searching else pose.x_m
        elif not self._searching and now - self._seen_t > LOST_S:
            self._stop(True)
            self.losses += 1
            if self.losses > TRIES:
                return Finished(False, f"{self._label}: hull lost {self.losses} times")
            self._begin(Timeout(Recover(self._approach), RECOVER_S), now, True)
        out = self._inner.tick(now, view)
        if not isinstance(out, Finished):
            return out
        self._stop(False)
        if not self._searching or not out.ok:
            return out
        self._begin(self._make(self._x_m), now, False)
        return self._inner.tick(now, view)

    def _stop(self, interrupted: bool) -> None:
        if self._running:
            self._running = False
            self._inner.end(interrupted)

    def end(self, interrupted: bool) -> None:
        self._stop(True)
