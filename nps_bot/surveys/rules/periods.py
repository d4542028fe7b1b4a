"""The times a report can be asked for, from the words people type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nps_bot.base.errors import NpsBotError, nearest

_MAX_DAYS = 3_660
_FORMS = "30d, 90d, 2026-Q3, 2026-08, 2026 or all"


class PeriodError(NpsBotError):
    """A period nobody can read; says which forms there are."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, in UTC.

    Attributes:
        name: as it is typed: "90d", "2026-Q3", "2026-08", "2026", "all".
        start: from this moment on; None for "all".
        end: before this moment; None where it has no end.
    """

    name: str
    start: datetime | None
    end: datetime | None

    @property
    def words(self) -> str:
        """The period as it reads in a sentence: "the last 90 days", "2026-Q3", "all time"."""
        if self.name == "all":
            return "all time"
        if self.name == "1d":
            return "the last 24 hours"
        return f"the last {self.name[:-1]} days" if self.name.endswith("d") else self.name


def parse_period(text: str, now: datetime) -> Period:
    """Return the period ``text`` names.

    Args:
        text: "90d" (the last 90 days), "2026-Q3", "2026-08", "2026" or "all"; in any case.
        now: the current moment; days count back from it.

    Raises:
        PeriodError: ``text`` is none of these; names the nearest one.
    """
    word = text.strip().lower()
    if word == "all":
        return Period("all", None, None)
    if days := re.fullmatch(r"([0-9]{1,4})d", word):
        return _days(int(days[1]), text, now)
    if found := re.fullmatch(r"([0-9]{4})(?:-(?:q([1-4])|(0[1-9]|1[0-2])))?", word):
        year, quarter, month = found.groups()
        if 2000 <= int(year) <= 2999:
            return _calendar(word.upper(), int(year), quarter, month)
    raise PeriodError(f"'{text}' is no period: use {_FORMS}.{_hint(word, now)}")


def period_before(period: Period, now: datetime) -> Period | None:
    """Return the period of the same kind just before, which shares no moment with ``period``.

    None for "all", before which there is nothing.
    """
    if period.start is None:
        return None
    if period.name.endswith("d"):
        length = timedelta(days=int(period.name[:-1]))
        return Period(f"the {period.name[:-1]} days before", period.start - length, period.start)
    last_day = period.start - timedelta(days=1)
    if "Q" in period.name:
        return parse_period(f"{last_day.year}-Q{(last_day.month + 2) // 3}", now)
    return parse_period(last_day.strftime("%Y-%m" if "-" in period.name else "%Y"), now)


def _days(number: int, text: str, now: datetime) -> Period:
    if not 1 <= number <= _MAX_DAYS:
        raise PeriodError(f"'{text}' is out of range: use 1d to {_MAX_DAYS}d, or {_FORMS}.")
    return Period(f"{number}d", now - timedelta(days=number), now)


def _calendar(name: str, year: int, quarter: str | None, month: str | None) -> Period:
    first, months = 1, 12
    if quarter is not None:
        first, months = 3 * int(quarter) - 2, 3
    elif month is not None:
        first, months = int(month), 1
    beyond = first + months
    return Period(
        name,
        datetime(year, first, 1, tzinfo=UTC),
        datetime(year + (beyond > 12), beyond if beyond <= 12 else 1, 1, tzinfo=UTC),
    )


def _hint(word: str, now: datetime) -> str:
    """Return the form ``word`` may have meant, made from the numbers in it."""
    numbers = re.findall(r"[0-9]+", word)
    years = [number for number in numbers if len(number) == 4] or [str(now.year)]
    if quarter := re.search(r"q([1-4])", word):
        return f" Did you mean '{years[0]}-Q{quarter[1]}'?"
    days = [f"{number}d" for number in numbers if len(number) < 4]
    months = [f"{year}-{month:02}" for year in years for month in range(1, 13)]
    return nearest(word, [*days, *months, *years, "all", "90d"])
