"""The button in what ``/nps report`` answers: *Share*."""

from __future__ import annotations

from dataclasses import dataclass

from nps_bot.delivery.destinations import UNKNOWN_METHOD
from nps_bot.figures.outgoing import ReportShare, enqueue_shared_report
from nps_bot.figures.share_request import ShareRequest
from nps_bot.interaction.actions import Body, OwnerAction, managed
from nps_bot.interaction.command_args import CommandError
from nps_bot.interaction.context import BotContext
from nps_bot.slack import notices, payloads
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.payloads import Origin
from nps_bot.surveys.rules.survey import Survey

_NOT_IN_CHANNEL = frozenset({"not_in_channel", "channel_not_found"})


@dataclass(frozen=True, slots=True)
class _Share:
    """What is to be shared, and the channel in which *Share* was pressed."""

    request: ShareRequest
    channel: str


def _decode(body: Body, origin: Origin) -> _Share:
    return _Share(ShareRequest.decode(body, origin), payloads.channel_id(body))


async def _allow(context: BotContext, value: _Share, person_id: str) -> Survey:
    return await managed(context, person_id, value.request.survey_key)


async def _share(context: BotContext, value: _Share, origin: Origin, survey: Survey) -> None:
    """Post the report in the channel, without comments; never where outsiders read."""
    await _announce(context, origin.person_id, survey, value.channel)
    request = value.request
    share = ReportShare(origin.person_id, value.channel, request.period, request.made)
    await context.database.write(enqueue_shared_report, survey.key, share, context.clock.now())
    context.wake_dispatcher()


async def _announce(context: BotContext, person_id: str, survey: Survey, channel: str) -> None:
    """Tell the person that the report is on its way, which proves that it can get there.

    Raises:
        CommandError: outsiders read the channel, or the bot is not in it.
    """
    messenger = context.messenger
    coming = f"The report of “{survey.wording.title}” is on its way to this channel."
    try:
        if (await messenger.sharing(channel)).outsiders:
            raise CommandError(
                "Not shared: people outside your organisation can read this channel."
            )
        await messenger.ephemeral(channel, person_id, notices.sentence(coming))
    except SlackCallError as error:
        if error.code in _NOT_IN_CHANNEL:
            raise CommandError(
                "Not shared: this app is not in this channel. Add it with /invite, then press"
                " Share once more."
            ) from error
        if error.code != UNKNOWN_METHOD:
            raise


ACTIONS = (OwnerAction(id="share_report", decode=_decode, allow=_allow, press=_share),)
"""The buttons of reports."""
