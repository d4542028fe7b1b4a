"""The HTTP door: who may come in, and what those read who may not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import aiohttp
import pytest
from sqlalchemy import select

from nps_bot.base.logs import LogLevel
from nps_bot.slack import http
from nps_bot.slack.http import BIGGEST_BODY
from nps_bot.storage.tables import Response
from slack_sandbox import Kind
from tests.helpers.attack_helpers import ask_one, logged, post, quiet, read
from tests.helpers.world import World

WORDS = "my-manager-shouts"
FORM = "application/x-www-form-urlencoded"
STALE = 301
"""Seconds: just older than what Slack's signature allows."""
PREFETCH = 330
"""Seconds: more than it allows into the future, even when the clock ticks on the way."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ON_SQLITE_OVER_HTTP = pytest.mark.parametrize(
    ("database_url", "transport"), [("sqlite", "http")], indirect=["database_url"]
)
pytestmark = ON_SQLITE_OVER_HTTP


async def a_click(world: World, action: str = "score_3") -> bytes:
    """Return the body of a click that would count, were it signed."""
    ada, prompt = await ask_one(world, "ada")
    payload = {"said": WORDS} | ada.action(prompt, action)
    return urlencode({"payload": json.dumps(payload)}).encode()


def signed(world: World, body: bytes, age: int = 0) -> dict[str, str]:
    """Return the headers of a request of Slack's, ``age`` seconds old."""
    return {"Content-Type": FORM, **world.sandbox.sign(body, int(time.time()) - age)}


def forged(proven: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return ways to pretend that a request is Slack's."""
    signature = proven["X-Slack-Signature"]
    headers = {
        "unsigned": {"Content-Type": FORM},
        "without time": {"Content-Type": FORM, "X-Slack-Signature": signature},
    }
    for name, part, value in (
        ("empty", "Signature", ""),
        ("invented", "Signature", "v0=" + 64 * "0"),
        ("cut off", "Signature", signature[:-1]),
        ("not ascii", "Signature", "v0=é"),
        ("upper case", "Signature", signature.upper()),
        ("no time", "Request-Timestamp", "abc"),
        ("endless time", "Request-Timestamp", "9" * 5_000),
        ("foreign digits", "Request-Timestamp", "٣"),
        ("before 1970", "Request-Timestamp", "-1"),
    ):
        headers[name] = {**proven, f"X-Slack-{part}": value}
    return headers


async def test_a_forged_signature_changes_nothing(world: World) -> None:
    body = await a_click(world)
    before = await quiet(world)
    calls = len(world.sandbox.ledger)
    with logged(world.sandbox) as log:
        for name, headers in forged(signed(world, body)).items():
            status, answer = await post(world, body, headers)
            assert status == 401, name
            assert WORDS not in answer
        assert await quiet(world) == before
    assert len(world.sandbox.ledger) == calls, "no address in an unproven request is called"
    assert WORDS not in log.text
    assert log.tracebacks == []


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
async def test_stale_and_tampered_requests_change_nothing(
    quiet_world: World, level: LogLevel
) -> None:
    world = quiet_world
    with logged(world.sandbox, level) as log:  # Bolt's loggers take their level as they are made
        async with world.running():
            body = await a_click(world)
            before = await quiet(world)
            tampered = body.replace(b"score_3", b"score_9")
            assert tampered != body
            for sent, headers in (
                (body, signed(world, body, STALE)),
                (body, signed(world, body, -PREFETCH)),
                (tampered, signed(world, body)),
                (body + b" ", signed(world, body)),
                (b"", signed(world, body)),
            ):
                status, answer = await post(world, sent, headers)
                assert status in {400, 401}
                assert WORDS not in answer
            assert await quiet(world) == before
    assert log.text.count("SLACK_SIGNING_SECRET is not this app's") == 5
    assert WORDS not in log.text
    assert world.sandbox.signing_secret not in log.text
    assert log.tracebacks == []


async def test_a_request_just_young_enough_counts(world: World) -> None:
    body = await a_click(world)
    assert (await post(world, body, signed(world, body, STALE - 10)))[0] == 200
    assert await read(world.bot.context.database, select(Response.score)) == [(3,)]


async def test_a_replayed_click_cannot_undo_a_correction(world: World) -> None:
    body = await a_click(world)
    headers = signed(world, body)
    assert (await post(world, body, headers))[0] == 200
    await quiet(world)
    ada = world.sandbox.person("ada")
    await ada.click(await world.prompt_of("ada"), "change_score")
    await ada.click(await world.modal_of(ada, "change_score"), "score_9")
    before = await quiet(world)

    assert (await post(world, body, headers))[0] == 200
    assert await quiet(world) == before
    assert await read(world.bot.context.database, select(Response.latest_score)) == [(9,)]


async def test_a_replayed_click_does_not_bring_a_deleted_answer_back(world: World) -> None:
    body = await a_click(world)
    headers = signed(world, body)
    assert (await post(world, body, headers))[0] == 200
    await quiet(world)
    await world.sandbox.person("ada").click(await world.prompt_of("ada"), "home_delete")
    before = await quiet(world)
    assert before["responses"] == []

    assert (await post(world, body, headers))[0] == 200
    assert await quiet(world) == before


async def test_only_posts_are_taken(world: World) -> None:
    body = await a_click(world)
    before = await quiet(world)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        assert (await post(world, body, signed(world, body), method))[0] == 405, method
    assert await quiet(world) == before


NO_PAYLOADS = (
    b"",
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"7",
    b'"payload"',
    b"payload=",
    b"payload=%00",
    b"payload=null",
    b"payload=%7B%22type%22%3A",
    b"payload=%7B%22type%22%3A%22%ff%22%7D",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b"payload=" + b"%5B" * 100_000,
    b"9" * 10_000,
    b'{"type":"block_actions","actions":[]}',
    b'{"type":"event_callback","event":null}',
    b'{"type":"view_submission","view":{"callback_id":"stop"}}',
    b'{"authorizations":[null]}',
    b'{"user":5,"command":"/nps"}',
)


async def test_a_signed_body_that_is_no_payload_is_refused(world: World) -> None:
    before = await quiet(world)
    with logged(world.sandbox) as log:
        for body in NO_PAYLOADS:
            for content_type in (FORM, "application/json", "text/plain", ""):
                headers = signed(world, body) | {"Content-Type": content_type}
                assert (await post(world, body, headers))[0] == 400, body[:60]
        assert await quiet(world) == before
    assert log.problems == []


async def test_a_huge_body_is_not_read(world: World) -> None:
    body = b"payload=" + b"x" * BIGGEST_BODY
    status, text = await post(world, body, signed(world, body))
    assert (status, text) == (413, "The request is too large.")
    fits = body[:BIGGEST_BODY]
    assert (await post(world, fits, signed(world, fits)))[0] == 400


async def test_a_body_without_a_length_is_not_read(world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"payload="

    url = f"http://127.0.0.1:{world.bot.port}/slack/events"
    headers = signed(world, b"payload=")
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=pieces(), headers=headers) as answer,
    ):
        assert answer.status == 411


