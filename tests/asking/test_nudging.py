"""Reminders and chasers: enqueued once when due, and looked at again before they leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text, update

from nps_bot.answering import deletion, follow_ups, opt_out
from nps_bot.answering import store as responses
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app.reactions import REACTIONS
from nps_bot.app.wiring import open_database
from nps_bot.asking import launching, nudging
from nps_bot.asking.messages.chasers import ChaserContent
from nps_bot.asking.messages.prompts import PromptContent
from nps_bot.asking.outgoing import chaser_key, mark_rewritten, prompt_key, reminder_key
from nps_bot.asking.store import invitations
from nps_bot.delivery.claim import Delivery
from nps_bot.delivery.destinations import DirectMessage
from nps_bot.delivery.kinds import Remove
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.people import forgetting
from nps_bot.people import store as people
from nps_bot.slack.calls import Unknown
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.engines import engine_url, writer_engine
from nps_bot.storage.tables import Invitation, Outbox, Wave
from nps_bot.surveys.rules.survey import Nudge, Survey
from tests.delivery.test_store import plans, recorded
from tests.factories import NOON
from tests.helpers import asking
from tests.helpers.asking import ADA, KENJI, TOM, ask, carry, claimed, message, settled

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SURVEYS: Mapping[str, Survey] = {
    key: replace(survey, reminder=Nudge(3 * DAY), chaser=Nudge(DAY))
    for key, survey in asking.SURVEYS.items()
}
REMINDED, CHASED = NOON + 3 * DAY, NOON + DAY
"""When, after a prompt and a score at noon, the further message is due."""


def decide_nudges(
    connection: Connection, now: datetime, surveys: Mapping[str, Survey] = SURVEYS
) -> list[tuple[str, datetime]]:
    """Let the scheduler look; returns the reminders and chasers that wait, with their moments."""
    while nudging.enqueue_due(connection, surveys, now):
        pass
    found = select(Outbox.dedupe_key, Outbox.due_at).where(
        Outbox.kind.in_(("reminder", "chaser")), Outbox.status == "pending", Outbox.ts.is_(None)
    )
    return [(row.dedupe_key, row.due_at) for row in connection.execute(found)]


def ask_people(connection: Connection, *members: Member) -> list[str]:
    """Ask people at noon and have Slack accept it; returns their invitations."""
    people_asked = ask(connection, *members, at_once=True)
    carry(connection)
    carry(connection, NOON + UPDATE_DELAY)
    return [people_asked[member.id] for member in members]


def scores(
    connection: Connection, invitation: str, score: int = 3, now: datetime = NOON
) -> Mapping[str, int]:
    """Have Ada click a score in her prompt; returns the versions of her messages."""
    stamp = int(now.timestamp() * 1_000_000)
    result = record_score(connection, SURVEYS, Click(invitation, "UADA", score, stamp), now)
    assert not isinstance(result, Refusal)
    return result.versions


def writes(connection: Connection, invitation: str, reply: str = "Cold.") -> None:
    follow_ups.save_replies(connection, invitation, "UADA", {"reason": reply}, NOON)


def nudges(deliveries: list[Delivery]) -> list[Delivery]:
    return [one for one in deliveries if one.message.kind in {"reminder", "chaser"}]


def sent(connection: Connection, now: datetime) -> Delivery:
    """Carry everything; returns the one reminder or chaser among it."""
    (one,) = nudges(carry(connection, now, surveys=SURVEYS))
    return one


# --- a reminder -------------------------------------------------------------------------------


async def test_who_did_not_answer_is_reminded_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        assert decide_nudges(connection, REMINDED - MINUTE) == []
        assert decide_nudges(connection, REMINDED) == [(f"reminder:{ada}", REMINDED)]
        reminder = sent(connection, REMINDED)
        assert reminder.destination == DirectMessage("UADA", None)
        assert isinstance(reminder.content, PromptContent)
        assert reminder.content.reminding
        for days in range(1, 4):
            assert decide_nudges(connection, REMINDED + days * DAY) == []

    await database.write(work)


async def test_each_is_reminded_at_a_civil_hour_of_their_own(database: Database) -> None:
    def work(connection: Connection) -> None:
        ada, kenji = ask_people(connection, ADA, KENJI)
        due = dict(decide_nudges(connection, REMINDED))
        assert due[f"reminder:{ada}"] == REMINDED
        assert due[f"reminder:{kenji}"] == REMINDED + 12 * HOUR  # nine in the morning in Tokyo

    await database.write(work)


async def test_after_an_outage_it_goes_out_once_at_the_next_civil_hour(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        night = REMINDED + 2 * DAY + 10 * HOUR
        morning = REMINDED + 2 * DAY + 21 * HOUR
        assert decide_nudges(connection, night) == [(f"reminder:{ada}", morning)]
        assert nudges(claimed(connection, night, surveys=SURVEYS)) == []
        sent(connection, morning)
        assert decide_nudges(connection, morning + DAY) == []

    await database.write(work)


async def test_nothing_follows_once_the_wave_closed(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask_people(connection, ADA)
        assert decide_nudges(connection, NOON + 8 * DAY) == []
        launching.close_due(connection, SURVEYS, NOON + 8 * DAY)
        assert decide_nudges(connection, NOON + 9 * DAY) == []

    await database.write(work)


async def test_a_reminder_that_waits_is_cancelled_when_the_wave_closes(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        connection.execute(update(Wave).values(closes_at=REMINDED))
        (closed,) = launching.close_due(connection, SURVEYS, REMINDED)
        launching.cancel_unsent(connection, closed)
        found = message(connection, reminder_key(ada))
        assert (found.status, found.reason) == ("cancelled", "the wave closed")

    await database.write(work)


async def test_a_prompt_that_perhaps_arrived_is_not_followed_up(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        for one in claimed(connection):
            settled(connection, one, Unknown("no answer"), NOON)
        assert decide_nudges(connection, REMINDED) == []

    await database.write(work)


def snoozes(connection: Connection, invitation: str) -> None:
    snooze(connection, SURVEYS, invitation, "UADA", NOON)


def stops(connection: Connection, invitation: str) -> None:
    opt_out.stop(connection, invitation, "UADA", Scope.THIS, NOON)


def stops_all(connection: Connection, invitation: str) -> None:
    opt_out.stop(connection, invitation, "UADA", Scope.ALL, NOON)


def stops_in_home(connection: Connection, invitation: str) -> None:
    people.add_opt_out(connection, "UADA", people.ALL_SURVEYS, NOON)


def answers_with_words(connection: Connection, invitation: str) -> None:
    scores(connection, invitation)
    writes(connection, invitation)


def answers_and_deletes(connection: Connection, invitation: str) -> None:
    scores(connection, invitation)
    deletion.delete_answer(connection, invitation, "UADA", NOON)


def is_forgotten(connection: Connection, invitation: str) -> None:
    forgetting.forget(connection, "UADA", NOON)


QUIET = [
    snoozes,
    stops,
    stops_all,
    stops_in_home,
    answers_with_words,
    answers_and_deletes,
    is_forgotten,
]


@pytest.mark.parametrize("does", QUIET)
async def test_who_is_left_alone(
    database: Database, does: Callable[[Connection, str], None]
) -> None:
    def work(connection: Connection) -> None:
        ada, tom = ask_people(connection, ADA, TOM)
        does(connection, ada)
        assert decide_nudges(connection, REMINDED) == [(f"reminder:{tom}", REMINDED)]

    await database.write(work)


@pytest.mark.parametrize("does", [*QUIET, scores])
async def test_a_reminder_is_not_sent_where_something_came_in_between(
    database: Database, does: Callable[[Connection, str], None]
) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        does(connection, ada)
        assert nudges(claimed(connection, REMINDED, surveys=SURVEYS)) == []
        # Forgetting takes the person's name from its key, where it has one.
        assert message(connection, reminder_key(ada)).status == "cancelled"

    await database.write(work)


async def test_reminders_switched_off_meanwhile_are_not_sent(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        assert nudges(claimed(connection, REMINDED, surveys=asking.SURVEYS)) == []
        found = message(connection, reminder_key(ada))
        assert (found.status, found.reason) == ("cancelled", "the survey sends no reminders")

    await database.write(work)


async def test_a_paused_survey_reminds_nobody_until_it_goes_on(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask_people(connection, ADA)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        decide_nudges(connection, REMINDED)
        assert nudges(claimed(connection, REMINDED, surveys=SURVEYS)) == []
        launching.resume(connection, "customer")
        sent(connection, REMINDED + HOUR)

    await database.write(work)


async def test_a_reminder_that_comes_late_in_the_day_waits_for_the_morning(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        assert nudges(claimed(connection, REMINDED + 8 * HOUR, surveys=SURVEYS)) == []
        assert nudges(claimed(connection, REMINDED + 20 * HOUR, surveys=SURVEYS)) == []
        sent(connection, REMINDED + 21 * HOUR)

    await database.write(work)


async def test_both_messages_are_rewritten_by_the_dispatcher(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        sent(connection, REMINDED)
        now = REMINDED + HOUR
        versions = scores(connection, ada, 9, now)
        assert versions.keys() == {
            prompt_key(ada),
            reminder_key(ada),
        }
        mark_rewritten(connection, [(versions, ada)], now)
        later = claimed(connection, now + UPDATE_DELAY, surveys=SURVEYS)
        assert sorted(one.message.kind for one in later) == ["prompt", "reminder", "summary"]

    await database.write(work)


async def test_a_reminder_asks_nobody_anew(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        sent(connection, REMINDED)
        assert list(connection.scalars(select(Invitation.asked_at))) == [NOON]
        assert claimed(connection, REMINDED + HOUR, surveys=SURVEYS) == []

    await database.write(work)


# --- a chaser ---------------------------------------------------------------------------------


async def test_a_bare_score_is_asked_for_words_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        scores(connection, ada)
        carry(connection, NOON + HOUR)
        assert decide_nudges(connection, CHASED - MINUTE) == []
        assert decide_nudges(connection, CHASED) == [(f"chaser:{ada}", CHASED)]
        content = sent(connection, CHASED).content
        assert isinstance(content, ChaserContent)
        assert (content.stopped, content.replied) == (None, False)
        for days in range(1, 6):
            assert decide_nudges(connection, CHASED + days * DAY) == []

    await database.write(work)


async def test_who_had_put_the_question_off_gets_it_again_and_nothing_more(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        snoozes(connection, ada)
        again = [one.message.kind for one in carry(connection, NOON + 4 * DAY)]
        assert "reprompt" in again
        scores(connection, ada, now=NOON + 4 * DAY)
        assert decide_nudges(connection, NOON + 5 * DAY) == []

    await database.write(work)


def asks_not_to_be_contacted(connection: Connection, invitation: str) -> None:
    opt_out.ask_no_contact(connection, invitation, "UADA", NOON)


def deletes(connection: Connection, invitation: str) -> None:
    deletion.delete_answer(connection, invitation, "UADA", NOON)


UNCHASED = [
    writes,
    asks_not_to_be_contacted,
    deletes,
    stops,
    stops_all,
    stops_in_home,
    is_forgotten,
]


@pytest.mark.parametrize("does", UNCHASED)
async def test_who_is_not_asked_for_words(
    database: Database, does: Callable[[Connection, str], None]
) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        scores(connection, ada)
        does(connection, ada)
        assert decide_nudges(connection, CHASED) == []

    await database.write(work)


@pytest.mark.parametrize("does", UNCHASED)
async def test_a_chaser_is_not_sent_where_something_came_in_between(
    database: Database, does: Callable[[Connection, str], None]
) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        scores(connection, ada)
        decide_nudges(connection, CHASED)
        does(connection, ada)
        assert nudges(claimed(connection, CHASED, surveys=SURVEYS)) == []
        assert message(connection, chaser_key(ada)).status == "cancelled"

    await database.write(work)


async def test_who_was_reminded_is_not_chased(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        sent(connection, REMINDED)
        scores(connection, ada, 3, REMINDED + HOUR)
        assert decide_nudges(connection, REMINDED + 2 * DAY) == []

    await database.write(work)


async def test_who_perhaps_was_reminded_is_not_chased(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        (reminder,) = nudges(claimed(connection, REMINDED, surveys=SURVEYS))
        settled(connection, reminder, Unknown("no answer"), REMINDED)
        scores(connection, ada, 3, REMINDED + HOUR)
        assert decide_nudges(connection, REMINDED + 2 * DAY) == []

    await database.write(work)


async def test_who_answered_before_the_reminder_left_may_be_chased(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        decide_nudges(connection, REMINDED)
        scores(connection, ada, 3, REMINDED)
        assert nudges(carry(connection, REMINDED + HOUR, surveys=SURVEYS)) == []
        assert decide_nudges(connection, REMINDED + DAY) == [(f"chaser:{ada}", REMINDED + DAY)]

    await database.write(work)


async def test_who_was_chased_is_not_reminded_after_all(database: Database) -> None:
    """They deleted their answer, stopped and take part again: the question is open once more."""

    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        scores(connection, ada)
        carry(connection, NOON + HOUR)
        decide_nudges(connection, CHASED)
        sent(connection, CHASED)
        deletes(connection, ada)
        stops(connection, ada)
        opt_out.resume(connection, "UADA", "customer", CHASED)
        assert decide_nudges(connection, REMINDED) == []

    await database.write(work)


async def test_once_words_come_the_chaser_says_thank_you(database: Database) -> None:
    def work(connection: Connection) -> None:
        (ada,) = ask_people(connection, ADA)
        scores(connection, ada, 9)
        carry(connection, NOON + HOUR)
        decide_nudges(connection, CHASED)
        sent(connection, CHASED)
        writes(connection, ada)
        content = sent(connection, CHASED + HOUR).content
        assert isinstance(content, ChaserContent)
        assert content.replied
        writes(connection, ada, "")  # taken back: it asks again
        content = sent(connection, CHASED + HOUR).content
        assert isinstance(content, ChaserContent)
        assert not content.replied

    await database.write(work)


async def test_what_was_sent_goes_when_its_person_is_forgotten(database: Database) -> None:
    def work(connection: Connection) -> None:
        ada, tom = ask_people(connection, ADA, TOM)
        scores(connection, ada)
        carry(connection, NOON + HOUR)
        decide_nudges(connection, CHASED)
        sent(connection, CHASED)
        assert [key for key, _ in decide_nudges(connection, REMINDED)] == [f"reminder:{tom}"]
        sent(connection, REMINDED)
        forgetting.forget(connection, "UADA", REMINDED)
        forgetting.forget(connection, "UTOM", REMINDED)
        gone = [
            one.message.kind
            for one in claimed(connection, REMINDED, surveys=SURVEYS)
            if one.content == Remove()
        ]
        assert sorted(gone) == ["chaser", "prompt", "prompt", "reminder"]

    await database.write(work)


async def test_many_are_decided_on_batch_by_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nudging, "BATCH", 3)
    members = [Member(f"U{number}", f"P{number}", "Europe/London") for number in range(10)]

    def work(connection: Connection) -> None:
        ask_people(connection, *members)
        assert nudging.enqueue_due(connection, SURVEYS, REMINDED)
        assert len(decide_nudges(connection, REMINDED)) == 10
        assert not nudging.enqueue_due(connection, SURVEYS, REMINDED)

    await database.write(work)


async def test_two_processes_owe_each_message_once(database_url: str) -> None:
    members = [Member(f"U{number}", f"P{number}", "Europe/London") for number in range(50)]
    async with (
        open_database(database_url, patience=30) as one,
        open_database(database_url, patience=30) as other,
    ):
        await one.write(ask_people, *members)
        looks = [
            each.write(nudging.enqueue_due, SURVEYS, REMINDED) for each in (one, other, one, other)
        ]
        await asyncio.gather(*looks)
        assert len(await one.write(decide_nudges, REMINDED)) == len(members)


# --- whatever people do -----------------------------------------------------------------------


def acts(connection: Connection, act: str, ada: str, now: datetime) -> None:
    """Have Ada do something, whether it makes sense or not."""
    match act:
        case "clicks":
            clicks(connection, ada, now)
        case "writes":
            writes(connection, ada)
        case "takes back":
            writes(connection, ada, "")
        case "snoozes":
            snooze(connection, SURVEYS, ada, "UADA", now)
        case "stops":
            stops(connection, ada)
        case "takes part again":
            opt_out.resume(connection, "UADA", "customer", now)
        case "deletes":
            deletes(connection, ada)
        case "wants no contact":
            asks_not_to_be_contacted(connection, ada)


ACTS = (
    "nothing",
    "clicks",
    "writes",
    "takes back",
    "snoozes",
    "stops",
    "takes part again",
    "deletes",
    "wants no contact",
)


def clicks(connection: Connection, invitation: str, now: datetime) -> None:
    stamp = int(now.timestamp() * 1_000_000)
    record_score(connection, SURVEYS, Click(invitation, "UADA", 3, stamp), now)


def check(connection: Connection, nudge: Delivery, now: datetime) -> None:
    """Look whether a reminder or a chaser was right to leave."""
    standing = invitations.find(connection, nudge.message.invitation_id or "")
    assert standing is not None
    assert not standing.closed(now)
    assert people.opt_outs_of(connection, "UADA") == []
    assert 9 <= now.hour < 18  # it is winter in London
    given = standing.response
    if nudge.message.kind == "reminder":
        assert (given, standing.snoozed_at, standing.dismissed_at) == (None, None, None)
        assert now >= NOON + 3 * DAY
    else:
        assert given is not None
        assert (given.no_contact_at, standing.snoozed_at) == (None, None)
        assert responses.replies(connection, given.id) == []
        assert now >= given.answered_at + DAY


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(1, 30), st.booleans()),
        max_size=14,
    )
)
def test_one_message_more_at_most_whatever_people_do(
    sqlite_database_url: str, steps: list[tuple[str, int, bool]]
) -> None:
    """People click, write and stop in any order, while the bot comes and goes."""
    engine = writer_engine(engine_url(sqlite_database_url), 60, REACTIONS)
    with engine.connect() as connection:
        (ada,) = ask_people(connection, ADA)
        now, left = NOON, 0
        for act, hours, ticks in [*steps, ("nothing", 30, True)]:
            acts(connection, act, ada, now)
            now += hours * HOUR
            if ticks:
                launching.close_due(connection, SURVEYS, now)
                decide_nudges(connection, now)
            for nudge in nudges(carry(connection, now, surveys=SURVEYS)):
                if not nudge.message.updating:
                    left += 1
                    check(connection, nudge, now)
        assert left <= 1
        connection.rollback()
    engine.dispose()


# --- speed ------------------------------------------------------------------------------------

OLD = """
INSERT INTO invitations (id, wave_id, person_id, due_at, asked_at)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
SELECT 'i' || n, 1, 'U' || n, '2026-01-01 10:00:00.000000', '2026-01-01 10:00:00.000000'
FROM numbers
"""
OLD_SCORES = """
INSERT INTO responses (id, invitation_id, score, latest_score, action_ts, answered_at,
  correctable_until)
SELECT id, id, 3, 3, 1, '2026-01-01 10:00:00.000000', '2026-01-01 10:00:00.000000'
FROM invitations WHERE wave_id = 1
"""


async def test_old_invitations_slow_no_tick_down(database_url: str) -> None:
    """With many undecided invitations of an old wave a tick reads indexes only."""
    engine = writer_engine(engine_url(database_url), 60, REACTIONS)
    with engine.begin() as connection:
        old = ask(connection, ADA, now=NOON - 300 * DAY)
        assert old
        connection.exec_driver_sql(OLD)
        connection.exec_driver_sql(OLD_SCORES)
        launching.close_due(connection, SURVEYS, NOON - DAY)
        ask_people(connection, ADA)
        connection.execute(text("ANALYZE"))
    with engine.begin() as connection, recorded(connection) as statements:
        nudging.enqueue_due(connection, SURVEYS, REMINDED)
    with engine.begin() as connection:
        looking = [one for one in statements if "_decided_at IS NULL" in one[0]]
        assert len(looking) == 2
        found = plans(connection, looking)
    assert "ix_invitations_undecided" in found
    assert "ix_responses_undecided" in found
    assert "SCAN" not in found  # SQLite's word for reading everything
    assert "Seq Scan" not in found
