"""Tasks that find their way when they begin: to a lane's start, and looking for a landmark."""

from missions.lanes import Lane
from missions.tasks import DONE, Dwell, Finished, Leaf, Move, Order, Pass, Sequence, Task, View
from missions.visits import Visit

KNOWN_M = 0.15
SWEEP_MPS = 0.20
"""At 5 frames a second a landmark that fills most of the view is then whole in several frames."""
MAX_SWEEP_M = 2.0
FAR_M, STEEP_M = 2.0, 0.6


class Reach(Leaf):
    """To a lane's start. A long way is made at the shallower of the two depths: deep down at bow and stern there may be no
    plating that the vehicle could steer by until it is there."""

    def __init__(self, lane: Lane, standoff_m: float, speed_mps: float) -> None:
        super().__init__("to the start")
        self._lane, self._standoff_m, self._speed = lane, standoff_m, speed_mps
        self._way: Sequence | None = None

    def tick(self, now: float, view: View) -> Order | Finished:
        if self._way is None:
            depth, pose, lane = view.state.depth_m, view.state.pose, self._lane
            far = pose is not None and abs(pose.x_m - lane.x_from_m) > FAR_M and abs(depth - lane.depth_m) > STEEP_M
            moves = [self._move(lane.x_from_m, depth)] if far and pose is not None and depth < lane.depth_m else []
            moves = [self._move(pose.x_m, lane.depth_m)] if far and pose is not None and depth > lane.depth_m else moves
            self._way = Sequence("", *moves, self._move(lane.x_from_m, lane.depth_m))
            self._way.start(now)
        return self._way.tick(now, view)

    def _move(self, x_m: float, depth_m: float) -> Move:
        return Move("move", self._lane.side, round(x_m, 3), round(max(depth_m, 0.3), 3), self._standoff_m, self._speed)

    def end(self, interrupted: bool) -> None:
        if self._way is not None:
            self._way.end(interrupted)


def go_over(name: str, lane: Lane, standoff_m: float, speed_mps: float) -> Task:
    """To the lane's start, then along it."""
    return Sequence(name, Reach(lane, standoff_m, speed_mps), Pass(lane, standoff_m, speed_mps))


class Find(Leaf):
    """Sweeps along x about a landmark's mapped place until vision has found it and x is known, or the sweep is over. Its half
    width is what the vehicle is unsure of, so that the landmark passes before the camera wherever it really is."""

    def __init__(self, visit: Visit, standoff_m: float, speed_mps: float) -> None:
        super().__init__("look for it")
        self._visit, self._standoff_m, self._speed = visit, standoff_m, min(speed_mps, SWEEP_MPS)
        self._travel = speed_mps
        self._sweep: Sequence | None = None

    def tick(self, now: float, view: View) -> Order | Finished:
        pose = view.state.pose
        if self._sweep is None:
            if pose is None:
                return Order("approach", self._visit.side, self._visit.depth_m, self._standoff_m)
            self._sweep = self._plan(min(2.0 * pose.x_std_m, MAX_SWEEP_M), pose.x_m)
            self._sweep.start(now)
        out = self._sweep.tick(now, view)
        known = pose is not None and pose.x_std_m < KNOWN_M
        return DONE if known and not isinstance(out, Finished) else out

    def _plan(self, reach_m: float, x_m: float) -> Sequence:
        visit = self._visit
        way = 1.0 if x_m <= visit.x_m else -1.0
        ends = visit.x_m - way * reach_m, visit.x_m + way * reach_m
        moves = [Move("go", visit.side, ends[0], visit.depth_m, self._standoff_m, self._travel)]
        moves += [Move("sweep", visit.side, ends[1], visit.depth_m, self._standoff_m, self._speed)]
        return Sequence("look for it", *moves)

    def end(self, interrupted: bool) -> None:
        if self._sweep is not None:
            self._sweep.end(interrupted)


class Known(Leaf):
    """Fails when a landmark that vision can find has not told where along the ship the vehicle is: it may have been launched
    elsewhere than the mission says, and then everything is placed wrongly."""

    def __init__(self, visit: Visit) -> None:
        super().__init__("known")
        self._visit = visit

    def tick(self, now: float, view: View) -> Order | Finished:
        pose = view.state.pose
        if pose is None or pose.x_std_m < KNOWN_M:
            return DONE
        unsure = f"x uncertain by {pose.x_std_m:.1f} m"
        return Finished(
            False, f"{self._visit.name}: not found where the vessel file has it, {unsure}: is the launch frame right?"
        )


def inspect(visit: Visit, standoff_m: float, speed_mps: float) -> Task:
    """To the landmark, a sweep that finds it, slowly across it (relief needs motion), and a rest before it."""
    slow, reach = min(speed_mps, 0.12), 0.3
    rest = Order("approach", visit.side, visit.depth_m, standoff_m)
    find = [Find(visit, standoff_m, speed_mps)] if visit.findable else []
    return Sequence(
        f"landmark {visit.name}",
        *find,
        Move("go", visit.side, visit.x_m - reach, visit.depth_m, standoff_m, speed_mps),
        Move("across", visit.side, visit.x_m + reach, visit.depth_m, standoff_m, slow),
        Move("back", visit.side, visit.x_m, visit.depth_m, standoff_m, slow),
        Dwell("look", rest, visit.dwell_s),
        *([Known(visit)] if visit.findable else []),
    )
