"""What can go wrong in Slack, as switches with names that people understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sandbox.errors import NotThereError
from slack_sandbox.faults import Fault, Faults
from slack_sandbox.workspace import Workspace

_MESSAGES = ("chat.postMessage", "chat.update")


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that goes wrong while it is on.

    Attributes:
        title: how the page calls it.
        faults: how calls go wrong, by method.
        charts: whether the workspace takes native charts meanwhile.
    """

    title: str
    faults: Mapping[str, Fault]
    charts: bool = True


SWITCHES: Mapping[str, Switch] = {
    "slow": Switch(
        "Slack is slow: every message takes two seconds",
        dict.fromkeys((*_MESSAGES, "response_url"), Fault(delay=2)),
    ),
    "wait": Switch(
        "Slack asks to wait (429)",
        dict.fromkeys(_MESSAGES, Fault(error="ratelimited", retry_after=5)),
    ),
    "trouble": Switch(
        "Slack has trouble of its own (500)", dict.fromkeys(_MESSAGES, Fault(status=500))
    ),
    "lost": Switch(
        "Answers get lost: the message stands there, and nobody tells the bot",
        {"chat.postMessage": Fault(acted=True, drop=True)},
    ),
    "charts": Switch(
        "Charts are refused (invalid_blocks)",
        {},
        charts=False,
    ),
    "unknown_method": Switch(
        "Slack does not know how to show Home (unknown_method)",
        {"views.publish": Fault(error="unknown_method")},
    ),
}


class Switches:
    """Which of them are on.

    Arguments:
        faults: what is to go wrong with the coming calls.
        workspace: where charts may be refused.
    """

    def __init__(self, faults: Faults, workspace: Workspace) -> None:
        self._faults = faults
        self._workspace = workspace
        self._on: set[str] = set()

    def turn(self, key: str, *, on: bool) -> None:
        """Turn one on or off; raise NotThereError where there is none of that name."""
        if key not in SWITCHES:
            raise NotThereError(f"There is no switch '{key}'. There are: {', '.join(SWITCHES)}.")
        if on:
            self._on.add(key)
        else:
            self._on.discard(key)
        shown = [switch for name, switch in SWITCHES.items() if name in self._on]
        self._faults.switch({m: fault for one in shown for m, fault in one.faults.items()})
        self._workspace.has_charts = all(switch.charts for switch in shown)
        self._workspace.changes.notify()

    def as_document(self) -> list[dict[str, Any]]:
        """Return what the page shows of them."""
        return [
            {"key": key, "title": switch.title, "on": key in self._on}
            for key, switch in SWITCHES.items()
        ]
