"""The word of an account's owner on a question to a shared channel."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from nps_bot.interaction.actions import Body, OwnerAction
from nps_bot.interaction.command_args import CommandError, not_an_owner
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import OUT_OF_DATE
from nps_bot.shared_channels import posting, store
from nps_bot.shared_channels.rules import Choice
from nps_bot.shared_channels.views import approval as view
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)

CHOICE_ID = re.compile(rf"\A{view.PREFIX}({'|'.join(Choice)})\Z")


@dataclass(frozen=True, slots=True)
class _Decision:
    """What somebody decided on a question to a shared channel."""

    post_id: str
    choice: Choice


def _decode(body: Body, _: Origin) -> _Decision:
    return _Decision(payloads.button_id(body), Choice(payloads.matched(body, CHOICE_ID)))


async def _allow(context: BotContext, value: _Decision, person_id: str) -> Survey:
    """Return the survey of a question, where the person owns it or looks after the account.

    Raises:
        CommandError: they do neither, or the question is gone.
    """
    post = await context.database.read(store.find, value.post_id)
    survey = context.surveys.get(post.survey_key) if post else None
    if post is None or survey is None:
        raise CommandError(OUT_OF_DATE)
    if person_id != post.owner and not await context.access.is_owner(person_id, survey):
        raise not_an_owner()
    return survey


async def _decide(context: BotContext, value: _Decision, origin: Origin, survey: Survey) -> None:
    """Post the question or not, and show what stands now."""
    now = context.clock.now()
    decided = await context.database.write(
        posting.decide, survey, value.post_id, value.choice, origin.person_id, now
    )
    if decided is None:
        raise CommandError(OUT_OF_DATE)
    context.wake_dispatcher()
    log.info("A question to a channel: %s", decided.state, extra={"post": value.post_id})
    shown = await context.database.read(posting.request, survey, decided, now)
    if origin.response_url is not None:
        await context.messenger.replace_original(origin.response_url, view.request(shown))


ACTIONS = (OwnerAction(id=CHOICE_ID, decode=_decode, allow=_allow, press=_decide),)
"""The buttons of requests to post a question."""
