"""The gate, exactly; and as properties whatever the wish. `GATE` is looked up at call time so that mutants can stand in."""

import math
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rov.gate

GATE: ModuleType = rov.gate
NEUTRAL = (0, 0, 500, 0)
LIMITS = rov.gate.Limits(min_standoff_m=0.5, max_depth_m=6.0, max_speed_mps=0.4)
GOOD: dict[str, Any] = {
    "armed": True,
    "mode": "ALT_HOLD",
    "owner": True,
    "link_age_s": 0.2,
    "wish_age_s": 0.0,
    "depth_m": 2.0,
    "standoff_m": 1.0,
    "closing_mps": 0.0,
    "speed_mps": 0.0,
}


def verdict(sticks: Any = (100, 50, 500, -30), altitude_m: float | None = -2.0, **facts: Any) -> tuple[Any, float | None, str]:
    return tuple(GATE.judge(sticks, altitude_m, GATE.Facts(**(GOOD | facts)), GATE.Limits(*LIMITS)))  # type: ignore[return-value]


def denied(reason: str) -> tuple[Any, None, str]:
    return (NEUTRAL, None, reason)


def test_a_good_wish_passes_unchanged() -> None:
    assert verdict() == ((100, 50, 500, -30), -2.0, "")
    assert verdict(altitude_m=None) == ((100, 50, 500, -30), None, "")
    assert verdict((100, 0, 500, -30), standoff_m=None) == ((100, 0, 500, -30), -2.0, "")


def test_beside_an_unseen_hull_only_creeping_ahead_backing_off_and_turning_pass() -> None:
    creeping = "hull not seen: creeping only"
    assert verdict((400, 0, 500, 7), standoff_m=None) == ((400, 0, 500, 7), -2.0, "")
    assert verdict((-1000, 0, 500, -7), standoff_m=None) == ((-1000, 0, 500, -7), -2.0, "")
    assert verdict((401, 0, 500, 7), standoff_m=None) == ((400, 0, 500, 7), -2.0, creeping)
    assert verdict((-300, 1, 500, 7), standoff_m=None) == ((-300, 0, 500, 7), -2.0, creeping)
    assert verdict((100, -1, 500, 7), standoff_m=None) == ((100, 0, 500, 7), -2.0, creeping)
    assert verdict((401, 60, 500, 7)) == ((401, 60, 500, 7), -2.0, "")


def test_a_depth_target_above_the_water_is_denied() -> None:
    assert verdict(altitude_m=0.5)[1:] == (0.5, "")
    assert verdict(altitude_m=0.501) == denied("depth target above the water")


@pytest.mark.parametrize(
    "sticks",
    [(1001, 0, 500, 0), (-1001, 0, 500, 0), (0, 1001, 500, 0), (0, -1001, 500, 0), (0, 0, 500, 1001), (0, 0, 500, -1001),
     (32767, 0, 500, 0), (0, 0, 500, -32768), (True, 0, 500, 0), (0.0, 0, 500, 0), (0, 0, 500.0, 0), (math.nan, 0, 500, 0)],
)  # fmt: skip
def test_sticks_out_of_range_or_no_integers(sticks: Any) -> None:
    assert verdict(sticks) == denied("sticks out of range")


def test_the_ends_of_the_range_pass() -> None:
    assert verdict((1000, 1000, 500, 1000))[0] == (1000, 1000, 500, 1000)
    assert verdict((-1000, -1000, 500, -1000))[0] == (-1000, -1000, 500, -1000)


@pytest.mark.parametrize("z", [0, 499, 501, 1000, 32767, -1])
def test_heave_by_stick_is_denied(z: int) -> None:
    assert verdict((0, 0, z, 0)) == denied("heave is commanded by depth target only")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number(bad: float) -> None:
    assert verdict(altitude_m=bad) == denied("depth target is not a number")
    for name in ("link_age_s", "wish_age_s", "depth_m", "standoff_m", "closing_mps", "speed_mps"):
        assert verdict(**{name: bad}) == denied("state is not a number")


def test_no_lease_silence_stale_wish_disarmed() -> None:
    assert verdict(owner=False) == denied("no lease")
    assert verdict(link_age_s=1.5)[2] == "" and verdict(link_age_s=1.501) == denied("autopilot silent")
    assert verdict(wish_age_s=0.5)[2] == "" and verdict(wish_age_s=0.501) == denied("wish too old")
    assert verdict(armed=False) == denied("not armed")


def test_the_wrong_mode() -> None:
    for mode in ("MANUAL", "GUIDED", "SURFACE", "alt_hold"):
        assert verdict(mode=mode) == denied(f"autopilot in {mode}, not ALT_HOLD")
    assert verdict(mode="") == denied("autopilot in no mode, not ALT_HOLD")


def test_denials_come_in_order_of_gravity() -> None:
    everything = {"owner": False, "link_age_s": 9.0, "wish_age_s": 9.0, "armed": False, "mode": "MANUAL"}
    order = ["no lease", "autopilot silent", "wish too old", "not armed", "autopilot in MANUAL, not ALT_HOLD"]
    for key, reason in zip(list(everything), order, strict=True):
        assert verdict(**everything) == denied(reason)
        del everything[key]
    assert verdict((2000, 0, 3, 0), math.nan)[2] == "sticks out of range"
    assert verdict((0, 0, 3, 0), math.nan)[2] == "heave is commanded by depth target only"


