"""The button in what ``/nps report`` answers: *Share*."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.delivery.destinations import UNKNOWN_METHOD
from nps_bot.figures.outgoing import ReportShare, enqueue_shared_report
from nps_bot.interaction.command_args import CommandError
from nps_bot.interaction.owner_actions import Steering
from nps_bot.slack import notices, payloads
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.payloads import Origin, ShareRequest
from nps_bot.surveys.rules.survey import Survey

_NOT_IN_CHANNEL = frozenset({"not_in_channel", "channel_not_found"})


class CommandButtons(Steering):
    """The listener of *Share*; ``/nps send`` and ``/nps stop`` have theirs beside them."""

    def register(self, app: AsyncApp) -> None:
        """Register the button."""
        app.action("share_report")(self.share)

    async def share(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Post the report in the channel, without comments; never where outsiders read."""
        await ack()
        origin, request = payloads.origin(body), payloads.share_request(body)
        self._spawn(self._share(origin, request, payloads.channel_id(body)), origin)

    # --- what follows ------------------------------------------------------------------------

    async def _share(self, origin: Origin, request: ShareRequest, channel: str) -> None:
        context = self._context
        survey = await self._managed(origin.person_id, request.survey_key)
        await self._announce(origin.person_id, survey, channel)
        sharing = ReportShare(origin.person_id, channel, request.period, request.made)
        await context.database.write(
            enqueue_shared_report, survey.key, sharing, context.clock.now()
        )
        context.wake_dispatcher()

    async def _announce(self, person_id: str, survey: Survey, channel: str) -> None:
        """Tell the person that the report is on its way, which proves that it can get there.

        Raises:
            CommandError: outsiders read the channel, or the bot is not in it.
        """
        messenger = self._context.messenger
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
