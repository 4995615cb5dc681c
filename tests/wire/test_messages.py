import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import messages as m
from wire.topics import TOPICS


def test_every_topic_type_is_in_the_union_and_owned() -> None:
    members = set(m.AnyMessage.__args__)
    owners = {"rov", "vision", "missions", "station", "recorder", "*"}
    for row in TOPICS.values():
        assert row.type in members
        assert row.owner in owners


@given(st.binary(max_size=300))
def test_garbage_raises_only_decode_errors(data: bytes) -> None:
    try:
        m.decode(data)
    except msgspec.DecodeError:
        return
    pytest.fail("garbage was decoded")


def test_round_trip() -> None:
    message = m.Preview(t=1.0, jpeg=b"\xff\xd8", width=2, height=3)
    assert m.decode(m.encode(message)) == message
