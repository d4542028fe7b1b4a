"""What stands beside a sandbox that has a bot: its clock, its living people, and a guide.

The sandbox knows no bot. Who starts both hands one of these in, so that the page can move time on
and lead a visitor through what happens then; without one the page simply does not offer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Move(StrEnum):
    """How far the page moves time on."""

    HOUR = "hour"
    DAY = "day"
    NEXT_WAVE = "next_wave"
    CLOSE_WAVE = "close_wave"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide.

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


class Control(Protocol):
    """Moves the time of bot and sandbox, and knows how far a visitor has come."""

    @property
    def now(self) -> datetime:
        """What the clock of bot and sandbox shows, in UTC."""
        ...

    @property
    def moved(self) -> bool:
        """Whether it was moved on."""
        ...

    @property
    def living(self) -> bool:
        """Whether the people answer by themselves when time moves."""
        ...

    def live(self, *, on: bool) -> None:
        """Let the people answer by themselves, or not."""
        ...

    def steps(self) -> Sequence[Step]:
        """Return the guide's steps as far as they have come."""
        ...

    async def move(self, how: Move) -> datetime:
        """Move time on; return the new time once the bot has done what was due by then.

        Raises:
            SandboxError: there is nothing to move on to.
        """
        ...


def as_document(control: Control) -> dict[str, Any]:
    """Return what the page shows of it."""
    return {
        "clock": {"now": control.now.isoformat(), "moved": control.moved},
        "living": control.living,
        "guide": {
            "steps": [
                {
                    "key": step.key,
                    "title": step.title,
                    "text": step.text,
                    "as": step.as_,
                    "place": step.place,
                    "done": step.done,
                }
                for step in control.steps()
            ]
        },
    }
