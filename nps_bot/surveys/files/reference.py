"""The tables of docs/surveys.md, made from the declarations of the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import time, timedelta
from functools import partial
from typing import Any, get_args

from pydantic.fields import FieldInfo

from nps_bot.nps.bands import Band
from nps_bot.surveys.files.declaring import more, otherwise
from nps_bot.surveys.files.defaults import CHASERS, FOLLOW_UPS, QUESTIONS, REMINDER, THANK_YOUS
from nps_bot.surveys.files.explaining import keys_of, keys_of_all, model_in
from nps_bot.surveys.files.fields import Parser
from nps_bot.surveys.files.wording_groups import SCORES
from nps_bot.surveys.rules.survey import Kind

Row = Sequence[str]


def _keys(names: Sequence[str]) -> Iterator[Row]:
    """Return the table of these keys of a file, each with all that stand below it."""
    yield "key", "default", "meaning"
    everywhere = keys_of_all()
    for name in names:
        yield from _rows({name: everywhere[name]}, "")


def _rows(keys: Mapping[str, FieldInfo], prefix: str) -> Iterator[Row]:
    """Yield a row for each key, and behind it those of its group; the three bands are one."""
    for key, field in keys.items():
        if key in (Band.PASSIVE, Band.PROMOTER):
            continue
        path = prefix + ("<band>" if key == Band.DETRACTOR else key)
        yield f"`{path}`", _default(field), _meaning(field)
        if inner := model_in(field.annotation):
            listed = "" if inner is field.annotation else "[]"
            yield from _rows(keys_of(inner), f"{path}{listed}.")


def _default(field: FieldInfo) -> str:
    """Return the default as a file would say it."""
    if told := otherwise(field):
        return told
    if field.is_required():
        return "required"
    return "see below" if field.default_factory else f"`{_written(field.default)}`"


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            count, unit = (value.days, "day") if value.days else (value.seconds // 3600, "hour")
            return f"{count} {unit}{'' if count == 1 else 's'}"
        case time():
            return f"{value:%H:%M}"
        case ():
            return "[]"
        case _:
            return str(value)


def _meaning(field: FieldInfo) -> str:
    description = field.description or ""
    first = SCORES[Band.DETRACTOR]
    if description.endswith(f"after {first}"):
        bands = [f"{scores} (`{band}`)" for band, scores in SCORES.items()]
        description = f"{description.removesuffix(first)}{', '.join(bands[:-1])} or {bands[-1]}"
    told = description + _bounds((field.metadata, field.annotation))
    return f"{told}. {more(field)}" if more(field) else told


def _bounds(within: Any) -> str:
    """Return the bounds that a type carries, wherever in it its parser stands."""
    if isinstance(within, Parser):
        return within.bounds
    inner = within if isinstance(within, tuple | list) else get_args(within)
    return next(filter(None, map(_bounds, inner)), "")


def _questions() -> Iterator[Row]:
    yield "kind", "question"
    yield from ((f"`{kind}`", QUESTIONS[kind]) for kind in Kind)


def _follow_ups() -> Iterator[Row]:
    yield "band", "key", "question"
    for band in Band:
        yield from ((f"`{band}`", f"`{each.key}`", each.question) for each in FOLLOW_UPS[band])


def _thanks() -> Iterator[Row]:
    yield "kind", "band", "words"
    for kind in Kind:
        yield from ((f"`{kind}`", f"`{band}`", THANK_YOUS[kind][band]) for band in Band)


def _messages() -> Iterator[Row]:
    yield "message", "words"
    yield "`reminder`", REMINDER
    yield from ((f"`chaser.{band}`", CHASERS[band]) for band in Band)


SECTIONS: Mapping[str, Sequence[str]] = {
    "keys-identity": ("key", "title", "brand", "kind", "question"),
    "keys-audience": ("audience",),
    "keys-channels": ("in", "accounts"),
    "keys-cadence": ("cadence", "quiet_hours", "closes_after", "correctable_for"),
    "keys-budget": ("budget",),
    "keys-anonymous": ("anonymous",),
    "keys-team": ("channels", "owners", "admins_manage", "confirm_above"),
    "keys-follow-ups": ("follow_ups",),
    "keys-thanks": ("thank_you",),
    "keys-messages": ("reminder", "chaser"),
}
"""The tables of keys, each with the keys it begins with; what stands in a group follows it."""

TABLES: Mapping[str, Callable[[], Iterable[Row]]] = {
    **{name: partial(_keys, keys) for name, keys in SECTIONS.items()},
    "default-questions": _questions,
    "default-follow-ups": _follow_ups,
    "default-thanks": _thanks,
    "default-messages": _messages,
}
"""Each table of docs/surveys.md by its name: what returns its rows, the heading first."""
