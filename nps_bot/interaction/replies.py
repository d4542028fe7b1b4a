"""How a click is answered that did nothing: one clear sentence, beside what the person clicked."""

from __future__ import annotations

from nps_bot.interaction.context import BotContext
from nps_bot.slack import notices
from nps_bot.slack.payloads import Origin

NOT_SAVED = "Sorry, that was not saved: our database isn't answering. Please try again in a moment."
OURS_ALONE = "This is for the team that runs the survey. Nothing was changed."
OUT_OF_DATE = "This is out of date, so nothing was changed."
WENT_WRONG = "Sorry, something went wrong on our side. Please try again; we have been told."
NOT_NOW = "Sorry, our database isn't answering. Please try again in a moment."

TRIGGER_LIVES = 2.5
"""Seconds after a click in which a modal is still opened: Slack refuses it after three. In a burst
its turn may come later; *Add details* in the rewritten prompt offers the same."""


async def tell(context: BotContext, origin: Origin, sentence: str) -> None:
    """Show one sentence to the person who acted, where they acted."""
    if origin.response_url is not None:
        await context.messenger.respond(origin.response_url, notices.sentence(sentence))
    elif origin.modal_id is not None:
        await context.messenger.update_view(origin.modal_id, notices.modal(sentence))
    else:
        await context.messenger.open_view(origin.trigger_id, notices.modal(sentence))
