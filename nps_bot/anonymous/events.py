"""What happened in anonymous waves, for the rooms above; it tells of nobody and of no score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TurnoutRose:
    """How many take part in a wave, as roughly as that is shown, is more than before.

    Attributes:
        wave_id: in which wave.
        shown_at: when messages that show it are to be rewritten.
    """

    wave_id: int
    shown_at: datetime
