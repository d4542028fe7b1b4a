"""The values a survey file may hold, each type with its parser, its bounds and its sentence.

A parser takes what stands in the file and returns what it means, or raises a ValueError that goes
on after the key: "must be ..., not 'x'".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator

from nps_bot.base.errors import nearest
from nps_bot.base.slack_ids import is_channel, is_email, is_group, is_person_id, is_team
from nps_bot.surveys.rules.cadence import Unit
from nps_bot.surveys.rules.survey import LEAST_THRESHOLD, NO_SEGMENTS, Delivery, Kind

BRAND = 75
"""Characters of a brand, as Slack counts them."""
TITLE = 50
"""A title names charts and choices; a chart's title has 50 characters."""
LABEL = 2_000
"""Characters of a modal's input label; a message's section would take 3,000."""
BUTTON = 75
URL = 3_000
PLACEHOLDER = "{brand}"

_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""What PostgreSQL or JSON cannot keep; YAML's escapes can write it."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = {Unit.DAY: 366, Unit.WEEK: 53, Unit.MONTH: 24}


@dataclass(frozen=True, slots=True)
class Parser(BeforeValidator):
    """A parser, and its bounds as docs/surveys.md tells them behind a key's description."""

    bounds: str = ""


def shown(value: object) -> str:
    """Return how an error shows what stands in the file."""
    match value:
        case str():
            return f"'{value}'" if len(value) <= 60 else f"'{value[:60]}...'"
        case dict():
            return "a group of keys"
        case list() | tuple():
            return "a list"
        case None:
            return "nothing; a text that begins with # needs quotes"
        case _:
            return str(value)


def refused(allowed: str, value: object, hint: str = "") -> ValueError:
    """Return the error for a value that is not what is ``allowed``; pydantic collects it."""
    return ValueError(f"must be {allowed}, not {shown(value)}" + (hint and f".{hint}"))


def _text(value: object, allowed: str = "text") -> str:
    if not isinstance(value, str):
        raise refused(allowed, value)
    if _UNSTORABLE.search(value):
        raise ValueError("holds a control character")
    return value.strip()


def _line(value: object) -> str:
    """Return a text in one line; a line end would break the emphasis around it."""
    return " ".join(_text(value).split())


def _size(text: str) -> int:
    """Return how long Slack finds ``text``: it escapes three characters, and a brand goes in."""
    filled = text.replace(PLACEHOLDER, "x" * BRAND)
    return len(filled) + 4 * filled.count("&") + 3 * (filled.count("<") + filled.count(">"))


def _sized(text: str, limit: int) -> str:
    if not text:
        raise ValueError("must not be empty")
    if _size(text) > limit:
        brand = f", {PLACEHOLDER} taken as {BRAND}" if PLACEHOLDER in text else ""
        raise ValueError(f"must have at most {limit:,} characters{brand}, not {_size(text):,}")
    return text


def _words(limit: int, read: Callable[[object], str] = _line, *, filled: bool = False) -> Parser:
    """Return the parser of words that people read.

    Args:
        limit: how many characters they may have.
        read: returns the text, in one line or as it stands.
        filled: whether the brand is filled in.
    """

    def parse(value: object) -> str:
        text = read(value)
        for name in re.findall(r"\{[^{}]*\}", text) if filled else ():
            if name != PLACEHOLDER:
                raise ValueError(f"holds {name}, but only {PLACEHOLDER} is filled in")
        return _sized(text, limit)

    return Parser(parse, bounds=f", at most {limit:,} characters")


def _one(allowed: str, understand: Callable[[str], Any], bounds: str = "") -> Parser:
    """Return the parser of what ``understand`` makes something of, not None and no ValueError."""

    def parse(value: object) -> Any:
        text = _text(value, allowed)
        try:
            found = understand(text)
        except ValueError:
            found = None
        if found is None:
            raise refused(allowed, value)
        return found

    return Parser(parse, bounds=bounds)


def _written(pattern: str, allowed: str) -> Parser:
    return _one(allowed, lambda text: text if re.fullmatch(pattern, text) else None, f": {allowed}")


def _checked(is_one: Callable[[str], bool], allowed: str) -> Parser:
    return _one(allowed, lambda text: text if is_one(text) else None)


def _choice(words: Collection[str], allowed: str = "") -> Parser:
    allowed = allowed or f"one of {', '.join(words)}"

    def parse(value: object) -> str:
        text = _text(value, allowed).lower()
        if text not in set(words):
            raise refused(allowed, value, nearest(text, words))
        return text

    return Parser(parse)


def _whole(least: int, most: int, allowed: str = "", bounds: str = "") -> Parser:
    def understand(text: str) -> int | None:
        number = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else -1
        return number if least <= number <= most else None

    between = f": `{least}` to `{most}`"
    return _one(allowed or f"a whole number from {least} to {most}", understand, bounds or between)


