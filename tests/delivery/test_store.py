"""The outbox: a message is enqueued once, claimed once, and its last state wins."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, Row, event, select, text

from nps_bot.app.wiring import open_database
from nps_bot.delivery.store import claims, outbox
from nps_bot.delivery.store.claims import Claimed, Sent, Waiting
from nps_bot.delivery.store.outbox import NewMessage
from nps_bot.storage.database import Database
from nps_bot.storage.engines import engine_url, writer_engine
from nps_bot.storage.tables import Outbox
from tests.factories import NOON, World

SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
ALL = Waiting(limit=100, least=2)


def enqueue(connection: Connection, *keys: str, priority: int = 2, due_at: datetime = NOON) -> None:
    outbox.add(
        connection, [NewMessage(key, "prompt", priority, due_at, "customer") for key in keys]
    )


def sent(connection: Connection, message: Claimed, now: datetime, *, ts: str = "1.0") -> bool:
    """Settle a message as sent; what came up meanwhile makes it due again at once."""
    held = claims.settle_sent(connection, [Sent(message, "D1", ts, again_at=now)], now)
    return message.id in held


def claim(
    connection: Connection,
    now: datetime = NOON,
    which: Waiting = ALL,
    paused: Collection[str] = (),
) -> list[Claimed]:
    """Claim what is to be posted, and then what is to be rewritten."""
    return [
        message
        for updating in (False, True)
        for message in claims.claim(
            connection, replace(which, updating=updating), now, now + LEASE, paused
        )
    ]


def look_up(connection: Connection, now: datetime) -> list[Claimed]:
    return claims.claim_lookups(connection, now, now + LEASE, 100)


def row(connection: Connection, key: str) -> Row[str, datetime, int, int, int]:
    """Return status, due time, version, delivered version and attempts of a message."""
    return connection.execute(
        select(
            Outbox.status,
            Outbox.due_at,
            Outbox.version,
            Outbox.delivered_version,
            Outbox.attempts,
        ).where(Outbox.dedupe_key == key)
    ).one()


def status(connection: Connection, key: str) -> str:
    return str(row(connection, key).status)


def keys(connection: Connection, claimed: list[Claimed]) -> list[str]:
    """Return the keys of claimed messages, in the order they were claimed in."""
    by_id = dict(row for row in connection.execute(select(Outbox.id, Outbox.dedupe_key)))
    return [by_id[one.id] for one in claimed]


def posted(connection: Connection, key: str, now: datetime = NOON) -> None:
    """Enqueue a message and have Slack accept it."""
    enqueue(connection, key)
    (claimed,) = claim(connection, now)
    assert sent(connection, claimed, now)


def lost(connection: Connection, key: str) -> Claimed:
    """Enqueue a message and have nobody know whether Slack took it."""
    enqueue(connection, key)
    (claimed,) = claim(connection)
    settle(connection, claimed, "unknown", NOON + 10 * SECOND)
    return claimed


def settle(
    connection: Connection, message: Claimed, outcome: str, due_at: datetime | None = None
) -> bool:
    return claims.settle_unsent(
        connection, message, status=outcome, due_at=due_at, reason="it rained", now=NOON
    )


# --- owing ------------------------------------------------------------------------------------


async def test_what_is_owed_twice_is_owed_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        enqueue(connection, "a", "b", priority=0, due_at=NOON - SECOND)
        assert keys(connection, claim(connection)) == ["b"]
        assert sent(connection, claimed, NOON)

    await database.write(work)


# --- claiming ---------------------------------------------------------------------------------


async def test_the_most_urgent_leave_first_and_then_the_longest_due(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "prompt", due_at=NOON - 9 * SECOND)
        enqueue(connection, "summary", priority=1, due_at=NOON - SECOND)
        enqueue(connection, "older prompt", due_at=NOON - 10 * SECOND)
        enqueue(connection, "alert", priority=0)
        enqueue(connection, "later", priority=0, due_at=NOON + SECOND)
        urgent = claim(connection, which=Waiting(limit=100, least=0))
        assert keys(connection, urgent) == ["alert"]
        first = claim(connection, which=Waiting(limit=2, least=2))
        assert keys(connection, first) == ["summary", "older prompt"]
        assert keys(connection, claim(connection)) == ["prompt"]
        assert claim(connection) == []
        assert keys(connection, claim(connection, NOON + SECOND)) == ["later"]

    await database.write(work)


async def test_a_claim_says_all_that_a_delivery_needs(database: Database) -> None:
    def work(connection: Connection) -> None:
        outbox.add(
            connection, [NewMessage("a", "notice", 0, NOON, "customer", payload={"to": "U1"})]
        )
        (claimed,) = claim(connection)
        assert (claimed.kind, claimed.survey_key, claimed.payload) == (
            "notice",
            "customer",
            {"to": "U1"},
        )
        assert (claimed.version, claimed.attempts, claimed.updating) == (1, 1, False)
        assert (claimed.claimed_at, claimed.lease_until) == (NOON, NOON + LEASE)
        assert claimed.token not in repr(claimed)

    await database.write(work)


async def test_no_two_dispatchers_claim_the_same_message(postgresql_database_url: str) -> None:
    """The second one skips what the first holds, without waiting for it."""
    engine = writer_engine(engine_url(postgresql_database_url), 2)
    with engine.connect() as one, engine.connect() as other:
        with one.begin():
            enqueue(one, *"abcdefgh")
        with one.begin(), other.begin():
            first = keys(one, claim(one, which=Waiting(limit=3, least=2)))
            second = keys(one, claim(other))
        assert (first, sorted(second)) == (first, sorted(set("abcdefgh") - set(first)))
        assert len(first) == 3


async def test_dispatchers_that_race_claim_every_message_once(postgresql_database_url: str) -> None:
    async with AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(4)
        ]
        await databases[0].write(enqueue, *(f"m{number}" for number in range(120)))

        async def carry(database: Database) -> list[str]:
            mine: list[str] = []
            while found := await database.write(claim, NOON, Waiting(limit=7, least=2)):
                mine += [message.id for message in found]
            return mine

        carried = await asyncio.gather(*(carry(database) for database in databases))
        everybody = [one for mine in carried for one in mine]
        assert len(everybody) == len(set(everybody)) == 120


# --- leases -----------------------------------------------------------------------------------


async def test_a_post_whose_lease_ran_out_is_looked_for_and_an_update_repeated(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "update")
        outbox.request_update(connection, ["update"], NOON)
        enqueue(connection, "post")
        held = claim(connection)
        end = NOON + LEASE
        assert claims.expire_leases(connection, end - SECOND) == 0
        assert claims.expire_leases(connection, end) == 2
        assert status(connection, "post") == "unknown"
        assert status(connection, "update") == "pending"
        assert keys(connection, look_up(connection, end)) == ["post"]
        assert keys(connection, claim(connection, end)) == ["update"]
        for message in held:  # who slept past the lease has nothing to say any more
            assert not sent(connection, message, end, ts="9.9")
            assert not settle(connection, message, "failed")

    await database.write(work)


async def test_a_look_up_that_died_is_repeated_and_remembers_when_the_post_began(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        lost(connection, "a")
        assert look_up(connection, NOON + 9 * SECOND) == []
        (first,) = look_up(connection, NOON + 10 * SECOND)
        assert look_up(connection, NOON + 39 * SECOND) == []
        (second,) = look_up(connection, NOON + 40 * SECOND)
        assert first.claimed_at == second.claimed_at == NOON
        assert not sent(connection, first, NOON)
        assert sent(connection, second, NOON)
        assert status(connection, "a") == "sent"

    await database.write(work)


async def test_what_is_given_back_was_not_tried(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        claims.release(connection, [claimed], NOON + SECOND)
        assert tuple(row(connection, "a"))[:2] == ("pending", NOON + SECOND)
        assert row(connection, "a").attempts == 0
        claims.release(connection, [claimed], NOON + LEASE)  # not mine any more
        assert row(connection, "a").due_at == NOON + SECOND

    await database.write(work)


# --- settling ---------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
async def test_what_failed_is_not_claimed_again(database: Database, outcome: str) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        assert settle(connection, claimed, outcome)
        assert claim(connection, NOON + timedelta(days=9)) == []
        assert look_up(connection, NOON + timedelta(days=9)) == []

    await database.write(work)


async def test_what_slack_puts_off_is_tried_again_when_it_said(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        assert settle(connection, claimed, "pending", NOON + 7 * SECOND)
        assert claim(connection, NOON + 6 * SECOND) == []
        (again,) = claim(connection, NOON + 7 * SECOND)
        assert (again.attempts, again.claimed_at) == (2, NOON + 7 * SECOND)

    await database.write(work)


async def test_what_is_parked_is_neither_sent_nor_looked_for(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        assert settle(connection, claimed, "unknown", None)
        much_later = NOON + timedelta(days=99)
        assert claims.expire_leases(connection, much_later) == 0
        assert claim(connection, much_later) == look_up(connection, much_later) == []

    await database.write(work)


async def test_what_was_deleted_from_slack_stands_nowhere(database: Database) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "a")
        outbox.request_update(connection, ["a"], NOON)
        (claimed,) = claim(connection)
        assert claims.settle_removed(connection, claimed, "forgotten", NOON)
        assert not claims.settle_removed(connection, claimed, "forgotten", NOON)
        where = select(Outbox.status, Outbox.channel, Outbox.ts, Outbox.reason)
        assert tuple(connection.execute(where).one()) == ("cancelled", None, None, "forgotten")

    await database.write(work)


# --- the last state wins ----------------------------------------------------------------------


async def test_a_touched_message_is_rewritten_where_it_stands(database: Database) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "a")
        assert outbox.request_update(connection, ["a", "nowhere"], NOON + SECOND).versions == {
            "a": 2
        }
        assert outbox.request_update(connection, ["a"], NOON + 9 * SECOND).versions == {"a": 3}
        assert claim(connection) == []
        (claimed,) = claim(connection, NOON + SECOND)  # several reasons, one update
        assert (claimed.version, claimed.channel, claimed.ts) == (3, "D1", "1.0")
        assert sent(connection, claimed, NOON)
        assert tuple(row(connection, "a")) == ("sent", NOON + SECOND, 3, 3, 0)

    await database.write(work)


async def test_what_still_waits_shows_the_newest_state_when_it_was_due_anyway(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a", due_at=NOON + SECOND)
        assert outbox.request_update(connection, ["a"], NOON).versions == {"a": 2}
        assert tuple(row(connection, "a"))[:2] == ("pending", NOON + SECOND)

    await database.write(work)


async def test_what_is_touched_in_flight_is_written_once_more(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        assert outbox.request_update(connection, ["a"], NOON + LEASE).versions == {"a": 2}
        assert status(connection, "a") == "claimed"
        assert sent(connection, claimed, NOON + SECOND)
        assert tuple(row(connection, "a")) == ("pending", NOON + SECOND, 2, 1, 0)
        (again,) = claim(connection, NOON + SECOND)
        assert again.updating

    await database.write(work)


@pytest.mark.parametrize("told", [True, False])
async def test_what_is_touched_while_its_post_is_unknown_is_rewritten_once_found(
    database: Database, told: bool
) -> None:
    """Whether the caller learnt of the lost answer, or died: what was found shows an old state."""

    def work(connection: Connection) -> None:
        if told:
            lost(connection, "a")
        else:
            enqueue(connection, "a")
            claim(connection)
            outbox.request_update(connection, ["a"], NOON)
            claims.expire_leases(connection, NOON + LEASE)
        outbox.request_update(connection, ["a"], NOON)
        (found,) = look_up(connection, NOON + LEASE)
        assert found.version == 1
        assert sent(connection, found, NOON)
        assert status(connection, "a") == "pending"
        (again,) = claim(connection)
        assert again.updating
        assert again.version == (2 if told else 3)

    await database.write(work)


async def test_what_was_found_and_not_touched_is_left_alone(database: Database) -> None:
    def work(connection: Connection) -> None:
        lost(connection, "a")
        (found,) = look_up(connection, NOON + LEASE)
        assert sent(connection, found, NOON)
        assert tuple(row(connection, "a")) == ("sent", NOON, 1, 1, 0)

    await database.write(work)


async def test_a_failed_message_is_tried_again_when_there_is_news(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        settle(connection, claimed, "failed")
        outbox.request_update(connection, ["a"], NOON + SECOND)
        assert tuple(row(connection, "a"))[:2] == ("pending", NOON + SECOND)

    await database.write(work)


async def test_a_cancelled_message_stays_cancelled(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a")
        (claimed,) = claim(connection)
        settle(connection, claimed, "cancelled")
        assert outbox.request_update(connection, ["a"], NOON).versions == {}
        assert status(connection, "a") == "cancelled"

    await database.write(work)


async def test_moments_keep_their_instant_whatever_zone_they_come_in(database: Database) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "a")
        tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
        outbox.request_update(connection, ["a"], tokyo + SECOND)
        assert row(connection, "a").due_at == NOON + SECOND
        (claimed,) = claim(connection, tokyo + SECOND)
        outbox.request_update(connection, ["a"], NOON)
        sent(connection, claimed, tokyo + 2 * SECOND)
        assert row(connection, "a").due_at == NOON + 2 * SECOND
        enqueue(connection, "b")
        claim(connection)
        claims.expire_leases(connection, tokyo + LEASE)
        (found,) = look_up(connection, NOON + LEASE)
        assert found.claimed_at == NOON

    await database.write(work)


# --- what was rewritten directly --------------------------------------------------------------


async def test_a_direct_rewriting_spares_the_dispatchers(database: Database) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "a")
        versions = outbox.request_update(connection, ["a"], NOON).versions
        outbox.mark_delivered(connection, [("a", versions["a"])], NOON)
        assert tuple(row(connection, "a"))[2:] == (2, 2, 0)
        assert claim(connection) == []

    await database.write(work)


async def test_a_direct_rewriting_does_not_hide_news(database: Database) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "a")
        outbox.request_update(connection, ["a"], NOON)
        outbox.request_update(connection, ["a"], NOON)
        outbox.mark_delivered(connection, [("a", 2)], NOON)
        assert [one.updating for one in claim(connection)] == [True]

    await database.write(work)


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
async def test_a_late_rewriting_that_may_stand_above_a_newer_one_is_written_over(
    database: Database, order: tuple[int, int]
) -> None:
    """Two direct rewritings overtook each other, and nobody knows which one Slack shows."""

    def work(connection: Connection) -> None:
        posted(connection, "a")
        outbox.request_update(connection, ["a"], NOON)
        outbox.request_update(connection, ["a"], NOON)
        for version in order:
            outbox.mark_delivered(connection, [("a", version)], NOON)
        (claimed,) = claim(connection)
        assert sent(connection, claimed, NOON)
        assert claim(connection) == []

    await database.write(work)


async def test_a_rewriting_that_the_dispatcher_has_in_hand_is_left_to_it(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "a")
        outbox.request_update(connection, ["a"], NOON)
        (claimed,) = claim(connection)
        outbox.mark_delivered(connection, [("a", 2)], NOON)
        assert status(connection, "a") == "claimed"
        assert sent(connection, claimed, NOON)
        assert status(connection, "a") == "sent"

    await database.write(work)


# --- paused, cancelled ---------------------------------------------------------------------


async def test_nothing_new_of_a_paused_survey_is_claimed(database: Database) -> None:
    def work(connection: Connection) -> None:
        posted(connection, "clicked")
        outbox.request_update(connection, ["clicked"], NOON)
        enqueue(connection, "prompt")
        outbox.add(
            connection,
            [
                NewMessage("other survey", "prompt", 2, NOON, "employee"),
                NewMessage("alert", "alert", 0, NOON, "customer"),
                NewMessage("no survey", "notice", 0, NOON),
            ],
        )
        claimed = keys(connection, claim(connection, paused=["customer"]))
        assert sorted(claimed) == ["alert", "clicked", "no survey", "other survey"]
        assert keys(connection, claim(connection)) == ["prompt"]

    await database.write(work)


async def test_what_a_wave_has_not_sent_is_cancelled_in_batches(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave, other = world.wave(NOON, {}), world.wave(NOON + SECOND * 60, {})
        for number in range(3):
            world.message("prompt", "pending", wave, dedupe_key=f"p{number}")
        world.message("reprompt", "pending", wave, dedupe_key="again")
        world.message("prompt", "pending", other, dedupe_key="other")
        world.message("prompt", "pending", wave, dedupe_key="rewritten", ts="1.0")
        world.message("prompt", "claimed", wave, dedupe_key="in flight")
        world.message("prompt", "unknown", wave, dedupe_key="unknown")
        world.message("summary", "pending", wave, dedupe_key="summary")

        def cancel() -> int:
            return outbox.cancel_wave(connection, "closed", wave_id=wave, limit=3)

        assert [cancel(), cancel(), cancel()] == [3, 1, 0]
        left = connection.execute(
            select(Outbox.dedupe_key).where(Outbox.status != "cancelled")
        ).scalars()
        assert set(left) == {"other", "rewritten", "in flight", "unknown", "summary"}

    await database.write(work)


# --- speed ------------------------------------------------------------------------------------


@contextmanager
def recorded(connection: Connection) -> Iterator[list[tuple[str, object]]]:
    """Note the statements of the block as the driver gets them."""
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        seen.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


def plans(connection: Connection, statements: list[tuple[str, object]]) -> str:
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(
        str(step)
        for statement, values in statements
        for step in connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]  # as the driver got them
    )


SETTLED = """
INSERT INTO outbox (id, dedupe_key, kind, priority, status, due_at, version, delivered_version,
  attempts, ts)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
