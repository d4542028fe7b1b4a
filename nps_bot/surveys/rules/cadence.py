"""When a survey asks: nominal local times, and the moments they stand for in a time zone.

A *nominal* time is what a clock on the wall shows, without a zone ("10 November, 10:00"): one for
everybody, and the identity of a wave. A *moment* is an instant, in UTC. Naive datetimes here are
nominal, aware ones are moments.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

if TYPE_CHECKING:  # survey.py needs the cadences of this module to exist
    from nps_bot.surveys.rules.survey import QuietHours

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

FIRST_ZONE = timezone(timedelta(hours=14))
"""Where every date begins first (Kiritimati)."""
LAST_ZONE = timezone(timedelta(hours=-12))
"""Where every date begins last (ships and Baker Island)."""
CLOCKS_GO_BACK_AT_MOST = timedelta(hours=3)
"""No clock has been set back further since 1995 (Casey, Antarctica, in 2010)."""

YEARS = range(2000, 2200)
"""The years in which a cadence may start; anything else is a slip of the pen."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RANKS = {1: "first", 8: "second", 15: "third", 22: "fourth"}
"""Which of a month's Mondays (say) is the first one on or after this day."""


class Unit(StrEnum):
    """The unit of a plain cadence."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Every:
    """Every ``count`` days, weeks or months at a local hour, counted from ``start``.

    Attributes:
        weekday: 0 = Monday to 6 = Sunday; the first such day on or after the counted day. None for
            days, or for months on the start's day of the month (its last day where it is shorter).
    """

    count: int
    unit: Unit
    at: time
    start: date
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Cron:
    """A five-field cron expression, read as nominal local time, not before ``start`` (if any)."""

    expression: str
    start: date | None = None

    @property
    def beginning(self) -> datetime:
        """The midnight from which on its times count."""
        return datetime.combine(self.start or date(YEARS[0], 1, 1), time())


Cadence = Every | Cron


def validate(cadence: Cadence) -> None:
    """Check that ``cadence`` makes sense and asks at least once.

    Raises:
        ValueError: it does not; the text is one sentence that says what is allowed.
    """
    if cadence.start is not None and cadence.start.year not in YEARS:
        raise ValueError(f"start {cadence.start} is not in the years {YEARS[0]} to {YEARS[-1]}")
    if isinstance(cadence, Every):
        _validate_every(cadence)
    else:
        _validate_cron(cadence)


def nominal_times(cadence: Cadence, after: datetime) -> Iterator[datetime]:
    """Yield the nominal times strictly after ``after`` (naive), never before the start, in order.

    Raises:
        ValueError: the cadence is one that :func:`validate` refuses.
    """
    if isinstance(cadence, Cron):
        just_before = cadence.beginning - timedelta(seconds=1)
        yield from _cron(cadence.expression, max(after, just_before))
        return
    latest = _latest_index(cadence, after)
    for index in count(0 if latest is None else latest + 1):
        yield _occurrence(cadence, index)


def latest_nominal(cadence: Cadence, at: datetime) -> datetime | None:
    """Return the last nominal time that is not after ``at`` (naive); None before the first one.

    Raises:
        ValueError: the cadence is one that :func:`validate` refuses.
    """
    if isinstance(cadence, Every):
        index = _latest_index(cadence, at)
        return None if index is None else _occurrence(cadence, index)
    if at < cadence.beginning:
        return None
    just_after = at.replace(microsecond=0) + timedelta(seconds=1)
    nominal = next(_cron(cadence.expression, just_after, reverse=True), None)
    return nominal if nominal is not None and nominal >= cadence.beginning else None


def cadence_length(cadence: Cadence, nominal: datetime) -> timedelta:
    """Return how long it is from ``nominal`` to the nominal time that follows it."""
    return next(nominal_times(cadence, nominal)) - nominal


def times_of_day(cadence: Cadence) -> tuple[time, ...]:
    """Return the local times of day at which ``cadence`` may ask, in order.

    Raises:
        ValueError: the cadence is a cron expression that cannot be read.
    """
    if isinstance(cadence, Every):
        return (cadence.at,)
    cron = _cron(cadence.expression, cadence.beginning)
    return tuple(
        time(hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)
    )


@lru_cache  # in every prompt
def describe(cadence: Cadence) -> str:
    """Return ``cadence`` in plain words, to follow "asked ...", with the date of its first time.

    For example "every 3 months on the first Tuesday of the month at 10:00, from 6 January 2026".
    """
    rhythm = _describe_every(cadence) if isinstance(cadence, Every) else _describe_cron(cadence)
    if cadence.start is None:
        return rhythm
    first = next(nominal_times(cadence, datetime.combine(cadence.start, time()) - MINUTE))
    return f"{rhythm}, from {first.day} {first:%B %Y}"


def localize(nominal: datetime, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, at which clocks in ``zone`` show ``nominal``.

    A time that the clocks skip becomes the first moment after the gap, one that they show twice
    becomes the first of the two.
    """
    return _moments(nominal, zone)[0]


