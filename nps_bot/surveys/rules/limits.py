"""A survey's limits: how often it may ask one person, and how many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

EVERYBODY = 100
"""The share, in per cent, that asks the whole audience in every wave."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a survey may ask one person, and how many at once.

    Attributes:
        every: between the beginnings of two sequences.
        after_answer: how long whoever answered is left alone, from the answer on.
        after_silence: how long whoever did not is left alone, from the last message on.
        newcomers: how long whoever is new is left alone, from when the bot first saw them.
        share: the part of the audience that each wave asks, in whole per cent.
        daily: the most first questions of the survey on one day (in UTC); None for any number.
    """

    every: timedelta = 30 * _DAY
    after_answer: timedelta = 90 * _DAY
    after_silence: timedelta = 30 * _DAY
    newcomers: timedelta = 30 * _DAY
    share: int = EVERYBODY
    daily: int | None = None

    @classmethod
    def none(cls) -> Limits:
        """Return limits that hold back nobody who did not opt out."""
        return cls(*(timedelta(),) * 4)

    @property
    def spaced(self) -> bool:
        """Whether sequences keep a distance at all; only then an open question holds back too."""
        return self.every > timedelta()

    @property
    def longest(self) -> timedelta:
        """How long a message can hold anybody back at most."""
        return max(self.every, self.after_answer, self.after_silence)
