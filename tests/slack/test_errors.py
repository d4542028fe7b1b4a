"""What each way a call can end means: tried against servers that end it that way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from nps_bot.slack.calls import NotSent, RateLimited, Refused, Unknown
from nps_bot.slack.errors import DEFAULT_WAIT, SlackCallError, failed_answer
from nps_bot.slack.web_api import WebApi, open_session
from tests.slack import wire
from tests.slack.wire import Behaviour, answering, writing

TOKEN = "xoxb-1"
OK = "HTTP/1.1 200 OK\nContent-Type: application/json"


@asynccontextmanager
async def impatient_session(
    patience: aiohttp.ClientTimeout,
) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session for which a test need not wait the eight seconds."""
    async with aiohttp.ClientSession(timeout=patience) as session:
        yield session


async def failure_of(address: str, patience: aiohttp.ClientTimeout | None = None) -> SlackCallError:
    """Return the error of a call to the server at ``address``."""
    opened = impatient_session(patience) if patience else open_session(address)
    async with opened as session:
        with pytest.raises(SlackCallError) as raised:
            await WebApi(session, TOKEN, address).call("chat.postMessage", channel="C1", text="hi")
    return raised.value


async def failure_at(behave: Behaviour) -> SlackCallError:
    async with wire.serve(behave) as address:
        return await failure_of(address)


