"""What the buttons of ``/nps send`` and ``/nps stop`` carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from nps_bot.asking.launching import NOMINAL
from nps_bot.slack.button_value import ButtonValue


@dataclass(frozen=True, slots=True)
class SendRequest(ButtonValue):
    """What the confirmation of a wave by hand carries.

    Attributes:
        nominal: the minute of the preview, which is the wave's identity: confirmed twice, it
            starts once.
        people: how many the preview named.
    """

    survey_key: str
    nominal: str
    people: int

    @classmethod
    def parse(cls, value: object) -> Self | None:
        """Return which wave is to be started.

        Python reads more than it writes, a NUL at the end for one: compare with what it writes.
        """
        match value:
            case {"survey_key": str(key), "nominal": str(nominal), "people": int(people)} if (
                datetime.fromisoformat(nominal).strftime(NOMINAL) == nominal and 0 < people < 2**31
            ):
                return cls(key, nominal, people)
        return None


@dataclass(frozen=True, slots=True)
class StopRequest(ButtonValue):
    """What the confirmation of a stop carries: the waves that were shown, and no later ones."""

    survey_key: str
    waves: tuple[int, ...]

    @classmethod
    def parse(cls, value: object) -> Self | None:
        """Return which waves are to be stopped."""
        match value:
            case {"survey_key": str(key), "waves": list(waves)} if all(
                type(wave) is int and 0 < wave < 2**31 for wave in waves
            ):
                return cls(key, tuple(waves))
        return None
