"""What a report says, computed by the database, against what the raw answers say."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, update

from nps_bot.figures import report as reporting
from nps_bot.figures.report import Report
from nps_bot.figures.report_json import report_json
from nps_bot.figures.views import report as view
from nps_bot.nps.score import Distribution, Verdict, interval, nps
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation
from nps_bot.surveys.rules.periods import Period, parse_period
from nps_bot.surveys.rules.survey import Kind, Survey
from tests.factories import NOON, World, survey
from tests.helpers.reading import assert_slack_takes

DAY = timedelta(days=1)
QUARTER = 91 * DAY


def report(
    connection: Connection,
    period: str | None = None,
    of: Survey | None = None,
    now: datetime = NOON,
) -> Report:
    parsed = None if period is None else parse_period(period, now)
    found = reporting.report(connection, of or survey(), parsed, now)
    assert isinstance(found, Report)
    return found


def spread(*counts: tuple[int, int]) -> dict[str, int | None]:
    """Return people U0, U1 ... with scores: ``(score, how many)`` in order."""
    scores = [score for score, number in counts for _ in range(number)]
    return {f"U{number}": score for number, score in enumerate(scores)}


async def test_before_the_first_wave_there_is_a_report_of_nothing(database: Database) -> None:
    empty = await database.read(report)
    assert empty.wave is None
    assert (empty.figures.score, empty.figures.response_rate) == (None, None)
    assert empty.figures.interval is None
    assert (empty.trend, empty.comments, empty.change, empty.before) == ((), (), None, None)
    assert empty.question == "How likely are you to recommend Lumen?"
    assert json.loads(json.dumps(report_json(empty)))["score"] is None


async def test_the_latest_wave_with_all_its_figures(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 2 * QUARTER, spread((10, 10), (3, 20)))
        world.wave(NOON - QUARTER, spread((10, 12), (8, 10), (3, 18)) | {"U99": None})
        latest = spread((10, 24), (7, 7), (0, 9)) | {f"N{n}": None for n in range(50)}
        world.wave(NOON - DAY, latest, state="ready")

    await database.write(write)
    made = await database.read(report)
    assert made.wave is not None
    assert made.wave.day == date(2026, 11, 23)
    figures = made.figures
    answers = Distribution.of([10] * 24 + [7] * 7 + [0] * 9)
    assert figures.distribution == answers
    assert (figures.asked, figures.score, figures.response_rate) == (90, 37.5, 40 / 90)
    assert figures.interval == interval(answers)
    assert figures.bounds == pytest.approx((-38.888889, 72.222222))
    assert not figures.directional
    assert not figures.census
    assert [wave.figures.score for wave in made.trend] == [
        pytest.approx(-33.333333),
        -15.0,
        37.5,
    ]
    assert made.before == date(2026, 8, 25)
    assert made.change is not None
    assert made.change.points == 52.5
    assert made.change.verdict is Verdict.HIGHER
    assert not made.is_break


async def test_people_who_answered_both_waves_are_compared_as_pairs(database: Database) -> None:
    """Ten of a hundred turned from passive to promoter; strangers' answers would say nothing."""

    def write(connection: Connection, prefix: str) -> None:
        world = World(connection)
        before = spread((9, 40), (7, 30), (3, 30))
        now = spread((9, 50), (7, 20), (3, 30))
        renamed = {prefix + person: score for person, score in now.items()}
        key = "customer" if not prefix else "strangers"
        world.wave(NOON - QUARTER, before, survey_key=key)
        world.wave(NOON - DAY, renamed, survey_key=key)

    await database.write(write, "")
    await database.write(write, "X")
    paired = await database.read(report)
    strangers = await database.read(report, None, survey("strangers"))
    assert paired.change is not None
    assert strangers.change is not None
    assert paired.change.points == strangers.change.points == 10
    assert paired.change.verdict is Verdict.HIGHER
    assert strangers.change.verdict is Verdict.NOISE