def _duration(least: str, most: int) -> Parser:
    """Return the parser of durations from ``least`` ("1 hour") to so many days."""
    allowed = "a number of hours, days or weeks, such as '7 days'"
    count, unit = least.split()
    shortest = timedelta(hours=int(count))

    def parse(value: object) -> timedelta:
        found = re.fullmatch(r"(\d{1,4})\s+(hour|day|week)s?", _text(value, allowed).lower())
        if not found:
            raise refused(allowed, value)
        duration = timedelta(**{f"{found[2]}s": int(found[1])})
        if not shortest <= duration <= timedelta(days=most):
            raise refused(f"from {count} {unit} to {most} days", value)
        return duration

    return Parser(parse, bounds=f": `{least}` to `{most} days`")


def _url(value: object) -> str:
    text = _text(value, "an address")
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    web = parts.scheme in {"http", "https"} and parts.hostname
    if not web or not re.fullmatch(r"[^\s<>|\"]+", text):
        raise refused("an address that begins with https:// or http://", value)
    return _sized(text, URL)


def _someone(text: str) -> str | None:
    return text.lower() if is_email(text) else text if is_person_id(text) else None


def _time_of_day(text: str) -> time | None:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    return time(int(found[1]), int(found[2])) if found else None


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if re.fullmatch(r"20\d\d-\d\d-\d\d", text) else None


def _period(value: object) -> tuple[int, Unit]:
    allowed = "a number of days, weeks or months, such as '3 months' or 'week'"
    text = _text(value, allowed).lower()
    found = re.fullmatch(r"(?:(\d{1,3})\s+)?(day|week|month)s?", text)
    if not found:
        raise refused(allowed, value)
    count, unit = int(found[1] or 1), Unit(found[2])
    if not 1 <= count <= _LONGEST[unit]:
        raise refused(f"1 to {_LONGEST[unit]} {unit}s", value)
    return count, unit


def _segment(value: object) -> str:
    column = _sized(_line(value), TITLE)
    if column in NO_SEGMENTS:
        raise refused("a further column, such as team, because groups shall be large", value)
    return column


def _without_sign(value: object) -> object:
    return value.removesuffix("%").rstrip() if isinstance(value, str) else value


def _time_zone(value: object) -> str:
    allowed = "an IANA time zone such as Europe/London"
    text = _text(value, allowed)
    try:
        # Abbreviations such as EST are found too, but have no daylight saving: hardly ever meant.
        known = ("/" in text or text == "UTC") and bool(ZoneInfo(text).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        raise refused(allowed, value, nearest(text, available_timezones()))
    return text


Text = Annotated[str, Parser(_line)]
Brand = Annotated[str, _words(BRAND)]
Title = Annotated[str, _words(TITLE)]
Question = Annotated[str, _words(LABEL, filled=True)]
Thanks = Annotated[str, _words(LABEL, _text, filled=True)]
LinkText = Annotated[str, _words(BUTTON)]
Url = Annotated[str, Parser(_url)]
SurveyKey = Annotated[
    str,
    _written(
        r"[a-z][a-z0-9_-]{0,39}", "1 to 40 lower-case letters, digits, - or _, the first a letter"
    ),
]
QuestionKey = Annotated[
    str,
    _written(
        r"[a-z][a-z0-9_]{0,59}", "1 to 60 lower-case letters, digits or _, the first a letter"
    ),
]
Channel = Annotated[
    str, _checked(is_channel, 'a channel: "#name" in quotes, lower case, or its id')
]
Group = Annotated[str, _checked(is_group, 'a user group: "@handle" in quotes, or its id')]
Person = Annotated[str, _one("a Slack id such as U012AB3CD or an e-mail address", _someone)]
Team = Annotated[str, _checked(is_team, "the id of a workspace, such as T012AB3CD")]
SurveyKind = Annotated[Kind, _choice(Kind)]
SurveyDelivery = Annotated[Delivery, _choice(Delivery)]
Flag = Annotated[bool, _choice(("true", "false"), "true or false")]
PeopleCount = Annotated[
    int,
    _whole(0, 999_999, "a number of people, such as 50; 0 for everybody", "; `0` for every wave"),
]
TimeOfDay = Annotated[
    time, _one('a time of day such as "10:00", from "00:00" to "23:59"', _time_of_day)
]
Day = Annotated[date, _one("a date such as 2026-01-05, from 2000 to 2099", _date)]
Weekday = Annotated[int, BeforeValidator(WEEKDAYS.index), _choice(WEEKDAYS)]
Period = Annotated[
    tuple[int, Unit],
    Parser(
        _period, bounds="; at most 366 days, 53 weeks or 24 months, such as `3 months` or `week`"
    ),
]
Wait = Annotated[timedelta, _duration("1 hour", 90)]
Grace = Annotated[timedelta, _duration("0 hours", 90)]
Span = Annotated[timedelta, _duration("0 hours", 730)]
Threshold = Annotated[int, _whole(LEAST_THRESHOLD, 1_000)]
Segment = Annotated[str, Parser(_segment)]
Percent = Annotated[int, _whole(1, 100), BeforeValidator(_without_sign)]
Number = Annotated[int, _whole(1, 100_000)]
TimeZone = Annotated[str, Parser(_time_zone)]
