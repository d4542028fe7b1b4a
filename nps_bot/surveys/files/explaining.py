"""pydantic's errors -> one sentence each, for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nps_bot.errors import nearest
from nps_bot.surveys.files.fields import shown


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one sentence, without its full stop, per problem.

    Args:
        error: what pydantic found.
        model: what it checked against, and which knows what is allowed.
    """
    details = error.errors(include_url=False)
    meant = {
        (*each["loc"][:-1], key)
        for each in details
        if each["type"] == "extra_forbidden"
        for key in keys_of(_model_at(each["loc"][:-1], model))
        if nearest(str(each["loc"][-1]), [key])
    }
    return [
        _sentence(each, model)
        for each in details
        if each["type"] != "missing" or each["loc"] not in meant  # one mistake, told once
    ]


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of ``model`` by the keys they have in a file."""
    return {each.alias or name: each for name, each in model.model_fields.items()}


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that ``annotation`` is, holds, or is a sequence of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    place, value = detail["loc"], detail["input"]
    path = _path(place)
    match detail["type"]:
        case "extra_forbidden" | "invalid_key":
            keys = keys_of(_model_at(place[:-1], model))
            hint = nearest(str(place[-1]), keys) or f" Allowed here: {', '.join(keys)}"
            return f"unknown key '{path}'.{hint}"
        case "missing":
            key = keys_of(_model_at(place[:-1], model))[str(place[-1])]
            return f"'{path}' is missing: {key.description}"
        case "model_type":
            keys = keys_of(_model_at(place, model))
            return f"'{path}' must be a group of keys ({', '.join(keys)}), not {shown(value)}"
        case "tuple_type":
            return f"'{path}' must be a list, not {shown(value)}"
        case _:
            return f"'{path}' {detail['ctx']['error']}"


def _path(place: Sequence[int | str]) -> str:
    """Return where it is: ``follow_ups.detractor[1].question``, entries counted from 1."""
    path = ""
    for step in place:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def _model_at(place: Sequence[int | str], model: type[BaseModel]) -> type[BaseModel]:
    """Return the model that checks the group of keys at ``place``."""
    for step in place:
        if isinstance(step, str):
            model = model_in(keys_of(model)[step].annotation) or model
    return model
