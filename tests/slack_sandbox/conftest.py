"""A sandbox, somebody who calls it, and a bot that listens to it with slack_sdk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from slack_sandbox import Limits, Manifest, Sandbox, example_workspace
from slack_sandbox.platform import Platform, Secrets


class Caller:
    """Calls the Web API with the bot's token and JSON bodies."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def __call__(self, method: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.sandbox.bot_token}"}
        address = self.sandbox.api_url + method
        async with self.session.post(address, json=arguments, headers=headers) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def error(self, method: str, **arguments: Any) -> str:
        """Return the error of a call that must fail."""
        answer = await self(method, **arguments)
        assert answer["ok"] is False, answer
        return str(answer["error"])


class ListeningBot:
    """A bot on Socket Mode: remembers what it was told, acknowledges with ``answer(request)``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.seen: list[SocketModeRequest] = []
        self.answer: Callable[[SocketModeRequest], dict[str, Any] | None] = lambda _: None
        self.silent = False
        self.client = SocketModeClient(
            sandbox.app_token,
            web_client=AsyncWebClient(base_url=sandbox.api_url),
            ping_interval=1,
        )
        self.client.socket_mode_request_listeners.append(self._listen)

    async def _listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.seen.append(request)
        if not self.silent:
            payload = self.answer(request)
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    started = await Sandbox.start(limits=Limits.none())
    yield started
    await started.stop()


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(sandbox, session)


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[ListeningBot]:
    listening = ListeningBot(sandbox)
    await listening.client.connect()  # type: ignore[no-untyped-call] # slack_sdk has no types here
    await sandbox.until(lambda: len(sandbox.sockets) == 1)
    yield listening
    await listening.client.close()  # type: ignore[no-untyped-call] # nor here


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(clock: Clock) -> Platform:
    """The inside of a sandbox without a server, with a clock of its own."""
    return Platform(example_workspace(), Manifest.load(), Limits.none(), Secrets.of(None), clock)
