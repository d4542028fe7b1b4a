"""Reading, before a wave asks there, what Slack says of the channels shared with customers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from nps_bot.domain.channel_posts import teams_of
from nps_bot.domain.delivery import Refused
from nps_bot.domain.survey import AccountChannel, Survey
from nps_bot.services import posting
from nps_bot.services.posting import Found
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.storage import channel_posts
from nps_bot.storage.waves import WaveRow

_NOT_SHARED = "it is not shared with another organisation"
_NOT_A_MEMBER = "the bot is not in it: invite the bot to the channel"
_WHOSE = "several companies share it: say in the survey's file whose workspaces count (teams)"


async def prepare(edge: Edge, survey: Survey, wave: WaveRow) -> None:
    """Note one channel of the survey after the other, then open the wave.

    What stops it (a 429) costs nothing that is noted: the next call goes on from there.

    Raises:
        SlackCallError: Slack could not say now.
    """
    known = await edge.database.read(posting.noted, wave.id)
    for one in await accounts(edge, survey):
        found = await find(edge, one, known)
        if found is not None:
            known.add(found.channel)
            now = edge.clock.now()
            await edge.database.write(posting.note, survey, wave.id, found, now)
    await edge.database.write(posting.begin, survey, wave.id, edge.clock.now())
    edge.wake_courier()


async def accounts(edge: Edge, survey: Survey) -> list[AccountChannel]:
    """Return the channels a survey asks in: its own, or else those of the people file."""
    if survey.accounts:
        return list(survey.accounts)
    rows = await edge.database.read(channel_posts.accounts)
    return [
        AccountChannel(row.channel, row.account, row.owner, row.teams)
        for row in rows
        if row.account is not None
    ]


async def every_channel(edge: Edge, survey: Survey) -> list[Found]:
    """Return all channels a survey would ask in, as Slack describes them now.

    Waits as Slack asks.
    """
    known: dict[str, Found] = {}
    left = await accounts(edge, survey)
    while left:
        try:
            found = await find(edge, left[0], known.keys())
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        left = left[1:]
        if found is not None:
            known[found.channel] = found
    return list(known.values())


async def find(edge: Edge, one: AccountChannel, known: Collection[str]) -> Found | None:
    """Return a channel as Slack describes it now; None where it is among those ``known``.

    Raises:
        SlackCallError: Slack could not say now.
    """
    channel, teams, obstacle = one.channel, one.teams, None
    try:
        channel = await edge.directory.channel_id(one.channel)
        if channel in known:
            return None
        sharing = await edge.messenger.sharing(channel)
        ours = await edge.directory.own_homes()
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
    return Found(channel, one.account, await _owner(edge, one.owner), teams, obstacle)


async def _owner(edge: Edge, ref: str | None) -> str | None:
    """Return who looks after an account; None where no colleague does who is still here."""
    member = await edge.directory.person(ref) if ref else None
    here = member is not None and not (member.is_deleted or member.is_outsider)
    return member.id if member is not None and here else None