async def test_only_what_was_read_before_answering_breaks_the_trend(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 3 * QUARTER, spread((9, 5)))
        world.wave(NOON - 2 * QUARTER, spread((9, 6)), thank_you="Many thanks")
        world.wave(NOON - QUARTER, spread((9, 7)), question="Would you recommend Lumen?")

    await database.write(write)
    made = await database.read(report)
    assert [wave.is_break for wave in made.trend] == [False, False, True]
    assert made.is_break
    assert made.change is None
    assert made.question == "Would you recommend Lumen?"


async def test_another_kind_breaks_the_trend_and_is_never_pooled(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - QUARTER, spread((0, 5)), kind=Kind.TRANSACTIONAL)
        world.wave(NOON - DAY, spread((9, 7)))

    await database.write(write)
    made = await database.read(report)
    assert [wave.is_break for wave in made.trend] == [False, True]
    assert (await database.read(report, "all")).figures.score == 100


async def test_employees_are_a_known_population(database: Database) -> None:
    """Reference vectors V121 (10 of 12 answered) and V133 (bounds)."""

    def write(connection: Connection) -> None:
        scores = spread((9, 4), (7, 3), (0, 3)) | {"N1": None, "N2": None}
        World(connection).wave(NOON - DAY, scores, survey_key="employee", kind=Kind.EMPLOYEE)

    await database.write(write)
    made = await database.read(report, None, survey("employee", Kind.EMPLOYEE))
    found = made.figures.interval
    assert found is not None
    assert (found.lower, found.upper) == pytest.approx((-11.749693, 30.71521), abs=1e-6)
    assert made.figures.bounds == pytest.approx((-8.333333, 25.0), abs=1e-6)
    assert made.figures.directional


async def test_all_employees_are_a_census(database: Database) -> None:
    def write(connection: Connection) -> None:
        scores = spread((9, 30), (0, 10))
        World(connection).wave(NOON - DAY, scores, survey_key="employee", kind=Kind.EMPLOYEE)

    await database.write(write)
    made = await database.read(report, None, survey("employee", Kind.EMPLOYEE))
    assert (made.figures.score, made.figures.interval, made.figures.census) == (50, None, True)


async def test_a_rolling_window_takes_the_latest_response_per_person(database: Database) -> None:
    """Reference vector V151: 90 days, at their boundaries."""
    events = [
        ("e01", "2025-01-02", 9), ("e02", "2025-01-10", 6), ("e03", "2025-01-15", 8),
        ("e04", "2025-02-01", 10), ("e05", "2025-02-14", 3), ("e06", "2025-03-01", 9),
        ("e01", "2025-03-20", 7), ("e02", "2025-04-05", 9), ("e07", "2025-04-10", 10),
        ("e03", "2025-04-15", 0), ("e08", "2025-04-20", 7), ("e05", "2025-05-15", 6),
        ("e04", "2025-05-16", 9), ("e09", "2025-06-01", 8),
    ]  # fmt: skip
    expected = {
        "2025-02-14": (5, 0.0), "2025-03-31": (6, 0.0), "2025-04-01": (6, 0.0),
        "2025-04-14": (7, 42.857143), "2025-04-15": (7, 28.571429), "2025-05-01": (8, 25.0),
        "2025-05-02": (7, 14.285714), "2025-05-15": (7, 14.285714), "2025-06-30": (7, 14.285714),
    }  # fmt: skip

    def noon(day: str) -> datetime:
        return datetime.fromisoformat(f"{day}T12:00+00:00")

    def write(connection: Connection) -> None:
        world = World(connection)
        for person, day, score in events:
            world.wave(noon(day) - timedelta(hours=1), {person: score})

    await database.write(write)
    found = {}
    for day in expected:
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC) + DAY
        made = await database.read(report, "90d", None, midnight)
        assert made.figures.score is not None
        found[day] = (made.figures.distribution.n, round(made.figures.score, 6))
    assert found == expected


