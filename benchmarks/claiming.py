"""Claiming: what waits, out of a table full of what was settled long ago, against an empty one."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    String,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    text,
)

from nps_bot.app.reactions import REACTIONS
from nps_bot.asking.rules.message_types import PROMPT
from nps_bot.base.ids import new_id
from nps_bot.delivery.rules import LEASE, Priority
from nps_bot.delivery.store import claims, outbox
from nps_bot.delivery.store.claims import Sent, Waiting
from nps_bot.delivery.store.outbox import new_message
from nps_bot.storage.engines import engine_url, writer_engine
from nps_bot.storage.tables import Invitation, Moment, Outbox, StoredWording, Wave

AT_ONCE = 64
"""Messages claimed in one transaction."""
_WARM = 10
"""Claims before the clock runs."""
_THEN = datetime(2026, 1, 6, 10, tzinfo=UTC)
_NOW = _THEN + timedelta(days=300)

_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)"
    " SELECT i FROM n",
    "postgresql": "SELECT i FROM generate_series(1, :rows) AS n(i)",
}
_NEW_ID = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text, '-', '')",
}
"""Random ids such as ours: they find their places all over an index."""


@dataclass(slots=True)
class Claims:
    """Seconds of the same claims in both tables, taken in turn, each with its commit."""

    empty: list[float] = field(default_factory=list)
    full: list[float] = field(default_factory=list)


def compare(urls: tuple[str, str], rows: int, rounds: int) -> Claims:
    """Claim from a table with nothing but what waits, and from one with ``rows`` settled messages.

    Args:
        urls: the addresses of two migrated, unused databases of one kind.
        rows: how many settled messages the second one gets, each with its invitation.
        rounds: how often to claim from each.
    """
    taken = Claims()
    with ExitStack() as stack:
        connections = []
        for url, settled in zip(urls, (0, rows), strict=True):
            engine = writer_engine(engine_url(url), 600.0, REACTIONS)
            stack.callback(engine.dispose)
            connections.append(stack.enter_context(engine.connect()))
            _fill(connections[-1], settled, (rounds + _WARM) * AT_ONCE)
        for number in range(_WARM + rounds):
            for connection, times in zip(connections, (taken.empty, taken.full), strict=True):
                seconds = _claim(connection)
                if number >= _WARM:
                    times.append(seconds)
    return taken


def _claim(connection: Connection) -> float:
    """Take one turn as the dispatcher does, then settle; return the seconds of the claim."""
    began = perf_counter()
    with connection.begin():
        claims.expire_leases(connection, _NOW)
        which = Waiting(AT_ONCE, Priority.RESPONDENT, updating=False)
        claimed = claims.claim(connection, which, _NOW, _NOW + LEASE)
        claims.claim_lookups(connection, _NOW, _NOW + LEASE, 8)
    seconds = perf_counter() - began
    assert len(claimed) == AT_ONCE
    sent = [Sent(one, "D1", "1700000000.000001", _NOW) for one in claimed]
    with connection.begin():
        claims.settle_sent(connection, sent, _NOW)
    return seconds


def _fill(connection: Connection, settled: int, waiting: int) -> None:
    with connection.begin():
        wave = _wave(connection)
        if settled:
            _settle(connection, wave, settled)
        outbox.add(
            connection,
            [
                new_message(PROMPT, f"prompt:{new_id()}", _NOW, survey_key="customer", wave_id=wave)
                for _ in range(waiting)
            ],
        )
    if connection.dialect.name == "postgresql":  # as its autovacuum does, sooner or later
        tidying = connection.engine.execution_options(isolation_level="AUTOCOMMIT")
        with tidying.connect() as tidy:
            for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
                tidy.exec_driver_sql(statement)


def _wave(connection: Connection) -> int:
    wording = {"survey_key": "customer", "digest": "0" * 64, "document": {}}
    wordings = insert(StoredWording).values(wording).returning(StoredWording.id)
    wave = {
        "survey_key": "customer",
        "nominal": "2026-01-06T10:00",
        "wording_id": connection.scalar(wordings),
        "kind": "relationship",
        "by_hand": False,
        "at_once": False,
        "state": "closed",
        "opens_at": _THEN,
        "closes_at": _THEN,
        "created_at": _THEN,
    }
    created = insert(Wave).values(wave).returning(Wave.id)
    number: int = connection.execute(created).scalar_one()
    return number


def _settle(connection: Connection, wave: int, rows: int) -> None:
    """Write invitations whose prompts were sent long ago."""
    kind = connection.dialect.name
    numbers = text(_NUMBERS[kind]).bindparams(rows=rows).columns(column("i", Integer())).subquery()
    then = literal(_THEN, Moment())
    person = literal("U") + cast(numbers.c.i, String())
    invited = select(text(_NEW_ID[kind]), literal(wave), person, then).select_from(numbers)
    connection.execute(
        insert(Invitation).from_select(["id", "wave_id", "person_id", "due_at"], invited)
    )
    values: dict[str, Any] = {
        "id": text(_NEW_ID[kind]),
        "dedupe_key": literal("prompt:") + Invitation.id,
        "kind": literal("prompt"),
        "survey_key": literal("customer"),
        "wave_id": Invitation.wave_id,
        "invitation_id": Invitation.id,
        "person_id": Invitation.person_id,
        "priority": literal(int(Priority.RESPONDENT)),
        "status": literal("sent"),
        "due_at": Invitation.due_at,
        "version": literal(1),
        "delivered_version": literal(1),
        "attempts": literal(0),
        "claimed_at": Invitation.due_at,
        "channel": literal("D") + func.substr(Invitation.person_id, 2),
        "ts": literal("1700000000.000001"),
        "settled_at": Invitation.due_at,
    }
    connection.execute(
        insert(Outbox).from_select(list(values), select(*values.values()).select_from(Invitation))
    )
