"""Small checks that compose into the shapes of Block Kit.

A check looks at one value and adds what is wrong to a list, in the words Slack uses. Pointers are
JSON pointers (RFC 6901) into the arguments of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Where = tuple[Any, str | int] | str
"""A place: the place around it and a key; or the pointer to start from. Nearly all that is checked
is right, so a pointer is spelled out only for a problem (this halves the time of a check)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what was sent: where, and why."""

    where: Where
    message: str

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer."""
        rest, keys = self.where, []
        while not isinstance(rest, str):
            rest, key = rest
            keys.append(f"/{key}")
        return rest + "".join(reversed(keys))

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = list[Problem]
Check = Callable[[Any, Where, Problems], None]


def anything(value: Any, where: Where, problems: Problems) -> None:
    """Accept whatever is there."""


def boolean(value: Any, where: Where, problems: Problems) -> None:
    """Require true or false."""
    if not isinstance(value, bool):
        problems.append(Problem(where, "must provide a boolean"))


def number(value: Any, where: Where, problems: Problems) -> None:
    """Require a number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        problems.append(Problem(where, "must provide a number"))


def positive(value: Any, where: Where, problems: Problems) -> None:
    """Require a number above zero."""
    number(value, where, problems)
    if isinstance(value, int | float) and value <= 0:
        problems.append(Problem(where, "must be greater than 0"))


def string(most: int, least: int = 1) -> Check:
    """Return a check for a string of ``least`` to ``most`` characters."""

    def check(value: Any, where: Where, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.append(Problem(where, "must provide a string"))
        elif len(value) > most:
            problems.append(Problem(where, f"must be less than {most + 1} characters"))
        elif len(value) < least:
            problems.append(Problem(where, f"must be more than {least - 1} characters"))

    return check


def integer(least: int, most: int) -> Check:
    """Return a check for a whole number from ``least`` to ``most``."""

    def check(value: Any, where: Where, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.append(Problem(where, "must provide an integer"))
        elif value < least:
            problems.append(Problem(where, f"must be at least {least}"))
        elif value > most:
            problems.append(Problem(where, f"must be at most {most}"))

    return check


def choice(*allowed: str) -> Check:
    """Return a check for one of some words."""

    def check(value: Any, where: Where, problems: Problems) -> None:
        if value not in allowed:
            problems.append(Problem(where, "must be a valid enum value"))

    return check


def array(of: Check, most: int, least: int = 1) -> Check:
    """Return a check for a list of ``least`` to ``most`` items which all pass ``of``."""

    def check(value: Any, where: Where, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.append(Problem(where, "must provide an array"))
            return
        if len(value) > most:
            problems.append(Problem(where, f"no more than {most} items allowed"))
        elif len(value) < least:
            problems.append(Problem(where, f"no fewer than {least} items allowed"))
        for index, item in enumerate(value):
            of(item, (where, index), problems)

    return check


def shape(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    also: Check | None = None,
) -> Check:
    """Return a check for an object with these fields and no others.

    ``also`` is run on an object whose fields are right, for rules between fields.
    """
    known = {**required, **(optional or {})}
    needed = frozenset(required)

    def check(value: Any, where: Where, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(Problem(where, "must provide an object"))
            return
        before = len(problems)
        for key, item in value.items():
            field = known.get(key)
            if field is None:
                problems.append(Problem(where, f"invalid additional property: {key}"))
            else:
                field(item, (where, key), problems)
        if not needed <= value.keys():
            missing = sorted(needed - value.keys())
            problems.extend(Problem(where, f"missing required field: {key}") for key in missing)
        if also is not None and len(problems) == before:
            also(value, where, problems)

    return check


def by_type(shapes: Mapping[str, Check]) -> Check:
    """Return a check which picks the shape by the object's ``type``."""

    def check(value: Any, where: Where, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(Problem(where, "must provide an object"))
            return
        kind = value.get("type")
        found = shapes.get(kind) if isinstance(kind, str) else None
        if found is not None:
            found(value, where, problems)
        elif "type" not in value:
            problems.append(Problem(where, "missing required field: type"))
        else:
            problems.append(Problem((where, "type"), f"unsupported type: {kind}"))

    return check