def next_allowed(moment: datetime, zone: tzinfo, quiet: QuietHours) -> datetime:
    """Return ``moment`` in UTC, or the end of the quiet hours in ``zone`` that it falls into.

    Quiet hours that have begun last until a clock shows their end, even where a clock set back
    shows a time before their start once more.
    """
    while quiet.covers(moment.astimezone(zone).time()):
        moment = _next_reading(quiet.end, zone, moment)
    return moment.astimezone(UTC)


def due_moment(nominal: datetime, zone: tzinfo, quiet: QuietHours, now: datetime) -> datetime:
    """Return when to ask somebody in ``zone`` for the wave of ``nominal``: never before ``now``.

    That is the nominal time there; ``now``, where it has passed less than an hour ago; otherwise
    the next time a clock there shows the same time of day. In quiet hours nobody is asked: a
    moment inside them (a skipped hour can move there) becomes their end.
    """
    moment = next_allowed(localize(nominal, zone), zone, quiet)
    if moment >= now:
        return moment
    if now - moment < HOUR and next_allowed(now, zone, quiet) == now:
        return now.astimezone(UTC)
    day = now.astimezone(zone).date() - DAY  # yesterday's may have been moved to today
    while moment < now:
        same_hour = localize(datetime.combine(day, nominal.time()), zone)
        moment = next_allowed(same_hour, zone, quiet)
        day += DAY
    return moment


def earliest_opening(nominal: datetime, time_zone: str | None) -> datetime:
    """Return the moment when the first clock shows ``nominal``.

    Args:
        nominal: the nominal time of a wave.
        time_zone: the survey's own IANA zone; None for each person's, and then the first on Earth.
    """
    return localize(nominal, ZoneInfo(time_zone) if time_zone else FIRST_ZONE)


def latest_opening(nominal: datetime, time_zone: str | None) -> datetime:
    """Return the moment when the last clock shows ``nominal``; see :func:`earliest_opening`."""
    return localize(nominal, ZoneInfo(time_zone) if time_zone else LAST_ZONE)


def missed_wave_is_stale(
    cadence: Cadence, nominal: datetime, opened: datetime, now: datetime
) -> bool:
    """Return whether more than half the cadence has passed since the wave should have opened.

    Args:
        cadence: the survey's cadence.
        nominal: the nominal time of the wave.
        opened: its earliest opening.
        now: the current moment.
    """
    return now - opened > cadence_length(cadence, nominal) / 2


def due_wave(
    cadence: Cadence, time_zone: str | None, cadence_since: datetime, now: datetime
) -> datetime | None:
    """Decide which wave should be open by ``now``; whether it exists already is for the caller.

    It is the latest one whose nominal time has come anywhere. A missed one is given up once half
    the cadence has passed, and nothing was missed that was over everywhere before the cadence was
    first seen.

    Args:
        cadence: the survey's cadence.
        time_zone: the survey's own IANA zone; None for each person's.
        cadence_since: when this cadence was first seen.
        now: the current moment.

    Returns:
        The nominal time of the wave, or None when there is none to open.
    """
    nominal = _latest_opened(cadence, time_zone, now)
    if nominal is None or latest_opening(nominal, time_zone) < cadence_since:
        return None
    opened = earliest_opening(nominal, time_zone)
    return None if missed_wave_is_stale(cadence, nominal, opened, now) else nominal


def _latest_opened(cadence: Cadence, time_zone: str | None, now: datetime) -> datetime | None:
    """Return the latest nominal time that a clock has shown by ``now``.

    The latest reading is not always the present one: a clock may just have been set back.
    """
    zone = ZoneInfo(time_zone) if time_zone else FIRST_ZONE
    reading = now.astimezone(zone).replace(tzinfo=None)
    nominal = latest_nominal(cadence, reading + CLOCKS_GO_BACK_AT_MOST)
    while nominal is not None and localize(nominal, zone) > now:
        nominal = latest_nominal(cadence, nominal - MINUTE)
    return nominal


def _validate_every(every: Every) -> None:
    if every.count not in range(1, 367):
        raise ValueError(f"every {every.count} {every.unit}s is not every 1 to 366")
    if every.at != every.at.replace(second=0, microsecond=0, tzinfo=None):
        raise ValueError(f"{every.at} is not a plain local time in whole minutes, such as 10:00")
    if every.weekday is None:
        return
    if every.unit is Unit.DAY:
        raise ValueError("a weekday goes with weeks and months, not with days")
    if every.weekday not in range(7):
        raise ValueError(f"weekday {every.weekday} is not 0 (Monday) to 6 (Sunday)")


