"""How a click is answered that did nothing: one clear sentence, beside what the person clicked."""

from __future__ import annotations

from nps_bot.answering.rules import Refusal
from nps_bot.asking import delivery_proof
from nps_bot.interaction.context import BotContext
from nps_bot.slack import notices
from nps_bot.slack.payloads import Origin

REFUSALS = {
    Refusal.GONE: "This question isn't available any more. Nothing was recorded.",
    Refusal.SOMEBODY_ELSE: "This question is for somebody else. Nothing was recorded.",
    Refusal.CLOSED: "This survey has closed, so nothing was recorded. Thank you all the same.",
    Refusal.UNANSWERED: "There is no score of yours here yet: please choose one first.",
    Refusal.ANSWERED: "You have answered already, so you won't be asked again in this round.",
    Refusal.SNOOZED: "You have put this question off once; you can still answer it here.",
    Refusal.STOPPED: "This round was stopped: you won't be asked again, but can still answer here.",
    Refusal.VOTED: "Your answer is in already; the first one counts.",
    Refusal.UNFINDABLE: (
        "This survey is anonymous: nobody can find your answer again, so it can't be changed or"
        " deleted."
    ),
    Refusal.SENT: "These words were sent already, or can't be any more. Nothing was added.",
    Refusal.CLOSES_BEFORE: "This survey closes in less than three days; you can answer until then.",
}

NOT_SAVED = "Sorry, that was not saved: our database isn't answering. Please try again in a moment."
OUT_OF_DATE = "This is out of date, so nothing was changed."
WENT_WRONG = "Sorry, something went wrong on our side. Please try again; we have been told."
NOT_NOW = "Sorry, our database isn't answering. Please try again in a moment."

TRIGGER_LIVES = 2.5
"""Seconds after a click in which a modal is still opened: Slack refuses it after three. In a burst
its turn may come later; *Add details* in the rewritten prompt offers the same."""


async def note_posted(
    context: BotContext, origin: Origin, invitation_id: str, person_id: str
) -> None:
    """Note that a clicked prompt stands in Slack, should nobody have known."""
    if origin.posted is not None:
        now = context.clock.now()
        await context.database.write(
            delivery_proof.note_seen, invitation_id, person_id, origin.posted, now
        )


async def tell(context: BotContext, origin: Origin, sentence: str) -> None:
    """Show one sentence to the person who acted, where they acted."""
    if origin.response_url is not None:
        await context.messenger.respond(origin.response_url, notices.sentence(sentence))
    elif origin.modal_id is not None:
        await context.messenger.update_view(origin.modal_id, notices.modal(sentence))
    else:
        await context.messenger.open_view(origin.trigger_id, notices.modal(sentence))
