"""A cadence in plain words."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, time
from functools import lru_cache

from nps_bot.surveys.rules.cadence import (
    MINUTE,
    WEEKDAYS,
    Cadence,
    Cron,
    Every,
    Unit,
    cron_times,
    nominal_times,
)

RANKS = {1: "first", 8: "second", 15: "third", 22: "fourth"}
"""Which of a month's Mondays (say) is the first one on or after this day."""


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
    words = cron_times(cron.expression, cron.beginning).explain()
    words = re.sub(r"\b(\d+)th\b", lambda found: _ordinal(int(found[1])), words)
    return words[0].lower() + words[1:]


def _ordinal(number: int) -> str:
    ending = "th" if number in range(11, 14) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
