"""What a survey in shared channels needs, and what it cannot have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nps_bot.surveys.rules.survey import Delivery

_NOT_THERE = {
    "anonymous": "whoever answers in a channel is known by name",
    "audience": "its accounts say in which channels it asks, and whoever reads there may answer",
    "chaser": "nobody is written to after an answer in a channel",
    "confirm_above": "the owner of each account decides before anything is posted",
    "reminder": "a channel is asked once",
}
"""Keys that mean nothing in channels, and why."""
_OF_CHANNELS = "every"
"""The one limit that a channel keeps."""


def asks_in_channels(values: Mapping[str, Any]) -> bool:
    """Return whether the raw values of a file say that its survey is delivered in channels."""
    return str(values.get("in")).lower() == Delivery.CHANNELS


def problems_in_channels(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with how a survey is delivered, as sentences without their full stop.

    Args:
        values: the raw values of its file, so that all its problems are told together.
    """
    if not asks_in_channels(values):
        if "accounts" in values:
            yield "'accounts' goes with in: channels: write that too, or remove it"
        return
    for key, why in _NOT_THERE.items():
        if key in values and str(values[key]).lower() != "off":
            yield f"'{key}' does not go with in: channels: {why}; remove it"
    budget = values.get("budget")
    for key in budget if isinstance(budget, dict) else ():
        if key != _OF_CHANNELS:
            yield f"'budget.{key}' does not go with in: channels, which keep only budget.every"
    cadence = values.get("cadence")
    if isinstance(cadence, dict) and "time_zone" not in cadence:
        yield "'cadence.time_zone' is missing: a channel has no time of its own"
