"""What reports, summaries, Home and the rest show of anonymous waves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, insert, select

from nps_bot.anonymous import disclosing
from nps_bot.anonymous.disclosing import AnonymousWave
from nps_bot.anonymous.report import AnonymousReport, AnonymousSummary, anonymous_report_json
from nps_bot.anonymous.rules.disclosure import (
    Change,
    Disclosure,
    Figure,
    Participation,
    Pool,
    Score,
    Segment,
    Side,
    TooFew,
)
from nps_bot.figures import report as reporting
from nps_bot.figures import summary as summarising
from nps_bot.figures.report import Report
from nps_bot.home import measures, status
from nps_bot.home.home import home
from nps_bot.nps.score import Verdict
from nps_bot.storage.database import Database
from nps_bot.storage.tables import AnonymousAnswer, StoredDisclosure
from nps_bot.surveys.rules.periods import parse_period
from nps_bot.surveys.rules.survey import Anonymity, Kind
from tests.factories import NOON, World, survey

DAY = timedelta(days=1)
TWENTY = [10] * 8 + [8] * 6 + [2] * 6


def shown_in_summary(connection: Connection, wave_id: int) -> Participation | Disclosure:
    made = summarising.summary(connection, wave_id)
    assert isinstance(made, AnonymousSummary)
    return made.latest.shown


def report(connection: Connection, period: str | None = None) -> AnonymousReport:
    parsed = None if period is None else parse_period(period, NOON)
    found = reporting.report(connection, survey(), parsed, NOON)
    assert isinstance(found, AnonymousReport)
    return found


@pytest.mark.parametrize(
    ("answered", "at_least"), [(0, 0), (4, 0), (5, 5), (6, 5), (9, 5), (12, 10)]
)
async def test_an_open_wave_shows_how_many_take_part_in_steps_and_nothing_else(
    database: Database, answered: int, at_least: int
) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        wave_id = world.anonymous_wave(NOON - DAY, TWENTY[:answered], comments=["Cold"] * 12)
        expected = Participation(threshold=5, invited=20, at_least=at_least)
        assert shown_in_summary(connection, wave_id) == expected

        found = report(connection)
        assert found.latest is not None
        assert (found.latest.shown, found.trend, found.pooled) == (expected, (), None)

        (running,) = status.running_waves(connection, ["customer"], NOON)["customer"]
        assert (running.asked, running.answered) == (20, expected)

        seen = home(connection, "UPRIYA", {"customer": survey()}, ["customer"], NOON)
        (owned,) = seen.owned
        assert isinstance(owned.latest, AnonymousWave)
        assert owned.latest.shown == expected

        measured = measures.measure(connection, {"customer": survey()}, NOON).surveys["customer"]
        assert (measured.waves, measured.asked) == (1, 20)
        assert sum(measured.responses.values()) == 0

    await database.write(write)


async def test_metrics_of_an_anonymous_survey_have_no_bands(database: Database) -> None:
    def write(connection: Connection) -> None:
        surveys = {"customer": replace(survey(), anonymity=Anonymity())}
        World(connection).anonymous_wave(NOON - DAY, TWENTY)
        assert measures.measure(connection, surveys, NOON).surveys["customer"].responses == {}

    await database.write(write)


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        (TWENTY[:4], TooFew(5, 20)),
        ([10, 9, 8, 2, 1], TooFew(5, 20)),
        ([10, 9, 8, 7, 2, 1], Score(Side.EXACTLY, 0)),
        ([10] * 6, Score(Side.ABOVE, 30)),
        ([10] * 11 + [0], Score(Side.ABOVE, 60)),
        (TWENTY, Score(Side.EXACTLY, 10)),
    ],
    ids=str,
)
async def test_closing_makes_one_figure_for_good(
    database: Database, answers: list[int], shown: TooFew | Score
) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        wave_id = world.anonymous_wave(NOON - DAY, answers, comments=["Cold", "Warm"])
        world.close(wave_id)
        found = shown_in_summary(connection, wave_id)
        if isinstance(shown, TooFew):
            assert found == shown
        else:
            assert isinstance(found, Figure)
            assert (found.score, found.n, found.invited) == (shown, len(answers), 20)
            written = ("Cold", "Warm") if len(answers) >= 10 else ()
            assert tuple(sorted(found.comments)) == written

        late = {"id": "f" * 32, "wave_id": wave_id, "segment": None, "score": 0}
        connection.execute(insert(AnonymousAnswer), late)
        assert shown_in_summary(connection, wave_id) == found, "nothing is computed anew"
        latest = report(connection).latest
        assert latest is not None
        assert latest.shown == found

    await database.write(write)


async def test_groups_are_shown_where_they_and_the_rest_are_large_enough(
    database: Database,
) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        teams = ["Roasting", "Sales"]
        wave_id = world.anonymous_wave(NOON - DAY, TWENTY, segments=teams)
        world.close(wave_id)
        found = shown_in_summary(connection, wave_id)
        assert isinstance(found, Figure)
        assert found.segments == (Segment("Roasting", 10, 10), Segment("Sales", 10, 10))

    await database.write(write)


async def test_employees_who_all_answered_are_a_census(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        for invited, width in ((20, None), (40, "wide")):
            opens_at = NOON - invited * DAY
            wave_id = world.anonymous_wave(opens_at, TWENTY, invited=invited, kind=Kind.EMPLOYEE)
            world.close(wave_id)
            found = shown_in_summary(connection, wave_id)
            assert isinstance(found, Figure)
            assert found.width == width

    await database.write(write)


async def test_the_change_is_a_word_that_is_kept(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        first = world.anonymous_wave(NOON - 90 * DAY, [0] * 15 + [10] * 5)
        world.close(first)
        second = world.anonymous_wave(NOON - DAY, [10] * 15 + [0] * 5)
        world.close(second)
        found = shown_in_summary(connection, second)
        assert isinstance(found, Figure)
        assert found.change == Change(Verdict.HIGHER, date(2026, 8, 26))

    await database.write(write)


@pytest.mark.parametrize("before", ["named", "wording", "too few", "kind"])
async def test_nothing_is_compared_with_a_wave_that_was_asked_otherwise(
    database: Database, before: str
) -> None:
    def write(connection: Connection) -> None:
        world, earlier = World(connection), NOON - 90 * DAY
        match before:
            case "named":
                world.wave(earlier, {f"U{number}": 0 for number in range(20)})
            case "wording":
                world.close(world.anonymous_wave(earlier, TWENTY, question="Would you?"))
            case "kind":
                world.close(world.anonymous_wave(earlier, TWENTY, kind=Kind.EMPLOYEE))
            case "too few":
                world.close(world.anonymous_wave(earlier, TWENTY[:4]))
        wave_id = world.anonymous_wave(NOON - DAY, TWENTY)
        world.close(wave_id)
        found = shown_in_summary(connection, wave_id)
        assert isinstance(found, Figure)
        assert found.change is None
        latest = report(connection).latest
        assert latest is not None
        assert latest.is_break is (before != "too few")

    await database.write(write)


async def test_a_period_pools_only_waves_that_have_a_figure_of_their_own(
    database: Database,
) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.close(world.anonymous_wave(NOON - 60 * DAY, TWENTY))
        world.close(world.anonymous_wave(NOON - 50 * DAY, [10] * 4))
        world.close(world.anonymous_wave(NOON - 40 * DAY, [10] * 5 + [8] * 5 + [0] * 5))
        world.anonymous_wave(NOON - DAY, [0] * 12)
        found = report(connection, "90d")
        assert found.pooled == Pool(waves=2, n=35, score=Score(Side.EXACTLY, 6))
        assert [each.wave.day for each in found.trend] == [date(2026, 9, 25), date(2026, 10, 15)]
        assert report(connection, "45d").pooled == Pool(1, 15, Score(Side.EXACTLY, 0))
        assert report(connection, "7d").pooled is None
        assert found.latest is None

    await database.write(write)


async def test_named_and_anonymous_waves_are_never_pooled(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 60 * DAY, {f"U{number}": 0 for number in range(20)})
        world.close(world.anonymous_wave(NOON - 50 * DAY, TWENTY))
        assert report(connection, "90d").pooled == Pool(1, 20, Score(Side.EXACTLY, 10))
        world.wave(NOON - DAY, {f"U{number}": 10 for number in range(4)})
        named = reporting.report(connection, survey(), parse_period("90d", NOON), NOON)
        assert isinstance(named, Report)
        assert (named.figures.asked, named.figures.distribution.n) == (20, 20)
        latest = reporting.report(connection, survey(), None, NOON)
        assert isinstance(latest, Report)
        assert latest.is_break
        assert latest.change is None
        assert [each.wave.anonymous for each in latest.trend] == [False, False]

    await database.write(write)


async def test_only_an_anonymous_wave_is_frozen_and_only_once(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        named = world.wave(NOON - DAY, {"U1": 3})
        with pytest.raises(ValueError, match="not an anonymous one"):
            disclosing.freeze(connection, named)
        world.close(world.anonymous_wave(NOON - 2 * DAY, TWENTY[:3]))
        assert len(connection.execute(select(StoredDisclosure)).all()) == 1

    await database.write(write)


async def test_json_holds_what_is_shown_and_nothing_else(database: Database) -> None:
    def write(connection: Connection) -> dict[str, Any]:
        world = World(connection)
        world.close(world.anonymous_wave(NOON - 60 * DAY, TWENTY, comments=["Cold"]))
        world.anonymous_wave(NOON - DAY, TWENTY[:7])
        return anonymous_report_json(report(connection))

    made = orjson.loads(orjson.dumps(await database.write(write)))
    assert made["anonymous"] is True
    participation = {"threshold": 5, "invited": 20, "at_least": 5}
    assert made["wave"]["participation"] == participation
    (before,) = made["trend"]
    assert before["disclosure"] == {
        "threshold": 5,
        "invited": 20,
        "n": 20,
        "score": {"side": "exactly", "points": 10},
        "width": "wide",
        "segments": [],
        "comments": ["Cold"],
        "change": None,
    }
    secret = {"promoters", "passives", "detractors", "distribution", "interval", "bounds"}
    assert not secret & set(made)
