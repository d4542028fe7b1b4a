from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from nps_bot.figures.report import WaveFigures
from nps_bot.home import home
from nps_bot.home.home import Home, OptedOut
from nps_bot.people import store as people
from nps_bot.storage.database import Database
from tests.factories import NOON, World, survey

DAY = timedelta(days=1)
SURVEYS = {"customer": survey(), "employee": survey("employee")}


async def seen(database: Database, person: str, *owned: str) -> Home:
    return await database.read(home.home, person, SURVEYS, owned, NOON)


async def test_people_see_their_own_answers_and_nobody_elses(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        closed = world.wave(NOON - 100 * DAY, {"U1": 9, "U2": 0})
        running = world.wave(NOON - DAY, {"U1": None, "U2": 5}, state="ready")
        world.answer(running, "U1", 3, NOON, latest=4)
        world.reply(running, "U1", "The lid leaks")
        world.reply(closed, "U2", "secret")

    await database.write(write)
    made = await seen(database, "U1")
    assert [(each.score, each.changeable) for each in made.answers] == [(4, True), (9, False)]
    assert [[reply.text for reply in each.replies] for each in made.answers] == [
        ["The lid leaks"],
        [],
    ]
    assert (made.answers_total, made.owned, made.unclaimed.total) == (2, (), 0)
    assert (await seen(database, "U3")).answers == ()


async def test_only_the_latest_answers_are_shown(database: Database) -> None:
    def write(connection: Connection) -> None:
        for days in range(14):
            World(connection).wave(NOON - (30 + days) * DAY, {"U1": days % 10})

    await database.write(write)
    made = await seen(database, "U1")
    assert [each.score for each in made.answers] == list(range(home.ANSWERS))
    assert made.answers_total == 14


async def test_an_answer_cannot_be_changed_once_its_time_is_up_or_its_file_gone(
    database: Database,
) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 8 * DAY, {"U1": 9}, state="ready")
        world.wave(NOON - DAY, {"U1": 9}, state="ready", survey_key="gone")

    await database.write(write)
    assert [each.changeable for each in (await seen(database, "U1")).answers] == [False, False]


async def test_opt_outs_are_named(database: Database) -> None:
    def write(connection: Connection) -> None:
        for key in ("customer", "gone", "*"):
            people.add_opt_out(connection, "U1", key, NOON)

    await database.write(write)
    assert (await seen(database, "U1")).opted_out == (
        OptedOut("*", None),
        OptedOut("customer", "Customer survey"),
        OptedOut("gone", "gone"),
    )


async def test_owners_see_the_figures_of_their_surveys(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 100 * DAY, {"U1": 9})
        running = world.wave(NOON - DAY, {"U1": 9, "U2": 3, "U3": None}, state="ready")
        world.case(running, "U2", NOON)

    await database.write(write)
    made = await seen(database, "UPRIYA", "employee", "customer")
    customer, employee = made.owned
    assert isinstance(customer.latest, WaveFigures)
    assert (customer.latest.figures.score, customer.latest.figures.asked) == (0, 3)
    assert customer.before == date(2026, 8, 16)
    assert customer.change is not None
    assert customer.change.points == -100
    assert (employee.latest, employee.change, employee.before) == (None, None, None)
    assert made.unclaimed.total == 1
