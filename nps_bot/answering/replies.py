"""How an action on a question is answered that changed nothing: one sentence for each reason."""

from __future__ import annotations

from nps_bot.answering.rules import Refusal
from nps_bot.asking import delivery_proof
from nps_bot.interaction.context import BotContext
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
    Refusal.SENT: "These comments were already sent, or the survey has closed. Nothing was added.",
    Refusal.CLOSES_BEFORE: "This survey closes in less than three days; you can answer until then.",
}


async def note_posted(
    context: BotContext, origin: Origin, invitation_id: str, person_id: str
) -> None:
    """Note that a clicked prompt stands in Slack, should nobody have known."""
    if origin.posted is not None:
        now = context.clock.now()
        await context.database.write(
            delivery_proof.note_seen, invitation_id, person_id, origin.posted, now
        )
