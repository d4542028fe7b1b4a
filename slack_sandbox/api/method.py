"""What a Web API method is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slack_sandbox.errors import ApiError, invalid_arguments
from slack_sandbox.limits import Tier
from slack_sandbox.platform import Platform

ALWAYS_ALLOWED = frozenset({"token", "team_id"})
"""Bolt sends ``team_id`` with every call; Slack takes it everywhere."""


class Arguments:
    """The arguments of one call, whether they came as a form (all text) or as JSON.

    Arguments:
        given: as they came; what arrives as JSON text inside a form is decoded in place, so that
            the ledger shows it.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given

    def text(self, name: str) -> str | None:
        """Return a text, or None where it was not given or is empty."""
        value = self.given.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise invalid_arguments(f"must provide a string [json-pointer:/{name}]")
        return value

    def needed(self, name: str) -> str:
        """Return a text which must be there."""
        value = self.text(name)
        if value is None:
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes or no: JSON's, or true/false/1/0 in a form."""
        value = self.given.get(name, default)
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if word not in {"true", "false", "1", "0"}:
            raise invalid_arguments(f"must provide a boolean [json-pointer:/{name}]")
        return word in {"true", "1"}

    def number(self, name: str, default: int) -> int:
        """Return a whole number."""
        value = self.given.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise invalid_arguments(f"must provide an integer [json-pointer:/{name}]") from None

    def json(self, name: str, refusal: str) -> Any:
        """Return a structure, or None where it was not given.

        Raises:
            ApiError: ``refusal``, where it is text that is no JSON.
        """
        value = self.given.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                value = json.loads(value)
            except ValueError:
                raise ApiError(refusal) from None
            self.given[name] = value
        return value


Handler = Callable[[Platform, Arguments], dict[str, Any]]


class Token(StrEnum):
    """Which token a method takes."""

    NONE = "none"
    BOT = "bot"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method.

    ``scopes`` are needed whatever the arguments are; where that depends on the channel, ``run``
    asks for them with ``need_scope``.
    """

    run: Handler
    tier: Tier
    arguments: frozenset[str]
    scopes: tuple[str, ...] = ()
    token: Token = Token.BOT


def method(
    run: Handler,
    tier: Tier,
    arguments: str = "",
    *,
    scopes: tuple[str, ...] = (),
    token: Token = Token.BOT,
) -> Method:
    """Return a method; ``arguments`` are the names it knows, separated by blanks."""
    return Method(run, tier, ALWAYS_ALLOWED | frozenset(arguments.split()), scopes, token)


def need_scope(platform: Platform, scope: str) -> None:
    """Raise ``missing_scope`` unless the manifest asks for ``scope``."""
    if scope not in platform.manifest.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(platform.manifest.scopes))
