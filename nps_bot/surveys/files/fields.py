"""The values a survey file may hold, each parsed by one function.

Every function takes what stands in the file and returns what it means, or raises a ValueError that
goes on after the key: "must be ..., not 'x'".
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator

from nps_bot.errors import nearest
from nps_bot.slack_ids import is_channel, is_email, is_group, is_person_id, is_team
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
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DATE = re.compile(r"20\d\d-\d\d-\d\d")
_PERIOD = re.compile(r"(?:(\d{1,3})\s+)?(day|week|month)s?")
_DURATION = re.compile(r"(\d{1,4})\s+(hour|day|week)s?")
_WHOLE = re.compile(r"[0-9]{1,6}")
_URL = re.compile(r"[^\s<>|\"]+")
_SURVEY_KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_QUESTION_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LONGEST = {Unit.DAY: 366, Unit.WEEK: 53, Unit.MONTH: 24}


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


def _template(text: str) -> str:
    for name in re.findall(r"\{[^{}]*\}", text):
        if name != PLACEHOLDER:
            raise ValueError(f"holds {name}, but only {PLACEHOLDER} is filled in")
    return text


def _line(value: object) -> str:
    """Return a text in one line; a line end would break the emphasis around it."""
    return " ".join(_text(value).split())


def _brand(value: object) -> str:
    return _sized(_line(value), BRAND)


def _title(value: object) -> str:
    return _sized(_line(value), TITLE)


def _question(value: object) -> str:
    return _sized(_template(_line(value)), LABEL)


def _thanks(value: object) -> str:
    return _sized(_template(_text(value)), LABEL)


def _link_text(value: object) -> str:
    return _sized(_line(value), BUTTON)


def _url(value: object) -> str:
    text = _text(value, "an address")
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _URL.fullmatch(text):
        raise refused("an address that begins with https:// or http://", value)
    return _sized(text, URL)


def _survey_key(value: object) -> str:
    text = _text(value)
    if not _SURVEY_KEY.fullmatch(text):
        raise refused("1 to 40 lower-case letters, digits, - or _, the first a letter", value)
    return text


def _question_key(value: object) -> str:
    text = _text(value)
    if not _QUESTION_KEY.fullmatch(text):
        raise refused("1 to 60 lower-case letters, digits or _, the first a letter", value)
    return text


def _channel(value: object) -> str:
    allowed = 'a channel: "#name" in quotes, lower case, or its id'
    text = _text(value, allowed)
    if not is_channel(text):
        raise refused(allowed, value)
    return text


def _group(value: object) -> str:
    allowed = 'a user group: "@handle" in quotes, or its id'
    text = _text(value, allowed)
    if not is_group(text):
        raise refused(allowed, value)
    return text


def _person(value: object) -> str:
    allowed = "a Slack id such as U012AB3CD or an e-mail address"
    text = _text(value, allowed)
    if is_email(text):
        return text.lower()
    if not is_person_id(text):
        raise refused(allowed, value)
    return text


def _team(value: object) -> str:
    allowed = "the id of a workspace, such as T012AB3CD"
    text = _text(value, allowed)
    if not is_team(text):
        raise refused(allowed, value)
    return text


def _delivery(value: object) -> Delivery:
    allowed = f"one of {', '.join(Delivery)}"
    text = _text(value, allowed).lower()
    if text not in set(Delivery):
        raise refused(allowed, value, nearest(text, Delivery))
    return Delivery(text)


def _flag(value: object) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise refused("true or false", value)


def _people_count(value: object) -> int:
    allowed = "a number of people, such as 50; 0 for everybody"
    text = _text(value, allowed)
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise refused(allowed, value)
    return int(text)


def _time_of_day(value: object) -> time:
    allowed = 'a time of day such as "10:00", from "00:00" to "23:59"'
    found = _TIME.fullmatch(_text(value, allowed))
    if not found:
        raise refused(allowed, value)
    return time(int(found[1]), int(found[2]))


def _date(value: object) -> date:
    allowed = "a date such as 2026-01-05, from 2000 to 2099"
    text = _text(value, allowed)
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise refused(allowed, value)
    return day


def _weekday(value: object) -> int:
    allowed = f"one of {', '.join(WEEKDAYS)}"
    text = _text(value, allowed).lower()
    if text not in WEEKDAYS:
        raise refused(allowed, value, nearest(text, WEEKDAYS))
    return WEEKDAYS.index(text)


def _kind(value: object) -> Kind:
    allowed = f"one of {', '.join(Kind)}"
    text = _text(value, allowed).lower()
    if text not in set(Kind):
        raise refused(allowed, value, nearest(text, Kind))
    return Kind(text)


def _period(value: object) -> tuple[int, Unit]:
    allowed = "a number of days, weeks or months, such as '3 months' or 'week'"
    found = _PERIOD.fullmatch(_text(value, allowed).lower())
    if not found:
        raise refused(allowed, value)
    count, unit = int(found[1] or 1), Unit(found[2])
    if not 1 <= count <= _LONGEST[unit]:
        raise refused(f"1 to {_LONGEST[unit]} {unit}s", value)
    return count, unit


def _duration(value: object, least: timedelta, most: int = 90) -> timedelta:
    allowed = "a number of hours, days or weeks, such as '7 days'"
    found = _DURATION.fullmatch(_text(value, allowed).lower())
    if not found:
        raise refused(allowed, value)
    duration = timedelta(**{f"{found[2]}s": int(found[1])})
    if not least <= duration <= timedelta(days=most):
        shortest = "1 hour" if least else "0 hours"
        raise refused(f"from {shortest} to {most} days", value)
    return duration


def _whole(value: object, allowed: str, most: int, least: int = 1) -> int:
    text = _text(value, allowed)
    number = int(text) if _WHOLE.fullmatch(text) else 0
    if not least <= number <= most:
        raise refused(allowed, value)
    return number


def _threshold(value: object) -> int:
    allowed = f"a whole number from {LEAST_THRESHOLD} to 1000"
    return _whole(value, allowed, 1_000, LEAST_THRESHOLD)


def _segment(value: object) -> str:
    column = _sized(_line(value), TITLE)
    if column in NO_SEGMENTS:
        raise refused("a further column, such as team, because groups shall be large", value)
    return column


def _percent(value: object) -> int:
    value = value.removesuffix("%").rstrip() if isinstance(value, str) else value
    return _whole(value, "a whole number from 1 to 100", 100)


def _time_zone(value: object) -> str:
    allowed = "an IANA time zone such as Europe/London"
    text = _text(value, allowed)
    try:
        # Abbreviations such as EST are found too, but have no daylight saving: hardly ever meant.
        known = ("/" in text or text == "UTC") and bool(ZoneInfo(text).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        hint = nearest(text, available_timezones())
        raise refused(allowed, value, hint)
    return text


Text = Annotated[str, BeforeValidator(_line)]
SurveyKind = Annotated[Kind, BeforeValidator(_kind)]
Brand = Annotated[str, BeforeValidator(_brand)]
Title = Annotated[str, BeforeValidator(_title)]
Question = Annotated[str, BeforeValidator(_question)]
Thanks = Annotated[str, BeforeValidator(_thanks)]
LinkText = Annotated[str, BeforeValidator(_link_text)]
Url = Annotated[str, BeforeValidator(_url)]
SurveyKey = Annotated[str, BeforeValidator(_survey_key)]
QuestionKey = Annotated[str, BeforeValidator(_question_key)]
Channel = Annotated[str, BeforeValidator(_channel)]
Group = Annotated[str, BeforeValidator(_group)]
Person = Annotated[str, BeforeValidator(_person)]
Account = Annotated[str, BeforeValidator(_brand)]
Team = Annotated[str, BeforeValidator(_team)]
SurveyDelivery = Annotated[Delivery, BeforeValidator(_delivery)]
Flag = Annotated[bool, BeforeValidator(_flag)]
PeopleCount = Annotated[int, BeforeValidator(_people_count)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Day = Annotated[date, BeforeValidator(_date)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
Period = Annotated[tuple[int, Unit], BeforeValidator(_period)]
Opening = Annotated[timedelta, BeforeValidator(lambda value: _duration(value, timedelta(hours=1)))]
Wait = Annotated[timedelta, BeforeValidator(lambda value: _duration(value, timedelta(hours=1)))]
Grace = Annotated[timedelta, BeforeValidator(lambda value: _duration(value, timedelta(0)))]
Span = Annotated[timedelta, BeforeValidator(lambda value: _duration(value, timedelta(0), 730))]
Threshold = Annotated[int, BeforeValidator(_threshold)]
Segment = Annotated[str, BeforeValidator(_segment)]
Percent = Annotated[int, BeforeValidator(_percent)]
Number = Annotated[
    int, BeforeValidator(lambda value: _whole(value, "a whole number from 1 to 100000", 100_000))
]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
