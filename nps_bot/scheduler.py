"""The clockwork: APScheduler calls, services decide. It holds no state of its own.

No job store: what is due stands in our tables, so a tick that was missed costs nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from nps_bot.errors import NpsBotError
from nps_bot.services import approving, closing, launching, nudging, stopping
from nps_bot.slack.edge import Edge
from nps_bot.slack.inviting import invite_everybody, look_for_newcomers

log = logging.getLogger(__name__)

TICK = timedelta(seconds=15)
"""How often what is due is looked for: a wave opens at most this late."""
FIRST_LOOK, LOOK = timedelta(minutes=5), timedelta(hours=1)
"""When and how often it is seen whether newcomers are to be looked for, which is once a day."""


async def tick(edge: Edge) -> None:
    """Open and close the waves that are due, owe reminders and chasers, read audiences on, and let
    the courier look.

    A failure is one log line: the next tick tries again.
    """
    try:
        now = edge.clock.now()
        await edge.database.write(launching.open_due, edge.surveys, now)
        await _close(edge, now)
        await _finish_stopping(edge, now)
        await edge.database.write(approving.expire, now)
        while await edge.database.write(nudging.owe_due, edge.surveys, now):
            pass
        await invite_everybody(edge)
        edge.wake_courier()
    except NpsBotError as error:
        log.warning("This tick did not finish: %s", error)


async def _close(edge: Edge, now: datetime) -> None:
    closed = await edge.database.write(launching.close_due, edge.surveys, now)
    for wave in closed:
        while await edge.database.write(launching.cancel_unsent, wave):
            pass
    if closed:
        log.info("Waves closed", extra={"waves": closed})
    await edge.database.write(closing.even_out_late, now)
    await _scrub(edge)


async def _scrub(edge: Edge) -> None:
    unscrubbed = await edge.database.read(closing.unscrubbed)
    if unscrubbed is not None and await edge.database.scrub():
        await edge.database.write(closing.mark_scrubbed, unscrubbed)


async def _finish_stopping(edge: Edge, now: datetime) -> None:
    for wave in await edge.database.read(stopping.unfinished):
        while await edge.database.write(stopping.cancel_unsent, wave, now):
            pass


def clockwork(edge: Edge) -> AsyncIOScheduler:
    """Return the scheduler, not yet started; its first tick is due at once."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        "interval",
        args=(edge,),
        seconds=TICK.total_seconds(),
        next_run_time=edge.leases.now(),  # APScheduler goes by the machine
        coalesce=True,
        max_instances=1,
        # APScheduler's default of one second would skip a tick that starts late.
        misfire_grace_time=None,
    )
    scheduler.add_job(
        look_for_newcomers,
        "interval",
        args=(edge,),
        seconds=LOOK.total_seconds(),
        next_run_time=edge.leases.now() + FIRST_LOOK,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return scheduler
