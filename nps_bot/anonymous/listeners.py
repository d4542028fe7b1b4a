"""Clicks on the prompt of an anonymous survey, and the modal that follows.

No id goes with what runs here: no line of the log tells who has answered, when, or what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from nps_bot.anonymous import voting
from nps_bot.anonymous.voting import Voted
from nps_bot.answering.listeners import decode_click
from nps_bot.answering.replies import REFUSALS, note_posted
from nps_bot.answering.rewriting import rewrite
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.views import followup
from nps_bot.asking.views import prompt
from nps_bot.interaction.actions import Action, Body, Modal
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import TRIGGER_LIVES
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin

SCORE_ID = re.compile(r"\Aballot_([0-9]|10)\Z")


def _decode_score(body: Body, origin: Origin) -> Click:
    return decode_click(body, origin, SCORE_ID)


async def _vote(context: BotContext, click: Click, origin: Origin) -> str | None:
    """Take an answer; the modal and the rewritten prompt follow."""
    now = context.clock.now()
    result = await context.database.write(voting.vote, context.surveys, click, now)
    if isinstance(result, Refusal):
        noting = note_posted(context, origin, click.invitation_id, click.person_id)
        context.background.spawn(noting, "Noting a prompt")
        return REFUSALS[result]
    context.background.spawn(_ask(context, result, origin, monotonic()), "Asking the follow-up")
    if origin.response_url is not None:
        rewriting = rewrite(
            context, origin.response_url, prompt.voted(), result.versions, result.invitation_id
        )
        context.background.spawn_patiently(rewriting, "Rewriting the prompt")
    return None


async def _ask(context: BotContext, voted: Voted, origin: Origin, clicked_at: float) -> None:
    """Open the band's questions; they are not offered again, because nobody can tell whose answer
    they would belong to.
    """
    if monotonic() - clicked_at <= TRIGGER_LIVES:
        wording = await context.wording(voted.wording_id)
        modal = followup.anonymous_modal(wording, voted.band, voted.token)
        await context.messenger.open_view(origin.trigger_id, modal)


@dataclass(frozen=True, slots=True)
class Comments:
    """A submitted modal of an anonymous survey. Who sent it is not looked at."""

    token: str
    values: Mapping[str, str]


def _decode_comments(body: Body) -> Comments:
    return Comments(payloads.metadata(body), payloads.entered(body))


async def _add_comments(context: BotContext, sent: Comments) -> str | None:
    """Keep what was written."""
    refusal = await context.database.write(
        voting.add_words, sent.token, sent.values, context.clock.now()
    )
    return None if refusal is None else REFUSALS[refusal]


ACTIONS = (
    Action(id=SCORE_ID, decode=_decode_score, press=_vote, what="An anonymous answer"),
    Modal(
        id="anonymous_followup",
        decode=_decode_comments,
        submit=_add_comments,
        what="Anonymous replies were",
    ),
)
"""What only anonymous prompts have."""
