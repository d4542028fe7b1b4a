"""The sandbox's rhythm: the surveys' own, counted from the day the sandbox was started.

So its first wave, which asks at once, is one of a row: there are waves before it to compare with,
and the next one comes when the contact budget lets it ask everybody again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from nps_bot.surveys.rules.cadence import Every, Unit
from nps_bot.surveys.rules.local_time import latest_opening
from nps_bot.surveys.rules.survey import Survey

_QUARTER, _WEEKS = 3, 13
"""A quarter in months and in weeks."""
NINE_MONTHS = timedelta(weeks=3 * _WEEKS)


def from_the_day(surveys: Mapping[str, Survey], founded: datetime) -> dict[str, Survey]:
    """Return the surveys as the sandbox asks them: those that ask every so many quarters, on a
    weekday, ask as many weeks apart, counted from the latest such day.
    """
    return {key: _from(survey, _latest_day(survey, founded)) for key, survey in surveys.items()}


def as_before(surveys: Mapping[str, Survey], founded: datetime) -> dict[str, Survey]:
    """Return the same surveys as they were asked before the sandbox was started; no others."""
    return {
        key: _from(survey, day - 2 * NINE_MONTHS)
        for key, survey in surveys.items()
        if (day := _latest_day(survey, founded)) is not None
    }


def past_nominals(survey: Survey, founded: datetime) -> Iterator[datetime]:
    """Yield the nominal times of a survey's waves in the nine months before, oldest first.

    Of what is asked more seldom there are two, so that there is something to compare.
    """
    day = _latest_day(survey, founded)
    if day is None or not isinstance(survey.cadence, Every):
        return
    apart = _apart(survey.cadence)
    for before in range(max(NINE_MONTHS // apart, 2), 0, -1):
        yield day - before * apart


def _from(survey: Survey, day: datetime | None) -> Survey:
    cadence = survey.cadence
    if day is None or not isinstance(cadence, Every):
        return survey
    weeks = _apart(cadence) // timedelta(weeks=1)
    counted = replace(cadence, count=weeks, unit=Unit.WEEK, start=day.date())
    return replace(survey, cadence=counted)


def _apart(cadence: Every) -> timedelta:
    return timedelta(weeks=cadence.count // _QUARTER * _WEEKS)


def _latest_day(survey: Survey, founded: datetime) -> datetime | None:
    """Return the latest nominal time that was over everywhere when the sandbox was started.

    A later one would open a wave of its own beside the sandbox's first, which asks at once. None
    for a survey whose cadence is left as it is.
    """
    cadence = survey.cadence
    if (
        not isinstance(cadence, Every)
        or cadence.unit is not Unit.MONTH
        or cadence.weekday is None
        or cadence.count % _QUARTER
    ):
        return None
    ago = timedelta(days=(founded.weekday() - cadence.weekday) % 7)
    day = datetime.combine(founded.date() - ago, cadence.at)
    over = latest_opening(day, survey.time_zone) < founded
    return day if over else day - timedelta(weeks=1)
