"""What a respondent does: whatever arrives twice, late or forged is harmless."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from nps_bot.answering import deletion, follow_ups, opt_out
from nps_bot.answering.follow_ups import Details
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app import open_database
from nps_bot.asking import launching
from nps_bot.asking.outgoing import prompt_key
from nps_bot.cases import store as cases
from nps_bot.cases.outgoing import alert_key
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.nps.bands import Band
from nps_bot.people import store as people
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Answer, Base, Invitation, Outbox, Response, ScoreChange, Wave
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import BandPlan, FollowUp
from tests.helpers.asking import ADA, SURVEYS, TOM, ask, carry, claimed, message
from tests.helpers.database_world import NOON, WORDING

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stamp(now: datetime) -> int:
    """Return a moment as Slack stamps clicks, in microseconds."""
    return int(now.timestamp() * 1_000_000)


def click(
    connection: Connection,
    invitation: str,
    score: int,
    now: datetime = NOON,
    *,
    person: str = "UADA",
    at: datetime | None = None,
) -> Recorded | Refusal:
    """Click a score; ``at`` is Slack's time of the click where it arrives late."""
    clicked = Click(invitation, person, score, stamp(at or now))
    return record_score(connection, SURVEYS, clicked, now)


def asked_ada(connection: Connection) -> str:
    """Ask Ada; returns her invitation."""
    invitation = ask(connection, ADA)["UADA"]
    carry(connection)
    return invitation


def given(connection: Connection) -> tuple[int, int, datetime | None]:
    """Return the official score, the latest one and when it was changed."""
    row = connection.execute(
        select(Response.score, Response.latest_score, Response.changed_at)
    ).one()
    return row.score, row.latest_score, row.changed_at


def changes(connection: Connection) -> list[tuple[int, int, bool]]:
    rows = connection.execute(
        select(ScoreChange.from_score, ScoreChange.to_score, ScoreChange.counted).order_by(
            ScoreChange.id
        )
    )
    return [(row.from_score, row.to_score, row.counted) for row in rows]


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table))]
        for table in Base.metadata.sorted_tables
    }


# --- a score ----------------------------------------------------------------------------------


async def test_a_detractor_is_recorded_and_owed_an_alert(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        recorded = click(connection, invitation, 6)
        assert isinstance(recorded, Recorded)
        assert (recorded.score, recorded.official, recorded.changed) == (6, 6, True)
        assert (recorded.band, recorded.no_contact, recorded.replies) == (Band.DETRACTOR, False, {})
        assert given(connection) == (6, 6, None)
        assert message(connection, alert_key(invitation)).status == "pending"
        (response,) = connection.scalars(select(Response.id))
        assert cases.find(connection, response) is not None

    await database.write(work)


@pytest.mark.parametrize("score", [7, 10])
async def test_others_open_no_case(database: Database, score: int) -> None:
    def work(connection: Connection) -> None:
        click(connection, asked_ada(connection), score)
        (response,) = connection.scalars(select(Response.id))
        assert cases.find(connection, response) is None
        assert "alert" not in set(connection.scalars(select(Outbox.kind)))

    await database.write(work)


async def test_the_newest_click_wins_whatever_order_clicks_arrive_in(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3, NOON)
        click(connection, invitation, 9, NOON + 2 * HOUR)
        late = click(connection, invitation, 5, NOON + 3 * HOUR, at=NOON + HOUR)
        assert isinstance(late, Recorded)
        assert (late.score, late.changed) == (9, False)
        assert given(connection) == (9, 9, NOON + 2 * HOUR)
        assert changes(connection) == [(3, 9, True)]

    await database.write(work)


async def test_a_repeated_score_is_no_change_but_keeps_older_clicks_out(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3, NOON)
        again = click(connection, invitation, 3, NOON + 2 * HOUR)
        assert isinstance(again, Recorded)
        assert not again.changed
        click(connection, invitation, 5, NOON + 3 * HOUR, at=NOON + HOUR)
        assert given(connection) == (3, 3, None)
        assert changes(connection) == []

    await database.write(work)


async def test_twenty_clicks_in_any_order_leave_the_newest(database: Database) -> None:
    invitation = await database.write(asked_ada)
    order = [number * 7 % 20 for number in range(20)]

    async def arrive(number: int) -> None:
        moment = NOON + number * timedelta(seconds=1)
        await database.write(click, invitation, number % 11, NOON + HOUR, at=moment)

    await asyncio.gather(*(arrive(number) for number in order))
    assert (await database.read(given))[:2] == (19 % 11, 19 % 11)


async def test_processes_that_race_record_one_response(postgresql_database_url: str) -> None:
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(4)
        ]
        invitation = await processes[0].write(asked_ada)

        async def arrive(number: int) -> None:
            moment = NOON + number * timedelta(seconds=1)
            process = processes[number % 4]
            await process.write(click, invitation, number % 11, NOON + HOUR, at=moment)

        await asyncio.gather(*(arrive(number) for number in range(40)))
        assert (await processes[0].read(given))[:2] == (39 % 11, 39 % 11)


