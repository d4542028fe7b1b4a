"""Whom waves ask under the contact budget; the databases are real, ``now`` is told."""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import Connection, func, select, text, update

from nps_bot.answering.rules import Click
from nps_bot.answering.score import record_score
from nps_bot.app.kinds import KINDS
from nps_bot.app.wiring import open_database
from nps_bot.asking import eligibility, launching, nudging
from nps_bot.asking.launching import NOMINAL, ByHand, Page
from nps_bot.asking.rules.budget import BudgetBlock, Rule
from nps_bot.asking.store import contacts
from nps_bot.delivery.claim import Delivery, claim
from nps_bot.delivery.rules import Priority
from nps_bot.delivery.store.claims import Waiting
from nps_bot.people import forgetting
from nps_bot.people import store as people
from nps_bot.slack.calls import Accepted, Unknown
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox, Sighting, Wave, WaveExclusion
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.survey import Nudge, Survey
from tests.factories import survey
from tests.helpers.asking import claimed, invitations_of, settled

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CUSTOMER = replace(survey(), budget=Limits(), time_zone="UTC")
EMPLOYEE = replace(survey("employee"), budget=Limits(), time_zone="UTC")
SURVEYS = {one.key: one for one in (CUSTOMER, EMPLOYEE)}
ADA, KENJI, TOM = (Member(f"U{name.upper()}", name) for name in ("Ada", "Kenji", "Tom"))


def start(
    connection: Connection,
    asking: Survey,
    *members: Member,
    now: datetime = NOON,
    at_once: bool = False,
    only_person: str | None = None,
) -> int:
    """Start a wave by hand whose audience is ``members``; returns its id."""
    launching.see_surveys(connection, SURVEYS, now)
    how = ByHand(now.strftime(NOMINAL), only_person=only_person, at_once=at_once)
    wave_id = launching.start_by_hand(connection, asking, how, now)
    assert wave_id is not None
    assert launching.add_page(connection, asking, wave_id, Page(None, members, None), now)
    return wave_id


def carry(
    connection: Connection, now: datetime, surveys: Mapping[str, Survey] = SURVEYS
) -> list[str]:
    """Have Slack accept all that is due; returns who was asked."""
    deliveries = claimed(connection, now, surveys=surveys)
    for number, delivery in enumerate(deliveries):
        assert settled(connection, delivery, Accepted("C1", f"{now:%s}.{number}"), now)
    return sorted(
        one.message.person_id or ""
        for one in deliveries
        if one.message.kind == "prompt" and not one.message.updating
    )


def excluded(connection: Connection, wave_id: int) -> dict[str, int]:
    return contacts.excluded(connection, [wave_id]).get(wave_id, {})


def rule(connection: Connection, asking: Survey, person: Member, now: datetime) -> str | None:
    """Return which rule of ``asking`` holds a person back, without a wave."""
    plan = launching.plan(connection, asking, [person], now)
    return next((why.rule for _, why in plan.not_asked if isinstance(why, BudgetBlock)), None)


# --- across surveys ---------------------------------------------------------------------------


async def test_a_question_of_one_survey_holds_back_those_of_others(database: Database) -> None:
    def work(connection: Connection) -> None:
        first = start(connection, CUSTOMER, ADA, KENJI)
        assert carry(connection, NOON) == ["UADA", "UKENJI"]
        second = start(connection, EMPLOYEE, ADA, TOM, now=NOON + DAY)
        assert list(invitations_of(connection, second)) == ["UTOM"]
        assert excluded(connection, first) == {}
        assert excluded(connection, second) == {"after_silence": 1}
        # A wave of a week that leaves a day for the answer would still reach her on the 24th day.
        assert rule(connection, EMPLOYEE, ADA, NOON + 24 * DAY - MINUTE) == Rule.AFTER_SILENCE
        assert rule(connection, EMPLOYEE, ADA, NOON + 24 * DAY) is None

    await database.write(work)


