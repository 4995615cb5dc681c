"""Channels over real sockets: a peer that comes late, goes and comes back; addresses that are wrong."""

import socket
import time

import pytest

from rov import channels
from rov.channels import MavlinkChannel, TcpChannel, open_mavlink
from wire.channel import ByteChannel


def wait(channel: ByteChannel, seconds: float = 3.0) -> bytes:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = channel.recv()
        if data:
            return data
        time.sleep(0.01)
    return b""


def listen(port: int = 0) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    server.settimeout(5.0)
    return server


@pytest.mark.sockets
@pytest.mark.parametrize("silent", [False, True])
def test_tcp_survives_a_restart_and_a_dead_peer(monkeypatch: pytest.MonkeyPatch, silent: bool) -> None:
    monkeypatch.setattr(channels, "RECONNECT_S", 0.05)
    monkeypatch.setattr(channels, "SILENT_S", 0.2)
    server = listen()
    port = server.getsockname()[1]
    server.close()
    channel = TcpChannel(f"127.0.0.1:{port}")
    assert channel.recv() == b""
    channel.send(b"lost")
    for text in (b"one", b"two"):
        server = listen(port)
        assert wait(channel, 0.1) == b""
        peer, _ = server.accept()
        peer.sendall(text)
        assert wait(channel) == text
        channel.send(b"hello")
        if not silent:
            assert peer.recv(10) == b"hello"
            peer.close()
            server.close()
            continue
        wait(channel, 0.4)
        second, _ = server.accept()
        second.sendall(b"again")
        assert wait(channel) == b"again", "a silent peer is left for a new connection"
        for each in (peer, second, server):
            each.close()
    channel.close()


@pytest.mark.sockets
def test_udp_both_ways_and_a_peer_on_a_new_port() -> None:
    channel = MavlinkChannel("udpin:127.0.0.1:0")
    address = channel._connection.port.getsockname()
    for _ in range(2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(3.0)
            peer.sendto(b"hello", address)
            assert wait(channel) == b"hello"
            channel.send(b"you too")
            assert peer.recv(100) == b"you too"
    channel.close()


@pytest.mark.parametrize("address", ["tcp:nowhere", "tcp:host:0", "tcp:host:x"])
def test_wrong_addresses_are_named(address: str) -> None:
    with pytest.raises(ConnectionError, match=address):
        open_mavlink(address)


def test_a_serial_device_that_is_not_there() -> None:
    with pytest.raises(ConnectionError, match="no-such-device"):
        open_mavlink("/dev/no-such-device")