def test_stopping_standoff() -> None:
    limits = GATE.Limits(*LIMITS)
    assert GATE.stopping_standoff(0.0, limits) == 0.5
    assert GATE.stopping_standoff(-1.0, limits) == 0.5
    assert GATE.stopping_standoff(0.5, limits) == pytest.approx(0.5 + 0.25 / 0.5 + 0.15)
    assert GATE.stopping_standoff(1.0, limits) == pytest.approx(0.5 + 2.0 + 0.3)
    assert GATE.stopping_standoff(1.0, limits, 0.125) == pytest.approx(0.5 + 4.0 + 0.3)


@pytest.mark.parametrize("braking", [0.0, -0.1, math.nan, math.inf])
def test_without_braking_nothing_passes(braking: float) -> None:
    assert verdict(braking_mps2=braking) == denied("no braking")
    assert verdict(braking_mps2=1e-9, closing_mps=0.0)[2] == ""


def test_a_current_that_presses_on_takes_braking_away() -> None:
    assert verdict(closing_mps=0.2, standoff_m=0.7)[2] == ""
    assert verdict(closing_mps=0.2, standoff_m=0.7, braking_mps2=0.1)[2] == "too close to the hull to close in"


def test_not_towards_the_hull_when_too_close() -> None:
    close = "too close to the hull to close in"
    assert verdict(standoff_m=0.4999) == ((0, 50, 500, -30), -2.0, close)
    assert verdict(standoff_m=0.5) == ((100, 50, 500, -30), -2.0, "")
    assert verdict((1, 0, 500, 0), standoff_m=0.4)[0] == (0, 0, 500, 0)
    assert verdict((-100, 50, 500, -30), standoff_m=0.1) == ((-100, 50, 500, -30), -2.0, "")
    assert verdict((0, 50, 500, -30), standoff_m=0.1) == ((0, 50, 500, -30), -2.0, "")
    assert verdict(standoff_m=0.0)[2] == close
    assert verdict(standoff_m=1.0, closing_mps=0.5)[2] == close
    assert verdict(standoff_m=1.16, closing_mps=0.5)[2] == ""
    assert verdict(standoff_m=0.6, closing_mps=-2.0)[2] == ""


def test_faster_than_the_envelope() -> None:
    fast = "faster than the envelope"
    assert verdict(speed_mps=0.7) == ((0, 0, 500, -30), -2.0, fast)
    assert verdict((-100, -50, 500, 7), speed_mps=0.7) == ((-100, 0, 500, 7), -2.0, fast)
    assert verdict((1, 0, 500, 0), speed_mps=0.7)[0] == (0, 0, 500, 0)
    assert verdict(speed_mps=1.5 * 0.4)[2] == ""


def test_deeper_than_the_envelope() -> None:
    assert verdict(altitude_m=-6.0) == ((100, 50, 500, -30), -6.0, "")
    assert verdict(altitude_m=-6.001) == ((100, 50, 500, -30), -6.0, "deeper than the envelope")
    assert verdict(altitude_m=-1e9)[1] == -6.0
    assert verdict(altitude_m=0.2)[1] == 0.2


def test_reasons_are_joined() -> None:
    got = verdict(altitude_m=-9.0, standoff_m=0.2, speed_mps=2.0)
    assert got == (
        (0, 0, 500, -30),
        -6.0,
        "too close to the hull to close in; faster than the envelope; deeper than the envelope",
    )


def test_constants_are_the_documented_ones() -> None:
    assert (GATE.BRAKING_MPS2, GATE.REACTION_S, GATE.LINK_FRESH_S, GATE.WISH_FRESH_S, GATE.MODE) == (
        0.25,
        0.3,
        1.5,
        0.5,
        "ALT_HOLD",
    )


number = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-3, 3) | st.just(0.0)
anything = st.integers(-40000, 40000) | st.integers(-1000, 1000) | st.just(500) | st.booleans() | st.floats()


@given(
    sticks=st.tuples(anything, anything, anything | st.just(500), anything),
    altitude=st.none() | number,
    facts=st.fixed_dictionaries(
        {"armed": st.booleans(), "owner": st.booleans(), "mode": st.sampled_from(["ALT_HOLD", "MANUAL", ""])}
        | {"link_age_s": number, "wish_age_s": number, "depth_m": number, "closing_mps": number, "speed_mps": number}
        | {"standoff_m": st.none() | number}
    ),
)
def test_whatever_the_wish(sticks: Any, altitude: float | None, facts: dict[str, Any]) -> None:
    out, target, reason = verdict(sticks, altitude, **facts)
    assert all(type(v) is int and -1000 <= v <= 1000 for v in out) and out[2] == 500
    assert target is None or -LIMITS.max_depth_m <= target < math.inf
    if facts["standoff_m"] is not None and out[0] > 0:
        assert facts["standoff_m"] >= GATE.stopping_standoff(facts["closing_mps"], LIMITS) >= LIMITS.min_standoff_m
    if not (facts["armed"] and facts["owner"] and facts["mode"] == "ALT_HOLD"):
        assert out == NEUTRAL and target is None and reason
    if (out, target) != (sticks, altitude):
        assert reason
