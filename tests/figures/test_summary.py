from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from nps_bot.figures import summary as summarising
from nps_bot.figures.store import Recovery
from nps_bot.figures.summary import Summary
from nps_bot.nps.score import Verdict
from nps_bot.storage.database import Database
from tests.factories import NOON, World

DAY = timedelta(days=1)


def people(**groups: tuple[int, int]) -> dict[str, int | None]:
    """Return people by group: how many of them gave which score."""
    return {
        f"{name}{number}": score for name, (score, size) in groups.items() for number in range(size)
    }


async def test_a_wave_is_compared_with_the_one_before_it_not_with_a_later_one(
    database: Database,
) -> None:
    def write(connection: Connection) -> int:
        world = World(connection)
        world.wave(NOON - 200 * DAY, people(a=(0, 40)))
        world.wave(NOON - 100 * DAY, people(a=(9, 10), b=(0, 30)))
        middle = world.wave(NOON - 10 * DAY, people(c=(9, 30), d=(0, 10)) | {"X": None})
        world.wave(NOON - DAY, people(a=(0, 40)), state="ready")
        return middle

    wave_id = await database.write(write)
    made = await database.read(summarising.summary, wave_id)
    assert isinstance(made, Summary)
    assert (made.latest.figures.score, made.latest.figures.asked) == (50, 41)
    assert made.before == date(2026, 8, 16)
    assert made.change is not None
    assert (made.change.points, made.change.verdict) == (100, Verdict.HIGHER)
    assert made.recovery == Recovery(0, 0)
    assert (made.title, made.question) == (
        "Customer survey",
        "How likely are you to recommend Lumen?",
    )


async def test_a_wave_that_has_asked_nobody_yet_has_a_summary(database: Database) -> None:
    wave_id = await database.write(
        lambda connection: World(connection).wave(NOON, {"U1": None}, asked=False)
    )
    made = await database.read(summarising.summary, wave_id)
    assert isinstance(made, Summary)
    assert (made.latest.figures.asked, made.latest.figures.score) == (0, None)
    assert (made.before, made.change) == (None, None)


async def test_nothing_is_compared_across_another_wording(database: Database) -> None:
    def write(connection: Connection) -> int:
        world = World(connection)
        world.wave(NOON - 100 * DAY, people(a=(9, 10)), question="Would you recommend Lumen?")
        return world.wave(NOON - 10 * DAY, people(a=(0, 30)))

    made = await database.read(summarising.summary, await database.write(write))
    assert isinstance(made, Summary)
    assert made.latest.is_break
    assert made.change is None


async def test_recovery_is_told_and_does_not_move_the_score(database: Database) -> None:
    def write(connection: Connection) -> int:
        world = World(connection)
        wave_id = world.wave(NOON, {"U1": None, "U2": 9})
        world.answer(wave_id, "U1", 0, NOON, latest=10)
        return wave_id

    made = await database.read(summarising.summary, await database.write(write))
    assert isinstance(made, Summary)
    assert made.latest.figures.score == 0
    assert made.recovery == Recovery(up=1, down=0)


async def test_there_is_no_summary_of_no_wave(database: Database) -> None:
    assert await database.read(summarising.summary, 12345) is None
