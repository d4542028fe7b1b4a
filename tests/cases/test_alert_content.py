from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, update

from nps_bot.cases import alert
from nps_bot.cases.alert import Alert
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Person, Response, ScoreChange
from tests.factories import NOON, World

DAY = timedelta(days=1)


async def made(database: Database, wave_id: int) -> Alert:
    found = await database.read(alert.alert, f"{wave_id}-U1")
    assert found is not None
    return found


def unhappy(connection: Connection) -> int:
    """Ada of Harbor gave 8, 9 and now 3; Tom looks after Harbor."""
    world = World(connection)
    world.person("U1", "Ada", "Harbor")
    connection.execute(update(Person).values(account_owner="UTOM"))
    world.wave(NOON - 200 * DAY, {"U1": 8})
    world.wave(NOON - 100 * DAY, {"U1": 9, "U2": 0})
    world.wave(NOON - 50 * DAY, {"U1": 1}, survey_key="other")
    wave_id = world.wave(NOON, {"U1": 3}, state="ready")
    world.case(wave_id, "U1", NOON)
    return wave_id


async def test_an_alert_knows_the_person_the_account_and_the_past(database: Database) -> None:
    found = await made(database, await database.write(unhappy))
    assert (found.person_id, found.person_name) == ("U1", "Ada")
    assert (found.account, found.account_owner) == ("Harbor", "UTOM")
    assert (found.first_score, found.score, found.latest_score) == (3, 3, 3)
    assert found.answered_at == NOON + timedelta(hours=1)
    assert [each.score for each in found.earlier] == [9, 8]
    assert found.replies == ()
    assert not found.no_contact
    assert found.case is not None
    assert found.title == "Customer survey"


async def test_it_grows_with_the_replies_and_is_corrected(database: Database) -> None:
    def correct(connection: Connection, wave_id: int) -> None:
        World(connection).reply(wave_id, "U1", "The lid leaks")
        response = f"r-{wave_id}-U1"
        for number, (before, after) in enumerate([(3, 5), (5, 9)]):
            connection.execute(
                insert(ScoreChange).values(
                    response_id=response,
                    from_score=before,
                    to_score=after,
                    action_ts=number,
                    changed_at=NOON,
                    counted=True,
                )
            )
        connection.execute(
            update(Response)
            .where(Response.id == response)
            .values(score=9, latest_score=9, no_contact_at=NOON)
        )

    wave_id = await database.write(unhappy)
    await database.write(correct, wave_id)
    found = await made(database, wave_id)
    assert (found.first_score, found.score, found.latest_score) == (3, 9, 9)
    assert [reply.text for reply in found.replies] == ["The lid leaks"]
    assert found.no_contact


async def test_a_forgotten_person_leaves_only_the_score(database: Database) -> None:
    def forget(connection: Connection) -> None:
        connection.execute(update(Invitation).values(person_id=None))
        connection.execute(delete(Person))

    wave_id = await database.write(unhappy)
    await database.write(forget)
    found = await made(database, wave_id)
    assert (found.person_id, found.person_name, found.account) == (None, None, None)
    assert found.earlier == ()
    assert found.score == 3


async def test_there_is_no_alert_without_an_answer(database: Database) -> None:
    wave_id = await database.write(
        lambda connection: World(connection).wave(NOON, {"U1": None}, state="ready")
    )
    assert await database.read(alert.alert, f"{wave_id}-U1") is None
    assert await database.read(alert.alert, "forged") is None
