"""Nominal times: which dates a cadence has, what is refused, and how it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.surveys.rules.cadence import (
    Cadence,
    Cron,
    Every,
    Unit,
    cadence_length,
    latest_nominal,
    nominal_times,
    times_of_day,
    validate,
)
from nps_bot.surveys.rules.cadence_text import describe
from tests.helpers.zones import nominal

LONG_AGO = nominal("1990-01-01 00:00")
MINUTE = timedelta(minutes=1)
TEN = time(10)
MONDAY, TUESDAY, SUNDAY = 0, 1, 6

dates = st.dates(date(2020, 1, 1), date(2032, 12, 31))
whole_minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@st.composite
def everies(draw: st.DrawFn) -> Every:
    """Draw any valid plain cadence."""
    unit = draw(st.sampled_from(Unit))
    weekdays = st.none() if unit is Unit.DAY else st.none() | st.integers(0, 6)
    count = draw(st.integers(1, 40) if unit is Unit.DAY else st.integers(1, 14))
    return Every(count, unit, draw(whole_minutes), draw(dates), draw(weekdays))


crons = st.builds(
    Cron,
    st.sampled_from(
        [
            "0 10 * * *",
            "30 9 1 */3 *",
            "0 10 * * MON#1",
            "0 9,17 * * 1-5",
            "15 8 L * *",
            "0 10 29 2 *",
            "*/20 9-11 13 * FRI",
        ]
    ),
    st.none() | dates,
)
cadences = everies() | crons


def beginning(cadence: Cadence) -> datetime:
    return datetime.combine(cadence.start or date(2000, 1, 1), time())


def first_times(cadence: Cadence, number: int) -> list[str]:
    times = islice(nominal_times(cadence, LONG_AGO), number)
    return [one.isoformat(" ", "minutes") for one in times]


# --- Plain cadences ---


@pytest.mark.parametrize(
    ("cadence", "expected"),
    [
        pytest.param(
            Every(2, Unit.DAY, TEN, date(2028, 2, 27)),
            ["2028-02-27 10:00", "2028-02-29 10:00", "2028-03-02 10:00"],
            id="days",
        ),
        pytest.param(
            Every(2, Unit.WEEK, TEN, date(2026, 1, 7)),
            ["2026-01-07 10:00", "2026-01-21 10:00", "2026-02-04 10:00"],
            id="weeks, on the start's own weekday",
        ),
        pytest.param(
            Every(1, Unit.WEEK, time(9, 30), date(2026, 1, 7), TUESDAY),
            ["2026-01-13 09:30", "2026-01-20 09:30", "2026-01-27 09:30"],
            id="weeks, on a weekday",
        ),
        pytest.param(
            Every(1, Unit.MONTH, TEN, date(2026, 12, 31)),
            [
                "2026-12-31 10:00",
                "2027-01-31 10:00",
                "2027-02-28 10:00",
                "2027-03-31 10:00",
                "2027-04-30 10:00",
            ],
            id="months do not drift after a short one",
        ),
        pytest.param(
            Every(12, Unit.MONTH, TEN, date(2024, 2, 29)),
            ["2024-02-29 10:00", "2025-02-28 10:00", "2026-02-28 10:00"],
            id="years from a leap day",
        ),
        pytest.param(
            Every(3, Unit.MONTH, TEN, date(2026, 1, 5), TUESDAY),
            ["2026-01-06 10:00", "2026-04-07 10:00", "2026-07-07 10:00", "2026-10-06 10:00"],
            id="months, on the first Tuesday from the start's day on",
        ),
        pytest.param(
            Every(1, Unit.MONTH, TEN, date(2026, 1, 31), TUESDAY),
            ["2026-02-03 10:00", "2026-03-03 10:00", "2026-03-31 10:00", "2026-05-05 10:00"],
            id="months, on a weekday after their end",
        ),
    ],
)
def test_plain_cadence(cadence: Every, expected: list[str]) -> None:
    assert first_times(cadence, len(expected)) == expected


def is_counted(every: Every, day: date) -> bool:
    """Say, by looking at one day only, whether a cadence counts it, weekdays aside."""
    if day < every.start:
        return False
    if every.unit is Unit.MONTH:
        months = (day.year - every.start.year) * 12 + day.month - every.start.month
        is_last = (day + timedelta(days=1)).day == 1
        right_day = day.day == every.start.day or (is_last and day.day < every.start.day)
        return months % every.count == 0 and right_day
    period = every.count * (7 if every.unit is Unit.WEEK else 1)
    return (day - every.start).days % period == 0


def is_asked(every: Every, day: date) -> bool:
    if every.weekday is None:
        return is_counted(every, day)
    week_before = (day - timedelta(days=back) for back in range(7))
    return day.weekday() == every.weekday and any(is_counted(every, one) for one in week_before)


@settings(deadline=None)
@given(everies())
def test_plain_cadence_has_exactly_the_days_it_should(every: Every) -> None:
    horizon = every.start + timedelta(days=500)
    wanted = [
        datetime.combine(day, every.at)
        for day in (every.start + timedelta(days=passed) for passed in range(500))
        if is_asked(every, day)
    ]
    found = nominal_times(every, LONG_AGO)
    assert [*islice(found, len(wanted))] == wanted
    assert next(found).date() >= horizon


# --- All cadences ---


@settings(deadline=None)
@given(cadences, st.integers(-400, 4000), whole_minutes)
def test_times_come_in_order_after_the_moment_given_and_never_before_the_start(
    cadence: Cadence, days: int, clock: time
) -> None:
    after = beginning(cadence) + timedelta(days=days, hours=clock.hour, minutes=clock.minute)
    times = [*islice(nominal_times(cadence, after), 4)]
    assert times[0] > after
    assert times[0] >= beginning(cadence)
    assert all(one < other for one, other in pairwise(times))
    assert all(one.tzinfo is None for one in times)


@settings(deadline=None)
@given(cadences, st.integers(0, 4000), whole_minutes)
def test_looking_back_agrees_with_looking_ahead(cadence: Cadence, days: int, clock: time) -> None:
    after = beginning(cadence) + timedelta(days=days, hours=clock.hour, minutes=clock.minute)
    one, other = islice(nominal_times(cadence, after), 2)
    assert latest_nominal(cadence, one) == one
    assert latest_nominal(cadence, one + timedelta(seconds=1, microseconds=1)) == one
    assert latest_nominal(cadence, other - timedelta(microseconds=1)) == one
    assert latest_nominal(cadence, other) == other
    assert cadence_length(cadence, one) == other - one
    earlier = latest_nominal(cadence, one - timedelta(microseconds=1))
    assert earlier is None or earlier <= after


@settings(deadline=None)
@given(cadences)
def test_there_is_nothing_before_the_first_time(cadence: Cadence) -> None:
    first = next(nominal_times(cadence, LONG_AGO))
    assert latest_nominal(cadence, first) == first
    assert latest_nominal(cadence, first - timedelta(microseconds=1)) is None
    assert latest_nominal(cadence, LONG_AGO) is None


@settings(deadline=None)
@given(cadences)
def test_every_time_is_one_of_the_times_of_day(cadence: Cadence) -> None:
    seen = {one.time() for one in islice(nominal_times(cadence, LONG_AGO), 40)}
    assert seen <= set(times_of_day(cadence))
    assert seen


# --- Cron ---


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param(
            "0 10 13 * FRI",
            ["2026-02-06 10:00", "2026-02-13 10:00", "2026-02-20 10:00"],
            id="day of month or day of week, where both are given",
        ),
        pytest.param(
            "0 10 */2 * MON",
            ["2026-02-09 10:00", "2026-02-23 10:00", "2026-03-09 10:00"],
            id="both, where one begins with a star",
        ),
        pytest.param(
            "0 10 * * 7", ["2026-02-01 10:00", "2026-02-08 10:00"], id="7 is Sunday as well"
        ),
        pytest.param("0 10 * * MON#1", ["2026-02-02 10:00", "2026-03-02 10:00"], id="first Monday"),
        pytest.param("0 10 L * *", ["2026-02-28 10:00", "2026-03-31 10:00"], id="last day"),
        pytest.param("0 10 29 2 *", ["2028-02-29 10:00", "2032-02-29 10:00"], id="leap day"),
        pytest.param("0 0 * * *", ["2026-02-01 00:00"], id="midnight of the start itself"),
    ],
)
def test_cron(expression: str, expected: list[str]) -> None:
    assert first_times(Cron(expression, date(2026, 2, 1)), len(expected)) == expected


def test_cron_without_a_start_has_always_been() -> None:
    cron = Cron("0 10 * * MON#1")
    validate(cron)
    assert latest_nominal(cron, nominal("2026-01-31 09:00")) == nominal("2026-01-05 10:00")
    assert next(nominal_times(cron, nominal("2026-01-31 09:00"))) == nominal("2026-02-02 10:00")
    assert describe(cron) == "at 10:00 on the first Monday of the month"


def test_times_of_day_of_a_cron_expression() -> None:
    cron = Cron("0,30 9,17 * * 1-5", date(2026, 1, 1))
    assert times_of_day(cron) == (time(9), time(9, 30), time(17), time(17, 30))


# --- What is refused ---


@pytest.mark.parametrize(
    ("cadence", "sentence"),
    [
        (Cron("0 10 31 2 *", date(2026, 1, 1)), "cron '0 10 31 2 \\*' has an impossible day-of"),
        (Cron("0 10 30 FEB *", date(2026, 1, 1)), "has an impossible day-of-month"),
        (Cron("0 10 */31 * MON#5", date(2026, 1, 1)), "never comes: no date fits all its fields"),
        (Cron("0 25 * * *", date(2026, 1, 1)), "has an impossible hour"),
        (Cron("0 10 * * FOO", date(2026, 1, 1)), "has an impossible day-of-week"),
        (Cron("@weekly", date(2026, 1, 1)), "'@weekly' does not have five fields: minute, hour"),
        (Cron("0 0 10 * * *", date(2026, 1, 1)), "does not have five fields"),
        (Cron("", date(2026, 1, 1)), "does not have five fields"),
        (Every(0, Unit.WEEK, TEN, date(2026, 1, 1)), "every 0 weeks is not every 1 to 366"),
        (Every(367, Unit.DAY, TEN, date(2026, 1, 1)), "every 367 days is not"),
        (Every(1, Unit.DAY, TEN, date(2026, 1, 1), MONDAY), "a weekday goes with weeks and months"),
        (Every(1, Unit.WEEK, TEN, date(2026, 1, 1), 7), "weekday 7 is not 0 .Monday. to 6"),
        (Every(1, Unit.WEEK, time(10, 0, 30), date(2026, 1, 1)), "10:00:30 is not a plain local"),
        (Every(1, Unit.WEEK, time(10, tzinfo=UTC), date(2026, 1, 1)), "is not a plain local time"),
        (Every(1, Unit.WEEK, TEN, date(20, 1, 1)), "start 0020-01-01 is not in the years 2000 to"),
        (Cron("0 10 * * *", date(2926, 1, 1)), "start 2926-01-01 is not in the years 2000 to 2199"),
    ],
)
def test_a_senseless_cadence_is_refused(cadence: Cadence, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        validate(cadence)


@settings(deadline=None)
@given(cadences)
def test_every_sensible_cadence_is_accepted(cadence: Cadence) -> None:
    validate(cadence)


# --- In words ---


@pytest.mark.parametrize(
    ("cadence", "words"),
    [
        (Every(1, Unit.DAY, TEN, date(2026, 1, 5)), "every day at 10:00, from 5 January 2026"),
        (Every(2, Unit.DAY, TEN, date(2026, 1, 5)), "every 2 days at 10:00, from 5 January 2026"),
        (
            Every(1, Unit.WEEK, time(9, 5), date(2026, 1, 5), SUNDAY),
            "every week on Sunday at 09:05, from 11 January 2026",
        ),
        (
            Every(2, Unit.WEEK, time(16, 30), date(2026, 1, 5)),
            "every 2 weeks on Monday at 16:30, from 5 January 2026",
        ),
        (
            Every(1, Unit.MONTH, TEN, date(2026, 1, 22)),
            "every month on the 22nd at 10:00, from 22 January 2026",
        ),
        (
            Every(6, Unit.MONTH, TEN, date(2026, 1, 31)),
            "every 6 months on the 31st at 10:00, from 31 January 2026",
        ),
        (
            Every(3, Unit.MONTH, TEN, date(2026, 1, 31)),
            (
                "every 3 months on the 31st (the last day of shorter months) at 10:00, "
                "from 31 January 2026"
            ),
        ),
        (
            Every(3, Unit.MONTH, TEN, date(2026, 1, 1), TUESDAY),
            "every 3 months on the first Tuesday of the month at 10:00, from 6 January 2026",
        ),
        (
            Every(1, Unit.MONTH, TEN, date(2026, 1, 15), TUESDAY),
            "every month on the third Tuesday of the month at 10:00, from 20 January 2026",
        ),
        (
            Every(3, Unit.MONTH, TEN, date(2026, 1, 13), TUESDAY),
            (
                "every 3 months on the first Tuesday on or after the 13th at 10:00, "
                "from 13 January 2026"
            ),
        ),
        (
            Every(1, Unit.MONTH, TEN, date(2026, 1, 29), TUESDAY),
            (
                "every month on the first Tuesday on or after the 29th "
                "(the last day of shorter months) at 10:00, from 3 February 2026"
            ),
        ),
        (
            Cron("0 10 * * MON#1", date(2026, 1, 1)),
            "at 10:00 on the first Monday of the month, from 5 January 2026",
        ),
        (
            Cron("0 10 1 */3 *", date(2026, 1, 2)),
            "at 10:00 on the first day of every third month, from 1 April 2026",
        ),
        (
            Cron("30 9 22 3,11 *", date(2026, 1, 1)),
            "at 09:30 on the 22nd day of March and November, from 22 March 2026",
        ),
        (
            Cron("0 10 13 1 *", date(2026, 1, 1)),
            "at 10:00 on January 13, from 13 January 2026",
        ),
    ],
)
def test_in_words(cadence: Cadence, words: str) -> None:
    assert describe(cadence) == words


@settings(deadline=None)
@given(everies(), st.data())
def test_words_change_with_every_part_that_changes_the_times(
    every: Every, data: st.DataObject
) -> None:
    """The words are kept to notice a changed cadence, so other times must have other words."""
    other = data.draw(
        st.sampled_from(
            [
                Every(every.count + 1, every.unit, every.at, every.start, every.weekday),
                Every(every.count, Unit.DAY, every.at, every.start),
                Every(every.count, Unit.WEEK, every.at, every.start, every.weekday),
                Every(every.count, Unit.MONTH, every.at, every.start, every.weekday),
                Every(every.count, every.unit, time(3, 7), every.start, every.weekday),
                Every(every.count, every.unit, every.at, date(2026, 3, 4), every.weekday),
            ]
        )
    )
    same = first_times(every, 60) == first_times(other, 60)
    assert same or describe(every) != describe(other)
