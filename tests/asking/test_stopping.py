"""Stopping a wave, wherever it stands: nothing more leaves, answers still count."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Connection, func, select

from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app.wiring import open_database
from nps_bot.asking import launching, stopping
from nps_bot.asking.launching import BATCH, NOMINAL, ByHand, Page
from nps_bot.asking.outgoing import prompt_key, reprompt_key
from nps_bot.asking.stopping import Extent
from nps_bot.asking.store import waves
from nps_bot.delivery.checks import Obstacle
from nps_bot.delivery.rules import LEASE, WAVE_STOPPED
from nps_bot.delivery.store import claims
from nps_bot.figures.outgoing import SUMMARY
from nps_bot.home import status
from nps_bot.slack.calls import Accepted, NotSent, Outcome, RateLimited, Unknown
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Outbox, Wave
from tests.factories import NOON
from tests.helpers.asking import ADA, KENJI, SURVEYS, TOM, ask, carry, claimed, message, settled

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CUSTOMER = SURVEYS["customer"]


def wave_of(connection: Connection) -> int:
    return connection.scalars(select(Wave.id)).one()


def stop(connection: Connection, by: str | None = "UPRIYA", *, cancel: bool = True) -> list[int]:
    """Stop the one wave as a listener does, an hour after it began."""
    done = stopping.stop(connection, CUSTOMER, [wave_of(connection)], by, NOON + HOUR)
    for wave_id in done if cancel else ():
        while stopping.cancel_unsent(connection, wave_id, NOON + HOUR):
            pass
    return done


def extent(connection: Connection) -> Extent:
    return stopping.extents(connection, "customer")[0]


async def test_what_was_not_sent_is_not_sent_and_what_was_can_be_answered(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invited = ask(connection, ADA, KENJI, TOM)  # it is night where Kenji is
        carry(connection)
        assert (extent(connection).asked, extent(connection).unasked) == (2, 1)
        assert stop(connection) == [extent(connection).wave.id]
        assert message(connection, prompt_key(invited["UKENJI"]))[:2] == (
            "cancelled",
            WAVE_STOPPED,
        )
        later = NOON + DAY
        assert [one.message.kind for one in carry(connection, later)] == ["summary"]
        click = Click(invited["UADA"], "UADA", 9, 1, in_prompt=True)
        recorded = record_score(connection, SURVEYS, click, later)
        assert not isinstance(recorded, Refusal)
        running = status.running_waves(connection, ["customer"], later)["customer"][0]
        assert (running.asked, running.answered, running.left) == (2, 1, 0)
        assert (running.unasked, running.wave.stopped_by) == (1, "UPRIYA")
        assert running.wave.stopped_at == NOON + HOUR
        assert launching.close_due(connection, SURVEYS, NOON + 8 * DAY) == [running.wave.id]

    await database.write(work)


async def test_the_second_to_stop_changes_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        assert stop(connection)
        assert stop(connection, "UTOM") == []
        assert extent(connection).wave.stopped_by == "UPRIYA"

    await database.write(work)


async def test_only_the_waves_somebody_saw_are_stopped(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        seen = wave_of(connection)
        ask(connection, ADA, now=NOON + 2 * MINUTE)
        ask(connection, TOM, key="employee")
        every = list(connection.scalars(select(Wave.id)))
        assert stopping.stop(connection, CUSTOMER, [seen, 999], None, NOON) == [seen]
        assert stopping.stop(connection, SURVEYS["employee"], every[:2], None, NOON) == []
        assert waves.stopped(connection) == {seen}

    await database.write(work)


async def test_a_closed_wave_cannot_be_stopped(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        launching.close_due(connection, SURVEYS, NOON + 9 * DAY)
        assert stop(connection) == []
        assert stopping.extents(connection, "customer") == ()

    await database.write(work)


async def test_stopped_while_its_audience_is_read_it_reads_no_further_page(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        launching.see_surveys(connection, SURVEYS, NOON)
        how = ByHand(NOON.strftime(NOMINAL))
        wave_id = launching.start_by_hand(connection, CUSTOMER, how, NOON)
        assert wave_id is not None
        first = Page(None, [ADA], "next")
        assert launching.add_page(connection, CUSTOMER, wave_id, first, NOON)
        assert stop(connection) == [wave_id]
        second = Page("next", [KENJI], None)
        assert not launching.add_page(connection, CUSTOMER, wave_id, second, NOON)
        assert waves.resolving(connection) == []
        assert extent(connection).unasked == 1
        (summary,) = carry(connection, NOON + 2 * HOUR)
        assert summary.message.kind == SUMMARY.name

    await database.write(work)


async def test_what_comes_back_from_a_failed_call_is_dropped(database: Database) -> None:
    """Two were claimed when it was stopped: their calls end after that."""

    def work(connection: Connection) -> None:
        invited = ask(connection, ADA, TOM)
        in_hand = {one.message.invitation_id: one for one in claimed(connection)}
        stop(connection)
        ends: dict[str, Outcome] = {"UADA": RateLimited(2), "UTOM": NotSent("refused")}
        for person, end in ends.items():
            assert settled(connection, in_hand[invited[person]], end, NOON + HOUR)
            assert message(connection, prompt_key(invited[person])).status == "pending"
        carry(connection, NOON + 2 * HOUR)
        for invitation in invited.values():
            assert message(connection, prompt_key(invitation))[:2] == (
                "cancelled",
                WAVE_STOPPED,
            )

    await database.write(work)


async def test_what_arrived_after_all_counts_as_asked(database: Database) -> None:
    def work(connection: Connection) -> None:
        invited = ask(connection, ADA, TOM)
        ada, tom = sorted(
            (one for one in claimed(connection) if one.message.invitation_id),
            key=lambda one: one.message.invitation_id != invited["UADA"],
        )
        stop(connection)
        assert settled(connection, ada, Accepted("D1", "1.0"), NOON + HOUR)
        assert settled(connection, tom, Unknown("a reset"), NOON + HOUR)
        assert (extent(connection).asked, extent(connection).unasked) == (1, 1)
        assert message(connection, prompt_key(invited["UTOM"])).status == "unknown"

    await database.write(work)


async def test_who_put_it_off_gets_the_question_back_because_it_does_not_come_again(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA, TOM)["UADA"]
        carry(connection)
        until = snooze(connection, SURVEYS, invitation, "UADA", NOON)
        assert not isinstance(until, Refusal)
        carry(connection)
        stop(connection)
        assert message(connection, reprompt_key(invitation)).status == "cancelled"
        rewritten = [one for one in carry(connection, NOON + HOUR) if one.message.updating]
        (prompt,) = (one for one in rewritten if one.message.invitation_id == invitation)
        assert getattr(prompt.content, "asks_again", "") is None
        assert carry(connection, NOON + 4 * DAY) == []

    await database.write(work)


async def test_nobody_is_promised_a_second_ask_that_will_not_come(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        carry(connection)
        stop(connection)
        refused = snooze(connection, SURVEYS, invitation, "UADA", NOON + HOUR)
        assert refused is Refusal.STOPPED

    await database.write(work)


async def test_a_large_wave_is_cancelled_in_batches(sqlite_database_url: str) -> None:
    def work(connection: Connection) -> None:
        people = [Member(f"U{number}", f"P{number}") for number in range(BATCH + 5)]
        ask(connection, *people)
        stop(connection, cancel=False)
        wave_id = wave_of(connection)
        assert stopping.unfinished(connection) == [wave_id]
        assert stopping.cancel_unsent(connection, wave_id, NOON)
        assert stopping.unfinished(connection) == [wave_id]
        assert stopping.cancel_unsent(connection, wave_id, NOON)
        assert not stopping.cancel_unsent(connection, wave_id, NOON)
        assert stopping.unfinished(connection) == []
        statement = select(func.count()).where(Outbox.status == "cancelled")
        assert connection.scalar(statement) == BATCH + 5

    async with open_database(sqlite_database_url) as database:
        await database.write(work)


async def test_a_stopped_wave_whose_messages_were_not_cancelled_sends_none(
    database: Database,
) -> None:
    """The process died right after the mark."""

    def work(connection: Connection) -> None:
        ask(connection, ADA, TOM)
        stop(connection, cancel=False)
        assert [one.message.kind for one in carry(connection, NOON + HOUR)] == ["summary"]
        assert extent(connection).unasked == 2

    await database.write(work)


async def test_a_dispatcher_that_has_claimed_knows_what_is_halted(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        in_hand = {one.message.kind: one.message for one in claimed(connection)}
        prompt, summary = in_hand["prompt"], in_hand["summary"]
        before = stopping.halted(connection)
        assert before.obstacle(prompt) is None
        launching.pause(connection, "customer", "UPRIYA", NOON)
        assert stopping.halted(connection).obstacle(prompt) is Obstacle.PAUSED
        stop(connection)
        after = stopping.halted(connection)
        assert after.obstacle(prompt) is Obstacle.STOPPED
        assert after.obstacle(summary) is None
        posted = replace(prompt, ts="1.0")
        assert after.obstacle(posted) is None  # it stands in Slack: it is kept true

    await database.write(work)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_lease_that_ran_out_is_looked_for_and_then_dropped(
    database: Database, when: str
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        if when == "before":
            stop(connection)
        else:
            claimed(connection)
            stop(connection)
            claimed(connection, NOON + LEASE)
            assert message(connection, prompt_key(invitation)).status == "unknown"

    await database.write(work)


async def test_of_ten_who_stop_at_once_in_five_processes_one_does(
    postgresql_database_url: str,
) -> None:
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(5)
        ]
        await processes[0].write(lambda connection: ask(connection, ADA, KENJI, TOM))
        done = await asyncio.gather(
            *(processes[number % 5].write(stop, f"U{number}") for number in range(10))
        )
        assert sorted(map(len, done)) == [0] * 9 + [1]


async def test_a_page_that_is_added_while_it_is_stopped_asks_nobody(
    postgresql_database_url: str,
) -> None:
    """Whichever comes first: nothing of the wave is left to send."""

    def begin(connection: Connection, number: int) -> int:
        launching.see_surveys(connection, SURVEYS, NOON)
        how = ByHand((NOON + number * HOUR).strftime(NOMINAL))
        wave_id = launching.start_by_hand(connection, CUSTOMER, how, NOON)
        assert wave_id is not None
        return wave_id

    def end(connection: Connection, wave_id: int) -> None:
        stopping.stop(connection, CUSTOMER, [wave_id], None, NOON)

    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(2)
        ]
        for number in range(10):
            wave_id = await one.write(begin, number)
            page = Page(None, [ADA, TOM], None)
            await asyncio.gather(
                one.write(launching.add_page, CUSTOMER, wave_id, page, NOON),
                other.write(end, wave_id),
            )
            await one.write(stopping.cancel_unsent, wave_id, NOON)
        kinds = await one.write(lambda c: [each.message.kind for each in carry(c)])
        assert set(kinds) <= {"summary"}
        assert await one.read(lambda c: len(waves.stopped(c))) == 10


async def test_what_a_dispatcher_claims_meanwhile_does_not_end_the_cancelling(
    postgresql_database_url: str,
) -> None:
    """Of what waits some is in hand: all the rest is cancelled, without waiting for it."""
    claimed_some, cancelled = Event(), Event()

    def prepare(connection: Connection) -> int:
        ask(connection, *(Member(f"U{number}", f"P{number}") for number in range(BATCH + 9)))
        stop(connection, cancel=False)
        return wave_of(connection)

    def dispatcher(connection: Connection) -> None:
        claims.claim(connection, claims.Waiting(7, 2), NOON, NOON + LEASE)
        claimed_some.set()
        assert cancelled.wait(5)

    def pending(connection: Connection) -> int:
        statement = select(func.count()).where(Outbox.kind == "prompt", Outbox.status == "pending")
        return connection.scalar(statement) or 0

    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(2)
        ]
        wave_id = await one.write(prepare)
        claiming = asyncio.create_task(one.write(dispatcher))
        assert await asyncio.to_thread(claimed_some.wait, 5)
        while await other.write(stopping.cancel_unsent, wave_id, NOON):
            pass
        left = await other.read(pending)
        cancelled.set()
        await claiming
        assert left == 6  # a summary was claimed too
        assert await other.read(pending) == 0
