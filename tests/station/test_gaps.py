from hypothesis import given
from hypothesis import strategies as st

from station.gaps import ANSWER_LIMIT, GRACE_S, Gaps


def test_asks_for_what_is_missing_after_a_grace() -> None:
    gaps = Gaps({1, 2})
    gaps.received(5)
    assert gaps.missing == 2
    assert gaps.ask(0.0) is None
    assert gaps.ask(GRACE_S) == (3, 4)
    assert gaps.ask(GRACE_S) is None
    assert gaps.ask(GRACE_S + 1.0) == (3, 4)
    gaps.received(3)
    gaps.received(4)
    assert gaps.contiguous == 5
    assert gaps.ask(10.0) is None
    assert gaps.behind_s(10.0) == 0.0


def test_a_range_that_brings_nothing_lets_the_next_have_its_turn() -> None:
    gaps = Gaps({2})
    gaps.announced(3)
    gaps.ask(0.0)
    assert gaps.ask(1.0) == (1, 1)
    assert gaps.ask(1.0) == (3, 3)
    assert gaps.ask(1.5) is None


def test_absurd_announcements_cost_little() -> None:
    gaps = Gaps(set())
    gaps.announced(2**62)
    gaps.ask(0.0)
    assert gaps.ask(1.0) == (1, ANSWER_LIMIT)


@given(st.permutations(range(1, 40)), st.sets(st.integers(1, 39)), st.integers(0, 39))
def test_asks_only_for_missing_numbers_and_ends_complete(order: list[int], lost: set[int], announced: int) -> None:
    gaps = Gaps(set())
    here: set[int] = set()
    for seq in order:
        if seq not in lost:
            gaps.received(seq)
            here.add(seq)
    gaps.announced(announced)
    last = max(here | {announced})
    now = 0.0
    gaps.ask(now)
    while gaps.missing:
        now += 1.0
        ask = gaps.ask(now)
        if ask is None:
            continue
        asked = set(range(ask.first, ask.last + 1))
        assert len(asked) <= ANSWER_LIMIT and not asked & here and ask.last <= last
        for seq in sorted(asked)[: 1 + seq_step(now)]:
            gaps.received(seq)
            here.add(seq)
    assert gaps.contiguous == last
    assert here == set(range(1, last + 1))


def seq_step(now: float) -> int:
    return int(now) % ANSWER_LIMIT
