"""A stand-in for Slack that costs next to nothing: it takes everything and counts it.

The sandbox would be the bottleneck: it checks every block as strictly as Slack does. This one knows
the calls a click or a prompt causes, answers them in Slack's shapes, and keeps what came, to be
looked at after the clock was stopped. Where limits are set, the sandbox's own limiter counts.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from time import perf_counter
from typing import Any, Self, cast
from urllib.parse import parse_qs

import httptools

from slack_sandbox.api import METHODS
from slack_sandbox.errors import ApiError
from slack_sandbox.limits import Limits, Pace

ALERT_CHANNELS = [f"nps-alerts-{number}" for number in range(1, 5)]
"""One for each of the surveys whose alerts are timed."""
OWNER_CHANNELS = {
    "nps-summary": "C0SUMMARY",
    "nps-alerts": "C0ALERTS",
    **{name: f"C0{name.replace('-', '').upper()}" for name in ALERT_CHANNELS},
}
"""The channels which surveys name, with their ids."""
PAGE = 200
"""People on a page of users.list."""

_CHANNEL = re.compile(rb'"channel": ?"([A-Z0-9]+)"')
_DELIVERY = re.compile(rb'"event_payload": ?\{"id": ?"([0-9a-f]{32})"')
_PEOPLE = re.compile(rb'"users": ?"U([A-Z0-9]+)"')


class Slack:
    """The stand-in and what it has seen since the last :meth:`forget`.

    Attributes:
        calls: how many calls came, by method; ``response_url`` is one of them.
        posted: the body of each message posted.
        posted_at: when each of them came (``perf_counter``).
        first_post: when the first call to post came, accepted or not.
        refused: how many calls were one too many, by method.
        rewritten: the ``response_url`` paths that were posted to, in order.
    """

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._serial = 0
        self._pace: Pace | None = None
        self.base = ""
        self.people = 0
        """How many there are in users.list."""
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.posted: list[bytes] = []
        self.posted_at: list[float] = []
        self.first_post = 0.0
        self.rewritten: list[str] = []

    def limit(self, limits: Limits | None) -> None:
        """Count calls against limits from now on, with full buckets; or against none."""
        self._pace = None if limits is None else Pace(limits, perf_counter)

    async def __aenter__(self) -> Self:
        """Serve on a free port of this machine."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop serving."""
        assert self._server is not None
        self._server.close()

    @property
    def api_url(self) -> str:
        """What goes into ``SLACK_API_URL``."""
        return f"{self.base}/api/"

    def posts_to_people(self) -> list[tuple[str, str]]:
        """Return (channel, delivery id) of every message posted to a person, in order."""
        found = []
        for body in self.posted:
            channel, delivery = _CHANNEL.search(body), _DELIVERY.search(body)
            if channel is not None and channel[1].startswith(b"D"):
                found.append((channel[1].decode(), delivery[1].decode() if delivery else ""))
        return found

    def retry_after(self, path: str, body: bytes) -> int:
        """Return in how many seconds a call may be tried again; 0 where it is not one too many."""
        method = path.removeprefix("/api/")
        if method == "chat.postMessage" and not self.first_post:
            self.first_post = perf_counter()
        if self._pace is None or method not in METHODS:
            return 0
        try:
            self._pace.call(method, METHODS[method].tier)
            if method == "chat.postMessage" and (channel := _CHANNEL.search(body)):
                self._pace.post(channel[1].decode())
        except ApiError as refused:
            self.refused[method] += 1
            return max(1, math.ceil(refused.retry_after or 0))
        return 0

    def answer(self, path: str, query: str, body: bytes) -> bytes:
        """Return the answer to one request, as JSON."""
        if path.startswith("/actions/"):
            self.calls["response_url"] += 1
            self.rewritten.append(path)
            return b'{"ok":true}'
        method = path.removeprefix("/api/")
        self.calls[method] += 1
        match method:
            case "chat.postMessage":
                self.posted.append(body)
                self.posted_at.append(perf_counter())
                return self._message(body)
            case "chat.update":
                return self._message(body)
            case "views.open":
                return b'{"ok":true,"view":{"id":"V0BENCH","hash":"1.a"}}'
            case "conversations.open":
                who = _PEOPLE.search(body)
                return b'{"ok":true,"channel":{"id":"D%s"}}' % (who[1] if who else b"")
            case _:
                return json.dumps(self._described(method, query)).encode()

    def _message(self, body: bytes) -> bytes:
        """Return what Slack says of a message, which is mostly the message itself."""
        self._serial += 1
        channel = _CHANNEL.search(body)
        where = channel[1] if channel else b""
        return b'{"ok":true,"channel":"%s","ts":"1700000000.%06d","message":%s}' % (
            where,
            self._serial,
            body,
        )

    def _described(self, method: str, query: str) -> dict[str, Any]:
        """Return the answer of a method that only describes the workspace."""
        match method:
            case "auth.test":
                return {
                    "ok": True,
                    "url": "https://lumen.example/",
                    "team": "Lumen Coffee",
                    "team_id": "T0BENCH",
                    "user_id": "U0BOT",
                    "bot_id": "B0BOT",
                }
            case "users.list":
                return self._page(parse_qs(query))
            case "users.info":
                return {"ok": True, "user": _user(parse_qs(query)["user"][0])}
            case "users.lookupByEmail":
                return {"ok": True, "user": _user("U0OWNER")}
            case "conversations.list":
                channels = [{"id": id_, "name": name} for name, id_ in OWNER_CHANNELS.items()]
                return {"ok": True, "channels": channels}
            case "conversations.info":
                return {"ok": True, "channel": {"id": parse_qs(query)["channel"][0]}}
            case _:
                return {"ok": False, "error": "unknown_method"}

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Return a page of all people; the cursor is the number of the last one before it."""
        before = int(query.get("cursor", ["0"])[0] or 0)
        last = min(before + PAGE, self.people)
        return {
            "ok": True,
            "members": [_user(f"U{number:08}") for number in range(before + 1, last + 1)],
            "response_metadata": {"next_cursor": str(last) if last < self.people else ""},
        }


def _user(person_id: str) -> dict[str, Any]:
    return {
        "id": person_id,
        "name": person_id.lower(),
        "real_name": f"Person {person_id}",
        "team_id": "T0BENCH",
        "tz": "Europe/London",
        "is_restricted": True,
        "profile": {},
    }


class _Connection(asyncio.Protocol):
    """One connection of HTTP/1.1, kept alive."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body: list[bytes] = []
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    # --- what the parser finds ---------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode().partition("?")
        body = b"".join(self._body)
        self._url, self._body = b"", []
        status = b"200 OK"
        if wait := self._slack.retry_after(path, body):
            status = b"429 Too Many Requests\r\nRetry-After: %d" % wait
            answer = b'{"ok":false,"error":"ratelimited"}'
        else:
            answer = self._slack.answer(path, query, body)
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (status, len(answer), answer)
        )
