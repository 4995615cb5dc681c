"""Who gets in and what they get: host, origin, token, headers, crops, commands, the live socket. On a real loopback
server, because a client library would tidy up the very paths and headers that matter here."""

import http.client
import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from station.guard import Guard
from station.web import WebServer
from tests.station.fakes import CROP, FakeVehicle, Rig, finding
from wire import messages as m

pytestmark = pytest.mark.sockets
TOKEN = "a-long-enough-token-0123456789"
HOLD = json.dumps({"verb": "hold", "operator": "Kim"})
JSON = {"content-type": "application/json"}


class Answer(NamedTuple):
    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


class Client:
    """Sends exactly what it is told. ``{port}`` in a host or header stands for the server's port."""

    def __init__(self, server: WebServer) -> None:
        self.port = int(server.url.split("/")[2].rsplit(":", 1)[1])
        self.cookie = ""

    def ask(self, method: str, path: str, body: bytes = b"", host: str = "127.0.0.1:{port}", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10.0)
        connection.putrequest(method, path, skip_host=True)
        sent = {"Host": host, "Content-Length": str(len(body))} | {k.replace("_", "-"): v for k, v in headers.items()}
        for key, value in (sent | ({"Cookie": self.cookie} if self.cookie else {})).items():
            connection.putheader(key, value.replace("{port}", str(self.port)))
        connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer

    def get(self, path: str, host: str = "127.0.0.1:{port}") -> Answer:
        return self.ask("GET", path, host=host)

    def post(self, body: bytes, **headers: str) -> Answer:
        return self.ask("POST", "/api/command", body, **headers)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def live(self) -> str:
        return f"ws://127.0.0.1:{self.port}/live"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("web"))
    rig.bus.publish("finding", finding(1))
    rig.station.tick(0.0)
    yield rig
    rig.store.close()


@pytest.fixture(scope="module")
def web(rig: Rig) -> Iterator[Client]:
    server = WebServer(rig.station)
    server.start()
    yield Client(server)
    server.stop()


