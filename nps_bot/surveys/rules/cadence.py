"""When a survey asks: its nominal local times, and which of its waves is due.

A *nominal* time is what a clock on the wall shows, without a zone ("10 November, 10:00"): one for
everybody, and the identity of a wave. :mod:`local_time` turns it into moments.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from nps_bot.surveys.rules.local_time import FIRST_ZONE, earliest_opening, latest_opening, localize

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

CLOCKS_GO_BACK_AT_MOST = timedelta(hours=3)
"""No clock has been set back further since 1995 (Casey, Antarctica, in 2010)."""

YEARS = range(2000, 2200)
"""The years in which a cadence may start; anything else is a slip of the pen."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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
        yield from cron_times(cadence.expression, max(after, just_before))
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
    nominal = next(cron_times(cadence.expression, just_after, reverse=True), None)
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
    cron = cron_times(cadence.expression, cadence.beginning)
    return tuple(
        time(hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)
    )


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


def next_nominal(cadence: Cadence, time_zone: str | None, now: datetime) -> datetime:
    """Return the local time (naive) of the first wave that opens after ``now``."""
    # Nominal times are local; a time two days ago is over everywhere on earth.
    after = now.astimezone(UTC).replace(tzinfo=None) - 2 * DAY
    return next(
        nominal
        for nominal in nominal_times(cadence, after)
        if earliest_opening(nominal, time_zone) > now
    )


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


def cron_times(expression: str, after: datetime, *, reverse: bool = False) -> CronSim:
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
