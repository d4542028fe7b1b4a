"""Clicks on a score: whatever arrives twice, late or forged is harmless."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from nps_bot.answering.score import Recorded
from nps_bot.app.wiring import open_database
from nps_bot.cases import store as cases
from nps_bot.cases.outgoing import alert_key
from nps_bot.nps.bands import Band
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Outbox, Response
from tests.factories import NOON
from tests.helpers.answering import asked_ada, changes, click, given
from tests.helpers.asking import message

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


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