@pytest.mark.parametrize("port", ["{port}", "9", ""])
@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("127.0.0.1", True),
        ("LOCALHOST", True),
        ("[::1]", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_only_our_own_host_is_answered(web: Client, name: str, known: bool, port: str) -> None:
    answer = web.get("/", host=f"{name}:{port}" if port else name)
    assert answer.status_code == (200 if known and port == "{port}" else 421)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_answer_carries_the_security_headers(web: Client) -> None:
    for path in ("/", "/static/app.js", "/crops/F001-1.jpg", "/nothing", "/api/ship"):
        headers = web.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_the_page_refers_to_nothing_outside_and_has_no_inline_code(web: Client) -> None:
    html = web.get("/").text
    assert "http" not in html and "style=" not in html and "<style" not in html
    assert " onclick" not in html and html.count("<script") == 1
    for name in ("app.js", "live.js", "map.js", "control.js", "contacts.js", "panels.js", "picture.js", "style.css"):
        answer = web.get(f"/static/{name}")
        assert answer.status_code == 200
        assert "https://" not in answer.text and "innerHTML" not in answer.text


@pytest.mark.parametrize(
    ("origin", "kind", "status"),
    [
        ("http://127.0.0.1:{port}", "application/json", 200),
        ("http://127.0.0.1:{port}", "application/json; charset=utf-8", 200),
        ("", "application/json", 403),
        ("http://evil.example", "application/json", 403),
        ("null", "application/json", 403),
        ("https://127.0.0.1:{port}", "application/json", 403),
        ("http://localhost:{port}", "application/json", 403),
        ("http://127.0.0.1:9", "application/json", 403),
        ("http://127.0.0.1:{port}", "text/plain", 415),
    ],
)
def test_commands_need_our_own_origin(
    rig: Rig, web: Client, origin: str, kind: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.web.ANSWER_S", 0.0)
    headers = {"content_type": kind} | ({"origin": origin} if origin else {})
    assert web.post(HOLD.encode(), **headers).status_code == status
    rig.station.tick(1.0)
    got: list[str] = []

    def obey(command: m.Command) -> m.Ack:
        got.append(command.verb)
        return m.Ack(t=0.0, id=command.id, source="rov", accepted=True, reason="")

    rig.rov.serve(obey)
    assert got == (["hold"] if status == 200 else [])


BAD = ["", "[]", '"hold"', "{}", '{"verb": "hold"}', '{"verb": "replay", "operator": "Kim"}', "[" * 4000, "\xff"]


@pytest.mark.parametrize("body", [*BAD, '{"verb": "hold", "operator": "\\u0000"}'])
def test_damaged_commands_are_refused(web: Client, body: str) -> None:
    answer = web.post(body.encode("latin-1"), origin=web.origin, content_type="application/json")
    assert answer.status_code == 400
    assert "expected" in json.loads(answer.content)["error"]


def test_a_long_body_is_refused(web: Client) -> None:
    assert web.post(b" " * 5000, origin=web.origin, content_type="application/json").status_code == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/crops/F001-1.jpg", 200),
        ("/crops/F001-2.jpg", 404),
        ("/crops/../survey.db", 404),
        ("/crops/..%2Fsurvey.db", 404),
        ("/crops/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404),
        ("/crops/F001-1'--.jpg", 404),
        ("/crops/F%D9%A0%D9%A0%D9%A1-1.jpg", 404),
        ("/static/../station.py", 404),
        ("/static/..%2fstation.py", 404),
        ("/static/%2e%2e/%2e%2e/pyproject.toml", 404),
        ("/static//etc/passwd", 404),
    ],
)
def test_only_crops_and_static_files_are_served(web: Client, path: str, status: int) -> None:
    answer = web.get(path)
    assert answer.status_code == status
    if status == 200:
        assert answer.content == CROP and answer.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.2.1", "::", "example.com"])
@pytest.mark.parametrize("token", [None, "", "short"])
def test_off_loopback_a_token_is_required(rig: Rig, host: str, token: str | None) -> None:
    with pytest.raises(PermissionError, match="expected a token"):
        WebServer(rig.station, host=host, token=token)


def test_the_token_opens_every_door_and_nothing_else_does(rig: Rig) -> None:
    server = WebServer(rig.station, token=TOKEN)
    server.start()
    web = Client(server)
    for path in ("/", "/api/ship", "/crops/F001-1.jpg", "/static/app.js"):
        assert web.get(path).status_code == 401
    assert web.post(HOLD.encode(), origin=web.origin, content_type="application/json").status_code == 401
    with pytest.raises(InvalidStatus), connect(web.live, origin=web.origin):
        pass
    assert web.get("/login?token=wrong").status_code == 401
    assert web.get("/login").status_code == 401
    answer = web.get("/" + server.url.split("/", 3)[3])
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "httponly" in cookie.lower() and "samesite=strict" in cookie.lower()
    web.cookie = cookie.split(";")[0]
    assert web.get("/").status_code == 200
    server.stop()


def test_on_a_wildcard_address_names_are_refused_and_addresses_are_not() -> None:
    guard = Guard("0.0.0.0", TOKEN)
    guard.port = 8123
    known = ("192.168.2.1:8123", "[fe80::1]:8123")
    for host in (*known, "evil.example:8123", "192.168.2.1:1", "192.168.2.1:99999", "[::1", ""):
        assert guard.host_ok({"host": host}) is (host in known)


@pytest.mark.parametrize("origin", [None, "http://evil.example"])
def test_the_live_socket_needs_our_own_origin(web: Client, origin: str | None) -> None:
    with pytest.raises(InvalidStatus), connect(web.live, origin=origin):  # type: ignore[arg-type]
        pass


def test_the_live_socket_sends_everything_and_then_what_changed(rig: Rig, web: Client) -> None:
    fake = FakeVehicle(rig)
    for i in range(1, 9):
        fake.tick(10.0 + i * 0.05)
        rig.station.tick(10.0 + i * 0.05)
    with connect(web.live, origin=web.origin) as socket:  # type: ignore[arg-type]
        first = json.loads(socket.recv(timeout=5.0))
        assert {"time", "vehicle", "coverage", "contacts", "alerts", "cells"} <= set(first)
        assert first["cells"] and first["contacts"][0]["name"] == "F001"
        picture = socket.recv(timeout=5.0)
        assert isinstance(picture, bytes) and picture.startswith(b"\xff\xd8")
        socket.send("Kim")
        rig.station.tick(10.6)
        second = json.loads(socket.recv(timeout=5.0))
        assert "time" in second and "contacts" not in second and "cells" not in second
