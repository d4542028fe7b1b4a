"""Telling those who wait that something in the sandbox changed."""

from __future__ import annotations

import asyncio


class Changes:
    """Wakes whoever waits; costs nothing while nobody does."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake everybody who waits."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 (the caller's patience)
        """Wait for the next change, at most ``timeout`` seconds; return whether one came."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            async with asyncio.timeout(timeout):
                await waiting
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._waiting.discard(waiting)
