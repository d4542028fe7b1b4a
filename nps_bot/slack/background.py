"""Work that follows a commit and must neither delay nor spoil the answer to Slack."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from typing import Any, NamedTuple

from nps_bot.base.errors import NpsBotError
from nps_bot.slack.errors import SlackCallError

log = logging.getLogger(__name__)


AT_ONCE = 16
"""Tasks that run at the same time: the 64 modals of 64 simultaneous clicks are open within a second
where Slack takes a quarter of one for each."""
LULL_TIMEOUT = 1.5
"""Seconds after which patient work begins though people are being answered all the time; the
dispatcher does after three what is not done by then."""


class _Patient(NamedTuple):
    """Work that nobody waits for, and when it begins at the latest, by the event loop's clock."""

    latest: float
    work: Coroutine[Any, Any, None]
    what: str
    ids: dict[str, str]


class Background:
    """Tracked tasks: none is lost to the garbage collector, none fails unseen, all are awaited."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._patient: deque[_Patient] = deque()
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
        latest = asyncio.get_running_loop().time() + LULL_TIMEOUT
        self._patient.append(_Patient(latest, work, what, ids))
        if len(self._patient) == 1:
            self._track(self._begin_in_a_lull())

    def spawn_at_once(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do the same for work that mostly waits, and takes no turn."""
        self._start(nullcontext(), work, what, {})

    async def _begin_in_a_lull(self) -> None:
        """Begin patient work, each when nobody is being answered or it can wait no longer."""
        try:
            while self._patient:
                await self._patient_turns.acquire()
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(self._patient[0].latest):
                        await self._lull.wait()
                _, work, what, ids = self._patient.popleft()
                self._start(_taken(self._patient_turns), work, what, ids)
        finally:
            while self._patient:
                self._patient.popleft().work.close()

    def _start(
        self,
        turn: AbstractAsyncContextManager[None],
        work: Coroutine[Any, Any, None],
        what: str,
        ids: dict[str, str],
    ) -> None:
        self._track(_in_turn(turn, work, what, ids))

    def _track(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, patience: float) -> None:
        """Wait for what runs, at most ``patience`` seconds; cancel what is left."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + patience
        while (late := self._unfinished()) and loop.time() < latest:
            await asyncio.wait(late, timeout=latest - loop.time())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _unfinished(self) -> set[asyncio.Task[None]]:
        return {task for task in self._tasks if not task.done()}


@asynccontextmanager
async def _taken(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    """Give a turn back that was taken before."""
    try:
        yield
    finally:
        turns.release()


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