SELECT 'm' || n, 'm' || n, 'prompt', 2, 'sent', '2026-01-01 00:00:00.000000', 1, 1, 0, '1.0'
FROM numbers
"""


async def test_settled_messages_slow_no_claim_down(database_url: str) -> None:
    """With 100,000 settled messages, each look at what waits reads an index of what waits."""
    engine = writer_engine(engine_url(database_url), 60)
    with engine.begin() as connection:
        connection.exec_driver_sql(SETTLED)
        lost(connection, "unknown")
        enqueue(connection, "waiting")
        connection.execute(text("ANALYZE"))
    with engine.begin() as connection, recorded(connection) as statements:
        claims.expire_leases(connection, NOON)
        claims.claim(connection, ALL, NOON, NOON, ["customer"])
        claims.claim(connection, ALL, NOON, NOON)
        claims.claim(connection, replace(ALL, updating=True), NOON, NOON)
        claims.claim_lookups(connection, NOON + LEASE, NOON, 8)
    with engine.begin() as connection:
        found = plans(connection, statements)
    assert found.count("ix_outbox_waiting") + found.count("ix_outbox_rewriting") == 3
    assert found.count("ix_outbox_leased") == 2
    assert "SCAN outbox" not in found  # SQLite's word for reading everything
    assert "Seq Scan" not in found
