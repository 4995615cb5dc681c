"""Off loopback nothing opens without CURVE keys; with them strangers stay out."""

import time
from pathlib import Path

import pytest
import zmq

from wire import messages as m
from wire.allow import make_keys, start_allow_list
from wire.sockets import Keys, is_loopback
from wire.zmq_bus import ZmqBus
from wire.zmq_command import ZmqCommandClient, ZmqCommandServer


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("tcp://127.0.0.1:5555", True),
        ("tcp://localhost:5555", True),
        ("tcp://[::1]:5555", True),
        ("ipc:///tmp/x", True),
        ("inproc://x", True),
        ("tcp://0.0.0.0:5555", False),
        ("tcp://*:5555", False),
        ("tcp://192.168.2.2:5555", False),
        ("tcp://example.org:1", False),
    ],
)
def test_is_loopback(endpoint: str, expected: bool) -> None:
    assert is_loopback(endpoint) is expected


@pytest.mark.sockets
def test_bind_off_loopback_without_keys_is_refused() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with pytest.raises(PermissionError, match=r"tcp://0\.0\.0\.0:0 is not loopback; expected CURVE keys"):
        ZmqBus(context, "tcp://0.0.0.0:0", {})
    with pytest.raises(PermissionError, match="not loopback"):
        ZmqCommandClient(context, "tcp://192.0.2.1:5", "rov")
    context.destroy(linger=0)


@pytest.mark.sockets
def test_curve_lets_peers_in_and_strangers_not(tmp_path: Path) -> None:
    make_keys(tmp_path / "fleet", ("rov", "station"))
    make_keys(tmp_path / "other", ("stranger",))
    (tmp_path / "other" / "rov.key").write_bytes((tmp_path / "fleet" / "rov.key").read_bytes())
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    guard = start_allow_list(context, tmp_path / "fleet")
    server = ZmqCommandServer(context, "tcp://127.0.0.1:0", Keys(tmp_path / "fleet", "rov"))
    friend = ZmqCommandClient(context, server.endpoint, "rov", Keys(tmp_path / "fleet", "station"))
    stranger = ZmqCommandClient(context, server.endpoint, "rov", Keys(tmp_path / "other", "stranger"))
    command = m.Command(t=0.0, id="a", source="station", verb="ping")
    friend.send(command, 0.0)
    stranger.send(m.Command(t=0.0, id="b", source="stranger", verb="hold"), 0.0)
    served: list[str] = []

    def handle(received: m.Command) -> m.Ack:
        served.append(received.source)
        return m.Ack(t=0.0, id=received.id, source="rov", accepted=True, reason="")

    deadline = time.monotonic() + 10.0
    acks: list[m.Ack] = []
    while not acks and time.monotonic() < deadline:
        server.serve(handle)
        acks = friend.poll(0.0)
        time.sleep(0.005)
    assert [ack.id for ack in acks] == ["a"]
    assert served == ["station"]
    assert [ack.accepted for ack in stranger.poll(6.0)] == [False]
    for end in (friend, stranger, server):
        end.close()
    guard.stop()
    context.term()


def test_keys_are_never_overwritten_and_missing_keys_are_named(tmp_path: Path) -> None:
    make_keys(tmp_path, ("rov",))
    with pytest.raises(FileExistsError, match=r"rov\.key_secret exists"):
        make_keys(tmp_path, ("rov",))
    with pytest.raises(ValueError, match=r"cannot read .*vision\.key_secret"):
        Keys(tmp_path, "vision")
