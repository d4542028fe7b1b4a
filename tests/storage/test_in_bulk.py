"""Calls of a job that wait together are done together, where the job says how."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection, insert

from nps_bot.storage.database import Database, in_bulk
from nps_bot.storage.tables import Remembered
from tests.storage.test_database import held_back, keys, remember


class TornError(Exception):
    """What a job raises that cannot do all calls at once."""


def _note_all(connection: Connection, calls: Sequence[tuple[str]]) -> list[int]:
    connection.execute(insert(Remembered), [{"key": key, "value": 0} for (key,) in calls])
    return [len(calls)] * len(calls)


@in_bulk(_note_all)
def note(connection: Connection, key: str) -> int:
    """Store a key; returns how many were stored together, 0 for one by itself."""
    remember(connection, key)
    return 0


def _tear(connection: Connection, calls: Sequence[tuple[str]]) -> list[str]:
    remember(connection, "".join(key for (key,) in calls))
    raise TornError


@in_bulk(_tear)
def whole(connection: Connection, key: str) -> str:
    """Store a key, by itself only."""
    return remember(connection, key)


async def test_calls_that_wait_together_are_done_together(database: Database) -> None:
    async with held_back(database):
        tasks = [
            asyncio.create_task(database.write(note, "a")),
            asyncio.create_task(database.write(remember, "b")),
            asyncio.create_task(database.write(note, "c")),
            asyncio.create_task(database.write(note, "d")),
        ]
        await asyncio.sleep(0)  # they queue
    assert await asyncio.gather(*tasks) == [3, "b", 3, 3]
    assert await database.read(keys) == ["a", "b", "c", "d"]


async def test_a_call_that_waits_alone_is_done_by_itself(database: Database) -> None:
    assert await database.write(note, "a") == 0
    assert await database.read(keys) == ["a"]


async def test_where_all_fail_together_each_is_done_by_itself(database: Database) -> None:
    async with held_back(database):
        tasks = [asyncio.create_task(database.write(whole, key)) for key in ("a", "b")]
        await asyncio.sleep(0)  # they queue
    assert await asyncio.gather(*tasks) == ["a", "b"]
    assert await database.read(keys) == ["a", "b"]
