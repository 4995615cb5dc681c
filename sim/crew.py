"""Several hands for the bands of a picture. Which hand does which band makes no difference to the bits.

A kernel draws numbers from a ticket until they exceed its bands. The caller works along, so nobody waits for a hand that the
machine cannot spare: one that has not begun when the caller is through is sent home. (OpenMP cuts the work in fixed halves and
waits for both; with another program on the second core a frame took three times as long.)
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sim.noise import njit


@intrinsic  # type: ignore[untyped-decorator]
def _fetch_add(typing: Any, ticket: Any) -> Any:
    """Adds one to the first item of an int64 array in one step; returns what was there."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, cgutils.intp_t(1), "seq_cst")

    return types.int64(ticket), build


@njit
def take(ticket: Any) -> int:
    """The next number, from 0."""
    return int(_fetch_add(ticket))


class Crew:
    """``hands``: threads that work at once, the caller among them. ``most``: what `machine_hands` gives at most; less for several
    simulators side by side."""

    most = 4

    def __init__(self, hands: int) -> None:
        self.hands = hands
        self._pool = ThreadPoolExecutor(max(hands - 1, 1), "crew")

    def work(self, kernel: Callable[..., None], *args: object) -> None:
        """Runs ``kernel(ticket, *args)`` in all hands until its bands are done."""
        ticket = np.zeros(1, np.int64)
        others = [self._pool.submit(kernel, ticket, *args) for _ in range(self.hands - 1)]
        kernel(ticket, *args)
        for other in others:
            if not other.cancel():
                other.result()


def machine_hands() -> int:
    """As many as numba may use here (NUMBA_NUM_THREADS, or the cores), `Crew.most` at most."""
    return min(int(numba.config.NUMBA_NUM_THREADS), Crew.most)
