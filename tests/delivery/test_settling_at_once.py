"""What became of several messages is recorded together, and a summary keeps its pace."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from nps_bot.app.kinds import KINDS
from nps_bot.asking.rules.message_types import PROMPT
from nps_bot.delivery.claim import Delivery
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.delivery.rules import settle as decide
from nps_bot.delivery.settle import settle_all
from nps_bot.delivery.store import outbox
from nps_bot.figures.outgoing import summary_key
from nps_bot.slack.calls import Accepted, Outcome, RateLimited, Refused
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox
from tests.factories import NOON
from tests.helpers.asking import ADA, KENJI, TOM, ask, carry, claimed, settle

SECOND = timedelta(seconds=1)


def claim_prompts(connection: Connection) -> list[Delivery]:
    """Ask three people twice; returns the six prompts, which are in flight."""
    ask(connection, ADA, KENJI, TOM, at_once=True)
    ask(connection, ADA, KENJI, TOM, at_once=True, now=NOON + timedelta(minutes=1))
    return [one for one in claimed(connection, NOON + timedelta(minutes=5)) if _asks(one)]


def _asks(delivery: Delivery) -> bool:
    return delivery.message.kind == PROMPT.name


def statuses(connection: Connection) -> dict[str, str]:
    """Return the status of each message by its id."""
    rows = connection.execute(select(Outbox.id, Outbox.status))
    return {row.id: row.status for row in rows}


def asked_at(connection: Connection, deliveries: list[Delivery]) -> list[datetime | None]:
    """Return when the people of these prompts were asked."""
    times = dict(row for row in connection.execute(select(Invitation.id, Invitation.asked_at)))
    return [times.get(one.message.invitation_id or "") for one in deliveries]


def settle_at_once(
    connection: Connection, outcomes: list[tuple[Delivery, Outcome]], now: datetime
) -> list[bool]:
    """Settle deliveries that end at the same time."""
    ended = [
        (delivery.message, decide(outcome, updating=False, attempts=1, now=now))
        for delivery, outcome in outcomes
    ]
    return settle_all(connection, KINDS, ended, now)


async def test_each_message_gets_its_own_end(database: Database) -> None:
    deliveries = await database.write(claim_prompts)
    first, second, third, fourth, *_ = deliveries
    now = NOON + timedelta(minutes=6)
    ends = await database.write(
        settle_at_once,
        [
            (first, Accepted("D1", "1.0")),
            (second, RateLimited(30)),
            (third, Accepted("D3", "3.0")),
            (fourth, Refused("no")),
        ],
        now,
    )
    assert ends == [True, True, True, True]
    after = await database.read(statuses)
    found = [after[one.message.id] for one in (first, second, third, fourth)]
    assert found == ["sent", "pending", "sent", "failed"]
    assert await database.read(asked_at, deliveries[:4]) == [now, None, now, None]


async def test_a_lost_lease_costs_the_others_nothing(database: Database) -> None:
    deliveries = await database.write(claim_prompts)
    first, second, third, *_ = deliveries
    now = NOON + timedelta(minutes=6)
    accepted = decide(Accepted("D2", "2.0"), updating=False, attempts=1, now=now)
    assert await database.write(settle, second.message, accepted, now)

    late = now + SECOND
    ends = await database.write(
        settle_at_once,
        [(one, Accepted("D9", "9.0")) for one in (first, second, third)],
        late,
    )
    assert ends == [True, False, True]
    assert await database.read(asked_at, deliveries[:3]) == [late, now, late]


async def test_a_summary_is_rewritten_no_more_often_than_it_settles(database: Database) -> None:
    """Though every prompt that leaves is one more reason to."""

    def work(connection: Connection) -> None:
        ask(connection, ADA)
        carry(connection)
        (summary,) = claimed(connection, NOON + UPDATE_DELAY)  # it counts the prompt
        outbox.request_update(connection, [summary_key(1)], NOON + UPDATE_DELAY)  # on its way
        now = NOON + UPDATE_DELAY + SECOND
        accepted = decide(Accepted("C1", "1.0"), updating=True, attempts=1, now=now)
        assert settle(connection, summary.message, accepted, now)
        assert claimed(connection, now + UPDATE_DELAY - SECOND) == []
        (again,) = claimed(connection, now + UPDATE_DELAY)
        assert again.message.id == summary.message.id

    await database.write(work)
