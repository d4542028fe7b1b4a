"""Nobody acts on what is not theirs, is not there, or has closed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, update

from nps_bot.answering import deletion, follow_ups, opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.answering.snooze import snooze
from nps_bot.asking import launching
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation
from tests.factories import NOON
from tests.helpers.answering import asked_ada, click, everything
from tests.helpers.asking import SURVEYS

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_nothing_is_recorded_for_others_after_closing_or_of_forged_ids(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        before = everything(connection)
        assert click(connection, invitation, 9, person="UTOM") is Refusal.SOMEBODY_ELSE
        assert click(connection, "0" * 32, 9) is Refusal.GONE
        assert click(connection, invitation, 9, NOON + 7 * DAY) is Refusal.CLOSED
        forged = Click(invitation, "UADA", 9, 1)
        assert record_score(connection, {}, forged, NOON) is Refusal.CLOSED
        assert everything(connection) == before

    await database.write(work)


async def test_nothing_else_can_be_done_by_others_or_with_forged_ids(database: Database) -> None:
    def attempts(connection: Connection, invitation: str, person: str) -> list[object]:
        return [
            follow_ups.details(connection, invitation, person, NOON),
            opt_out.wording_of(connection, invitation, person),
            follow_ups.save_replies(connection, invitation, person, {"reason": "!"}, NOON),
            snooze(connection, SURVEYS, invitation, person, NOON),
            opt_out.stop(connection, invitation, person, Scope.ALL, NOON),
            opt_out.ask_no_contact(connection, invitation, person, NOON),
            deletion.delete_answer(connection, invitation, person, NOON),
        ]

    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        before = everything(connection)
        assert attempts(connection, invitation, "UTOM") == [Refusal.SOMEBODY_ELSE] * 7
        assert attempts(connection, "0" * 32, "UADA") == [Refusal.GONE] * 7
        connection.execute(update(Invitation).values(person_id=None))
        assert attempts(connection, invitation, "UADA") == [Refusal.GONE] * 7
        connection.execute(update(Invitation).values(person_id="UADA"))
        assert everything(connection) == before

    await database.write(work)


async def test_there_is_nothing_to_add_to_before_the_score(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        assert [
            follow_ups.details(connection, invitation, "UADA", NOON),
            follow_ups.save_replies(connection, invitation, "UADA", {"reason": "!"}, NOON),
            opt_out.ask_no_contact(connection, invitation, "UADA", NOON),
            deletion.delete_answer(connection, invitation, "UADA", NOON),
        ] == [Refusal.UNANSWERED] * 4

    await database.write(work)


async def test_a_closed_wave_takes_no_replies(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        late = NOON + 7 * DAY
        typed = {"reason": "Cold."}
        replies = follow_ups.save_replies(connection, invitation, "UADA", typed, late)
        assert replies is Refusal.CLOSED
        assert follow_ups.details(connection, invitation, "UADA", late) is Refusal.CLOSED
        launching.close_due(connection, {}, NOON)
        assert click(connection, invitation, 9, NOON + HOUR) is Refusal.CLOSED

    await database.write(work)
