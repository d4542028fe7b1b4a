"""A deleted answer leaves no trace."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, func, select

from nps_bot.answering import deletion, follow_ups
from nps_bot.answering.rules import Refusal
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Answer, Response, ScoreChange
from tests.factories import NOON
from tests.helpers.answering import asked_ada, click

HOUR = timedelta(hours=1)


async def test_a_deleted_answer_leaves_no_trace_in_the_sums(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        click(connection, invitation, 2, NOON + HOUR)
        follow_ups.save_replies(connection, invitation, "UADA", {"reason": "Cold."}, NOON)
        assert deletion.delete_answer(connection, invitation, "UADA", NOON + HOUR) is None
        for table in (Response, ScoreChange, Answer):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
        again = deletion.delete_answer(connection, invitation, "UADA", NOON + HOUR)
        assert again is Refusal.UNANSWERED

    await database.write(work)


async def test_a_click_before_the_deletion_that_arrives_after_it_changes_nothing(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        deletion.delete_answer(connection, invitation, "UADA", NOON + HOUR)
        late = click(connection, invitation, 9, NOON + 2 * HOUR, at=NOON + HOUR / 2)
        assert late is Refusal.GONE
        assert connection.scalar(select(func.count()).select_from(Response)) == 0

    await database.write(work)
