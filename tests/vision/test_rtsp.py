"""The client's half of RTSP and SDP: whole, in pieces, and damaged."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.rtsp import Interleaved, Response, RtspError, RtspReader, channel_of, parse_sdp, request, session_of

SPS, PPS = b"\x67\x42\xc0\x28", b"\x68\xce"
SETS = ",".join(base64.b64encode(nal).decode() for nal in (SPS, PPS))
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 4\r\nSession: 12AB;timeout=30\r\n\r\nbody"
BLUEOS_SDP = f"""v=0
o=- 1188340656180883 1 IN IP4 192.168.2.2
s=Session streamed with GStreamer
t=0 0
a=control:*
m=audio 0 RTP/AVP 97
a=rtpmap:97 OPUS/48000/2
a=control:stream=1
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=framerate:30
a=fmtp:96 packetization-mode=1;profile-level-id=42C028;sprop-parameter-sets={SETS}
a=control:stream=0
""".replace("\n", "\r\n").encode()


def test_a_request_has_its_number_and_ends_with_an_empty_line() -> None:
    text = request("SETUP", "rtsp://h/x", 3, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
    assert text.startswith(b"SETUP rtsp://h/x RTSP/1.0\r\nCSeq: 3\r\n")
    assert text.endswith(b"\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n")


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_responses_and_packets_however_they_are_cut(step: int) -> None:
    stream = ANSWER + b"$\x00\x00\x03abc" + b"\r\n" + b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" + b"$\x01\x00\x01z"
    reader = RtspReader()
    found = [item for at in range(0, len(stream), step) for item in reader.feed(stream[at : at + step])]
    assert isinstance(found[0], Response)
    assert (found[0].status, found[0].reason, found[0].body, found[0].headers["cseq"]) == (200, "OK", b"body", "2")
    assert found[1:] == [Interleaved(0, b"abc"), Interleaved(1, b"z")]


@pytest.mark.parametrize(
    "stream",
    [
        b"\x00\x01\x02",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 fine\r\n\r\n",
        b"R" * 20_000,
    ],
)
def test_what_is_not_rtsp_is_refused(stream: bytes) -> None:
    with pytest.raises(RtspError):
        RtspReader().feed(stream)


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_for_and_nothing_else(stream: bytes) -> None:
    try:
        RtspReader().feed(stream)
    except RtspError as error:
        assert str(error)


def test_the_video_of_a_description_as_blueos_gives_it() -> None:
    track = parse_sdp(BLUEOS_SDP, "rtsp://192.168.2.2:8554/video/")
    assert track == ("rtsp://192.168.2.2:8554/video/stream=0", 96, (SPS, PPS))


def test_a_control_address_may_be_absolute_or_missing() -> None:
    body = b"m=video 0 RTP/AVP 98\r\na=rtpmap:98 H264/90000\r\na=control:rtsp://other/track1\r\n"
    assert parse_sdp(body, "rtsp://h/x") == ("rtsp://other/track1", 98, ())
    assert parse_sdp(b"m=video 0 RTP/AVP 98\na=rtpmap:98 H264/90000\n", "rtsp://h/x").control == "rtsp://h/x"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no video in H264"),
        (b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", "no video in H264"),
        (b"m=audio 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", "no video in H264"),
        (b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=2\r\n", "packetization-mode 2"),
    ],
)
def test_descriptions_without_a_usable_video(body: bytes, why: str) -> None:
    with pytest.raises(RtspError, match=why):
        parse_sdp(body, "rtsp://h/x")


@given(st.binary(max_size=120))
def test_no_description_raises_anything_else(body: bytes) -> None:
    with pytest.raises(RtspError):
        parse_sdp(b"v=0\r\n" + body.replace(b"H264", b""), "rtsp://h/x")


def test_session_and_channel_of_a_setup() -> None:
    (answer,) = RtspReader().feed(b"RTSP/1.0 200 OK\r\nSession: 7;timeout=10\r\nTransport: RTP/AVP/TCP;interleaved=4-5\r\n\r\n")
    assert isinstance(answer, Response)
    assert session_of(answer) == ("7", 10.0)
    assert channel_of(answer) == 4
    bare = Response(200, "OK", {"session": "8", "transport": "RTP/AVP;client_port=1-2"}, b"")
    assert session_of(bare) == ("8", 60.0)
    with pytest.raises(RtspError, match="expected RTP/AVP/TCP"):
        channel_of(bare)
    with pytest.raises(RtspError, match="no Session"):
        session_of(Response(200, "OK", {}, b""))
