"""Panels of the page that are not Slack: a clock that can be moved, toggles, a checklist.

Who starts the sandbox beside an app may hand a control in; without one the page offers none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Move:
    """A button that moves the clock on.

    Attributes:
        key: its name, which never changes.
        title: what stands on it.
    """

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Toggle:
    """A switch in the settings."""

    key: str
    title: str
    on: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the checklist.

    Attributes:
        key: its name, which never changes.
        title: what to do, in a few words.
        text: how, and what to look at.
        as_: the id of the person to be; None where that does not matter.
        place: the id of the channel to open, or ``home``; None where that does not matter.
        done: whether it has happened, by whatever way the visitor took.
    """

    key: str
    title: str
    text: str
    as_: str | None
    place: str | None
    done: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """What a visitor may try, step by step.

    Attributes:
        label: what the button that opens it says.
        title: its heading.
        end: what it says once all is done.
        steps: in order.
    """

    label: str
    title: str
    end: str
    steps: Sequence[Step]


class Control(Protocol):
    """Moves the time of app and sandbox, and knows how far a visitor has come."""

    @property
    def now(self) -> datetime:
        """What the clock of app and sandbox shows, in UTC."""
        ...

    @property
    def moved(self) -> bool:
        """Whether it was moved on."""
        ...

    @property
    def moves(self) -> Sequence[Move]:
        """The ways in which it can be moved on."""
        ...

    def toggles(self) -> Sequence[Toggle]:
        """Return the switches that stand in the settings."""
        ...

    def turn(self, key: str, *, on: bool) -> None:
        """Turn a switch on or off; raise SandboxError where there is none of that key."""
        ...

    def checklist(self) -> Checklist | None:
        """Return the checklist as far as the visitor has come; None where there is none."""
        ...

    async def move(self, key: str) -> datetime:
        """Move time on; return the new time once the app has done what was due by then.

        Raises:
            SandboxError: there is nothing to move on to, or no such way.
        """
        ...


def as_document(control: Control) -> dict[str, Any]:
    """Return what the page shows of it."""
    checklist = control.checklist()
    return {
        "clock": {
            "now": control.now.isoformat(),
            "moved": control.moved,
            "moves": [asdict(move) for move in control.moves],
        },
        "toggles": [asdict(toggle) for toggle in control.toggles()],
        "checklist": checklist
        and {
            **asdict(checklist),
            "steps": [
                {"as" if name == "as_" else name: value for name, value in asdict(step).items()}
                for step in checklist.steps
            ],
        },
    }
