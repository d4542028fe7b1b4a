"""How a key of a survey file is declared: once, for what reads files, its errors and its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

T = TypeVar("T")


def declared(
    description: str,
    default: Any = ...,
    *,
    more: str = "",
    otherwise: str = "",
    alias: str | None = None,
    unless: Mapping[str, str] | None = None,
) -> Any:
    """Return the declaration of a key.

    Args:
        description: what it means; an error about a missing key ends with it.
        default: its value where a file has none; a model for one without any keys; by default the
            key is required.
        more: further sentences for docs/surveys.md.
        otherwise: what docs/surveys.md tells as the default, where that is no value.
        alias: its name in the file, where Python cannot have it.
        unless: the kinds of surveys that cannot have it, each with why.
    """
    extra: dict[str, Any] = {"more": more, "otherwise": otherwise, "unless": dict(unless or {})}
    if isinstance(default, type):
        return Field(
            default_factory=default, description=description, alias=alias, json_schema_extra=extra
        )
    return Field(default, description=description, alias=alias, json_schema_extra=extra)


class Group(BaseModel):
    """A group of keys; unknown ones are refused."""

    # Built when first used: each group alone would be built once more, for nobody.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def made(self, kind: type[T]) -> T:
        """Return these values as a ``kind``, whose attributes have the same names."""
        return kind(**dict(self))


def unless(key: FieldInfo) -> Mapping[str, str]:
    """Return the kinds of surveys that cannot have ``key``, each with why."""
    return cast("Mapping[str, str]", _extra(key)["unless"])


def more(key: FieldInfo) -> str:
    """Return the further sentences of ``key`` for docs/surveys.md."""
    return str(_extra(key)["more"])


def otherwise(key: FieldInfo) -> str:
    """Return what docs/surveys.md tells as the default of ``key``; empty for the value itself."""
    return str(_extra(key)["otherwise"])


def _extra(key: FieldInfo) -> dict[str, Any]:
    return cast("dict[str, Any]", key.json_schema_extra)
