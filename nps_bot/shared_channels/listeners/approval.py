"""The word of an account's owner on a question to a shared channel."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.interaction.command_args import CommandError, not_an_owner
from nps_bot.interaction.owner_actions import Steering
from nps_bot.interaction.replies import OUT_OF_DATE
from nps_bot.shared_channels import posting, store
from nps_bot.shared_channels.rules import Choice
from nps_bot.shared_channels.views import approval as view
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin

log = logging.getLogger(__name__)


class Postings(Steering):
    """The listeners of requests to post a question."""

    def register(self, app: AsyncApp) -> None:
        """Register the buttons."""
        app.action(payloads.POST_CHOICE)(self.decide)

    async def decide(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Post the question or not, and show what stands now."""
        await ack()
        origin = payloads.origin(body)
        post_id, choice = payloads.post_id(body), payloads.choice(body)
        self._spawn(self._decide(origin, post_id, choice), origin)

    async def _decide(self, origin: Origin, post_id: str, choice: Choice) -> None:
        context, person = self._context, origin.person_id
        post = await context.database.read(store.find, post_id)
        survey = context.surveys.get(post.survey_key) if post else None
        if post is None or survey is None:
            raise CommandError(OUT_OF_DATE)
        if person != post.owner and not await context.access.is_owner(person, survey):
            raise not_an_owner()
        now = context.clock.now()
        decided = await context.database.write(posting.decide, survey, post_id, choice, person, now)
        if decided is None:
            raise CommandError(OUT_OF_DATE)
        context.wake_dispatcher()
        log.info("A question to a channel: %s", decided.state, extra={"post": post_id})
        shown = await context.database.read(posting.request, survey, decided, now)
        if origin.response_url is not None:
            await context.messenger.replace_original(origin.response_url, view.request(shown))
