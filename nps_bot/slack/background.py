"""Work that follows a commit and must neither delay nor spoil the answer to Slack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from nps_bot.errors import NpsBotError
from nps_bot.slack.errors import SlackCallError

log = logging.getLogger(__name__)


AT_ONCE = 6
"""Tasks that run at the same time. In a burst of clicks the answers come first: what follows them
takes turns, and catches up when the burst is over."""
PATIENT_AT_ONCE = 2
"""The same of those that nobody waits for, with turns of their own: they hold nobody up."""


class Background:
    """Tracked tasks: none is lost to the garbage collector, none fails unseen, all are awaited."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._patient_turns = asyncio.Semaphore(PATIENT_AT_ONCE)

    @property
    def running(self) -> int:
        """How many tasks run now."""
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None], what: str, **ids: str) -> None:
        """Run ``work`` when its turn comes; a failure is one log line with ``what`` and ``ids``."""
        self._start(self._turns, work, what, ids)

    def spawn_patiently(self, work: Coroutine[Any, Any, None], what: str, **ids: str) -> None:
        """Do the same for work that nobody waits for."""
        self._start(self._patient_turns, work, what, ids)

    def _start(
        self,
        turns: asyncio.Semaphore,
        work: Coroutine[Any, Any, None],
        what: str,
        ids: dict[str, str],
    ) -> None:
        task = asyncio.create_task(_in_turn(turns, work, what, ids))
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
    turns: asyncio.Semaphore, work: Coroutine[Any, Any, None], what: str, ids: dict[str, str]
) -> None:
    try:
        await turns.acquire()
    except asyncio.CancelledError:
        work.close()  # it never began
        raise
    try:
        await _guarded(work, what, ids)
    finally:
        turns.release()


async def _guarded(work: Coroutine[Any, Any, None], what: str, ids: dict[str, str]) -> None:
    try:
        await work
    except SlackCallError as error:  # the call has written its own line
        log.debug("%s failed: %s", what, error, extra=ids)
    except NpsBotError as error:
        log.warning("%s failed: %s", what, error, extra=ids)
    except Exception:  # the last line of defence: nobody else would ever see it
        log.exception("%s failed", what, extra=ids)
