"""What becomes of waves, for the rooms above (see :mod:`nps_bot.base.events`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nps_bot.asking.store.waves import WaveRow


@dataclass(frozen=True, slots=True)
class WaveOpened:
    """Of a wave everything is known: whom it asks, and when the first of them.

    Attributes:
        wave: as it was before.
        opens_at: when its first question is due.
    """

    wave: WaveRow
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class WaveStopped:
    """A wave was stopped: it asks nobody any more.

    Attributes:
        wave: as it was before.
    """

    wave: WaveRow


@dataclass(frozen=True, slots=True)
class WaveClosed:
    """A wave was closed: it takes no answers any more.

    Attributes:
        wave: as it was before.
        orphaned: whether it was closed because its survey has no file any more.
    """

    wave: WaveRow
    orphaned: bool


@dataclass(frozen=True, slots=True)
class PeopleAsked:
    """Slack has the first question of some people.

    Attributes:
        wave_ids: the waves that asked them.
    """

    wave_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Ticked:
    """The scheduler has opened and closed what was due."""
