"""pydantic's errors -> one sentence each, for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nps_bot.base.errors import nearest
from nps_bot.surveys.files.declaring import unless
from nps_bot.surveys.files.fields import shown
from nps_bot.surveys.files.schema import KINDS, SurveyFile

Place = Sequence[int | str]


def explain(error: ValidationError, kind: type[SurveyFile]) -> list[str]:
    """Return one sentence, without its full stop, per problem.

    Args:
        error: what pydantic found.
        kind: what it checked against, and which knows what is allowed.
    """
    details = error.errors(include_url=False)
    meant = {
        (*each["loc"][:-1], key)
        for each in details
        if each["type"] == "extra_forbidden"
        for key in keys_of(_model_at(each["loc"][:-1], kind))
        if nearest(str(each["loc"][-1]), [key])
    }
    return [
        _sentence(each, kind)
        for each in details
        if each["type"] != "missing" or each["loc"] not in meant  # one mistake, told once
    ]


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of ``model`` by the keys they have in a file."""
    return {each.alias or name: each for name, each in model.model_fields.items()}


def keys_of_all(place: Place = ()) -> dict[str, FieldInfo]:
    """Return the keys at ``place`` in any kind of survey, each as the first kind has it."""
    found: dict[str, FieldInfo] = {}
    for kind in KINDS:
        if not place or str(place[0]) in keys_of(kind):
            for key, field in keys_of(_model_at(place, kind)).items():
                found.setdefault(key, field)
    return found


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that ``annotation`` is, holds, or is a sequence of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def _sentence(detail: ErrorDetails, kind: type[SurveyFile]) -> str:
    place, value = detail["loc"], detail["input"]
    path = _path(place)
    match detail["type"]:
        case "extra_forbidden" | "invalid_key":
            return _unknown(place, kind)
        case "missing":
            key = keys_of(_model_at(place[:-1], kind))[str(place[-1])]
            return f"'{path}' is missing: {key.description}"
        case "model_type":
            keys = keys_of(_model_at(place, kind))
            return f"'{path}' must be a group of keys ({', '.join(keys)}), not {shown(value)}"
        case "tuple_type":
            return f"'{path}' must be a list, not {shown(value)}"
        case _:
            return f"'{path}' {detail['ctx']['error']}"


def _unknown(place: Place, kind: type[SurveyFile]) -> str:
    """Return what to do about a key that this kind of survey does not have."""
    path, (*group, key) = _path(place), place
    everywhere = keys_of_all(group)
    if key not in everywhere:
        allowed = keys_of(_model_at(group, kind)) if group else everywhere
        hint = nearest(str(key), allowed) or f" Allowed here: {', '.join(allowed)}"
        return f"unknown key '{path}'.{hint}"
    if why := unless(everywhere[str(key)]).get(kind.name):
        return f"'{path}' does not go with {kind.goes_with} {why}; remove it"
    if group:
        kept = ", ".join(f"{_path(group)}.{each}" for each in keys_of(_model_at(group, kind)))
        return f"'{path}' does not go with {kind.goes_with.rstrip(':')}, which keep only {kept}"
    other = next(each for each in KINDS if key in keys_of(each))
    return f"'{path}' goes with {other.goes_with} write that too, or remove it"


def _path(place: Place) -> str:
    """Return where it is: ``follow_ups.detractor[1].question``, entries counted from 1."""
    path = ""
    for step in place:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def _model_at(place: Place, model: type[BaseModel]) -> type[BaseModel]:
    """Return the model that checks the group of keys at ``place``."""
    for step in place:
        if isinstance(step, str):
            model = model_in(keys_of(model)[step].annotation) or model
    return model
