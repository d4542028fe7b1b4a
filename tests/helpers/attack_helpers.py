"""What the attacks share: the log as an operator reads it, raw requests, and all tables at once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from itertools import count
from typing import Any, NamedTuple, TypeVar

import aiohttp
import pytest
from sqlalchemy import Connection, select

from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.base.logs import LogFormat, LogLevel, configure
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Base, LaneLease, Outbox, Remembered
from slack_sandbox import Message, Person, Sandbox
from tests.helpers.world import World

T = TypeVar("T")

BOTH = pytest.mark.parametrize(
    ("database_url", "transport"),
    [("sqlite", "socket"), ("postgresql", "http")],
    indirect=["database_url"],
)
"""Runs a test twice: every database and every transport once. What depends on how the two go
together runs with all four (no mark)."""

_MINUTES = (timedelta(minutes=number) for number in count())
"""Waves by hand are told apart by their minute: every one here has its own."""

Rows = Mapping[str, list[tuple[Any, ...]]]


class Log:
    """What the bot has logged since, line by line, exactly as an operator gets it."""

    def __init__(self, stream: StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        """All of it."""
        return self._stream.getvalue()

    @property
    def problems(self) -> list[str]:
        """The lines that warn."""
        levels = (" WARNING ", " ERROR ", " CRITICAL ")
        return [line for line in self.text.splitlines() if any(level in line for level in levels)]

    @property
    def tracebacks(self) -> list[str]:
        """The lines that tell of an exception."""
        return [line for line in self.text.splitlines() if " | " in line or "Traceback" in line]


@contextmanager
def logged(sandbox: Sandbox, level: LogLevel = LogLevel.INFO) -> Iterator[Log]:
    """Log as the command line does, into what is yielded; then as before."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure(
        level,
        LogFormat.TEXT,
        secrets=(sandbox.bot_token, sandbox.app_token, sandbox.signing_secret),
    )
    stream = StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    try:
        yield Log(stream)
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:], root.level = before


_SUMMARIES = ("summary", "closing")
_OF_A_SUMMARY = ("id", "dedupe_key", "wave_id", "version")
"""What is compared of a summary: what it is and its reasons to be rewritten. How far it got is not,
because waiting for it takes a second: Slack's pace for one channel."""


def everything(connection: Connection) -> Rows:
    """Return every row of every table but those that change by themselves: who holds the lane, and
    what is learnt of the pace."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for name, table in Base.metadata.tables.items():
        if name in (LaneLease.__tablename__, Remembered.__tablename__):
            continue
        found = [row._asdict() for row in connection.execute(select(table))]
        for row in found:
            if row.get("kind") in _SUMMARIES:
                for column in row.keys() - set(_OF_A_SUMMARY):
                    row[column] = None
        rows[name] = sorted((tuple(row.values()) for row in found), key=repr)
    return rows


async def eventually(
    sandbox: Sandbox, condition: Callable[[], Awaitable[T]], patience: int = 3_000
) -> T:
    """Return what ``condition`` returns once that is true; look when something changes in Slack.

    Raises:
        TimeoutError: it did not come true; ``patience`` counts hundredths of a second.
    """
    for _ in range(patience):
        if found := await condition():
            return found
        await sandbox.workspace.changes.wait(0.01)
    raise TimeoutError("it did not come true")


class _Owed(NamedTuple):
    """When the messages that wait are due, and the leases of those under way and of the lane of
    another process end."""

    due: list[datetime]
    leases: list[datetime]
    lane: datetime | None


def _owed(connection: Connection, me: str) -> _Owed:
    """Return what waits, summaries left out."""
    waiting = select(Outbox.status, Outbox.due_at, Outbox.lease_until).where(
        Outbox.status.in_(("pending", "claimed", "unknown")), Outbox.kind.not_in(_SUMMARIES)
    )
    rows = connection.execute(waiting).all()
    return _Owed(
        [row.due_at for row in rows if row.status == "pending"],
        [row.lease_until for row in rows if row.status != "pending"],
        connection.scalar(select(LaneLease.until).where(LaneLease.holder != me)),
    )


_STUCK = 100
"""Looks (hundredths of a second) after which a message under way has been left there."""


async def quiet(world: World) -> Rows:
    """Let everything come to rest; return every row of every table.

    Messages settle for seconds before they are rewritten, and a process that died leaves leases
    that must run out: the clock is moved over both.
    """
    context = world.bot.context
    stuck = 0

    async def at_rest() -> bool:
        nonlocal stuck
        if context.background.running:
            return False
        due, leases, lane = await context.database.read(_owed, context.database.name)
        stuck = stuck + 1 if lane or (leases and not due) else 0
        next_ = min(due, default=None)
        if stuck > _STUCK:
            next_ = lane or min(leases)
        if next_ is not None and (ahead := next_ - context.clock.now()) > timedelta():
            world.clock.ahead += ahead
            context.wake_dispatcher()
        return not due and not leases

    await eventually(world.sandbox, at_rest)
    return await context.database.read(everything)


async def ask_one(world: World, handle: str, key: str = "customer") -> tuple[Person, Message]:
    """Ask one person and nobody else; return them with their prompt."""
    context, person = world.bot.context, world.sandbox.person(handle)
    now = context.clock.now()
    nominal = (now + next(_MINUTES)).strftime(NOMINAL)
    how = ByHand(nominal, only_person=person.id, at_once=True)
    before = len(person.inbox)
    await context.database.write(launching.start_by_hand, world.surveys[key], how, now)
    await world.tick()
    await world.sandbox.until(lambda: len(person.inbox) > before)
    return person, person.inbox[-1]


async def post(
    world: World,
    body: bytes,
    headers: Mapping[str, str],
    method: str = "POST",
    port: int | None = None,
) -> tuple[int, str]:
    """Send any request to the bot (or to one at ``port``); returns the status and what it says."""
    url = f"http://127.0.0.1:{port or world.bot.port}/slack/events"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def told(world: World, person: Person, message: Message) -> list[str]:
    """Wait until nothing runs; return what only this person was told beside a message."""
    await eventually(world.sandbox, lambda: _nothing_runs(world))
    return [one.text for one in person.ephemerals(message.channel)]


async def _nothing_runs(world: World) -> bool:
    return world.bot.context.background.running == 0


async def read(database: Database, statement: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT."""
    return await database.read(lambda connection: list(map(tuple, connection.execute(statement))))
