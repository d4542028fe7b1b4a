"""Reading a wave's audience from Slack, page by page, and inviting whom the service says."""

from __future__ import annotations

import asyncio
import logging

from nps_bot.asking import eligibility
from nps_bot.asking.audience_reader import audience_page, ids_page
from nps_bot.asking.store import waves
from nps_bot.base.errors import NpsBotError
from nps_bot.interaction.context import BotContext
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)


async def invite_everybody(context: BotContext) -> None:
    """Read on in every wave that is still resolving, from where it stands.

    What stops one wave (a 429, a channel that is gone) is logged and costs the others nothing; the
    next call goes on from the page that failed.
    """
    for wave in await context.database.read(waves.resolving):
        survey = context.surveys.get(wave.survey_key)
        if survey is None:
            continue
        try:
            await context.modes[survey.delivery].invite(context, survey, wave.id)
        except NpsBotError as error:
            log.warning(
                "Reading the audience stopped: %s",
                error,
                extra={"survey": wave.survey_key, "wave": wave.id},
            )


async def look_for_newcomers(context: BotContext) -> None:
    """Look in each audience who is new, once a day; what stops one survey costs the others nothing.

    Waits as Slack asks between pages.
    """
    for survey in context.surveys.values():
        if not survey.budget.newcomers:
            continue
        try:
            if await context.database.write(eligibility.begin_look, survey, context.clock.now()):
                await _look(context, survey)
        except NpsBotError as error:
            log.warning(
                "Looking for newcomers stopped, until tomorrow: %s",
                error,
                extra={"survey": survey.key},
            )


async def _look(context: BotContext, survey: Survey) -> None:
    cursor: str | None = None
    while True:
        try:
            ids, following = await ids_page(context.directory, survey.audience, cursor)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        last = following is None
        now = context.clock.now()
        await context.database.write(eligibility.look, survey, ids, now, last=last)
        if last:
            return
        cursor = following


async def whole_audience(context: BotContext, survey: Survey) -> list[Member]:
    """Return everybody in a survey's audience, each once, before any is left out.

    Waits as Slack asks between pages.

    Raises:
        NpsBotError: Slack refused, or a channel or group of the audience does not exist.
    """
    members: dict[str, Member] = {}
    cursor: str | None = None
    while True:
        try:
            page = await audience_page(context.directory, survey.audience, cursor)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        members |= {member.id: member for member in page.members}
        if page.next_cursor is None:
            return list(members.values())
        cursor = page.next_cursor
