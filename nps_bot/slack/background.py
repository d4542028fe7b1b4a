"""Work that follows a commit and must neither delay nor spoil the answer to Slack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from nps_bot.errors import NpsBotError
from nps_bot.slack.errors import SlackCallError

log = logging.getLogger(__name__)


class Background:
    """Tracked tasks: none is lost to the garbage collector, none fails unseen, all are awaited."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many tasks run now."""
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None], what: str, **ids: str) -> None:
        """Run ``work`` on its own; a failure becomes one log line with ``what`` and ``ids``."""
        task = asyncio.create_task(_guarded(work, what, ids))
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


async def _guarded(work: Coroutine[Any, Any, None], what: str, ids: dict[str, str]) -> None:
    try:
        await work
    except SlackCallError as error:  # the call has written its own line
        log.debug("%s failed: %s", what, error, extra=ids)
    except NpsBotError as error:
        log.warning("%s failed: %s", what, error, extra=ids)
    except Exception:  # the last line of defence: nobody else would ever see it
        log.exception("%s failed", what, extra=ids)
