"""The HTTP side of the Web API, of response_urls and of Socket Mode."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from nps_bot.clock import SystemClock
from nps_bot.sandbox import api
from nps_bot.sandbox.errors import ApiError
from nps_bot.sandbox.faults import Faults
from nps_bot.sandbox.ledger import Call, Ledger
from nps_bot.sandbox.platform import Platform
from nps_bot.sandbox.respond import respond
from nps_bot.sandbox.sockets import Sockets

_JSON = "application/json"
_RESPONSE_URL = "response_url"
_GONE = frozenset({"expired_url", "used_url"})
_OUTAGE = "<html><body>Service Unavailable</body></html>"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class WebApi:
    """Serves /api/<method>, /actions/<team>/<key> (response_urls) and /link (Socket Mode).

    Arguments:
        platform: what the methods work on.
        ledger: where every call is written down.
        sockets: the bot's Socket Mode connections.
    """

    def __init__(self, platform: Platform, ledger: Ledger, sockets: Sockets) -> None:
        self.faults = Faults()
        self._platform = platform
        self._ledger = ledger
        self._sockets = sockets
        self._clock = SystemClock()
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
            return self._finish(_RESPONSE_URL, {}, self._refusal(refused))
        key = request.match_info["key"]
        return await self._answer(request, _RESPONSE_URL, given, lambda: self._take(key, given))

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
        if fault is None:
            return self._finish(method, given, run())
        answer = run() if fault.acts else _Answer(200, {"ok": True}, self._headers)
        await asyncio.sleep(fault.delay)
        if fault.drop:
            if request.transport is not None:
                request.transport.abort()
            return self._finish(method, given, _Answer(0, {}, {}))
        if fault.error is not None:
            answer = self._refusal(ApiError(fault.error, retry_after=fault.retry_after))
        elif fault.status != 200:
            self._write_down(method, given, _Answer(fault.status, {}, {}))
            return web.Response(status=fault.status, text=_OUTAGE, content_type="text/html")
        return self._finish(method, given, answer)

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """Open a Socket Mode connection with the address apps.connections.open gave."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._platform.socket_tickets:
            raise web.HTTPForbidden
        del self._platform.socket_tickets[ticket]
        return await self._sockets.serve(request)

    def _finish(self, method: str, given: dict[str, Any], answer: _Answer) -> web.Response:
        self._write_down(method, given, answer)
        return web.Response(
            status=answer.status or 500,
            body=json.dumps(answer.body).encode(),
            content_type=_JSON,
            headers=answer.headers,
        )

    def _write_down(self, method: str, given: dict[str, Any], answer: _Answer) -> None:
        self._ledger.append(Call(method, given, answer.body, answer.status, self._clock.now()))
        self._platform.workspace.changes.notify()


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
