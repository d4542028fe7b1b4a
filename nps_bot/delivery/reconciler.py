"""Looking in Slack's history for messages of which nobody knows whether they arrived.

It goes on beside the deliveries, which must not wait for a slow history.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from time import monotonic

from nps_bot.base.errors import StorageUnavailableError
from nps_bot.delivery import claim, settle
from nps_bot.delivery.claim import Lookup
from nps_bot.delivery.destinations import find_channel
from nps_bot.delivery.kinds import Kinds
from nps_bot.delivery.rules import after_lookup, look_from
from nps_bot.delivery.sender_lease import SenderLease
from nps_bot.delivery.store import claims
from nps_bot.interaction.context import BotContext
from nps_bot.slack.calls import LOOK_AGAIN, Finding, LookLater, Unreadable
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.errors import SlackCallError

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Messages that are looked for at the same time."""
LOOK_EVERY = 1.0
"""Seconds between two looks at whether something is to be looked for."""

_HISTORY = "conversations.history"


class Reconciler:
    """Looks for messages of unknown outcome while this process holds the lane."""

    def __init__(
        self,
        context: BotContext,
        kinds: Kinds,
        lease: SenderLease,
        woken: asyncio.Event,
        stop_asked: asyncio.Event,
    ) -> None:
        """Prepare.

        Args:
            context: reaches the database and Slack.
            kinds: say where messages went.
            lease: says whether it is this process's turn to call Slack.
            woken: set when something was found out, so that the dispatcher goes on with it.
            stop_asked: set when no search is to begin any more.
        """
        self._context = context
        self._kinds = kinds
        self._sender_lease = lease
        self._woken = woken
        self._stop_asked = stop_asked
        self._lookups: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Look again and again, until it is stopped."""
        while not self._stop_asked.is_set():
            try:
                if self._sender_lease.may_call():
                    await self._look_up()
            except StorageUnavailableError as error:
                log.warning("The outbox cannot be read: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._stop_asked.wait()

    def stop(self) -> None:
        """Give up the found under way: they change nothing, and others begin them anew."""
        for lookup in self._lookups:
            lookup.cancel()

    async def _look_up(self) -> None:
        """Look in the history for messages of which nobody knows whether Slack has them."""
        if self._sender_lease.pace.is_stopped(_HISTORY, monotonic()):
            return
        now = self._context.lease_clock.now()
        found = await self._context.database.write(
            claim.claim_lookups,
            self._kinds,
            self._context.surveys,
            limit=AT_ONCE,
            lease_now=now,
        )
        self._lookups = [asyncio.create_task(self._look_for(one, now)) for one in found]
        if self._stop_asked.is_set():
            self.stop()
        ends = await asyncio.gather(*self._lookups, return_exceptions=True)
        for one, end in zip(found, ends, strict=True):
            if isinstance(end, Exception):  # ours: its lease runs out, and the others go on
                log.error("Looking for a message broke", exc_info=end, extra=one.message.ids)
        cut_short = [
            one.message
            for one, end in zip(found, ends, strict=True)
            if isinstance(end, asyncio.CancelledError)
        ]
        if cut_short:
            again = self._context.lease_clock.now()
            await self._context.database.write(claims.release_lookups, cut_short, again)

    async def _look_for(self, lookup: Lookup, now: datetime) -> None:
        message = lookup.message
        try:
            finding = await self._find(lookup)
            settlement = after_lookup(finding, claimed_at=message.claimed_at, now=now)
            found = [(message, settlement)]
            await self._context.database.write(
                settle.settle_all, self._kinds, found, self._context.clock.now()
            )
        except StorageUnavailableError as error:
            log.warning("A look-up was not settled: %s", error, extra=message.ids)
            return
        log.info("Looked for a message: %s", settlement.reason or "it is there", extra=message.ids)
        self._woken.set()

    async def _find(self, lookup: Lookup) -> Finding:
        message = lookup.message
        if lookup.destination is None:
            return Unreadable("nobody knows any more where it went")
        try:
            channel = await find_channel(self._context, lookup.destination)
        except NotInSlackError as error:
            return Unreadable(str(error))
        except SlackCallError as error:
            return LookLater(LOOK_AGAIN, error.reason)
        since = look_from(message.claimed_at)
        finding = await self._context.messenger.find_delivery(channel, message.id, since)
        if isinstance(finding, LookLater) and finding.limited:
            seconds = finding.after.total_seconds()
            self._sender_lease.pace.limited(_HISTORY, monotonic(), seconds)
        return finding
