"""The scheduler: APScheduler calls, services decide. It holds no state of its own.

No job store: what is due stands in our tables, so a tick that was missed costs nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from nps_bot.asking import approving, launching, nudging, stopping
from nps_bot.asking.events import Ticked
from nps_bot.asking.inviting import invite_everybody, look_for_newcomers
from nps_bot.base.errors import NpsBotError
from nps_bot.base.events import record
from nps_bot.interaction.context import BotContext
from nps_bot.storage import scrubbing

log = logging.getLogger(__name__)

TICK = timedelta(seconds=15)
"""How often what is due is looked for: a wave opens at most this late."""
FIRST_LOOK, LOOK = timedelta(minutes=5), timedelta(hours=1)
"""When and how often it is seen whether newcomers are to be looked for, which is once a day."""


async def tick(context: BotContext) -> None:
    """Open and close the waves that are due, owe reminders and chasers, read audiences on, and let
    the dispatcher look.

    A failure is one log line: the next tick tries again.
    """
    try:
        now = context.clock.now()
        await context.database.write(launching.open_due, context.surveys, now)
        await _close(context, now)
        await _finish_stopping(context, now)
        await context.database.write(approving.expire, now)
        while await context.database.write(nudging.enqueue_due, context.surveys, now):
            pass
        await invite_everybody(context)
        context.wake_dispatcher()
    except NpsBotError as error:
        log.warning("This tick did not finish: %s", error)


async def _close(context: BotContext, now: datetime) -> None:
    closed = await context.database.write(launching.close_due, context.surveys, now)
    for wave in closed:
        while await context.database.write(launching.cancel_unsent, wave):
            pass
    if closed:
        log.info("Waves closed", extra={"waves": closed})
    await context.database.write(record, [Ticked()], now)
    await _scrub(context)


async def _scrub(context: BotContext) -> None:
    unscrubbed = await context.database.read(scrubbing.unscrubbed)
    if unscrubbed is not None and await context.database.scrub():
        await context.database.write(scrubbing.mark_scrubbed, unscrubbed)


async def _finish_stopping(context: BotContext, now: datetime) -> None:
    for wave in await context.database.read(stopping.unfinished):
        while await context.database.write(stopping.cancel_unsent, wave, now):
            pass


def build_scheduler(context: BotContext) -> AsyncIOScheduler:
    """Return the scheduler, not yet started; its first tick is due at once."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        "interval",
        args=(context,),
        seconds=TICK.total_seconds(),
        next_run_time=context.lease_clock.now(),  # APScheduler goes by the machine
        coalesce=True,
        max_instances=1,
        # APScheduler's default of one second would skip a tick that starts late.
        misfire_grace_time=None,
    )
    scheduler.add_job(
        look_for_newcomers,
        "interval",
        args=(context,),
        seconds=LOOK.total_seconds(),
        next_run_time=context.lease_clock.now() + FIRST_LOOK,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return scheduler
