"""What *Share* on a report carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from nps_bot.slack.button_value import ButtonValue
from nps_bot.surveys.rules.periods import PeriodError, parse_period


@dataclass(frozen=True, slots=True)
class ShareRequest(ButtonValue):
    """What *Share* on a report carries.

    Attributes:
        period: as it was typed; None for the latest wave.
        made: the moment of the report, so that pressing twice shares once.
    """

    survey_key: str
    period: str | None
    made: str

    @classmethod
    def parse(cls, value: object) -> Self | None:
        """Return what is to be shared.

        Python reads more than it writes, a NUL at the end for one: compare with what it writes.
        """
        match value:
            case {"survey_key": str(key), "period": str() | None as period, "made": str(made)}:
                moment = datetime.fromisoformat(made)
                if moment.isoformat() == made and _is_period(period, moment):
                    return cls(key, period, made)
        return None


def _is_period(text: str | None, made: datetime) -> bool:
    """Return whether a report could be asked for with ``text`` when it was made."""
    try:
        return text is None or bool(parse_period(text, made))
    except (PeriodError, OverflowError):
        return False
