"""The server's half of RTSP, without a socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.video.rtsp_protocol import BadRequest, Conversation, RequestReader, Transport, choose_transport
from vision.rtsp import Response, RtspReader, parse_sdp, request, session_of

SPS, PPS = b"\x67\x42\xc0\x28", b"\x68\xce"
URL = "rtsp://127.0.0.1:8554/rov"


class Client:
    """Speaks to a conversation as vision's client would."""

    def __init__(self, sets: tuple[bytes, ...] = (SPS, PPS)) -> None:
        self.talk = Conversation("/rov", "ABCD", 7000, 0xBEEF)
        self.talk.parameter_sets = sets
        self._number = 0

    def ask(self, method: str, url: str = URL, **headers: str) -> Response:
        self._number += 1
        (parsed,) = RequestReader().feed(request(method, url, self._number, headers))
        (answer,) = RtspReader().feed(self.talk.answer(parsed))
        assert isinstance(answer, Response)
        assert answer.headers["cseq"] == str(self._number)
        return answer


def test_a_whole_conversation_over_tcp() -> None:
    client = Client()
    assert "DESCRIBE" in client.ask("OPTIONS").headers["public"]
    description = client.ask("DESCRIBE", Accept="application/sdp")
    track = parse_sdp(description.body, description.headers["content-base"])
    assert track == (f"{URL}/stream=0", 96, (SPS, PPS))
    setup = client.ask("SETUP", track.control, Transport="RTP/AVP/TCP;unicast;interleaved=2-3")
    assert setup.headers["transport"] == "RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=0000BEEF"
    assert session_of(setup) == ("ABCD", 60.0)
    assert not client.talk.playing
    assert client.ask("PLAY", Session="ABCD").status == 200
    assert client.talk.playing and client.talk.transport == Transport(2, 0)
    assert client.ask("GET_PARAMETER", Session="ABCD").status == 200
    assert client.ask("TEARDOWN", Session="ABCD").status == 200
    assert client.talk.over and not client.talk.playing


def test_udp_is_sent_to_the_clients_ports() -> None:
    client = Client()
    setup = client.ask("SETUP", URL, Transport="RTP/AVP;unicast;client_port=5000-5001;destination=10.1.1.1")
    assert setup.headers["transport"] == "RTP/AVP;unicast;client_port=5000-5001;server_port=7000-7001;ssrc=0000BEEF"
    assert client.talk.transport == Transport(None, 5000)


@pytest.mark.parametrize(
    ("offer", "taken"),
    [
        ("RTP/AVP;multicast,RTP/AVP/TCP;interleaved=0-1", Transport(0, 0)),
        ("RTP/AVP/UDP;unicast;client_port=6000-6001", Transport(None, 6000)),
        ("RTP/AVP;unicast", None),
        ("RTP/AVP;client_port=70000-70001", None),
        ("RTP/AVP/TCP;interleaved=x-y", None),
        ("RTP/SAVP;client_port=1-2", None),
        ("", None),
    ],
)
def test_transports(offer: str, taken: Transport | None) -> None:
    assert choose_transport(offer) == taken


def test_what_is_refused() -> None:
    client = Client()
    assert client.ask("DESCRIBE", "rtsp://127.0.0.1:8554/other").status == 404
    assert client.ask("ANNOUNCE").status == 405
    assert client.ask("SETUP", URL, Transport="RTP/AVP;multicast").status == 461
    assert client.ask("PLAY", Session="ABCD").status == 454
    client.ask("SETUP", URL, Transport="RTP/AVP/TCP;interleaved=0-1")
    assert client.ask("PLAY", Session="WRONG").status == 454
    client.ask("PLAY", Session="ABCD")
    assert client.ask("SETUP", URL, Transport="RTP/AVP/TCP;interleaved=0-1").status == 455
    assert Client(()).ask("DESCRIBE").status == 503


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"x" * 20_000, b"A B RTSP/1.0\r\nContent-Length: 1e9\r\n\r\n"])
def test_what_is_not_rtsp_ends_the_connection(data: bytes) -> None:
    with pytest.raises(BadRequest):
        RequestReader().feed(data)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_garbage_is_refused_or_waited_for_and_nothing_else(data: bytes, step: int) -> None:
    reader = RequestReader()
    talk = Conversation("/rov", "ABCD", 7000, 1)
    try:
        for at in range(0, len(data), step):
            for each in reader.feed(data[at : at + step]):
                talk.answer(each)
    except BadRequest:
        assert not talk.playing
