"""Slack's Web API over one shared HTTP session: a method and arguments in, an answer out.

slack_sdk's client would do as much, and costs half as much again per call (measured: 210 instead of
140 microseconds of CPU) without telling apart what delivering once needs to know: what never left,
what may have arrived, and what Slack refused.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson

from nps_bot.base.metrics import CALLS
from nps_bot.slack.calls import CALL_TIMEOUT, NotSent, RateLimited
from nps_bot.slack.errors import (
    CONNECTION_ERRORS,
    OUTCOMES,
    SlackCallError,
    broken_connection,
    failed_answer,
    unreadable_answer,
)

_CONNECT_TIMEOUT = 4.0
"""Seconds for a connection; shorter than the call's, so that "it never left" is known for sure."""
_LOGGED = ("channel", "user", "users", "usergroup", "ts", "message_ts", "view_id", "user_id")
"""Arguments that are ids; nothing else of a call is ever logged."""

logger = logging.getLogger(__name__)


def open_session(api_url: str) -> aiohttp.ClientSession:
    """Open the HTTP session for all calls to Slack; whoever opens it closes it.

    It has the delivery's time-out and no cookies. It uses the proxy that the environment names for
    ``api_url``, found once: aiohttp's own ``trust_env`` reads the environment for every request.
    """
    address = urlsplit(api_url)
    proxied = not proxy_bypass(address.netloc)
    return aiohttp.ClientSession(
        timeout=_within(CALL_TIMEOUT.total_seconds()),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=getproxies().get(address.scheme) if proxied else None,
    )


def _within(seconds: float) -> aiohttp.ClientTimeout:
    """Return the time-out of a call, to the point: aiohttp rounds up what is above 5 seconds."""
    return aiohttp.ClientTimeout(
        total=seconds, sock_connect=min(_CONNECT_TIMEOUT, seconds), ceil_threshold=math.inf
    )


_HURRIED = {"views.open": _within(3.0)}
"""Later the trigger is dead (https://docs.slack.dev/interactivity/handling-user-interaction), and
nobody should wait behind it."""


class _Guarded(aiohttp.BytesPayload):
    """A body that is written only if that is still right when its turn on the socket comes.

    aiohttp writes head and body together, so nothing has left when it is not. What it awaits
    before (a free connection, DNS, TLS) may take seconds, or hours if the process is stopped there.
    """

    def __init__(self, body: bytes, still: Callable[[], bool]) -> None:
        super().__init__(body)
        self.withheld = False
        self._still = still

    async def write_with_length(
        self, writer: aiohttp.abc.AbstractStreamWriter, content_length: int | None
    ) -> None:
        self.withheld = not self._still()
        if self.withheld:
            raise aiohttp.ClientConnectionError("withheld")
        await super().write_with_length(writer, content_length)


class WebApi:
    """Calls methods of Slack's Web API with the bot's token."""

    def __init__(self, session: aiohttp.ClientSession, token: str, api_url: str) -> None:
        """Prepare calls.

        Args:
            session: from :func:`open_session`.
            token: the bot's token.
            api_url: the base address of all methods, such as ``https://slack.com/api/``.
        """
        self._session = session
        self._base = api_url if api_url.endswith("/") else f"{api_url}/"
        self._reading = {"Authorization": f"Bearer {token}"}
        self._writing = self._reading | _JSON
        self._unknown_methods: set[str] = set()

    async def call(
        self, method: str, *, still: Callable[[], bool] | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """Call a method with a JSON body; arguments that are None are left out.

        Args:
            method: such as ``chat.postMessage``.
            still: asked right before the request is written; where it says no, nothing is sent.
            arguments: the method's own.

        Raises:
            SlackCallError: the call failed; it was logged.
        """
        body = orjson.dumps({k: v for k, v in arguments.items() if v is not None})
        content: dict[str, Any] = {"data": body if still is None else _Guarded(body, still)}
        if method in _HURRIED:
            content["timeout"] = _HURRIED[method]
        return await self._request(method, "POST", self._writing, arguments, **content)

    async def read(self, method: str, **arguments: str | float | bool | None) -> dict[str, Any]:
        """Call a method that only reads and takes no JSON; arguments that are None are left out.

        Raises:
            SlackCallError: the call failed; it was logged.
        """
        params = {k: _in_query(v) for k, v in arguments.items() if v is not None}
        return await self._request(method, "GET", self._reading, arguments, params=params)

    async def answer(self, response_url: str, body: Mapping[str, Any]) -> None:
        """Post to the ``response_url`` of an interaction, which needs no token.

        Raises:
            SlackCallError: the call failed, its method is called ``response_url``; it was logged.
        """
        method = "response_url"
        try:
            async with self._session.post(
                response_url, data=orjson.dumps(body), headers=_JSON, allow_redirects=False
            ) as response:
                content = await response.read()
        except CONNECTION_ERRORS as error:
            raise self._failed(broken_connection(method, error), {}) from error
        answer = _parsed(content)  # Slack answers `ok` in plain text, and errors in JSON
        if response.status != 200 or (answer or {}).get("ok") is False:
            failure = failed_answer(method, response.status, response.headers, answer)
            raise self._failed(failure, {})
        CALLS.labels(method, _OK).inc()

    async def _request(
        self,
        method: str,
        verb: str,
        headers: Mapping[str, str],
        arguments: Mapping[str, Any],
        **content: Any,
    ) -> dict[str, Any]:
        try:
            async with self._session.request(
                verb, self._base + method, headers=headers, allow_redirects=False, **content
            ) as response:
                body = await response.read()
        except CONNECTION_ERRORS as error:
            broken = broken_connection(method, error)
            if isinstance(data := content.get("data"), _Guarded) and data.withheld:
                broken = SlackCallError(method, "withheld", NotSent(_WITHHELD))
            raise self._failed(broken, arguments) from error
        answer = _parsed(body)
        if response.status == 200 and answer is not None and answer.get("ok") is True:
            CALLS.labels(method, _OK).inc()
            return answer
        failure = failed_answer(method, response.status, response.headers, answer)
        raise self._failed(failure, arguments)

    def unreadable(self, method: str) -> SlackCallError:
        """Return (and log) the error of a success that lacks what it must say."""
        return self._logged(unreadable_answer(method), {})

    def _failed(self, error: SlackCallError, arguments: Mapping[str, Any]) -> SlackCallError:
        """Count a failing call and log it; return the error."""
        CALLS.labels(error.method, OUTCOMES[type(error.failure)]).inc()
        return self._logged(error, arguments)

    def _logged(self, error: SlackCallError, arguments: Mapping[str, Any]) -> SlackCallError:
        """Write the one line about a failing call, and return the error."""
        level = logging.INFO if isinstance(error.failure, RateLimited) else logging.WARNING
        if error.code == "unknown_method":
            if error.method in self._unknown_methods:
                level = logging.DEBUG
            self._unknown_methods.add(error.method)
        ids = {name: arguments[name] for name in _LOGGED if arguments.get(name)}
        logger.log(level, "%s", error, extra={"code": error.code, **ids})
        return error


_OK = "ok"
"""The outcome of a call that did not fail."""
_WITHHELD = "this process was held up until it was no longer its turn"
_JSON = {"Content-Type": "application/json; charset=utf-8"}


def _parsed(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in ``body``, or None where it is none."""
    try:
        answer = orjson.loads(body)
    except ValueError:  # broken JSON or broken UTF-8
        return None
    return answer if isinstance(answer, dict) else None


def _in_query(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
