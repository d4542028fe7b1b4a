"""People: what was imported stays, what Slack says is refreshed, what they asked for is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from nps_bot.people import store as people
from nps_bot.people.store import ALL_SURVEYS, AccountRow
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Person
from tests.factories import NOON

ADA = Member("U1", "Ada Marsh", "Europe/London", "T1", is_guest=True)
KENJI = Member("U2", "Kenji Mori", "Asia/Tokyo")
LATER = NOON + timedelta(days=1)

IMPORTED = [
    AccountRow(ADA, "Marsh Bakery", "UTOM", {"plan": "gold"}),
    AccountRow(KENJI, None, None, {}),
]


def stored(connection: Connection) -> dict[str, tuple[object, ...]]:
    """Return everything that is stored of everybody, by id."""
    rows = connection.execute(select(*Person.__table__.columns).order_by(Person.id))
    return {row.id: tuple(row) for row in rows}


async def test_an_import_repeated_changes_nothing(database: Database) -> None:
    assert await database.write(people.save_accounts, IMPORTED, NOON) == 2
    before = await database.read(stored)
    assert before["U1"] == (
        "U1",
        "Ada Marsh",
        "Europe/London",
        "T1",
        True,
        False,
        None,
        "Marsh Bakery",
        "UTOM",
        {"plan": "gold"},
        NOON,
    )
    assert await database.write(people.save_accounts, IMPORTED, NOON) == 2
    assert await database.read(stored) == before


async def test_an_import_leaves_alone_whom_it_does_not_name(database: Database) -> None:
    await database.write(people.save_accounts, IMPORTED, NOON)
    before = await database.read(stored)
    changed = [replace(IMPORTED[0], account="Marsh & Sons", attributes={})]
    await database.write(people.save_accounts, changed, NOON)
    after = await database.read(stored)
    assert after["U2"] == before["U2"]
    assert after["U1"][7:10] == ("Marsh & Sons", "UTOM", {})


async def test_an_import_is_all_or_nothing(database: Database) -> None:
    broken = replace(IMPORTED[1], attributes={"plan": object()})  # type: ignore[dict-item]  # no JSON
    with pytest.raises((SQLAlchemyError, TypeError)):
        await database.write(people.save_accounts, [IMPORTED[0], broken], NOON)
    assert await database.read(stored) == {}


async def test_what_slack_says_is_refreshed_and_the_rest_stays(database: Database) -> None:
    def work(connection: Connection) -> None:
        people.save_accounts(connection, IMPORTED, NOON)
        people.save_dm_channel(connection, "U1", "D1")
        moved = replace(ADA, name="Ada Moss", time_zone="Asia/Tokyo", is_guest=False)
        people.save_members(connection, [moved], LATER)
        assert people.dm_channel(connection, "U1") == "D1"
        assert people.dm_channel(connection, "U2") is None
        assert people.dm_channel(connection, "U9") is None

    await database.write(work)
    assert (await database.read(stored))["U1"] == (
        "U1",
        "Ada Moss",
        "Asia/Tokyo",
        "T1",
        False,
        False,
        "D1",
        "Marsh Bakery",
        "UTOM",
        {"plan": "gold"},
        LATER,
    )


async def test_opting_out_twice_is_opting_out_once(database: Database) -> None:
    def opt_out(connection: Connection, person: str, key: str, at: datetime) -> None:
        people.add_opt_out(connection, person, key, at)
        people.add_opt_out(connection, person, key, at)

    def work(connection: Connection) -> None:
        opt_out(connection, "U1", "customer", NOON)
        opt_out(connection, "U1", ALL_SURVEYS, LATER)
        opt_out(connection, "U2", "employee", NOON)
        assert people.opt_outs_of(connection, "U1") == [ALL_SURVEYS, "customer"]
        assert people.opt_outs_among(connection, ["U2", "U3"]) == {"U2": {"employee"}}
        people.remove_opt_out(connection, "U1", ALL_SURVEYS)
        people.remove_opt_out(connection, "U1", ALL_SURVEYS)
        both = people.opt_outs_among(connection, ["U1", "U2"])
        assert both == {"U1": {"customer"}, "U2": {"employee"}}

    await database.write(work)


async def test_erasing_leaves_nothing_of_one_and_all_of_others(database: Database) -> None:
    def work(connection: Connection) -> None:
        people.save_accounts(connection, IMPORTED, NOON)
        people.add_opt_out(connection, "U1", "customer", NOON)
        people.add_opt_out(connection, "U2", "customer", NOON)
        people.erase(connection, "U1")
        people.erase(connection, "U1")
        assert list(stored(connection)) == ["U2"]
        assert people.opt_outs_among(connection, ["U1", "U2"]) == {"U2": {"customer"}}

    await database.write(work)


async def test_a_person_is_found_by_id_or_by_a_name_that_is_theirs_alone(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        namesake = Member("U3", "Kenji Mori")
        people.save_members(connection, [ADA, KENJI, namesake], NOON)
        assert people.find(connection, "U2") == "U2"
        assert people.find(connection, "Ada Marsh") == people.find(connection, "@Ada Marsh") == "U1"
        assert people.find(connection, "Kenji Mori") is None
        assert people.find(connection, "Nobody") is None

    await database.write(work)