async def test_a_corrected_score_moves_case_and_official_score(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        (response,) = connection.scalars(select(Response.id))
        corrected = click(connection, invitation, 9, NOON + HOUR)
        assert isinstance(corrected, Recorded)
        assert (corrected.band, corrected.official) == (Band.PROMOTER, 9)
        case = cases.find(connection, response)
        assert case is not None
        assert case.withdrawn_at == NOON + HOUR
        click(connection, invitation, 0, NOON + 2 * HOUR)
        case = cases.find(connection, response)
        assert case is not None
        assert case.withdrawn_at is None
        assert changes(connection) == [(3, 9, True), (9, 0, True)]

    await database.write(work)


async def test_who_becomes_a_detractor_later_is_owed_an_alert_then(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 9)
        click(connection, invitation, 2, NOON + HOUR)
        assert message(connection, alert_key(invitation)).status == "pending"

    await database.write(work)


async def test_after_the_time_for_corrections_a_change_is_recovery(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        click(connection, invitation, 4, NOON + DAY - timedelta(seconds=1))
        late = click(connection, invitation, 9, NOON + DAY)
        assert isinstance(late, Recorded)
        assert (late.score, late.official, late.changed) == (9, 4, True)
        assert given(connection) == (4, 9, NOON + DAY)
        assert changes(connection) == [(3, 4, True), (4, 9, False)]

    await database.write(work)


# --- refusals ---------------------------------------------------------------------------------


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


# --- replies ----------------------------------------------------------------------------------


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
    wording = replace(WORDING, reason="What made you say so?", detractor=plan)
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
        assert survey_store.load_wording(connection, old) == WORDING
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


# --- later, never, undone ---------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("scope", "key", "stopped"),
    [(Scope.THIS, "customer", ["customer"]), (Scope.ALL, "*", ["customer", "employee"])],
)
async def test_stopping_withdraws_what_is_not_sent(
    database: Database, scope: Scope, key: str, stopped: list[str]
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        unsent = ask(connection, ADA, key="employee")["UADA"]
        assert opt_out.stop(connection, invitation, "UADA", scope, NOON) == key
        assert opt_out.stop(connection, invitation, "UADA", scope, NOON) == key
        assert people.opt_outs_of(connection, "UADA") == [key]
        status = message(connection, prompt_key(unsent)).status
        assert status == ("cancelled" if "employee" in stopped else "pending")
        assert message(connection, prompt_key(invitation)).status == "pending"

    await database.write(work)


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


async def test_who_takes_part_again_can_answer_the_open_question(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        opt_out.stop(connection, invitation, "UADA", Scope.THIS, NOON)
        carry(connection)
        opt_out.resume(connection, "UADA", "customer", NOON + HOUR)
        assert people.opt_outs_of(connection, "UADA") == []
        assert list(connection.scalars(select(Invitation.dismissed_at))) == [None]
        assert [one.message.kind for one in claimed(connection, NOON + HOUR)] == [
            "summary",
            "prompt",
        ]
        assert isinstance(click(connection, invitation, 9, NOON + 2 * HOUR), Recorded)

    await database.write(work)
