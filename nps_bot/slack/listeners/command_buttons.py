"""The buttons in what ``/nps`` answers: *Share* below a report, *Ask* and *Cancel* below a plan."""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.domain.survey import Survey
from nps_bot.errors import NpsBotError, StorageUnavailableError
from nps_bot.services import launching, owed
from nps_bot.services import status as standing
from nps_bot.services.launching import ByHand
from nps_bot.services.owed import SharedReport
from nps_bot.slack import payloads
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.inviting import invite_everybody
from nps_bot.slack.listeners.answering import NOT_NOW, WENT_WRONG, tell
from nps_bot.slack.listeners.words import CommandError, not_an_owner, paused
from nps_bot.slack.payloads import Origin, SendRequest, ShareRequest
from nps_bot.slack.places import UNKNOWN_METHOD
from nps_bot.slack.views import notices, send
from nps_bot.storage import waves

log = logging.getLogger(__name__)

_NOT_IN_CHANNEL = frozenset({"not_in_channel", "channel_not_found"})


class CommandButtons:
    """The listeners of the buttons. Whoever presses must still be allowed to."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def register(self, app: AsyncApp) -> None:
        """Register the buttons."""
        app.action("share_report")(self.share)
        app.action("send_confirm")(self.confirm_send)
        app.action("send_cancel")(self.cancel_send)

    async def share(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Post the report in the channel, without comments; never where outsiders read."""
        await ack()
        origin, request = payloads.origin(body), payloads.share_request(body)
        self._spawn(self._share(origin, request, payloads.channel_id(body)), origin)

    async def confirm_send(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Start the wave that was shown, once however often it is confirmed."""
        await ack()
        origin, request = payloads.origin(body), payloads.send_request(body)
        self._spawn(self._start(origin, request), origin)

    async def cancel_send(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Start nothing, and say so."""
        await ack()
        origin, request = payloads.origin(body), payloads.send_request(body)
        self._spawn(self._cancel(origin, request), origin)

    # --- what follows ------------------------------------------------------------------------

    async def _share(self, origin: Origin, request: ShareRequest, channel: str) -> None:
        edge = self._edge
        survey = await self._managed(origin.person_id, request.survey_key)
        await self._announce(origin.person_id, survey, channel)
        sharing = SharedReport(origin.person_id, channel, request.period, request.made)
        await edge.database.write(owed.owe_shared_report, survey.key, sharing, edge.clock.now())
        edge.wake_courier()

    async def _announce(self, person_id: str, survey: Survey, channel: str) -> None:
        """Tell the person that the report is on its way, which proves that it can get there.

        Raises:
            CommandError: outsiders read the channel, or the bot is not in it.
        """
        messenger = self._edge.messenger
        coming = f"The report of “{survey.wording.title}” is on its way to this channel."
        try:
            if await messenger.is_external(channel):
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

    async def _start(self, origin: Origin, request: SendRequest) -> None:
        edge = self._edge
        survey = await self._managed(origin.person_id, request.survey_key)
        if await edge.database.read(waves.is_paused, survey.key):
            raise paused(survey)
        started = await edge.database.write(
            launching.start_by_hand, survey, ByHand(request.nominal), edge.clock.now()
        )
        shown = send.started(survey.wording.title, request.people)
        await edge.messenger.replace_original(origin.response_url or "", shown)
        if started is not None:
            log.info(
                "A wave was started by hand",
                extra={"survey": survey.key, "wave": started, "person": origin.person_id},
            )
            await invite_everybody(edge)

    async def _cancel(self, origin: Origin, request: SendRequest) -> None:
        """Say what is true: somebody quick may have confirmed before."""
        edge = self._edge
        survey = await self._managed(origin.person_id, request.survey_key)
        running = await edge.database.read(standing.running_waves, [survey.key], edge.clock.now())
        if request.nominal in {each.wave.nominal for each in running.get(survey.key, ())}:
            shown = send.started(survey.wording.title, request.people)
        else:
            shown = send.cancelled(survey.wording.title)
        await edge.messenger.replace_original(origin.response_url or "", shown)

    async def _managed(self, person_id: str, survey_key: str) -> Survey:
        """Return a survey the person may steer: what was so when the button came may have changed.

        Raises:
            CommandError: they may not, or it is gone.
        """
        survey = self._edge.surveys.get(survey_key)
        if survey is None or not await self._edge.access.may_manage(person_id, survey):
            raise not_an_owner()
        return survey

    def _spawn(self, work: Coroutine[Any, Any, None], origin: Origin) -> None:
        person = origin.person_id
        self._edge.background.spawn(self._told(work, origin), "Answering /nps", person=person)

    async def _told(self, work: Coroutine[Any, Any, None], origin: Origin) -> None:
        """Do ``work``; what hinders it is told beside the button."""
        person = origin.person_id
        try:
            await work
        except StorageUnavailableError as error:
            log.warning("A button of /nps did nothing: %s", error, extra={"person": person})
            await tell(self._edge, origin, NOT_NOW)
        except NpsBotError as error:
            await tell(self._edge, origin, str(error))
        except Exception:  # nobody foresaw it, and who pressed must not wait for nothing
            log.exception("A button of /nps failed", extra={"person": person})
            await tell(self._edge, origin, WENT_WRONG)