class TestBeforeTheRequestLeft:
    async def test_nobody_listens(self) -> None:
        error = await failure_of(f"http://127.0.0.1:{wire.closed_port()}/api/")
        assert (type(error.failure), error.code) == (NotSent, "unreachable")

    async def test_the_name_is_unknown(self) -> None:
        error = await failure_of("http://slack.invalid/api/")
        assert (type(error.failure), error.code) == (NotSent, "dns")

    async def test_the_server_speaks_no_tls(self) -> None:
        async with wire.serve(wire.no_tls) as address:
            error = await failure_of(address.replace("http:", "https:"))
        assert (type(error.failure), error.code) == (NotSent, "tls")

    async def test_the_connection_takes_too_long(self) -> None:
        """A server that never takes part in the TLS handshake."""
        async with wire.serve(wire.silence) as address:
            soon = aiohttp.ClientTimeout(total=8, sock_connect=0.05)
            error = await failure_of(address.replace("http:", "https:"), soon)
        assert (type(error.failure), error.code) == (NotSent, "connect_timeout")

    async def test_the_proxy_is_used_and_does_not_answer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{wire.closed_port()}")
        error = await failure_of("https://slack.invalid/api/")
        assert (type(error.failure), error.code) == (NotSent, "proxy")

    async def test_the_proxy_refuses_to_connect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with wire.serve(answering("HTTP/1.1 403 Forbidden")) as proxy:
            monkeypatch.setenv("https_proxy", proxy.removesuffix("/api/"))
            error = await failure_of("https://slack.invalid/api/")
        assert (type(error.failure), error.code) == (NotSent, "proxy")

    async def test_no_proxy_for_what_is_near(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{wire.closed_port()}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        error = await failure_at(answering(OK, b'{"ok": false, "error": "is_archived"}'))
        assert error.code == "is_archived"


class TestOnceItMayHaveArrived:
    @pytest.mark.parametrize(
        ("behave", "code"),
        [
            pytest.param(wire.reset, "connection_lost", id="reset"),
            pytest.param(writing(b""), "connection_lost", id="closed without an answer"),
            pytest.param(writing(b"SMTP ready\r\n\r\n"), "broken_answer", id="not HTTP"),
            pytest.param(
                writing(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
                "broken_answer",
                id="broken off",
            ),
            pytest.param(answering(OK, b"<html>"), "unreadable_answer", id="HTML"),
            pytest.param(answering(OK, b"[1, 2]"), "unreadable_answer", id="JSON, but no object"),
            pytest.param(answering(OK, b"{}"), "unreadable_answer", id="neither ok nor an error"),
            pytest.param(answering(OK, b""), "unreadable_answer", id="empty"),
            pytest.param(answering(OK, b'{"ok": \xff}'), "unreadable_answer", id="not UTF-8"),
            pytest.param(answering(OK, b"[" * 100_000), "unreadable_answer", id="endless nesting"),
            pytest.param(
                answering("HTTP/1.1 500 Internal Server Error"), "http_500", id="HTTP 500"
            ),
            pytest.param(answering("HTTP/1.1 503 Unavailable", b"busy"), "http_503", id="HTTP 503"),
            pytest.param(
                answering("HTTP/1.1 502 Bad Gateway", b'{"ok": false, "error": "is_archived"}'),
                "is_archived",
                id="HTTP 502, whatever it says",
            ),
            *(
                pytest.param(
                    answering(OK, json.dumps({"ok": False, "error": code}).encode()), code, id=code
                )
                for code in (
                    "internal_error",
                    "fatal_error",
                    "service_unavailable",
                    "request_timeout",
                )
            ),
        ],
    )
    async def test_nobody_can_tell(self, behave: Behaviour, code: str) -> None:
        error = await failure_at(behave)
        assert (type(error.failure), error.code) == (Unknown, code)

    async def test_no_answer_in_time(self) -> None:
        async with wire.serve(wire.silence) as address:
            error = await failure_of(address, aiohttp.ClientTimeout(total=0.05))
        assert (type(error.failure), error.code) == (Unknown, "timeout")


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            ({"error": "not_in_channel"}, "invite the bot to the channel"),
            ({"error": "channel_not_found"}, "invite the bot to it"),
            ({"error": "is_archived"}, "archived"),
            ({"error": "invalid_auth"}, "SLACK_BOT_TOKEN"),
            (
                {"error": "missing_scope", "needed": "im:history"},
                "the app lacks the scope im:history",
            ),
            ({"error": "missing_scope"}, "the app lacks a permission"),
            ({"error": "an_error_of_next_year"}, "'an_error_of_next_year'"),
            (
                {
                    "error": "invalid_blocks",
                    "response_metadata": {"messages": ["[ERROR] too long"]},
                },
                "([ERROR] too long)",
            ),
            ({"error": "invalid_blocks", "response_metadata": None}, "layout"),
        ],
    )
    async def test_slack_said_no(self, answer: dict[str, object], sentence: str) -> None:
        error = await failure_at(answering(OK, json.dumps({"ok": False} | answer).encode()))
        assert isinstance(error.failure, Refused)
        assert error.code == error.failure.code == answer["error"]
        assert sentence in error.reason
        assert str(error) == f"Slack's chat.postMessage failed: {error.reason}"

    async def test_a_server_without_the_method(self) -> None:
        error = await failure_at(answering("HTTP/1.1 404 Not Found", b"<h1>404</h1>"))
        assert isinstance(error.failure, Refused)
        assert error.code == "unknown_method"

    @pytest.mark.parametrize("status", ["301 Moved", "403 Forbidden", "407 Proxy first"])
    async def test_a_server_that_is_not_slack(self, status: str) -> None:
        error = await failure_at(answering(f"HTTP/1.1 {status}\nLocation: http://127.0.0.1:1/"))
        assert isinstance(error.failure, Refused)
        assert "SLACK_API_URL" in error.reason

    async def test_an_address_that_is_none(self) -> None:
        error = await failure_of("http://:0:0/api/")
        assert (type(error.failure), error.code) == (Refused, "invalid_url")


class TestRateLimits:
    @pytest.mark.parametrize(
        ("told", "wait"),
        [
            ("17", 17),
            ("0", 1),
            ("-3", 1),
            ("inf", 86_400),
            ("nan", DEFAULT_WAIT),
            ("", DEFAULT_WAIT),
            ("Wed, 21 Oct 2026 07:28:00 GMT", DEFAULT_WAIT),
        ],
    )
    async def test_waits_as_told(self, told: str, wait: float) -> None:
        behave = answering(f"HTTP/1.1 429 Too Many Requests\nRetry-After: {told}", b"slow down")
        error = await failure_at(behave)
        assert error.failure == RateLimited(wait)
        assert error.retry_after == wait
        assert error.code == "ratelimited"

    @pytest.mark.parametrize("code", ["ratelimited", "rate_limited"])
    def test_in_words_as_well(self, code: str) -> None:
        error = failed_answer("chat.postMessage", 200, {}, {"ok": False, "error": code})
        assert error.failure == RateLimited(DEFAULT_WAIT)

    def test_only_a_429_has_a_time_to_wait(self) -> None:
        assert failed_answer("chat.update", 500, {}, None).retry_after is None
