"""Small writes that follow clicks and that nobody waits for, gathered and written together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nps_bot.base.clock import Clock
from nps_bot.slack.background import Background
from nps_bot.storage.database import Database

BATCH_WINDOW = 0.1
"""Seconds in which items are gathered."""

Write = Callable[[Connection, Sequence[Any], datetime], Any]


class BatchedWrites:
    """Gathers items by the function that writes them."""

    def __init__(self, database: Database, background: Background, clock: Clock) -> None:
        self._database = database
        self._background = background
        self._clock = clock
        self._items: dict[Write, list[Any]] = {}

    def add(self, write: Write, item: object, what: str) -> None:
        """Have ``item`` written soon, together with others.

        Args:
            write: is called with a transaction, the items and the current moment.
            item: one of its items.
            what: names the work in the log, should it fail.
        """
        items = self._items.setdefault(write, [])
        items.append(item)
        if len(items) == 1:
            self._background.spawn_at_once(self._write(write), what)

    async def _write(self, write: Write) -> None:
        await asyncio.sleep(BATCH_WINDOW)
        await self._database.write(write, self._items.pop(write), self._clock.now())
