"""Composition objects: texts, options, confirmation dialogs.

Limits: https://docs.slack.dev/reference/block-kit/composition-objects
"""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_sandbox.blocks.checks import (
    Check,
    Problem,
    Problems,
    Where,
    anything,
    array,
    boolean,
    by_type,
    choice,
    shape,
    string,
)

BLOCK_ID = string(255)
ACTION_ID = string(255)
URL = string(3000)
STYLE = choice("primary", "danger")


def plain(most: int, least: int = 1) -> Check:
    """Return a check for a ``plain_text`` object of at most ``most`` characters."""
    return by_type({"plain_text": _plain(most, least)})


def rich(most: int) -> Check:
    """Return a check for a ``plain_text`` or ``mrkdwn`` object of at most ``most`` characters."""
    mrkdwn = shape({"type": anything, "text": string(most)}, {"verbatim": boolean})
    return by_type({"plain_text": _plain(most, 1), "mrkdwn": mrkdwn})


def _plain(most: int, least: int) -> Check:
    return shape({"type": anything, "text": string(most, least)}, {"emoji": boolean})


PLACEHOLDER = plain(150)

CONFIRM = shape(
    {"title": plain(100), "text": rich(300)},
    {"confirm": plain(30), "deny": plain(30), "style": STYLE},
)

MENU_OPTION = shape({"text": plain(75), "value": string(150)}, {"description": plain(75)})
OVERFLOW_OPTION = shape(
    {"text": plain(75), "value": string(150)}, {"description": plain(75), "url": URL}
)
BUTTON_OPTION = shape({"text": rich(75), "value": string(150)}, {"description": rich(75)})

OPTION_GROUP = shape({"label": plain(75), "options": array(MENU_OPTION, 100)})


def options_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every option of an element, those in groups included."""
    options: list[dict[str, Any]] = list(element.get("options", ()))
    for group in element.get("option_groups", ()):
        options.extend(group["options"])
    return options


def _unique_values(element: dict[str, Any], where: Where, problems: Problems) -> None:
    values = [option["value"] for option in options_of(element)]
    if len(set(values)) != len(values):
        problems.append(Problem((where, "options"), "option values must be unique"))


def _initial_among(field: str, element: dict[str, Any], where: Where, problems: Problems) -> None:
    """Require that what is chosen at first is one of the options, word for word."""
    _unique_values(element, where, problems)
    given = element.get(field)
    chosen = given if isinstance(given, list) else [] if given is None else [given]
    known = options_of(element)
    if any(option not in known for option in chosen):
        problems.append(Problem((where, field), f"{field} must match one of the provided options"))


initial_option_known: Check = partial(_initial_among, "initial_option")
initial_options_known: Check = partial(_initial_among, "initial_options")
