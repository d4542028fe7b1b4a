"""Waiting for the bot at a boundary: the sandbox says which call has come how far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from slack_sandbox import Passing, Sandbox

Fits = Callable[[Passing], bool]


class Ambush:
    """Catches calls on their way, and holds them while something is done to their caller."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._fits: Fits | None = None
        self._skip = 0
        self._caught: asyncio.Future[Passing] | None = None
        self._released = asyncio.Event()
        self._swallow = False
        sandbox.watch(self._watch)

    async def _watch(self, passing: Passing) -> None:
        if self._caught is None or self._fits is None or not self._fits(passing):
            return
        if self._skip > 0:
            self._skip -= 1
            return
        caught, self._caught = self._caught, None
        caught.set_result(passing)
        swallow = self._swallow
        await self._released.wait()
        if swallow:
            raise web.HTTPServiceUnavailable

    @asynccontextmanager
    async def caught(
        self,
        fits: Fits,
        patience: Coroutine[Any, Any, None],
        *,
        skip: int = 0,
        swallow: bool = False,
    ) -> AsyncIterator[Passing | None]:
        """Give the first call that fits; it goes no further while the context lasts.

        Arguments:
            fits: which call, and how far it has come.
            patience: ends where no such call came; then None is given.
            skip: how many that fit are let pass before.
            swallow: whether Slack then does nothing of it, as if it had never read it.
        """
        self._fits, self._skip, self._swallow = fits, skip, swallow
        self._released = asyncio.Event()
        self._caught = caught = asyncio.get_running_loop().create_future()
        released = self._released
        waiting = asyncio.create_task(patience)
        try:
            await asyncio.wait((caught, waiting), return_when=asyncio.FIRST_COMPLETED)
            yield caught.result() if caught.done() else None
        finally:
            waiting.cancel()
            self._caught = None
            released.set()
