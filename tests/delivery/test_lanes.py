"""The lane: held by one process at a time, and moved when its holder is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from nps_bot.app.wiring import open_database
from nps_bot.base.clock import SystemClock
from nps_bot.delivery.sender_lease import RENEW_EVERY, SenderLease
from nps_bot.delivery.store import lanes
from nps_bot.delivery.store.lanes import TENURE
from nps_bot.storage.database import Database
from tests.factories import NOON

SECOND = timedelta(seconds=1)


class Moved(SystemClock):
    """A clock that stands where it is put."""

    moment = NOON

    def now(self) -> datetime:
        """Return where it stands."""
        return self.moment


@pytest.fixture
async def other(postgresql_database_url: str) -> AsyncIterator[Database]:
    """Return the same database, as another process sees it."""
    async with open_database(postgresql_database_url) as opened:
        yield opened


@pytest.fixture
async def mine(postgresql_database_url: str) -> AsyncIterator[Database]:
    """Return a database that processes share."""
    async with open_database(postgresql_database_url) as opened:
        yield opened


async def test_one_holds_it_until_it_runs_out_or_is_given_back(database: Database) -> None:
    def work(connection: Connection) -> None:
        assert lanes.take(connection, "a", NOON)
        assert not lanes.take(connection, "b", NOON + TENURE - SECOND)
        assert lanes.take(connection, "a", NOON + 10 * SECOND)
        assert not lanes.take(connection, "b", NOON + TENURE)
        assert lanes.take(connection, "b", NOON + TENURE + 10 * SECOND)
        assert not lanes.take(connection, "a", NOON + TENURE + 10 * SECOND)
        assert not lanes.give_back(connection, "a")
        assert lanes.give_back(connection, "b")
        assert lanes.take(connection, "a", NOON)

    await database.write(work)


async def test_of_many_that_race_one_gets_it(postgresql_database_url: str) -> None:
    async with AsyncExitStack() as stack:
        racing = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(5)
        ]
        for now in (NOON, NOON + TENURE):
            taken = [each.write(lanes.take, f"{each.name}{now:%S}"[-32:], now) for each in racing]
            assert sorted(await asyncio.gather(*taken)) == [False] * 4 + [True]


async def test_the_pace_travels_with_the_lane(mine: Database, other: Database) -> None:
    clock = Moved()
    first, second = SenderLease(mine, clock), SenderLease(other, clock)
    assert await first.renew()
    assert not await second.renew()
    assert (first.held, second.held) == (True, False)
    for step in range(20):
        first.pace.begin("chat.postMessage", None, step / 1_000)
        first.pace.accepted("chat.postMessage", step / 1_000)
    learnt = first.pace.rate("chat.postMessage")
    clock.moment += RENEW_EVERY
    assert await first.renew()  # it has learnt much, so that is remembered
    clock.moment += TENURE
    assert not first.held
    assert await second.renew()
    assert second.pace.rate("chat.postMessage") == learnt
    assert not await first.renew()


async def test_no_call_begins_that_could_outlast_the_tenure(mine: Database) -> None:
    clock = Moved()
    tenure = SenderLease(mine, clock)
    assert not tenure.may_call()
    assert await tenure.renew()
    assert tenure.may_call()
    clock.moment += TENURE - 8 * SECOND
    assert (tenure.held, tenure.may_call()) == (True, False)
    assert await tenure.renew()
    assert tenure.may_call()


async def test_who_stops_gives_it_back_with_the_pace(mine: Database, other: Database) -> None:
    clock = Moved()
    first, second = SenderLease(mine, clock), SenderLease(other, clock)
    assert await first.renew()
    first.pace.limited("chat.postMessage", 0, 3)
    await mine.write(first.end)
    assert await second.renew()
    assert second.pace.state()["chat.postMessage"]["pause"] == 3


async def test_a_process_alone_needs_no_lease(sqlite_database_url: str) -> None:
    clock = Moved()
    async with open_database(sqlite_database_url) as alone:
        before = alone.commits
        tenure = SenderLease(alone, clock)
        assert await tenure.renew()
        clock.moment += timedelta(days=400)
        assert tenure.may_call()
        assert await tenure.renew()
        assert alone.commits == before
