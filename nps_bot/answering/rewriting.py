"""Clicked prompts, rewritten directly so that the courier need not: it costs no rate limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from nps_bot.asking.outgoing import Rewritten, mark_rewritten
from nps_bot.interaction.context import BotContext
from nps_bot.slack.message import Message

BATCH_WINDOW = 0.1
"""Seconds in which rewritten prompts are gathered, to be marked together: nobody waits for that,
and the courier rewrites once more what is never marked."""


class Rewriting:
    """Rewrites prompts and marks them as rewritten."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._rewritten: list[Rewritten] = []
        """What is not marked yet."""

    async def rewrite(
        self, response_url: str, message: Message, versions: Mapping[str, int], invitation_id: str
    ) -> None:
        """Have a clicked prompt say ``message``.

        Args:
            response_url: of the click.
            message: what it says from now on.
            versions: of what shows the answer, by key; empty where nothing changed.
            invitation_id: the prompt's.
        """
        await self._context.messenger.replace_original(response_url, message)
        if versions:
            self._rewritten.append((versions, invitation_id))
            if len(self._rewritten) == 1:
                self._context.background.spawn_at_once(self._mark(), "Marking rewritten prompts")

    async def _mark(self) -> None:
        """Mark what is rewritten until then."""
        await asyncio.sleep(BATCH_WINDOW)
        rewritten, self._rewritten = self._rewritten, []
        now = self._context.clock.now()
        await self._context.database.write(mark_rewritten, rewritten, now)
