"""Replies are stored with their questions, edited and emptied."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, select

from nps_bot.answering import follow_ups, opt_out
from nps_bot.answering.follow_ups import Details
from nps_bot.asking import launching
from nps_bot.cases.outgoing import alert_key
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Answer, Invitation, Response, Wave
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import BandPlan, FollowUp
from tests.factories import NOON, PLAIN_WORDING
from tests.helpers.answering import asked_ada, click
from tests.helpers.asking import SURVEYS, TOM, carry, message

HOUR = timedelta(hours=1)


def stored(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return the questions and replies by key."""
    rows = connection.execute(select(Answer.question_key, Answer.question, Answer.text))
    return {row.question_key: (row.question, row.text) for row in rows}


async def test_replies_are_edited_emptied_and_kept_with_their_question(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)

        def send(**typed: str) -> None:
            assert follow_ups.save_replies(connection, invitation, "UADA", typed, NOON) is None

        send(reason="  Cold.\x00 ", unknown="?")
        assert stored(connection) == {"reason": ("Why?", "Cold.")}
        send(reason="Cold and late.")
        assert stored(connection) == {"reason": ("Why?", "Cold and late.")}
        shown = follow_ups.details(connection, invitation, "UADA", NOON)
        assert isinstance(shown, Details)
        assert (shown.score, shown.correctable) == (3, True)
        assert shown.replies == {"reason": "Cold and late."}
        send(reason=" ")
        assert stored(connection) == {}

    await database.write(work)


async def test_a_changed_file_leaves_old_replies_with_the_question_they_answered(
    database: Database,
) -> None:
    """The old wave asks its old questions still; only a new wave asks the new ones."""
    plan = BandPlan((FollowUp("fix", "What should we fix?"),), "Thanks")
    wording = replace(PLAIN_WORDING, reason="What made you say so?", detractor=plan)
    changed = {"customer": replace(SURVEYS["customer"], wording=wording)}

    def work(connection: Connection) -> None:
        first = asked_ada(connection)
        click(connection, first, 3)
        launching.see_surveys(connection, changed, NOON)
        typed = {"reason": "Cold.", "fix": "The heating."}
        follow_ups.save_replies(connection, first, "UADA", typed, NOON)
        assert stored(connection) == {"reason": ("Why?", "Cold.")}
        how = launching.ByHand("2026-11-24T13:00")
        second = launching.start_by_hand(connection, changed["customer"], how, NOON) or 0
        page = launching.Page(None, (TOM,), None)
        launching.add_page(connection, changed["customer"], second, page, NOON)
        (invitation,) = connection.scalars(
            select(Invitation.id).where(Invitation.wave_id == second)
        )
        click(connection, invitation, 3, person="UTOM")
        follow_ups.save_replies(connection, invitation, "UTOM", typed, NOON)
        texts = select(Answer.question, Answer.text).order_by(Answer.id)
        assert [tuple(row) for row in connection.execute(texts)] == [
            ("Why?", "Cold."),
            ("What made you say so?", "Cold."),
            ("What should we fix?", "The heating."),
        ]
        (old, new) = connection.scalars(select(Wave.wording_id).order_by(Wave.id))
        assert survey_store.load_wording(connection, old) == PLAIN_WORDING
        assert survey_store.load_wording(connection, new) == wording

    await database.write(work)


async def test_replies_grow_the_alert_and_a_wish_for_peace_stands_in_it(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        carry(connection, NOON + UPDATE_DELAY)
        alert = alert_key(invitation)
        assert message(connection, alert).status == "sent"
        follow_ups.save_replies(connection, invitation, "UADA", {"reason": "Cold."}, NOON)
        assert message(connection, alert).status == "pending"
        carry(connection, NOON + HOUR)
        assert opt_out.ask_no_contact(connection, invitation, "UADA", NOON) is None
        assert list(connection.scalars(select(Response.no_contact_at))) == [NOON]
        assert message(connection, alert).status == "pending"

    await database.write(work)
