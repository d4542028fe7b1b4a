"""Forgetting a person: nothing of them is left but that they are not to be asked, and the sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, String, cast, func, or_, select, update

from nps_bot.answering import follow_ups
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.app.kinds import KINDS
from nps_bot.asking import approving, launching
from nps_bot.asking.launching import Page
from nps_bot.asking.outgoing import prompt_key
from nps_bot.asking.rules.approval import Decision
from nps_bot.asking.store import wave_heads, waves
from nps_bot.cases.messages import AlertContent
from nps_bot.cases.outgoing import alert_key, update_alert
from nps_bot.delivery.claim import claim_lookups
from nps_bot.delivery.destinations import DirectMessage
from nps_bot.delivery.kinds import Remove
from nps_bot.delivery.notices import Notice, enqueue_notice
from nps_bot.delivery.rules import LEASE, UPDATE_DELAY, Settlement, Status, after_lookup
from nps_bot.delivery.settle import settle_removed
from nps_bot.figures.outgoing import ReportShare, enqueue_shared_report
from nps_bot.people import forgetting
from nps_bot.people import store as people
from nps_bot.people.events import Forgotten
from nps_bot.people.store import AccountRow
from nps_bot.slack.calls import Accepted, NotThere, Outcome, RateLimited, Unknown
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Answer, Base, Outbox, Response, ScoreChange, Wave
from tests.factories import NOON
from tests.helpers.asking import SURVEYS, TOM, ask, carry, claimed, message, settle, settled

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOON + HOUR

MORI = Member("UMORI", "Mori", "Europe/London")
"""A name that no random id (hexadecimal digits) can hold by chance."""


def answered(connection: Connection) -> dict[str, str]:
    """Ask Mori and Tom; both are unhappy, say why, and Mori changes her mind once."""
    invitations = ask(connection, MORI, TOM)
    carry(connection)
    people.save_accounts(connection, [AccountRow(MORI, "Mori Hotels", "UTOM", {})], NOON)
    people.save_dm_channel(connection, "UMORI", "DMORI")
    for stamp, person, score in ((1, "UMORI", 2), (2, "UTOM", 4), (3, "UMORI", 3)):
        click = Click(invitations[person], person, score, stamp)
        record_score(connection, SURVEYS, click, NOON)
    for person, invitation in invitations.items():
        typed = {"reason": f"{person} finds it cold."}
        follow_ups.save_replies(connection, invitation, person, typed, NOON)
    carry(connection, NOON + UPDATE_DELAY)
    return invitations


def traces(connection: Connection, *words: str) -> dict[str, int]:
    """Return in which tables any of ``words`` still stands, and in how many rows."""
    found = {}
    for table in Base.metadata.sorted_tables:
        hits = or_(*(cast(column, String).contains(word) for column in table.c for word in words))
        rows = connection.execute(select(func.count()).select_from(table).where(hits)).scalar_one()
        if rows:
            found[table.name] = rows
    return found


async def test_nothing_is_left_of_a_person_but_that_they_are_not_to_be_asked(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        answered(connection)
        assert len(traces(connection, "UMORI", "Mori")) >= 4
        assert forgetting.forget(connection, "UMORI", LATER) == Forgotten(1, 2)
        assert traces(connection, "UMORI", "Mori") == {"opt_outs": 1}
        assert people.opt_outs_of(connection, "UMORI") == [people.ALL_SURVEYS]
        assert list(connection.scalars(select(Answer.text))) == ["UTOM finds it cold."]
        assert connection.scalar(select(func.count()).select_from(ScoreChange)) == 0

    await database.write(work)


async def test_the_sums_stay_what_they_were(database: Database) -> None:
    def work(connection: Connection) -> None:
        answered(connection)
        (wave_id,) = connection.scalars(select(Wave.id))
        before = wave_heads.wave_tallies(connection, [wave_id])
        assert before[wave_id].scores == {3: 1, 4: 1}
        forgetting.forget(connection, "UMORI", LATER)
        assert wave_heads.wave_tallies(connection, [wave_id]) == before

    await database.write(work)


async def test_forgetting_twice_is_forgetting_once(database: Database) -> None:
    def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
        tables = [table for table in Base.metadata.sorted_tables if table.name != "opt_outs"]
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in tables
        }

    def work(connection: Connection) -> None:
        answered(connection)
        forgetting.forget(connection, "UMORI", LATER)
        before = everything(connection)
        assert forgetting.forget(connection, "UMORI", LATER + HOUR) == Forgotten(0, 0)
        assert everything(connection) == before

    await database.write(work)


async def test_who_was_never_stored_can_be_forgotten_and_is_not_asked(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        assert forgetting.forget(connection, "UMORI", NOON) == Forgotten(0, 0)
        assert list(ask(connection, MORI, TOM)) == ["UTOM"]

    await database.write(work)


async def test_messages_are_deleted_and_the_alert_loses_name_and_words(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitations = answered(connection)
        forgetting.forget(connection, "UMORI", LATER)
        contents = {one.message.kind: one.content for one in claimed(connection, LATER)}
        assert contents.keys() == {"prompt", "alert"}
        assert contents["prompt"] == Remove()
        assert isinstance(contents["alert"], AlertContent)
        alert = contents["alert"].alert
        assert alert is not None
        assert (alert.person_id, alert.person_name, alert.account, alert.replies) == (
            None,
            None,
            None,
            (),
        )
        assert (alert.first_score, alert.score, alert.earlier) == (3, 3, ())
        assert message(connection, alert_key(invitations["UTOM"])).status == "sent"

    await database.write(work)


async def test_unsent_messages_are_cancelled(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitations = ask(connection, MORI, TOM)
        assert forgetting.forget(connection, "UMORI", LATER) == Forgotten(1, 0)
        unsent = message(connection, prompt_key(invitations["UMORI"]))
        assert (unsent.status, unsent.reason) == ("cancelled", "the person asked to be forgotten")
        assert message(connection, prompt_key(invitations["UTOM"])).status == "pending"

    await database.write(work)


async def test_messages_of_a_paused_survey_are_cancelled_too(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, MORI)["UMORI"]
        launching.pause(connection, "customer", "UPRIYA", NOON)
        forgetting.forget(connection, "UMORI", LATER)
        launching.resume(connection, "customer")
        assert message(connection, prompt_key(invitation)).status == "cancelled"

    await database.write(work)


async def test_a_message_in_flight_is_deleted_as_soon_as_it_arrived(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, MORI)
        (prompt,) = (one for one in claimed(connection) if one.message.kind == "prompt")
        assert forgetting.forget(connection, "UMORI", NOON) == Forgotten(1, 1)
        sent = Settlement(Status.SENT, channel="DMORI", ts="1.0")
        assert settle(connection, prompt.message, sent, NOON)
        (removal,) = (one for one in claimed(connection, NOON) if one.message.kind == "prompt")
        assert removal.content == Remove()

    await database.write(work)


async def test_an_update_in_flight_is_written_over_when_it_is_through(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = answered(connection)["UMORI"]
        update_alert(connection, invitation, NOON)
        (growing,) = (one for one in claimed(connection) if one.message.kind == "alert")
        forgetting.forget(connection, "UMORI", NOON)
        assert [one.message.kind for one in claimed(connection)] == ["prompt"]
        sent = Settlement(Status.SENT, channel="C1", ts="1.0")
        assert settle(connection, growing.message, sent, NOON)
        (emptied,) = (one.content for one in claimed(connection))
        assert isinstance(emptied, AlertContent)
        assert emptied.alert is not None
        assert emptied.alert.person_id is None

    await database.write(work)


@pytest.mark.parametrize("parked", [True, False])
async def test_a_message_of_unknown_outcome_is_looked_for_and_deleted(
    database: Database, parked: bool
) -> None:
    """Its channel is kept with it, because the profile that knew it is gone."""

    def work(connection: Connection) -> None:
        invitation = ask(connection, MORI)["UMORI"]
        people.save_dm_channel(connection, "UMORI", "DMORI")
        (prompt,) = (one for one in claimed(connection) if one.message.kind == "prompt")
        assert settled(connection, prompt, Unknown("no answer"), NOON)
        if parked:
            nowhere = update(Outbox).where(Outbox.status == "unknown").values(lease_until=None)
            connection.execute(nowhere)
        assert forgetting.forget(connection, "UMORI", LATER) == Forgotten(1, 1)
        (search,) = claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=LATER)
        assert search.destination == DirectMessage("", "DMORI")
        found = Settlement(Status.SENT, channel="DMORI", ts="1.0")
        assert settle(connection, search.message, found, LATER)
        (removal,) = (one for one in claimed(connection, LATER) if one.message.kind == "prompt")
        assert (removal.content, removal.message.ts) == (Remove(), "1.0")
        assert settle_removed(connection, removal.message, LATER)
        assert message(connection, prompt_key(invitation)).status == "cancelled"

    await database.write(work)


async def test_a_message_that_never_arrived_is_not_sent_to_somebody_forgotten(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, MORI)["UMORI"]
        claimed(connection)
        claimed(connection, NOON + LEASE)
        forgetting.forget(connection, "UMORI", NOON + LEASE)
        searches = claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=LATER)
        (search,) = (one for one in searches if one.message.kind == "prompt")
        outcome = after_lookup(NotThere(), claimed_at=NOON, now=LATER)
        assert settle(connection, search.message, outcome, LATER)
        assert "prompt" not in [one.message.kind for one in claimed(connection, LATER)]
        assert message(connection, prompt_key(invitation)).status == "cancelled"

    await database.write(work)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
async def test_a_message_whose_rewriting_failed_is_deleted_all_the_same(
    database: Database, status: str
) -> None:
    def work(connection: Connection) -> None:
        answered(connection)
        connection.execute(update(Outbox).values(status=status))
        assert forgetting.forget(connection, "UMORI", LATER) == Forgotten(1, 2)
        assert sorted(one.message.kind for one in claimed(connection, LATER)) == ["alert", "prompt"]

    await database.write(work)


def share(connection: Connection) -> None:
    """Mori presses *Share* below one report."""
    sharing = ReportShare("UMORI", "C7", None, "pressed")
    enqueue_shared_report(connection, "customer", sharing, NOON)


async def test_a_report_somebody_shared_is_not_rewritten(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, MORI)
        share(connection)
        carry(connection)
        assert forgetting.forget(connection, "UMORI", LATER) == Forgotten(1, 1)
        assert {one.message.kind for one in claimed(connection, LATER)} == {"prompt", "summary"}
        assert traces(connection, "UMORI") == {"opt_outs": 1}

    await database.write(work)


async def test_a_report_that_waits_to_be_shared_is_not_shared(database: Database) -> None:
    def work(connection: Connection) -> None:
        share(connection)
        forgetting.forget(connection, "UMORI", LATER)
        assert claimed(connection, LATER) == []
        assert traces(connection, "UMORI") == {"opt_outs": 1}
        share(connection)  # Slack repeats the click
        assert claimed(connection, LATER) == []

    await database.write(work)


@pytest.mark.parametrize("outcome", [Accepted("C7", "1.0"), RateLimited(1), Unknown("no answer")])
@pytest.mark.parametrize("first", ["settled", "forgotten"])
async def test_a_report_under_way_is_not_shared_again(
    database: Database, outcome: Outcome, first: str
) -> None:
    """Slack may have it or not: nobody carries it, looks for it or names them any more."""

    def work(connection: Connection) -> None:
        share(connection)
        (sharing,) = claimed(connection)
        if first == "settled":
            assert settled(connection, sharing, outcome, NOON)
        forgetting.forget(connection, "UMORI", NOON)
        if first == "forgotten":
            assert not settled(connection, sharing, outcome, NOON)
        assert traces(connection, "UMORI") == {"opt_outs": 1}
        assert claimed(connection, LATER) == []
        assert claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=LATER) == []

    await database.write(work)


@pytest.mark.parametrize("carried", [True, False])
async def test_what_an_owner_was_told_or_was_to_be_told_goes_too(
    database: Database, carried: bool
) -> None:
    def work(connection: Connection) -> None:
        for owner in ("UMORI", "UTOM"):
            notice = Notice("outsiders", owner, "Outsiders read #nps-alerts.")
            enqueue_notice(connection, "customer", notice, NOON)
        if carried:
            carry(connection)
        forgetting.forget(connection, "UMORI", LATER)
        assert traces(connection, "UMORI") == {"opt_outs": 1}
        assert traces(connection, "UTOM") == {"outbox": 1}
        assert len(claimed(connection, LATER)) == (0 if carried else 1)

    await database.write(work)


async def test_a_request_that_a_forgotten_owner_was_asked_about_stops_nobody(
    database: Database,
) -> None:
    """Their message stands in Slack and is due to be rewritten: nobody knows any more what of."""
    asking = {"customer": replace(SURVEYS["customer"], owners=("UMORI", "UTOM"))}

    def work(connection: Connection) -> None:
        request = approving.ask(
            connection, asking["customer"], "2026-11-24T12:00", 80, "UMEI", NOON
        )
        carry(connection, surveys=asking)
        declined = Decision("UTOM", owner=True, yes=False)
        approving.decide(connection, asking["customer"], request.approval.id, declined, LATER)
        forgetting.forget(connection, "UMORI", LATER)
        told = [one.message.person_id for one in carry(connection, LATER, surveys=asking)]
        assert sorted(one or "" for one in told) == ["UMEI", "UTOM"]
        assert traces(connection, "UMORI").keys() == {"opt_outs", "approvals"}

    await database.write(work)


async def test_the_next_wave_neither_asks_nor_stores_them(database: Database) -> None:
    def work(connection: Connection) -> None:
        answered(connection)
        forgetting.forget(connection, "UMORI", LATER)
        for key in SURVEYS:
            assert list(ask(connection, MORI, TOM, now=NOON + 30 * DAY, key=key)) == ["UTOM"]
        assert traces(connection, "UMORI", "Mori") == {"opt_outs": 1}

    await database.write(work)


async def test_a_wave_for_somebody_forgotten_does_not_ask_everybody(database: Database) -> None:
    """They were the only ones it asked, and nobody has read yet whom it asks."""

    def work(connection: Connection) -> None:
        launching.see_surveys(connection, SURVEYS, NOON)
        how = launching.ByHand("2026-11-24T12:00", only_person="UMORI")
        wave_id = launching.start_by_hand(connection, SURVEYS["customer"], how, NOON)
        assert wave_id is not None
        forgetting.forget(connection, "UMORI", NOON)
        assert launching.resolving(connection) == []
        page = Page(None, (MORI, TOM), None)
        assert not launching.add_page(connection, SURVEYS["customer"], wave_id, page, NOON)
        assert waves.lock(connection, wave_id).only_person is not None

    await database.write(work)


async def test_a_forgotten_question_cannot_be_answered(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = answered(connection)["UMORI"]
        forgetting.forget(connection, "UMORI", LATER)
        before = connection.execute(select(Response.score).order_by(Response.score)).all()
        for person in ("UMORI", "UTOM"):
            click = Click(invitation, person, 10, 9)
            assert record_score(connection, SURVEYS, click, LATER) is Refusal.GONE
            replies = follow_ups.save_replies(
                connection, invitation, person, {"reason": "!"}, LATER
            )
            assert replies is Refusal.GONE
        assert connection.execute(select(Response.score).order_by(Response.score)).all() == before

    await database.write(work)


async def test_alerts_do_not_count_them_among_earlier_scores(database: Database) -> None:
    """Somebody else's alert, or a new one about a namesake, links nothing to them."""

    def work(connection: Connection) -> None:
        answered(connection)
        forgetting.forget(connection, "UMORI", LATER)
        namesake = replace(MORI, id="UMORI2")
        invitation = ask(connection, namesake, now=NOON + 8 * DAY)["UMORI2"]
        click = Click(invitation, "UMORI2", 1, 10)
        record_score(connection, SURVEYS, click, NOON + 8 * DAY)
        alerts = [
            one.content
            for one in claimed(connection, NOON + 8 * DAY)
            if isinstance(one.content, AlertContent)
        ]
        earlier = [one.alert.earlier for one in alerts if one.alert and one.alert.person_id]
        assert earlier == [()]

    await database.write(work)