@asynccontextmanager
async def connected(
    world: World,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a bare connection to the bot."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.bot.port)
    try:
        yield reader, writer
    finally:
        writer.close()


NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nX: \x00\r\n\r\n",
    b"POST /slack/events?\xff HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nX-\xff: \xff\r\nContent-Length: 0\r\n\r\n",
)


async def test_what_is_no_http_costs_nothing(world: World) -> None:
    with logged(world.sandbox) as log:
        for sent in NO_HTTP:
            async with connected(world) as (reader, writer):
                writer.write(sent)
                writer.write_eof()
                assert b" 500 " not in await reader.read(), sent
    assert log.tracebacks == []


async def test_who_hangs_up_half_way_costs_nothing(world: World) -> None:
    body = await a_click(world)
    before = await quiet(world)
    head = [f"{name}: {value}\r\n" for name, value in signed(world, body).items()]
    request = f"POST /slack/events HTTP/1.1\r\n{''.join(head)}Content-Length: {len(body)}\r\n\r\n"
    with logged(world.sandbox) as log:
        async with connected(world) as (_, writer):
            writer.write(request.encode() + body[:100])
            await writer.drain()
        assert await quiet(world) == before
        assert (await post(world, body, signed(world, body)))[0] == 200
    assert log.tracebacks == []


async def test_a_body_that_never_comes_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_PATIENCE", 0.1)
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(world, b"{}").items())
    async with connected(world) as (reader, writer):
        writer.write(f"POST /slack/events HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\n{{".encode())
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_an_upgrade_is_not_taken(world: World) -> None:
    with logged(world.sandbox) as log:
        for upgrade in ("websocket", "h2c"):
            headers = {"Connection": "Upgrade", "Upgrade": upgrade, "Sec-WebSocket-Version": "13"}
            assert (await post(world, b"", headers, "GET"))[0] == 405
    assert log.tracebacks == []


async def test_slack_can_verify_the_address(world: World) -> None:
    asked = {"type": "url_verification", "challenge": "3eZbrw", "token": "t"}
    request = world.sandbox.signed_request(Kind.EVENT, asked)
    status, text = await post(world, request.body, request.headers)
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw"})
