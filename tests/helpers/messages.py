"""What the scenarios of owners and respondents share: typing, reading, noon and an outage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, make_url, select

from nps_bot.delivery.store import outbox
from nps_bot.storage.tables import Outbox
from nps_bot.surveys import store as survey_store
from slack_sandbox import Message, Person, User
from tests.helpers.postgres import PostgresDatabases
from tests.helpers.reading import texts
from tests.helpers.world import World

_WHERE = ("database_url", "transport")
ON_SQLITE = pytest.mark.parametrize(_WHERE, [("sqlite", "socket")], indirect=["database_url"])
ON_POSTGRES = pytest.mark.parametrize(_WHERE, [("postgresql", "http")], indirect=["database_url"])
"""Run a test once: what it is about depends on neither the database nor the transport. An outage
of PostgreSQL is noticed at once; on SQLite it takes the bot's whole patience."""


def words(thing: Message | dict[str, Any] | None) -> str:
    """Return all that a person can read of a message or a view, buttons in brackets."""
    if isinstance(thing, Message):
        return "\n".join([thing.text, *texts(thing.blocks)])
    return "\n".join(texts(thing))


async def nps(world: World, handle: str, text: str, *, channel: str = "customers") -> Message:
    """Use ``/nps`` and return the answer, which nobody else sees."""
    me = world.sandbox.person(handle)
    before = len(me.ephemerals(channel))
    await me.command("/nps", text, channel=channel)
    await world.sandbox.until(lambda: len(me.ephemerals(channel)) > before)
    return me.ephemerals(channel)[-1]


async def whispered(world: World, me: Person, channel: str, *said: str) -> Message:
    """Return what only this person sees in a channel and holds all of ``said``, once it does."""

    def found() -> list[Message]:
        return [each for each in me.ephemerals(channel) if all(one in words(each) for one in said)]

    return (await world.sandbox.until(found))[-1]


async def home(world: World, handle: str, *said: str) -> dict[str, Any]:
    """Return a person's Home once it holds all of ``said``; it is not opened."""
    me = world.sandbox.person(handle)
    await world.sandbox.until(lambda: all(one in words(me.home) for one in said))
    assert me.home is not None
    return me.home


async def opened_home(world: World, handle: str, *said: str) -> dict[str, Any]:
    """Open Home; return it once it was published anew and holds all of ``said``."""
    me = world.sandbox.person(handle)
    before = me.home and me.home["hash"]
    await me.open_home()
    await world.sandbox.until(lambda: me.home is not None and me.home["hash"] != before)
    return await home(world, handle, *said)


async def modal(world: World, me: Person, callback_id: str) -> dict[str, Any]:
    """Return the modal on top, once it is the one meant."""

    def there() -> dict[str, Any] | None:
        top = me.modal
        return top if top is not None and top["callback_id"] == callback_id else None

    found = await world.sandbox.until(there)
    assert found is not None
    return found


async def settled(world: World) -> None:
    """Wait until the bot has finished what was begun and delivered all that is due."""
    context = world.bot.context
    while context.background.running or await context.database.read(_due, world.clock.now()):
        context.wake_dispatcher()
        await world.sandbox.workspace.changes.wait(0.02)


def _due(connection: Connection, now: datetime) -> int:
    held_back = outbox.asks_for(survey_store.paused(connection))
    waits = (Outbox.status == "pending") & (Outbox.due_at <= now) & ~held_back
    waiting = select(func.count()).where(waits | Outbox.status.in_(("claimed", "unknown")))
    return connection.scalar(waiting) or 0


def without_nudges(world: World) -> None:
    """Have the customer survey send neither reminders nor chasers: a test is about other things."""
    world.surveys["customer"] = replace(world.surveys["customer"], reminder=None, chaser=None)


def at(world: World, hour: int) -> datetime:
    """Move the clock to the next full ``hour`` of a day, in UTC; returns that moment.

    At noon it is daytime in London, and quiet hours in Tokyo, New York (in winter) and Sydney.
    """
    now = world.clock.now()
    then = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    then += timedelta(days=then <= now)
    world.clock.ahead += then - now
    return then.astimezone(UTC)


async def later(world: World, *, days: int = 0, hours: int = 0) -> None:
    """Deliver what is due, then move the clock forward and let the scheduler look."""
    await settled(world)
    world.clock.ahead += timedelta(days=days, hours=hours)
    await world.tick()


def crowd(world: World, number: int) -> list[str]:
    """Let so many more customers join; returns their ids."""
    workspace = world.sandbox.workspace
    channel = workspace.channel("customers")
    ids = [f"U0CROWD{n:03}" for n in range(number)]
    for one in ids:
        workspace.put_user(User(one, one.lower(), one, workspace.team.id, is_restricted=True))
        channel.members.append(one)
    return ids


@contextmanager
def outage(world: World, request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep the database from taking anything for a while."""
    url = make_url(world.settings.database_url)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    databases.refuse(url, refused=True)
    databases.disconnect_all(url)
    try:
        yield
    finally:
        databases.refuse(url, refused=False)
