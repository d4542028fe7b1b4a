"""Work that follows a commit and must neither delay nor spoil the answer to Slack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from typing import Any

from nps_bot.errors import NpsBotError
from nps_bot.slack.errors import SlackCallError

log = logging.getLogger(__name__)


AT_ONCE = 16
"""Tasks that run at the same time: the 64 modals of 64 simultaneous clicks are open within a second
where Slack takes a quarter of one for each."""
LULL_WITHIN = 1.5
"""Seconds after which patient work begins though people are being answered all the time; the
courier does after three what is not done by then."""


class Background:
    """Tracked tasks: none is lost to the garbage collector, none fails unseen, all are awaited."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._patient_turns = asyncio.Semaphore(AT_ONCE)
        self._answering = 0
        self._lull = asyncio.Event()
        self._lull.set()

    @property
    def running(self) -> int:
        """How many tasks run now."""
        return len(self._tasks)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Tell that somebody is being answered while the context lasts."""
        self._answering += 1
        self._lull.clear()
        try:
            yield
        finally:
            self._answering -= 1
            if not self._answering:
                self._lull.set()

    def spawn(self, work: Coroutine[Any, Any, None], what: str, **ids: str) -> None:
        """Run ``work`` when its turn comes; a failure is one log line with ``what`` and ``ids``."""
        self._start(self._turns, work, what, ids)

    def spawn_patiently(self, work: Coroutine[Any, Any, None], what: str, **ids: str) -> None:
        """Do the same for work that nobody waits for: in a burst of clicks answers come first."""
        latest = asyncio.get_running_loop().time() + LULL_WITHIN
        self._start(self._in_a_lull(latest), work, what, ids)

    def spawn_at_once(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do the same for work that mostly waits, and takes no turn."""
        self._start(nullcontext(), work, what, {})

    @asynccontextmanager
    async def _in_a_lull(self, latest: float) -> AsyncIterator[None]:
        """Take a turn when nobody is being answered; at ``latest`` all the same."""
        async with self._patient_turns:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(latest):
                    await self._lull.wait()
            yield

    def _start(
        self,
        turn: AbstractAsyncContextManager[None],
        work: Coroutine[Any, Any, None],
        what: str,
        ids: dict[str, str],
    ) -> None:
        task = asyncio.create_task(_in_turn(turn, work, what, ids))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, patience: float) -> None:
        """Wait for what runs, at most ``patience`` seconds; cancel what is left."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _in_turn(
    turn: AbstractAsyncContextManager[None],
    work: Coroutine[Any, Any, None],
    what: str,
    ids: dict[str, str],
) -> None:
    try:
        async with turn:
            await _guarded(work, what, ids)
    finally:
        work.close()  # where it never began


async def _guarded(work: Coroutine[Any, Any, None], what: str, ids: dict[str, str]) -> None:
    try:
        await work
    except SlackCallError as error:  # the call has written its own line
        log.debug("%s failed: %s", what, error, extra=ids)
    except NpsBotError as error:
        log.warning("%s failed: %s", what, error, extra=ids)
    except Exception:  # the last line of defence: nobody else would ever see it
        log.exception("%s failed", what, extra=ids)
