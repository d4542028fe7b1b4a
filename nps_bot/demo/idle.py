"""Whether the bot has done all that was due: the sandbox waits for it before it shows the page."""

from __future__ import annotations

from time import monotonic

from sqlalchemy import Connection

from nps_bot.app.wiring import Bot
from nps_bot.asking.store import waves
from nps_bot.delivery.store import backlog
from slack_sandbox import Sandbox

PATIENCE = 20.0
"""Seconds to wait for it at most."""
IN_TROUBLE = 0.5
"""The same while Slack is made to fail: what becomes of it is worth watching."""
_LOOK_EVERY = 0.05
"""Seconds between two looks where nothing happens in Slack meanwhile."""


async def come_to_rest(bot: Bot, sandbox: Sandbox) -> bool:
    """Wait until the bot has nothing to do now; return whether it came to that."""
    began = monotonic()
    while await _is_busy(bot):
        if monotonic() > began + (IN_TROUBLE if sandbox.faults.active else PATIENCE):
            return False
        await sandbox.workspace.changes.wait(_LOOK_EVERY)
    return True


async def _is_busy(bot: Bot) -> bool:
    context = bot.context
    if context.background.running:
        return True

    def looked(connection: Connection) -> bool:
        busy = backlog.is_busy(connection, context.clock.now())
        return busy or bool(waves.resolving(connection))

    return await context.database.read(looked)
