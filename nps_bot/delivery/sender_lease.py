"""Whether it is this process's turn to call Slack, and at what pace.

Processes that share a database take turns at one lane (:mod:`nps_bot.delivery.store.lanes`). On
SQLite one process serves, so the lane is its own and costs nothing. What was learnt of Slack's pace
stays with the lane.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from nps_bot.base.clock import Clock
from nps_bot.delivery.rate_limiter import RateLimiter, State, changed_much
from nps_bot.delivery.rules import may_call
from nps_bot.delivery.store import lanes
from nps_bot.delivery.store.lanes import TENURE
from nps_bot.storage.database import Database
from nps_bot.storage.notify import Wake, tell

log = logging.getLogger(__name__)

RENEW_EVERY = timedelta(seconds=3)
"""How often the lane is renewed: twice may fail before no call begins any more."""
REMEMBER_EVERY = timedelta(seconds=60)
"""How often the pace is remembered, if it changed only a little."""

_FOR_GOOD = datetime.max.replace(tzinfo=UTC)


class SenderLease:
    """This process's hold of the lane, as far as it knows without asking the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Begin without the lane."""
        self.pace = RateLimiter()
        self._database = database
        self._clock = clock
        self._until: datetime | None = None
        self._renewed_at: datetime | None = None
        self._remembered: State = {}
        self._remembered_at: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether the lane is this process's now."""
        return self._until is not None and self._clock.now() < self._until

    def may_call(self) -> bool:
        """Return whether enough is left of the tenure to begin a call and see its end."""
        return self._until is not None and may_call(self._until, self._clock.now())

    async def renew(self) -> bool:
        """Take the lane, or hold it for longer when that is due; return whether it is held.

        Raises:
            StorageUnavailableError: nobody knows; what was held before is held until it ends.
        """
        now = self._clock.now()
        if self._renewed_at is not None and timedelta() <= now - self._renewed_at < RENEW_EVERY:
            return self.held
        learnt = self._worth_remembering(now)
        if not self._database.shared:
            if learnt is not None:
                await self._database.write(lanes.remember_pace, learnt)
            until = _FOR_GOOD
        elif await self._database.write(_hold, self._database.name, now, learnt):
            until = now + TENURE
        else:
            if self._until is not None:
                log.warning("Another process calls Slack now: this one was held up")
            self._until = self._renewed_at = None
            return False
        if learnt is not None:
            self._remembered, self._remembered_at = learnt, now
        if self._until is None:
            self.pace = RateLimiter(await self._database.read(lanes.pace))
            log.info("This process calls Slack from now on")
            self._remembered, self._remembered_at = self.pace.state(), now
        self._until, self._renewed_at = until, now
        return True

    def end(self, connection: Connection) -> None:
        """Give the lane back, with what was learnt, and tell who waits for it."""
        shared, me = self._database.shared, self._database.name
        if shared and not lanes.give_back(connection, me):
            return
        if self._until is not None:
            lanes.remember_pace(connection, self.pace.state())
        if shared:
            tell(connection, Wake.LANE_FREE, me)

    def _worth_remembering(self, now: datetime) -> State | None:
        """Return what was learnt, if it differs enough from what is remembered."""
        if self._until is None or self._remembered_at is None:
            return None
        learnt = self.pace.state()
        if changed_much(self._remembered, learnt):
            return learnt
        late = now - self._remembered_at >= REMEMBER_EVERY
        return learnt if late and learnt != self._remembered else None


def _hold(connection: Connection, holder: str, now: datetime, learnt: State | None) -> bool:
    """Take or keep the lane, and remember what its holder has learnt."""
    if not lanes.take(connection, holder, now):
        return False
    if learnt is not None:
        lanes.remember_pace(connection, learnt)
    return True
