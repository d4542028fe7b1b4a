"""The HTTP side of the Web API, of response_urls and of Socket Mode."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from aiohttp import web

from slack_sandbox import api
from slack_sandbox.api import RESPONSE_URL
from slack_sandbox.errors import ApiError
from slack_sandbox.faults import Fault, Faults
from slack_sandbox.ledger import Call, Ledger
from slack_sandbox.platform import Platform
from slack_sandbox.respond import respond
from slack_sandbox.sockets import Sockets

_JSON = "application/json"
_GONE = frozenset({"expired_url", "used_url"})
_OUTAGE = "<html><body>Service Unavailable</body></html>"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Stage(Enum):
    """How far a call has come."""

    BEGUN = auto()
    """Slack has read it and done nothing yet."""
    DONE = auto()
    """Slack has done what it was asked, and not answered yet."""
    ANSWERED = auto()
    """The answer is about to leave."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A call on its way: its method, how far it has come, and the port at which it came."""

    method: str
    stage: Stage
    port: int
    status: int = 0
    """Of the answer, once there is one."""


Watch = Callable[[Passing], Awaitable[None]]


class WebApi:
    """Serves /api/<method>, /actions/<team>/<key> (response_urls) and /link (Socket Mode).

    Arguments:
        platform: what the methods work on.
        ledger: where every call is written down.
        sockets: the bot's Socket Mode connections.
    """

    def __init__(self, platform: Platform, ledger: Ledger, sockets: Sockets) -> None:
        self.faults = Faults()
        self.watch: Watch | None = None
        """Awaited at every stage of every call, which is held as long as that takes."""
        self._platform = platform
        self._ledger = ledger
        self._sockets = sockets
        self._headers = {"X-OAuth-Scopes": ",".join(platform.manifest.scopes)}

    def routes(self) -> list[web.RouteDef]:
        """Return what to add to the server."""
        return [
            web.post("/api/{method}", self._call),
            web.get("/api/{method}", self._call),
            web.post("/actions/{team}/{key}", self._respond),
            web.get("/link", self._link),
        ]

    async def _call(self, request: web.Request) -> web.Response:
        """Answer a call of the Web API."""
        method = request.match_info["method"]
        try:
            given = await _arguments(request)
        except ApiError as refused:
            return self._finish(method, {}, self._refusal(refused))
        token = _token(request, given)
        return await self._answer(request, method, given, lambda: self._run(method, token, given))

    async def _respond(self, request: web.Request) -> web.Response:
        """Take what is sent to a response_url."""
        try:
            given = _object(await request.read())
        except ApiError as refused:
            return self._finish(RESPONSE_URL, {}, self._refusal(refused))
        key = request.match_info["key"]
        return await self._answer(request, RESPONSE_URL, given, lambda: self._take(key, given))

    def _run(self, method: str, token: str | None, given: dict[str, Any]) -> _Answer:
        try:
            body = {"ok": True, **api.run(self._platform, method, token, given)}
        except ApiError as refused:
            return self._refusal(refused)
        return _Answer(200, body, self._headers)

    def _take(self, key: str, given: dict[str, Any]) -> _Answer:
        try:
            respond(self._platform, key, given)
        except ApiError as refused:
            body = {"ok": False, "error": refused.code, **refused.details}
            return _Answer(404 if refused.code in _GONE else 400, body, {})
        return _Answer(200, {"ok": True}, {})

    def _refusal(self, refused: ApiError) -> _Answer:
        body = {"ok": False, "error": refused.code, **refused.details}
        if refused.retry_after is None:
            return _Answer(200, body, self._headers)
        seconds = max(1, math.ceil(refused.retry_after))
        return _Answer(429, body, self._headers | {"Retry-After": str(seconds)})

    async def _answer(
        self,
        request: web.Request,
        method: str,
        given: dict[str, Any],
        run: Callable[[], _Answer],
    ) -> web.Response:
        """Run a call and answer it, or let it go wrong as was asked for."""
        fault = self.faults.take(method)
        await self._pass(request, method, Stage.BEGUN)
        if fault is not None and not fault.acts:
            done, answer = False, _Answer(200, {"ok": True}, self._headers)
        else:
            answer = run()
            done = answer.body["ok"]
        if done:
            await self._pass(request, method, Stage.DONE)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            answer = self._gone_wrong(fault, answer)
        if answer.status == 0 and request.transport is not None:
            request.transport.abort()
        response = self._finish(method, given, answer, done=done)
        await self._pass(request, method, Stage.ANSWERED, answer.status)
        return response

    def _gone_wrong(self, fault: Fault, answer: _Answer) -> _Answer:
        """Return what the bot is told in place of the answer."""
        if fault.drop:
            return _Answer(0, {}, {})
        if fault.error is not None:
            return self._refusal(ApiError(fault.error, retry_after=fault.retry_after))
        if fault.status != 200:
            return _Answer(fault.status, {}, {})
        return answer

    async def _pass(self, request: web.Request, method: str, stage: Stage, status: int = 0) -> None:
        """Tell who watches, and wait for them."""
        if self.watch is not None:
            name = request.transport.get_extra_info("sockname") if request.transport else None
            await self.watch(Passing(method, stage, name[1] if name else 0, status))

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """Open a Socket Mode connection with the address apps.connections.open gave."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._platform.socket_tickets:
            raise web.HTTPForbidden
        del self._platform.socket_tickets[ticket]
        return await self._sockets.serve(request)

    def _finish(
        self, method: str, given: dict[str, Any], answer: _Answer, *, done: bool = False
    ) -> web.Response:
        call = Call(method, given, answer.body, answer.status, datetime.now(UTC), done)
        self._ledger.append(call)
        self._platform.workspace.changes.notify()
        if answer.status not in (0, 200) and not answer.body:
            return web.Response(status=answer.status, text=_OUTAGE, content_type="text/html")
        return web.Response(
            status=answer.status or 500,
            body=json.dumps(answer.body).encode(),
            content_type=_JSON,
            headers=answer.headers,
        )


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Return the arguments of a call, from the address and the body."""
    given: dict[str, Any] = dict(request.query)
    if request.method == "GET" or not request.can_read_body:
        return given
    if request.content_type == _JSON:
        return given | _object(await request.read())
    return given | dict(await request.post())


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(given, dict):
        raise ApiError("json_not_object")
    return given


def _token(request: web.Request, given: dict[str, Any]) -> str | None:
    """Return the token of a call and take it out of the arguments."""
    argument = given.pop("token", None)
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else argument
    return token if isinstance(token, str) else None
