"""Events and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from nps_bot.base.events import Reactions, record
from nps_bot.storage import key_value
from nps_bot.storage.database import Database

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rang:
    """A bell rang."""

    times: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A door was opened."""


def _count(connection: Connection, events: Sequence[Rang], now: datetime) -> None:
    key_value.remember(connection, "rung", [[event.times for event in events], now.isoformat()])


def _echo(connection: Connection, events: Sequence[Rang | Opened], _: datetime) -> None:
    heard = key_value.recall(connection, "heard") or []
    names = [type(event).__name__ for event in events]
    key_value.remember(connection, "heard", [*heard, names])


REACTIONS = Reactions().on(Rang, _count, _echo).on(Opened, _echo)


def _remembered(connection: Connection) -> tuple[object, object]:
    return key_value.recall(connection, "rung"), key_value.recall(connection, "heard")


async def test_events_of_one_type_reach_each_of_its_reactions_in_one_call(
    sqlite_database_url: str,
) -> None:
    """Two bells around a door: each type in one call, in the order of the table."""
    async with Database(sqlite_database_url, reactions=REACTIONS) as database:
        await database.write(record, [Rang(2), Opened(), Rang(3)], NOW)
        rung, heard = await database.read(_remembered)
    assert rung == [[2, 3], NOW.isoformat()]
    assert heard == [["Rang", "Rang"], ["Opened"]]


async def test_no_event_does_nothing(sqlite_database_url: str) -> None:
    """Nothing happened, so nothing follows."""
    async with Database(sqlite_database_url, reactions=REACTIONS) as database:
        await database.write(record, [], NOW)
        assert await database.read(_remembered) == (None, None)


async def test_what_follows_goes_with_its_transaction(sqlite_database_url: str) -> None:
    """A use case that fails after its event leaves nothing behind."""

    def fail(connection: Connection) -> None:
        record(connection, [Rang(1)], NOW)
        raise ValueError("it failed")

    async with Database(sqlite_database_url, reactions=REACTIONS) as database:
        with pytest.raises(ValueError, match="it failed"):
            await database.write(fail)
        assert await database.read(_remembered) == (None, None)


async def test_recording_needs_reactions_and_a_line_for_each_event(
    sqlite_database_url: str,
) -> None:
    """An event that would be lost in silence is an error of the programme."""
    async with Database(sqlite_database_url) as database:
        with pytest.raises(LookupError, match="without reactions"):
            await database.write(record, [Rang(1)], NOW)
    async with Database(sqlite_database_url, reactions=Reactions()) as database:
        with pytest.raises(LookupError, match="Rang"):
            await database.write(record, [Rang(1)], NOW)
