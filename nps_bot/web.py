"""The ASGI app: Slack's requests, and two questions an operator's platform asks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp

from nps_bot.errors import NpsBotError, SettingsError

EVENTS_PATH = "/slack/events"
BIGGEST_BODY = 1_000_000
"""Bytes: a modal of Slack's biggest inputs is a third of that; nothing larger is read."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Web:
    """Serves ``/slack/events``, ``/healthz`` (the process lives) and ``/readyz`` (it can work)."""

    def __init__(self, bolt: AsyncApp, ready: Callable[[], Awaitable[None]]) -> None:
        """Serve ``bolt``; ``ready`` raises an :class:`NpsBotError` that says what is missing."""
        self._slack = AsyncSlackRequestHandler(bolt, path=EVENTS_PATH)
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == EVENTS_PATH:
            if scope["method"] != "POST":
                await _answer(send, 405, "Slack posts here; there is nothing to see.")
            elif not await _fits(scope):
                await _answer(send, 413, "The request is too large.")
            else:
                await self._slack(scope, receive, send)
        elif path == "/healthz":
            await _answer(send, 200, "alive")
        elif path == "/readyz":
            try:
                await self._ready()
            except NpsBotError as error:
                await _answer(send, 503, str(error))
            else:
                await _answer(send, 200, "ready")
        else:
            await _answer(send, 404, "Nothing is served here.")


async def _fits(scope: Scope) -> bool:
    """Whether the body announces a size that Slack's requests can have."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return length.isdigit() and int(length) <= BIGGEST_BODY


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def listen(port: int) -> socket.socket:
    """Return a socket that listens on ``port`` of all addresses; 0 takes a free port.

    Raises:
        SettingsError: the port is taken or not allowed.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("0.0.0.0", port))  # noqa: S104  # Slack calls from outside
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"PORT {port} cannot be used ({error.strerror}): choose another."
        ) from error
    return listening


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the bot stops all of itself, in order."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpServer:
    """Serves the web app on a socket until it is stopped."""

    def __init__(self, web: Web, listening: socket.socket) -> None:
        config = uvicorn.Config(
            web,
            http="httptools",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config)
        self._socket = listening
        self.port: int = listening.getsockname()[1]

    async def start(self) -> None:
        """Begin to serve; returns once connections are accepted."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Finish the requests in flight and stop."""
        self._server.should_exit = True
        await self._task
