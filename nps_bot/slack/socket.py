"""Socket Mode: Slack's requests over a connection the bot opens, each answered before it closes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 3.0
"""Seconds for answers to Slack when the bot stops: it waits no longer for them."""


@asynccontextmanager
async def socket_mode(bolt: AsyncApp, app_token: str | None) -> AsyncIterator[None]:
    """Take requests while the context lasts; leaving it answers what was taken."""
    handler = AsyncSocketModeHandler(bolt, app_token)
    answering = _Answering(handler)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's is untyped
    try:
        yield
    finally:
        await answering.finish()
        await handler.close_async()  # type: ignore[no-untyped-call]  # likewise


class _Answering:
    """What Socket Mode is answering now; closing the socket below it would swallow the answers."""

    def __init__(self, handler: AsyncSocketModeHandler) -> None:
        self._handler = handler
        self._running: set[asyncio.Task[None]] = set()
        handler.client.socket_mode_request_listeners[:] = [self._answer]

    async def _answer(self, _: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.create_task(self._handler.handle(self._handler.client, request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await task
        except ConnectionError as error:
            # The work is done; whoever waited for it was told by Slack that nobody answered.
            log.warning("An answer did not reach Slack: %s", error)

    async def finish(self) -> None:
        """Take nothing more and answer what was taken; it ends with the writer's patience."""
        self._handler.client.socket_mode_request_listeners.clear()
        if self._running:
            await asyncio.wait(self._running, timeout=ANSWER_TIMEOUT)
