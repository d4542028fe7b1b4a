"""Wake-ups between the processes that share a PostgreSQL database, through LISTEN and NOTIFY.

They spare waiting and promise nothing: whoever waits also looks by itself from time to time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from enum import StrEnum

from sqlalchemy import Connection, text

from nps_bot.base.errors import StorageUnavailableError
from nps_bot.storage.database import Database
from nps_bot.storage.engines import open_listener

log = logging.getLogger(__name__)

_RETRY = 1.0
"""Seconds between attempts to listen again after the database was away."""
_BREATH = 0.1
"""Seconds after telling before the next time: in a burst of clicks each one is a reason to."""


class Wake(StrEnum):
    """What others are told; also the channel it is told on."""

    OWED = "nps_owed"
    """A message is owed."""
    LANE_FREE = "nps_lane_free"
    """The lane to Slack was given back."""


_NOTIFY = text("SELECT pg_notify(:channel, :sender)")


def tell(connection: Connection, what: Wake, sender: str) -> None:
    """Wake the other processes when this transaction commits; on SQLite there are none."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"channel": what, "sender": sender})


class Notifier:
    """Tells the other processes that something is owed; many reasons at once are told once."""

    def __init__(self, database: Database) -> None:
        """Prepare; :meth:`run` does it."""
        self._database = database
        self._due = asyncio.Event()

    def tell(self) -> None:
        """Have it told soon; something that is owed was committed."""
        self._due.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._database.write(tell, Wake.OWED, self._database.name)
            except StorageUnavailableError as error:
                log.debug("The other processes were not woken: %s", error)
            await asyncio.sleep(_BREATH)


async def listen(url: str, me: str, wakes: Mapping[Wake, Callable[[], None]]) -> None:
    """Call what ``wakes`` says when another process tells it, until cancelled.

    After the database was away everything is called once: something may have been missed.

    Args:
        url: the address of a PostgreSQL database.
        me: the name under which this process tells; it need not hear itself.
        wakes: what to call.
    """
    import psycopg  # noqa: PLC0415  # as in storage.engines

    while True:
        try:
            async with await open_listener(url) as connection:
                for what in wakes:
                    await connection.execute(f"LISTEN {what}")
                for wake in wakes.values():
                    wake()
                async for heard in connection.notifies():
                    if heard.payload != me:
                        wakes[Wake(heard.channel)]()
        except psycopg.Error as error:
            log.debug("Nobody can wake this process now: %s", error)
        await asyncio.sleep(_RETRY)
