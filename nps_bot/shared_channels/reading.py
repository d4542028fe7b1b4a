"""Reading, before a wave asks there, what Slack says of the channels shared with customers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from nps_bot.interaction.context import BotContext
from nps_bot.people import store as people
from nps_bot.shared_channels import posting
from nps_bot.shared_channels.posting import Found
from nps_bot.shared_channels.rules import teams_of
from nps_bot.slack.calls import Refused
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.errors import SlackCallError
from nps_bot.surveys.rules.survey import AccountChannel, Survey

_NOT_SHARED = "it is not shared with another organisation"
_NOT_A_MEMBER = "the bot is not in it: invite the bot to the channel"
_WHOSE = "several companies share it: say in the survey's file whose workspaces count (teams)"


async def prepare(context: BotContext, survey: Survey, wave_id: int) -> None:
    """Note one channel of the survey after the other, then open the wave.

    What stops it (a 429) costs nothing that is noted: the next call goes on from there.

    Raises:
        SlackCallError: Slack could not say now.
    """
    known = await context.database.read(posting.noted, wave_id)
    for one in await accounts(context, survey):
        found = await find(context, one, known)
        if found is not None:
            known.add(found.channel)
            now = context.clock.now()
            await context.database.write(posting.note, survey, wave_id, found, now)
    await context.database.write(posting.begin, survey, wave_id, context.clock.now())
    context.wake_dispatcher()


async def accounts(context: BotContext, survey: Survey) -> list[AccountChannel]:
    """Return the channels a survey asks in: its own, or else those of the people file."""
    if survey.accounts:
        return list(survey.accounts)
    rows = await context.database.read(people.channels)
    return [
        AccountChannel(row.channel, row.account, row.owner, row.teams)
        for row in rows
        if row.account is not None
    ]


async def every_channel(context: BotContext, survey: Survey) -> list[Found]:
    """Return all channels a survey would ask in, as Slack describes them now.

    Waits as Slack asks.
    """
    known: dict[str, Found] = {}
    left = await accounts(context, survey)
    while left:
        try:
            found = await find(context, left[0], known.keys())
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        left = left[1:]
        if found is not None:
            known[found.channel] = found
    return list(known.values())


async def find(context: BotContext, one: AccountChannel, known: Collection[str]) -> Found | None:
    """Return a channel as Slack describes it now; None where it is among those ``known``.

    Raises:
        SlackCallError: Slack could not say now.
    """
    channel, teams, obstacle = one.channel, one.teams, None
    try:
        channel = await context.directory.channel_id(one.channel)
        if channel in known:
            return None
        sharing = await context.messenger.sharing(channel)
        ours = await context.directory.own_homes()
        others = [team for team in sharing.teams if team not in ours]
        whose = teams_of(one.teams, others)
        if not sharing.connected:
            obstacle = _NOT_SHARED
        elif not sharing.member:
            obstacle = _NOT_A_MEMBER
        elif whose is None:
            obstacle = _WHOSE
        else:
            teams = whose
    except NotInSlackError as error:
        obstacle = str(error).removesuffix(".")
    except SlackCallError as error:
        if not isinstance(error.failure, Refused):
            raise
        obstacle = error.reason
    return Found(channel, one.account, await _owner(context, one.owner), teams, obstacle)


async def _owner(context: BotContext, ref: str | None) -> str | None:
    """Return who looks after an account; None where no colleague does who is still here."""
    member = await context.directory.person(ref) if ref else None
    here = member is not None and not (member.is_deleted or member.is_outsider)
    return member.id if member is not None and here else None
