"""Clicks on the prompt of an anonymous survey, and the modal that follows.

No id goes with what runs here: no line of the log tells who has answered, when, or what.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from time import monotonic
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.anonymous import voting
from nps_bot.anonymous.voting import Voted
from nps_bot.answering.replies import REFUSALS, note_posted
from nps_bot.answering.rewriting import rewrite
from nps_bot.answering.rules import Refusal
from nps_bot.answering.views import followup
from nps_bot.asking.views import prompt
from nps_bot.errors import StorageUnavailableError
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_SAVED, TRIGGER_LIVES, tell
from nps_bot.slack import notices, payloads
from nps_bot.slack.payloads import Origin

log = logging.getLogger(__name__)


class Ballots:
    """The listeners of what only anonymous prompts have."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    def register(self, app: AsyncApp) -> None:
        """Register the eleven buttons and the modal."""
        app.action(payloads.BALLOT_ACTION)(self.vote)
        app.view("anonymous_followup")(self.words)

    async def vote(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Take an answer; the modal and the rewritten prompt follow."""
        context = self._context
        origin = payloads.origin(body)
        click = payloads.ballot_click(body, origin)
        now = context.clock.now()
        try:
            result = await context.database.write(voting.vote, context.surveys, click, now)
        except StorageUnavailableError as error:
            await ack()
            log.warning("An anonymous answer was not saved: %s", error)
            self._spawn(tell(context, origin, NOT_SAVED), "Answering a click")
            return
        await ack()
        if isinstance(result, Refusal):
            self._spawn(tell(context, origin, REFUSALS[result]), "Answering a click")
            noting = note_posted(context, origin, click.invitation_id, click.person_id)
            self._spawn(noting, "Noting a prompt")
            return
        self._spawn(self._ask(result, origin, monotonic()), "Asking the follow-up")
        if origin.response_url is not None:
            rewriting = rewrite(
                context, origin.response_url, prompt.voted(), result.versions, result.invitation_id
            )
            context.background.spawn_patiently(rewriting, "Rewriting the prompt")

    async def _ask(self, voted: Voted, origin: Origin, clicked_at: float) -> None:
        """Open the band's questions; they are not offered again, because nobody can tell whose
        answer they would belong to.
        """
        if monotonic() - clicked_at <= TRIGGER_LIVES:
            wording = await self._context.wording(voted.wording_id)
            modal = followup.anonymous_modal(wording, voted.band, voted.token)
            await self._context.messenger.open_view(origin.trigger_id, modal)

    async def words(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Keep what was written; should that fail, the modal stays open with all of it."""
        context = self._context
        sent = payloads.words(body)
        try:
            refusal = await context.database.write(
                voting.add_words, sent.token, sent.values, context.clock.now()
            )
        except StorageUnavailableError as error:
            log.warning("Anonymous replies were not saved: %s", error)
            await ack(response_action="errors", errors=dict.fromkeys(sent.values, NOT_SAVED))
            return
        if refusal is not None:
            await ack(response_action="update", view=notices.modal(REFUSALS[refusal]))
            return
        await ack()

    def _spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._context.background.spawn(work, what)
