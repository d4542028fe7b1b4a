"""What is looked at right before a call: has the wave been stopped, the survey paused, the message
changed, since it was claimed?
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from math import inf
from time import monotonic

from sqlalchemy import Connection

from nps_bot.base.clock import Clock
from nps_bot.delivery.store import claims
from nps_bot.delivery.store.claims import Claimed
from nps_bot.storage.database import Database

HALTED_CACHED_FOR = 0.2
"""Seconds for which it is taken as known which waves are stopped and which surveys are paused."""
STALE_AFTER = timedelta(seconds=1)
"""For how long what a message says is taken as right without a look at whether it changed."""


class Obstacle(Enum):
    """Why a claimed message is not sent now."""

    STOPPED = auto()
    """Its wave was stopped: it is not sent at all."""
    PAUSED = auto()
    """Its survey was paused: it waits."""
    STALE = auto()
    """It should say something else by now, or nothing: it is prepared anew."""


@dataclass(frozen=True, slots=True)
class Halted:
    """Of what nothing new is sent at the moment.

    Attributes:
        waves: the stopped waves.
        surveys: the keys of the paused surveys.
    """

    waves: Collection[int] = ()
    surveys: Collection[str] = ()

    def obstacle(self, message: Claimed) -> Obstacle | None:
        """Return whether a message would newly ask somebody who is not to be asked now."""
        if not message.asks:
            return None
        if message.wave_id in self.waves:
            return Obstacle.STOPPED
        return Obstacle.PAUSED if message.survey_key in self.surveys else None


class Checks:
    """Finds what came up since a message was claimed."""

    def __init__(
        self, database: Database, halted: Callable[[Connection], Halted], lease_clock: Clock
    ) -> None:
        """Prepare.

        Args:
            database: where the messages stand.
            halted: reads what is stopped and paused.
            lease_clock: tells the time of claims.
        """
        self._database = database
        self._read_halted = halted
        self._lease_clock = lease_clock
        self._reading: asyncio.Task[Halted] | None = None
        self._read_at = -inf

    def look_again(self) -> None:
        """Take nothing as known: somebody may have stopped a wave."""
        self._read_at = -inf

    async def halt(self, message: Claimed) -> Obstacle | None:
        """Return whether a message is stopped or paused."""
        return (await self._halted()).obstacle(message) if message.asks else None

    async def obstacle(self, message: Claimed) -> Obstacle | None:
        """Return what keeps a message from being sent now, right before its call."""
        if (halt := await self.halt(message)) is not None:
            return halt
        if self._lease_clock.now() < message.claimed_at + STALE_AFTER:
            return None
        current = await self._database.read(claims.version, message)
        return None if current == message.version else Obstacle.STALE

    async def _halted(self) -> Halted:
        """Return what is stopped or paused; who asks at the same time gets the same answer."""
        if self._reading is None or monotonic() >= self._read_at + HALTED_CACHED_FOR:
            self._read_at = monotonic()
            self._reading = asyncio.create_task(self._database.read(self._read_halted))
        return await asyncio.shield(self._reading)
