"""Recording what came of deliveries, together with what else ends at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from nps_bot.base.errors import StorageUnavailableError
from nps_bot.delivery import settle
from nps_bot.delivery.kinds import Kinds
from nps_bot.delivery.rules import Settlement, Status
from nps_bot.delivery.store.claims import Claimed
from nps_bot.interaction.context import BotContext

log = logging.getLogger(__name__)

BATCH_WINDOW = 0.02
"""Seconds in which what came of calls is gathered, to be committed together."""
SETTLE_AGAIN = 0.5
"""Seconds after which what could not be settled is tried again, while its lease lasts."""


class OutcomeWriter:
    """Gathers settlements and commits them; the next calls begin meanwhile.

    Should the process die before, a message is looked for like any of unknown outcome.
    """

    def __init__(self, context: BotContext, kinds: Kinds, stop_asked: asyncio.Event) -> None:
        """Prepare.

        Args:
            context: reaches the database.
            kinds: say what follows.
            stop_asked: set when nothing is to be tried again any more.
        """
        self._context = context
        self._kinds = kinds
        self._stop_asked = stop_asked
        self._ended: list[tuple[Claimed, Settlement]] = []
        self._recording: asyncio.Task[None] | None = None

    def add(self, message: Claimed, settlement: Settlement) -> None:
        """Queue an outcome to be written."""
        self._ended.append((message, settlement))
        if self._recording is None or self._recording.done():
            self._recording = asyncio.create_task(self._keep_recording())

    async def finish(self) -> None:
        """Return when all that was added is recorded, or given up."""
        if self._recording is not None:
            await self._recording

    async def _keep_recording(self) -> None:
        """Commit what has ended, until nothing more has."""
        while self._ended:
            await asyncio.sleep(BATCH_WINDOW)
            ended, self._ended = self._ended, []
            await self._record(ended)

    async def _record(self, ended: Sequence[tuple[Claimed, Settlement]]) -> None:
        """Commit what became of messages; where that fails until their leases end, they are looked
        for, one by one.
        """
        try:
            kept = await self._context.database.write(
                settle.settle_all, self._kinds, ended, self._context.clock.now()
            )
        except StorageUnavailableError as error:
            await self._record_later(ended, error)
        except Exception:  # ours: one message must not spoil the others, nor stop the dispatcher
            if len(ended) == 1:
                log.exception("A delivery was not settled", extra=ended[0][0].ids)
                return
            for one in ended:
                await self._record([one])
        else:
            for (message, settlement), held in zip(ended, kept, strict=True):
                _report(message, settlement, held=held)

    async def _record_later(
        self, ended: Sequence[tuple[Claimed, Settlement]], error: StorageUnavailableError
    ) -> None:
        now = self._context.lease_clock.now()
        for one in ended:
            if one[0].lease_until > now and not self._stop_asked.is_set():
                self._ended.append(one)
            else:
                log.warning("A delivery was not settled: %s", error, extra=one[0].ids)
        if self._ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_AGAIN):
                    await self._stop_asked.wait()


def _report(message: Claimed, settlement: Settlement, *, held: bool) -> None:
    """Write the line about a message that did not simply leave."""
    if not held:
        log.warning("The lease of a delivery was lost", extra=message.ids)
    elif settlement.status not in (Status.SENT, Status.PENDING, Status.CANCELLED):
        log.warning("A message is %s: %s", settlement.status, settlement.reason, extra=message.ids)
