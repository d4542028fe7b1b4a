"""A question is put off once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from nps_bot.answering.rules import Refusal
from nps_bot.answering.snooze import snooze
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Outbox
from tests.factories import NOON
from tests.helpers.answering import asked_ada, click
from tests.helpers.asking import SURVEYS

DAY = timedelta(days=1)


async def test_put_off_once_it_is_asked_once_more_at_a_civil_hour(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        evening = datetime(2026, 11, 24, 20, tzinfo=UTC)
        until = snooze(connection, SURVEYS, invitation, "UADA", evening)
        assert until == datetime(2026, 11, 28, 9, tzinfo=UTC)
        again = snooze(connection, SURVEYS, invitation, "UADA", evening)
        assert again is Refusal.SNOOZED
        found = select(func.count()).where(Outbox.kind == "reprompt")
        assert connection.scalar(found) == 1

    await database.write(work)


async def test_what_would_come_after_closing_or_an_answer_is_not_put_off(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        late = NOON + 4 * DAY
        put_off = snooze(connection, SURVEYS, invitation, "UADA", late)
        assert put_off is Refusal.CLOSES_BEFORE
        click(connection, invitation, 3)
        put_off = snooze(connection, SURVEYS, invitation, "UADA", NOON)
        assert put_off is Refusal.ANSWERED

    await database.write(work)
