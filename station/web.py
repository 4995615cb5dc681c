"""The page's server: static files, a WebSocket that pushes what changed, crops, and the operator's commands.

Runs in a thread of its own beside the tick loop and touches the station only through the `Facade`. Theory of
operation for safety: a command is queued, carried by the next tick, and its state is told as the vehicle's answer
has it; nothing here decides that a command has been obeyed.
"""

import asyncio
import json
import re
import socket
import threading
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from station.guard import COOKIE, CROP_PATTERN, HEADERS, Guard
from station.station import Picture
from station.store import read_crop
from wire import messages as m

STATIC = Path(__file__).parent / "static"
PUSH_S = 0.1
ANSWER_S = 1.5
MAX_BODY = 4096


class Facade(Protocol):
    """What the server needs of a `station.station.Station`; safe to call from another thread."""

    static_view: dict[str, Any]
    crop_path: Path

    def snapshot(self) -> dict[str, Any]: ...

    @property
    def picture(self) -> Picture | None: ...

    def coverage_since(self, index: int) -> tuple[int, list[m.CellState]]: ...

    def operator_command(self, verb: str, operator: str) -> str: ...

    def operator_seen(self, operator: str) -> None: ...

    def command_state(self, key: str) -> tuple[str, str]: ...


class GuardMiddleware:
    """Applies the guard and the security headers to every request."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403, "reason": refusal[1]})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(key, value) for key, value in message["headers"] if key.decode().title() not in HEADERS]
                message["headers"] = kept + [(key.lower().encode(), value.encode()) for key, value in HEADERS.items()]
            await send(message)

        if refusal is None:
            await self._app(scope, receive, guarded)
        else:
            await PlainTextResponse(refusal[1] + "\n", status_code=refusal[0])(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if not self._guard.host_ok(headers):
            return 421, "unknown host"
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if changes and not self._guard.origin_ok(headers):
            return 403, "foreign origin"
        if scope["path"] != "/login" and not self._guard.token_ok(_cookie(headers)):
            return 401, "open the address with its token (printed by hullscan at the start)"
        return None


def _cookie(headers: Headers) -> str | None:
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None


def build_app(station: Facade, guard: Guard) -> ASGIApp:
    """The ASGI application."""

    async def login(request: Request) -> Response:
        if not guard.token_ok(request.query_params.get("token")):
            return PlainTextResponse("wrong token\n", status_code=401)
        response = RedirectResponse("/", status_code=303)
        if guard.needs_token:
            response.set_cookie(COOKIE, request.query_params["token"], httponly=True, samesite="strict")
        return response

    async def ship(_: Request) -> Response:
        return JSONResponse(station.static_view)

    async def crop(request: Request) -> Response:
        name = request.path_params["name"].removesuffix(".jpg")
        data = await asyncio.to_thread(read_crop, station.crop_path, name) if re.fullmatch(CROP_PATTERN, name, re.ASCII) else None
        if not data:
            return PlainTextResponse("no such crop\n", status_code=404)
        return Response(data, media_type="image/jpeg")

    async def command(request: Request) -> Response:
        return await _command(station, request)

    async def live(socket: WebSocket) -> None:
        await _live(station, socket)

    async def index(_: Request) -> Response:
        return Response((STATIC / "index.html").read_bytes(), media_type="text/html; charset=utf-8")

    routes = [
        Route("/", index),
        Route("/login", login),
        Route("/api/ship", ship),
        Route("/api/command", command, methods=["POST"]),
        Route("/crops/{name}", crop),
        WebSocketRoute("/live", live),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return GuardMiddleware(Starlette(routes=routes), guard)


async def _command(station: Facade, request: Request) -> Response:
    """Answers once the receiver has, or after ``ANSWER_S`` with what is known so far ("sent" is not "done")."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return JSONResponse({"error": "content-type: expected application/json"}, status_code=415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return JSONResponse({"error": f"body: more than {MAX_BODY} bytes"}, status_code=413)
    try:
        wanted = json.loads(body)
        key = station.operator_command(str(wanted["verb"]), str(wanted["operator"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return JSONResponse({"error": f"command: {error}; expected verb and operator"}, status_code=400)
    state, reason = station.command_state(key)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWER_S
    while state in ("queued", "sent") and loop.time() < deadline:
        await asyncio.sleep(0.02)
        state, reason = station.command_state(key)
    return JSONResponse({"id": key, "state": state, "reason": reason})


async def _live(station: Facade, socket: WebSocket) -> None:
    await socket.accept()
    push = asyncio.create_task(_push(station, socket))
    try:
        while True:
            operator = await socket.receive_text()
            try:
                station.operator_seen(operator[:200])
            except ValueError:
                continue
    except (WebSocketDisconnect, KeyError):
        pass
    finally:
        push.cancel()
        await asyncio.wait([push])


async def _push(station: Facade, socket: WebSocket) -> None:
    """Changed sections, new coverage, and the newest picture: what a slow reader misses is skipped, not queued."""
    sent: dict[str, Any] = {}
    index, shown, first = 0, -1, True
    try:
        while True:
            view = station.snapshot()
            changed = {key: value for key, value in view.items() if key not in sent or sent[key] != value}
            sent = view
            index, cells = station.coverage_since(index)
            if cells or first:
                changed["cells"] = [[c.side, c.col, c.row, c.status == "inspected", c.reason] for c in cells]
                first = False
            if changed:
                await socket.send_text(json.dumps(changed, separators=(",", ":")))
            picture = station.picture
            if picture is not None and picture.number != shown:
                shown = picture.number
                await socket.send_bytes(picture.jpeg)
            await asyncio.sleep(PUSH_S)
    except (WebSocketDisconnect, RuntimeError):
        return  # the reader has gone; `_live` hears of it too


class WebServer:
    """Serves a station's page. ``port`` 0 takes a free one; `url` has it (with the token's login where one is needed).

    Raises:
        PermissionError: off loopback without a token.
        OSError: the address cannot be bound.
    """

    def __init__(self, station: Facade, host: str = "127.0.0.1", port: int = 0, token: str | None = None) -> None:
        self._guard = Guard(host, token)
        self._host = host
        self._token = token
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self._guard.port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            build_app(station, self._guard),
            log_level="error",
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="websockets-sansio",
            limit_concurrency=64,
            ws_max_size=1024,
            ws_ping_interval=5.0,
            ws_ping_timeout=5.0,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        login = f"login?token={quote(self._token, safe='')}" if self._token else ""
        return f"http://{host}:{self._guard.port}/{login}"

    def start(self) -> None:
        """Listens before it returns; requests are answered as soon as the thread runs."""
        self._socket.listen(64)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5.0)
        self._socket.close()
