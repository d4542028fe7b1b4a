"""Clicked prompts, rewritten directly so that the dispatcher need not: it costs no rate limit."""

from __future__ import annotations

from collections.abc import Mapping

from nps_bot.asking.outgoing import mark_rewritten
from nps_bot.interaction.context import BotContext
from nps_bot.slack.message import Message


async def rewrite(
    context: BotContext,
    response_url: str,
    message: Message,
    versions: Mapping[str, int],
    invitation_id: str,
) -> None:
    """Have a clicked prompt say ``message``, and mark it soon as rewritten.

    The dispatcher rewrites once more what is never marked.

    Args:
        context: the bot's.
        response_url: of the click.
        message: what it says from now on.
        versions: of what shows the answer, by key; empty where nothing changed.
        invitation_id: the prompt's.
    """
    await context.messenger.replace_original(response_url, message)
    if versions:
        rewritten = (versions, invitation_id)
        context.batched_writes.add(mark_rewritten, rewritten, "Marking rewritten prompts")
