"""Waves, invitations and responses: what the schema lets happen once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nps_bot.answering import store as responses
from nps_bot.answering.store import NewResponse
from nps_bot.app.wiring import open_database
from nps_bot.asking.store import invitations, waves
from nps_bot.asking.store.invitations import NewInvitation
from nps_bot.asking.store.waves import NewWave
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Response, StoredWording, Wave
from nps_bot.surveys import store as survey_store
from tests.factories import NOON, PLAIN_WORDING, World

DAY = timedelta(days=1)


def create(connection: Connection, nominal: str = "2026-11-24T10:00") -> int | None:
    """Create a wave of the customer survey, as any process may try at any time."""
    wording_id = survey_store.store_wording(connection, "customer", PLAIN_WORDING)
    wave = NewWave("customer", nominal, wording_id, "relationship", NOON, NOON + 7 * DAY)
    return waves.create(connection, wave, NOON)


def number_of(connection: Connection, table: type[Wave] | type[StoredWording]) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


# --- once -------------------------------------------------------------------------------------


async def test_fifty_attempts_at_once_create_one_wave(database: Database) -> None:
    created = await asyncio.gather(*(database.write(create) for _ in range(50)))
    assert len([one for one in created if one is not None]) == 1
    assert await database.read(number_of, Wave) == 1
    assert await database.read(number_of, StoredWording) == 1


async def test_fifty_attempts_of_five_processes_create_one_wave(
    postgresql_database_url: str,
) -> None:
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(5)
        ]
        created = await asyncio.gather(
            *(processes[attempt % 5].write(create) for attempt in range(50))
        )
        assert len([one for one in created if one is not None]) == 1
        assert await processes[0].read(number_of, Wave) == 1
        assert await processes[0].read(number_of, StoredWording) == 1


async def test_another_time_or_survey_is_another_wave(database: Database) -> None:
    def work(connection: Connection) -> None:
        first, second = create(connection), create(connection, "2027-02-24T10:00")
        assert None not in {first, second}
        found = waves.of_nominal(connection, "customer", "2027-02-24T10:00")
        assert found is not None
        assert (found.id, found.state, found.cursor) == (second, "resolving", None)
        assert waves.of_nominal(connection, "employee", "2027-02-24T10:00") is None

    await database.write(work)


async def test_a_person_is_invited_to_a_wave_once(database: Database) -> None:
    def invite(connection: Connection, *people: str) -> None:
        (wave,) = connection.scalars(select(Wave.id))
        new = [NewInvitation(f"{person}{len(people)}", person, NOON) for person in people]
        invitations.add(connection, wave, new)

    await database.write(create)
    await database.write(invite, "U1")
    with pytest.raises(IntegrityError):
        await database.write(invite, "U2", "U1")
    assert await database.read(lambda c: list(c.scalars(select(Invitation.person_id)))) == ["U1"]


async def test_an_invitation_has_one_response(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave = World(connection).wave(NOON, {"U1": None})
        new = NewResponse("r1", f"{wave}-U1", 3, 1, NOON, NOON + DAY)
        assert responses.add(connection, [new])
        assert not responses.add(connection, [replace(new, id="r2", score=9)])
        assert list(connection.scalars(select(Response.score))) == [3]

    await database.write(work)


async def test_the_schema_itself_refuses_a_second_response(database: Database) -> None:
    def answer(connection: Connection, response_id: str) -> None:
        values = {"score": 3, "latest_score": 3, "action_ts": 1}
        moments = {"answered_at": NOON, "correctable_until": NOON}
        connection.execute(
            insert(Response).values(id=response_id, invitation_id="1-U1", **values, **moments)
        )

    await database.write(lambda c: World(c).wave(NOON, {"U1": None}))
    await database.write(answer, "r1")
    with pytest.raises(IntegrityError):
        await database.write(answer, "r2")


@pytest.mark.parametrize("column", ["score", "latest_score"])
@pytest.mark.parametrize("score", [-1, 11])
async def test_a_score_is_0_to_10(database: Database, column: str, score: int) -> None:
    def change(connection: Connection) -> None:
        connection.execute(update(Response).values({column: score}))

    await database.write(lambda c: World(c).wave(NOON, {"U1": 10, "U2": 0}))
    with pytest.raises(IntegrityError):
        await database.write(change)


# --- surveys' memory --------------------------------------------------------------------------


async def test_a_cadence_counts_from_when_it_was_first_seen(database: Database) -> None:
    def work(connection: Connection) -> None:
        survey_store.see_survey(connection, "customer", "weekly", NOON)
        survey_store.see_survey(connection, "employee", "weekly", NOON)
        survey_store.see_survey(connection, "customer", "weekly", NOON + DAY)
        assert survey_store.cadences_since(connection) == {"customer": NOON, "employee": NOON}
        survey_store.see_survey(connection, "customer", "daily", NOON + 2 * DAY)
        assert survey_store.cadences_since(connection) == {
            "customer": NOON + 2 * DAY,
            "employee": NOON,
        }

    await database.write(work)


async def test_pausing_is_remembered_with_who_did_it(database: Database) -> None:
    def work(connection: Connection) -> None:
        survey_store.see_survey(connection, "customer", "weekly", NOON)
        assert survey_store.set_paused(connection, "customer", "UPRIYA", NOON)
        assert not survey_store.set_paused(connection, "customer", "UTOM", NOON + DAY)
        assert survey_store.paused(connection) == {"customer"}
        assert survey_store.is_paused(connection, "customer")
        assert not survey_store.is_paused(connection, "employee")
        assert survey_store.cadences_since(connection) == {}
        assert survey_store.set_paused(connection, "customer", None, None)
        assert not survey_store.set_paused(connection, "customer", None, None)
        assert not survey_store.set_paused(connection, "nobody's", "UTOM", NOON)
        assert survey_store.cadences_since(connection) == {"customer": NOON}

    await database.write(work)


async def test_a_wording_is_kept_as_it_was(database: Database) -> None:
    def work(connection: Connection) -> None:
        first = survey_store.store_wording(connection, "customer", PLAIN_WORDING)
        changed = replace(PLAIN_WORDING, question="Would you recommend us?")
        second = survey_store.store_wording(connection, "customer", changed)
        assert survey_store.store_wording(connection, "customer", PLAIN_WORDING) == first != second
        assert survey_store.store_wording(connection, "employee", PLAIN_WORDING) not in {
            first,
            second,
        }
        assert survey_store.load_wording(connection, first) == PLAIN_WORDING
        assert survey_store.load_wording(connection, second) == changed

    await database.write(work)


# --- a wave's life ----------------------------------------------------------------------------


async def test_the_latest_scheduled_wave_is_not_one_by_hand(database: Database) -> None:
    def work(connection: Connection) -> None:
        assert waves.latest_scheduled(connection, "customer") is None
        assert not waves.any_of(connection, "customer")
        create(connection)
        create(connection, "2026-08-25T10:00")
        connection.execute(update(Wave).where(Wave.nominal < "2026-11").values(by_hand=False))
        World(connection).wave(NOON + DAY, {})
        connection.execute(update(Wave).where(Wave.nominal > "2026-11-25").values(by_hand=True))
        assert waves.latest_scheduled(connection, "customer") == "2026-11-24T10:00"
        assert waves.latest_scheduled(connection, "employee") is None
        assert waves.any_of(connection, "customer")

    await database.write(work)


async def test_a_wave_closes_when_its_time_is_up_or_its_survey_gone(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        due = world.wave(NOON - 7 * DAY, {}, state="ready")
        still_open = world.wave(NOON - 6 * DAY, {}, state="ready")
        unknown = world.wave(NOON, {}, state="resolving", survey_key="employee")
        world.wave(NOON - 30 * DAY, {})

        def to_close(*known: str) -> list[int]:
            return [wave.id for wave in waves.to_close(connection, known, NOON)]

        assert to_close("customer", "employee") == [due]
        assert to_close("customer") == [due, unknown]
        assert to_close() == [due, still_open, unknown]
        waves.close(connection, due, NOON)
        assert to_close("customer", "employee") == []

    await database.write(work)


async def test_a_wave_for_somebody_forgotten_asks_nobody_and_stays_apart(
    database: Database,
) -> None:
    """None would be everybody, and would count it among the waves that asked the audience."""

    def work(connection: Connection) -> None:
        world = World(connection)
        resolving = world.wave(NOON, {}, state="resolving", only_person="U1")
        closed = world.wave(NOON - 30 * DAY, {"U1": 9}, only_person="U1")
        other = world.wave(NOON + DAY, {}, state="resolving", only_person="U2")
        waves.forget_only_person(connection, "U1", NOON)
        found = connection.execute(
            select(Wave.id, Wave.only_person, Wave.state, Wave.closed_at).order_by(Wave.id)
        )
        assert [tuple(wave) for wave in found] == [
            (resolving, waves.FORGOTTEN, "closed", NOON),
            (closed, waves.FORGOTTEN, "closed", NOON - 23 * DAY),
            (other, "U2", "resolving", None),
        ]
        assert [wave.id for wave in waves.resolving(connection)] == [other]

    await database.write(work)