async def test_a_question_on_its_way_counts_and_a_cancelled_one_does_not(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        evening = NOON.replace(hour=20)
        start(connection, CUSTOMER, ADA, now=evening)  # due in the morning
        assert rule(connection, EMPLOYEE, ADA, evening) == Rule.EVERY
        connection.execute(update(Outbox).values(status="unknown"))
        assert rule(connection, EMPLOYEE, ADA, evening) == Rule.EVERY
        for status in ("failed", "cancelled"):
            connection.execute(update(Outbox).values(status=status))
            assert rule(connection, EMPLOYEE, ADA, evening) is None

    await database.write(work)


async def test_an_answer_starts_the_longer_clock(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = invitations_of(connection, start(connection, CUSTOMER, ADA))["UADA"]
        carry(connection, NOON)
        click = Click(invitation, "UADA", 9, 1)
        record_score(connection, SURVEYS, click, NOON + DAY)
        assert rule(connection, EMPLOYEE, ADA, NOON + 84 * DAY) == Rule.AFTER_ANSWER
        assert rule(connection, EMPLOYEE, ADA, NOON + 85 * DAY) is None

    await database.write(work)


WEEKLY = Limits(every=6 * DAY, after_answer=4 * DAY, after_silence=3 * DAY)
"""What docs/surveys.md recommends to a survey that asks each week."""


async def test_a_weekly_survey_with_limits_of_its_own_asks_everybody_each_week(
    database: Database,
) -> None:
    """They answer early, late or never, and get a reminder or a chaser in between."""
    weekly = replace(CUSTOMER, budget=WEEKLY, reminder=Nudge(3 * DAY), chaser=Nudge(DAY))
    surveys = {weekly.key: weekly}
    answers = {"UKENJI": 2 * DAY, "UTOM": 6 * DAY}

    def work(connection: Connection) -> None:
        asked: Counter[str] = Counter()
        for week in range(4):
            opens = NOON + 7 * week * DAY
            launching.close_due(connection, surveys, opens)
            invited = invitations_of(
                connection, start(connection, weekly, ADA, KENJI, TOM, now=opens)
            )
            assert sorted(invited) == ["UADA", "UKENJI", "UTOM"]
            for hour in range(7 * 24):
                now = opens + timedelta(hours=hour)
                nudging.enqueue_due(connection, surveys, now)
                asked.update(carry(connection, now, surveys))
                for person, after in answers.items():
                    if now == opens + after:
                        click = Click(invited[person], person, 9, week)
                        record_score(connection, surveys, click, now)
        assert asked == dict.fromkeys(("UADA", "UKENJI", "UTOM"), 4)
        further = select(Outbox.kind, func.count()).where(Outbox.kind.in_(("reminder", "chaser")))
        sent = {row[0]: row[1] for row in connection.execute(further.group_by(Outbox.kind))}
        assert sent["chaser"] == 4
        assert sent["reminder"] >= 4

    await database.write(work)


async def test_whose_limit_ends_while_the_wave_is_open_is_asked_then(database: Database) -> None:
    def work(connection: Connection) -> None:
        start(connection, CUSTOMER, ADA)
        carry(connection, NOON + MINUTE)
        soon = NOON + 27 * DAY
        wave = start(connection, EMPLOYEE, ADA, now=soon)
        due = connection.scalar(select(Invitation.due_at).where(Invitation.wave_id == wave))
        assert due == NOON + 31 * DAY  # a minute after the limit ends it is past the hour
        assert carry(connection, due - MINUTE) == []
        assert carry(connection, due) == ["UADA"]

    await database.write(work)


async def test_the_sandboxs_first_wave_asks_all_but_those_who_opted_out(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        start(connection, CUSTOMER, ADA, TOM)
        assert carry(connection, NOON) == ["UADA", "UTOM"]
        people.add_opt_out(connection, "UTOM", "employee", NOON)
        wave = start(connection, EMPLOYEE, ADA, TOM, at_once=True)
        assert list(invitations_of(connection, wave)) == ["UADA"]
        assert excluded(connection, wave) == {"opted_out": 1}
        assert carry(connection, NOON) == ["UADA"]

    await database.write(work)


# --- newcomers --------------------------------------------------------------------------------


async def test_only_who_came_after_the_first_reading_is_new(database: Database) -> None:
    def work(connection: Connection) -> None:
        first = start(connection, CUSTOMER, ADA)
        assert list(invitations_of(connection, first)) == ["UADA"]
        later = NOON + 95 * DAY
        second = start(connection, CUSTOMER, ADA, TOM, now=later)
        assert list(invitations_of(connection, second)) == ["UADA"]
        assert excluded(connection, second) == {"newcomer": 1}
        # Another survey's first reading does not make him an old hand.
        third = start(connection, EMPLOYEE, TOM, KENJI, now=later + DAY)
        assert list(invitations_of(connection, third)) == ["UKENJI"]
        assert rule(connection, CUSTOMER, TOM, later + 30 * DAY) is None

    await database.write(work)


async def test_of_those_who_opted_out_and_were_forgotten_nothing_is_noted(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        start(connection, CUSTOMER, ADA, TOM)
        forgetting.forget(connection, "UADA", NOON)
        start(connection, EMPLOYEE, ADA, TOM, now=NOON + 40 * DAY)
        assert list(connection.scalars(select(Sighting.person_id))) == ["UTOM"]
        assert rule(connection, CUSTOMER, ADA, NOON + 400 * DAY) == Rule.OPTED_OUT

    await database.write(work)


# --- shares and days --------------------------------------------------------------------------


async def test_a_daily_number_moves_the_others_to_the_days_that_follow(
    database: Database,
) -> None:
    asking = replace(CUSTOMER, budget=replace(Limits.none(), daily=3))
    crowd = [Member(f"U{number}", f"{number}") for number in range(30)]

    def work(connection: Connection) -> None:
        launching.see_surveys(connection, SURVEYS, NOON)
        wave = launching.start_by_hand(connection, asking, ByHand(NOON.strftime(NOMINAL)), NOON)
        assert wave is not None
        for start_, cursor, following in ((0, None, "b"), (15, "b", None)):  # two pages
            page = Page(cursor, crowd[start_ : start_ + 15], following)
            assert launching.add_page(connection, asking, wave, page, NOON)
        by_day = connection.execute(
            select(Invitation.due_at, func.count()).group_by(Invitation.due_at)
        )
        # Open for seven days, and the last one is left for answers.
        assert {at: n for at, n in by_day} == {NOON + day * DAY: 3 for day in range(7)}  # noqa: C416
        assert excluded(connection, wave) == {"daily": 9}

    await database.write(work)


async def test_over_all_waves_of_a_rotation_everybody_is_asked_once(database: Database) -> None:
    asking = replace(CUSTOMER, budget=replace(Limits.none(), share=25))
    crowd = [Member(f"U{number}", f"{number}") for number in range(40)]

    def work(connection: Connection) -> None:
        for number in range(4):
            now = NOON + number * DAY
            planned = launching.plan(connection, asking, crowd, now)
            wave = start(connection, asking, *crowd, now=now)
            assert set(invitations_of(connection, wave)) == {one.id for one, _ in planned.due}
            assert excluded(connection, wave) == {"share": 40 - len(planned.due)}
            # One person by hand is nobody's turn.
            start(connection, asking, crowd[0], now=now + MINUTE, only_person="U0")
        asked = connection.scalars(
            select(Invitation.person_id)
            .join(Wave, Wave.id == Invitation.wave_id)
            .where(Wave.only_person.is_(None))
        ).all()
        assert sorted(filter(None, asked)) == sorted(one.id for one in crowd)

    await database.write(work)


# --- what is told -----------------------------------------------------------------------------


async def test_a_plan_says_of_everybody_why_and_changes_nothing(database: Database) -> None:
    bot = Member("UBOT", "Bot", is_bot=True)

    def read(connection: Connection) -> None:
        plan = launching.plan(connection, EMPLOYEE, [ADA, bot, TOM, KENJI], NOON + DAY)
        assert [one.id for one, _ in plan.due] == ["UKENJI"]
        assert plan.left_out == {Exclusion.BOT: 1, Rule.AFTER_SILENCE: 1, Rule.OPTED_OUT: 1}
        held = {one.id: why for one, why in plan.not_asked}
        assert held["UBOT"] is Exclusion.BOT
        assert held["UTOM"] == BudgetBlock(Rule.OPTED_OUT, None)
        assert isinstance(held["UADA"], BudgetBlock)
        assert held["UADA"].until == NOON + 30 * DAY
        assert plan.still_open == ()

    def write(connection: Connection) -> None:
        start(connection, CUSTOMER, ADA)
        carry(connection, NOON)
        people.add_opt_out(connection, "UTOM", "*", NOON)

    await database.write(write)
    await database.read(read)  # on a connection that cannot write


async def test_a_page_that_two_processes_read_is_counted_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        people.add_opt_out(connection, "UTOM", "*", NOON)
        wave = start(connection, CUSTOMER, ADA, TOM)
        page = Page(None, (ADA, TOM), None)
        assert not launching.add_page(connection, CUSTOMER, wave, page, NOON)
        assert excluded(connection, wave) == {"opted_out": 1}

    await database.write(work)


# --- right before it leaves -------------------------------------------------------------------


def unspaced(connection: Connection, now: datetime) -> None:
    """Ask Ada with a survey that keeps no distance, and have it leave."""
    hasty = replace(EMPLOYEE, budget=Limits.none())
    start(connection, hasty, ADA, now=now)


async def test_a_prompt_that_waited_long_is_looked_at_once_more(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave = start(connection, CUSTOMER, ADA)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        unspaced(connection, NOON + MINUTE)
        assert carry(connection, NOON + MINUTE) == ["UADA"]
        launching.resume(connection, "customer")
        assert carry(connection, NOON + DAY) == []
        prompt = select(Outbox.status, Outbox.reason).where(
            Outbox.wave_id == wave, Outbox.kind == "prompt"
        )
        assert connection.execute(prompt).one() == (
            "cancelled",
            "the person was asked not long ago and did not answer",
        )
        assert excluded(connection, wave) == {"after_silence": 1}

    await database.write(work)


async def test_of_two_prompts_that_leave_together_the_earlier_one_goes(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        first = start(connection, CUSTOMER, ADA)
        unspaced(connection, NOON + MINUTE)
        second = replace(EMPLOYEE, budget=Limits())
        surveys = {**SURVEYS, "employee": second}
        deliveries = claimed(connection, NOON + DAY, surveys=surveys)
        waves = [one.message.wave_id for one in deliveries if one.message.kind == "prompt"]
        assert waves == [first]
        left = connection.execute(select(WaveExclusion.wave_id, WaveExclusion.reason)).all()
        assert [one.reason for one in left] == ["every"]
        assert left[0].wave_id != first

    await database.write(work)


@pytest.mark.parametrize("outcome", [None, Unknown("no answer")], ids=["in flight", "unknown"])
async def test_a_prompt_that_left_before_and_is_under_way_holds_back_one_due_earlier(
    database: Database, outcome: Unknown | None
) -> None:
    """The earlier one waited for its survey to be resumed: the other may have arrived by now."""
    hasty = {**SURVEYS, "employee": replace(EMPLOYEE, budget=Limits.none())}

    def work(connection: Connection) -> None:
        wave = start(connection, CUSTOMER, ADA)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        unspaced(connection, NOON + MINUTE)
        deliveries = claimed(connection, NOON + MINUTE, surveys=hasty)
        (prompt,) = (one for one in deliveries if one.message.kind == "prompt")
        assert prompt.message.wave_id != wave
        if outcome is not None:
            assert settled(connection, prompt, outcome, NOON + MINUTE)
        launching.resume(connection, "customer")
        assert claimed(connection, NOON + MINUTE, surveys=hasty) == []
        assert excluded(connection, wave) == {"every": 1}

    await database.write(work)


async def test_a_prompt_whose_person_is_free_soon_waits_for_it(database: Database) -> None:
    short = replace(CUSTOMER, budget=replace(Limits(), every=2 * DAY, after_silence=2 * DAY))
    hasty = replace(EMPLOYEE, budget=Limits.none(), closes_after=DAY)
    surveys = {"customer": short, "employee": hasty}

    def work(connection: Connection) -> None:
        wave = start(connection, short, ADA)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        start(connection, hasty, ADA, now=NOON + MINUTE)
        carry(connection, NOON + MINUTE)
        launching.resume(connection, "customer")
        claimed(connection, NOON + DAY, surveys=surveys)
        due = select(Outbox.status, Outbox.due_at).where(
            Outbox.wave_id == wave, Outbox.kind == "prompt"
        )
        assert connection.execute(due).one() == ("pending", NOON + MINUTE + 2 * DAY)
        assert excluded(connection, wave) == {}

    await database.write(work)


async def test_a_daily_number_holds_after_a_pause_too(database: Database) -> None:
    """Everybody is late by then: as many as planned leave on a day, and some find no day."""
    few = {"customer": replace(CUSTOMER, budget=replace(Limits.none(), daily=3))}
    crowd = [Member(f"U{number}", f"{number}") for number in range(12)]

    def prompts(connection: Connection, now: datetime) -> list[Delivery]:
        found = claim(connection, KINDS, few, [Waiting(8, Priority.RESPONDENT)], now).deliveries
        return [one for one in found if one.message.kind == "prompt" and not one.message.updating]

    def work(connection: Connection) -> None:
        wave = start(connection, few["customer"], *crowd)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        resumed = NOON + 5 * DAY
        assert prompts(connection, resumed) == []
        launching.resume(connection, "customer")
        for days in range(2):
            now = resumed + days * DAY
            leaving = [one for _ in range(3) for one in prompts(connection, now)]
            assert len(leaving) == 3  # be they settled or not
            for number, one in enumerate(leaving):
                accepted = Accepted("D1", f"{days}.{number}")
                assert settled(connection, one, accepted if number else Unknown("lost"), now)
            assert prompts(connection, now + MINUTE) == []
        assert excluded(connection, wave) == {"daily": 6}
        start(connection, few["customer"], TOM, now=resumed + DAY, only_person="UTOM")
        (alone,) = prompts(connection, resumed + DAY)
        assert alone.message.person_id == "UTOM"

    await database.write(work)


# --- races ------------------------------------------------------------------------------------


def prepare(connection: Connection) -> dict[str, int]:
    """Start a wave of both surveys whose audiences are still to be read."""
    launching.see_surveys(connection, SURVEYS, NOON)
    how = ByHand(NOON.strftime(NOMINAL))
    started = {
        key: launching.start_by_hand(connection, one, how, NOON) for key, one in SURVEYS.items()
    }
    return {key: wave for key, wave in started.items() if wave is not None}


@pytest.mark.parametrize("known", [False, True], ids=["strangers", "known"])
async def test_two_waves_read_at_the_same_moment_do_not_both_ask_somebody(
    postgresql_database_url: str, *, known: bool
) -> None:
    """The second one waits for the first one's commit, and sees what it decided."""
    decided = Event()

    def first(connection: Connection, wave: int) -> bool:
        added = launching.add_page(connection, CUSTOMER, wave, Page(None, [ADA, TOM], None), NOON)
        decided.set()
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not connection.scalar(waiting):
            pass
        return added

    def second(connection: Connection, wave: int) -> bool:
        assert decided.wait(5)
        page = Page(None, [TOM, ADA, KENJI], None)
        return launching.add_page(connection, EMPLOYEE, wave, page, NOON)

    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(open_database(postgresql_database_url, patience=20))
            for _ in range(2)
        ]
        waves = await one.write(prepare)
        if known:
            await one.write(contacts.see, ["UADA", "UKENJI", "UTOM"], None)
        added = await asyncio.gather(
            one.write(first, waves["customer"]), other.write(second, waves["employee"])
        )
        assert all(added)
        asked = await one.read(invitations_of, waves["customer"])
        others = await one.read(invitations_of, waves["employee"])
        assert (sorted(asked), sorted(others)) == (["UADA", "UTOM"], ["UKENJI"])
        assert await one.read(excluded, waves["employee"]) == {"every": 2}


async def test_two_waves_of_a_survey_read_at_once_keep_its_daily_number(
    postgresql_database_url: str,
) -> None:
    asking = replace(CUSTOMER, budget=replace(Limits.none(), daily=3))
    crowds = [[Member(f"U{wave}{number}", "P") for number in range(3)] for wave in range(2)]
    begun = Event()

    def begin(connection: Connection) -> list[int]:
        launching.see_surveys(connection, SURVEYS, NOON)
        hows = [ByHand((NOON + wave * MINUTE).strftime(NOMINAL)) for wave in range(2)]
        return [launching.start_by_hand(connection, asking, how, NOON) or 0 for how in hows]

    def first(connection: Connection, wave: int, other: Task[bool]) -> None:
        page = Page(None, crowds[0], None)
        assert launching.add_page(connection, asking, wave, page, NOON)
        begun.set()
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not connection.scalar(waiting) and not other.done():
            pass

    def second(connection: Connection, wave: int) -> bool:
        assert begun.wait(5)
        return launching.add_page(connection, asking, wave, Page(None, crowds[1], None), NOON)

    def on_days(connection: Connection) -> dict[datetime, int]:
        return contacts.due_moments(connection, "customer", NOON)

    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(open_database(postgresql_database_url, patience=20))
            for _ in range(2)
        ]
        waves = await one.write(begin)
        later = asyncio.create_task(other.write(second, waves[1]))
        await one.write(first, waves[0], later)
        assert await later
        assert await one.read(on_days) == {NOON: 3, NOON + DAY: 3}


async def test_many_waves_read_at_once_ask_everybody_once(database: Database) -> None:
    crowd = [Member(f"U{number:03}", f"{number}") for number in range(60)]
    surveys = {f"s{one}": replace(survey(f"s{one}"), budget=Limits()) for one in range(6)}

    def begin(connection: Connection) -> dict[str, int]:
        launching.see_surveys(connection, surveys, NOON)
        how = ByHand(NOON.strftime(NOMINAL))
        return {
            key: launching.start_by_hand(connection, one, how, NOON) or 0
            for key, one in surveys.items()
        }

    def number(connection: Connection) -> int:
        return connection.scalar(select(func.count()).select_from(Invitation)) or 0

    waves = await database.write(begin)
    await asyncio.gather(
        *(
            database.write(
                launching.add_page,
                surveys[key],
                wave,
                Page(None, crowd[:: 1 if index % 2 else -1], None),
                NOON,
            )
            for index, (key, wave) in enumerate(waves.items())
        )
    )
    assert await database.read(number) == len(crowd)


@pytest.mark.parametrize("reason", [*Exclusion, *Rule])
def test_every_reason_is_found_again_by_what_is_stored(reason: eligibility.Reason) -> None:
    assert eligibility.reason_of(reason.value) is reason