async def test_a_period_is_compared_with_the_one_before(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 100 * DAY, spread((9, 10), (0, 30)))
        world.wave(NOON - 10 * DAY, spread((9, 30), (0, 10)))

    await database.write(write)
    made = await database.read(report, "90d")
    assert made.change is not None
    assert (made.change.points, made.change.verdict) == (100, Verdict.HIGHER)
    assert isinstance(made.before, Period)
    assert made.before.words == "the 90 days before"
    assert [wave.figures.score for wave in made.trend] == [50]
    whole = await database.read(report, "all")
    assert (whole.change, whole.before, whole.is_break) == (None, None, False)


async def test_a_period_is_not_compared_across_another_wording(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 100 * DAY, spread((9, 10)), question="Would you recommend Lumen?")
        world.wave(NOON - 10 * DAY, spread((9, 30)))

    await database.write(write)
    made = await database.read(report, "90d")
    assert made.change is None
    assert made.is_break


async def test_one_persons_test_wave_is_no_report(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 10 * DAY, spread((9, 3)))
        world.wave(NOON - DAY, {"U1": 0}, only_person="U1")

    await database.write(write)
    made = await database.read(report)
    assert made.figures.score == 100
    assert len(made.trend) == 1


async def test_the_largest_report_fits_into_a_message(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        for number in range(23):
            world.wave(NOON - (24 - number) * DAY, spread((9, 5), (0, 5)))
        wave = world.wave(NOON - DAY, spread((9, 5), (0, 5)))
        for number in range(10):
            world.person(f"U{number}", "<&>" * 50, "<&>" * 50)
        for number in range(300):
            text = f"{number} " + "<&>" * 999
            world.reply(wave, f"U{number % 10}", text[:3_000], NOON + timedelta(seconds=number))

    await database.write(write)
    made = await database.read(report)
    assert made.comments_total == 300
    assert [comment.text.split()[0] for comment in made.comments] == [
        "299",
        "298",
        "297",
        "296",
        "295",
    ]
    assert len(made.trend) == 20
    for charts in (True, False):
        assert_slack_takes(view.report(made, "s1", charts=charts))
        assert_slack_takes(view.shared(made, "U1", charts=charts))


async def test_reports_agree_with_the_raw_answers(database: Database) -> None:
    """A year of random waves, recomputed in plain Python."""
    random = Random(7)  # noqa: S311  # answers, not secrets
    people = [f"U{number}" for number in range(40)]
    raw: list[tuple[datetime, str, int]] = []
    forgotten = set(random.sample(people, 5))

    def write(connection: Connection) -> None:
        world = World(connection)
        for weeks in range(52, 0, -4):
            opens_at = NOON - weeks * 7 * DAY
            scores: dict[str, int | None] = {
                person: random.choice([None, *range(11)]) for person in people
            }
            world.wave(opens_at, scores)
            raw.extend(
                (opens_at + timedelta(hours=1), person, score)
                for person, score in scores.items()
                if score is not None
            )
        connection.execute(
            update(Invitation).where(Invitation.person_id.in_(forgotten)).values(person_id=None)
        )

    await database.write(write)
    for typed in ("30d", "90d", "2026-Q3", "2026-08", "2026", "all"):
        period = parse_period(typed, NOON)
        inside = [
            (at, person, score)
            for at, person, score in sorted(raw)
            if (period.start is None or period.start <= at)
            and (period.end is None or at < period.end)
        ]
        latest = {person: score for _, person, score in inside if person not in forgotten}
        unlinked = [score for _, person, score in inside if person in forgotten]
        expected = Distribution.of([*latest.values(), *unlinked])
        figures = (await database.read(report, typed)).figures
        assert figures.distribution == expected, typed
        assert figures.score == nps(expected)
    made = report_json(await database.read(report))
    last = max(at for at, _, _ in raw)
    assert made["score"] == nps(Distribution.of(score for at, _, score in raw if at == last))
    assert made["asked"] == 40
