"""When a survey asks: nominal local times, and the moments they stand for in a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


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
    """A five-field cron expression, read as nominal local time, not before ``start``."""

    expression: str
    start: date


Cadence = Every | Cron
