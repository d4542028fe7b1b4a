"""Wake-ups between processes: prompt, and heard again after the database was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import make_url

from nps_bot.storage.database import Database
from nps_bot.storage.notify import Notifier, Wake, listen, tell
from tests.helpers.postgres import PostgresDatabases


@asynccontextmanager
async def hearing(url: str, me: str) -> AsyncIterator[dict[Wake, asyncio.Event]]:
    """Listen as a process of its own; yield what it hears, once it does."""
    heard = {what: asyncio.Event() for what in Wake}
    task = asyncio.create_task(listen(url, me, {what: event.set for what, event in heard.items()}))
    try:
        await all_heard(heard)
        yield heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def all_heard(heard: dict[Wake, asyncio.Event]) -> None:
    """Wait until it hears, and may have missed anything."""
    async with asyncio.timeout(10):
        for event in heard.values():
            await event.wait()
            event.clear()


@pytest.fixture
async def shared(postgresql_database_url: str) -> AsyncIterator[Database]:
    """Return a database that processes share."""
    async with Database(postgresql_database_url) as opened:
        yield opened


async def test_the_others_are_woken_and_not_who_tells(
    shared: Database, postgresql_database_url: str
) -> None:
    url = postgresql_database_url
    async with hearing(url, "other") as theirs, hearing(url, shared.name) as mine:
        await shared.write(tell, Wake.LANE_FREE, shared.name)
        async with asyncio.timeout(5):
            await theirs[Wake.LANE_FREE].wait()
        assert not theirs[Wake.OWED].is_set()
        await shared.write(tell, Wake.OWED, "other")
        async with asyncio.timeout(5):
            await mine[Wake.OWED].wait()
        assert not mine[Wake.LANE_FREE].is_set()


async def test_many_reasons_at_once_are_told_once(
    shared: Database, postgresql_database_url: str
) -> None:
    notifier = Notifier(shared)
    telling = asyncio.create_task(notifier.run())
    async with hearing(postgresql_database_url, "other") as heard:
        before = shared.commits
        for _ in range(1_000):
            notifier.tell()
        async with asyncio.timeout(5):
            await heard[Wake.OWED].wait()
        assert shared.commits <= before + 1
    telling.cancel()


async def test_it_listens_again_after_the_database_was_away(
    shared: Database, postgresql_database_url: str, postgres_databases: PostgresDatabases
) -> None:
    async with hearing(postgresql_database_url, "other") as heard:
        postgres_databases.disconnect_all(make_url(postgresql_database_url))
        await all_heard(heard)  # what was told meanwhile is lost, so it looks
        await shared.write(tell, Wake.OWED, shared.name)
        async with asyncio.timeout(5):
            await heard[Wake.OWED].wait()


async def test_on_sqlite_there_is_nobody_to_wake(sqlite_database_url: str) -> None:
    async with Database(sqlite_database_url) as alone:
        await alone.write(tell, Wake.OWED, alone.name)