def _validate_cron(cron: Cron) -> None:
    if next(nominal_times(cron, cron.beginning - MINUTE), None) is None:
        raise ValueError(f"cron '{cron.expression}' never comes: no date fits all its fields")


def _cron(expression: str, after: datetime, *, reverse: bool = False) -> CronSim:
    """Return the times of ``expression`` strictly after (or in reverse before) ``after``."""
    if len(expression.split()) != 5:
        raise ValueError(
            f"cron '{expression}' does not have five fields: "
            "minute, hour, day of month, month, day of week"
        )
    try:
        return CronSim(expression, after, reverse=reverse)
    except CronSimError as error:
        problem = str(error).removeprefix("Bad ")
        raise ValueError(f"cron '{expression}' has an impossible {problem}") from error


def _occurrence(every: Every, index: int) -> datetime:
    """Return the nominal time number ``index`` (from 0) of a plain cadence."""
    day = _counted_day(every, index)
    if every.weekday is not None:
        day += (every.weekday - day.weekday()) % 7 * DAY
    return datetime.combine(day, every.at)


def _counted_day(every: Every, index: int) -> date:
    """Count from the start itself, so that a short month does not shorten those after it."""
    steps = every.count * index
    match every.unit:
        case Unit.DAY:
            return every.start + steps * DAY
        case Unit.WEEK:
            return every.start + steps * 7 * DAY
        case Unit.MONTH:
            years, month = divmod(every.start.month - 1 + steps, 12)
            year, month = every.start.year + years, month + 1
            return date(year, month, min(every.start.day, monthrange(year, month)[1]))


def _latest_index(every: Every, at: datetime) -> int | None:
    """Return the index of the last nominal time that is not after ``at``; None before the first."""
    if every.unit is Unit.MONTH:
        steps = (at.year - every.start.year) * 12 + at.month - every.start.month
    else:
        steps = (at.date() - every.start).days // (7 if every.unit is Unit.WEEK else 1)
    index = steps // every.count
    while index >= 0 and _occurrence(every, index) > at:
        index -= 1
    return index if index >= 0 else None


def _describe_every(every: Every) -> str:
    unit = every.unit.value if every.count == 1 else f"{every.count} {every.unit}s"
    return f"every {unit}{_describe_day(every)} at {every.at:%H:%M}"


def _describe_day(every: Every) -> str:
    if every.unit is Unit.DAY:
        return ""
    if every.unit is Unit.WEEK:
        weekday = every.start.weekday() if every.weekday is None else every.weekday
        return f" on {WEEKDAYS[weekday]}"
    day = every.start.day
    if every.weekday is None:
        return f" on the {_ordinal(day)}{_in_shorter_months(every)}"
    if day in RANKS:
        return f" on the {RANKS[day]} {WEEKDAYS[every.weekday]} of the month"
    stand_in = _in_shorter_months(every)
    return f" on the first {WEEKDAYS[every.weekday]} on or after the {_ordinal(day)}{stand_in}"


def _in_shorter_months(every: Every) -> str:
    """Say what stands in for the start's day, if this cadence meets a month that has not got it."""
    months = {(every.start.month - 1 + every.count * step) % 12 + 1 for step in range(12)}
    shortest = min(monthrange(2023, month)[1] for month in months)
    return " (the last day of shorter months)" if every.start.day > shortest else ""


def _describe_cron(cron: Cron) -> str:
    words = _cron(cron.expression, cron.beginning).explain()
    words = re.sub(r"\b(\d+)th\b", lambda found: _ordinal(int(found[1])), words)
    return words[0].lower() + words[1:]


def _ordinal(number: int) -> str:
    ending = "th" if number in range(11, 14) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _moments(nominal: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return every moment at which ``zone`` shows ``nominal``; for a skipped one, the gap's end."""
    first = nominal.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = nominal.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return (first,)
    if first < second:
        return (first, second)
    # In a gap the offsets of before and after it give these two, in reverse order (PEP 495).
    return (_gap_end(nominal, zone, second, first),)


def _gap_end(nominal: datetime, zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the moment between the two given at which clocks jump over ``nominal``."""

    def shown(second: int) -> datetime:
        return (before + timedelta(seconds=second)).astimezone(zone).replace(tzinfo=None)

    seconds = range(int((after - before).total_seconds()))
    return before + timedelta(seconds=bisect_left(seconds, nominal, key=shown))


def _next_reading(reading: time, zone: tzinfo, after: datetime) -> datetime:
    """Return the first moment after ``after`` at which clocks in ``zone`` show ``reading``."""
    day = after.astimezone(zone).date()
    while True:
        for moment in _moments(datetime.combine(day, reading), zone):
            if moment > after:
                return moment
        day += DAY
