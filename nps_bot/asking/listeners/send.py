"""The buttons of ``/nps send``: a wave by hand, confirmed, or asked for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.asking import approving, launching
from nps_bot.asking.approving import NotYours
from nps_bot.asking.inviting import invite_everybody
from nps_bot.asking.launching import ByHand
from nps_bot.asking.rules.approval import Decision, State
from nps_bot.asking.store import approvals, waves
from nps_bot.asking.views import approval, send
from nps_bot.interaction.command_args import CommandError, paused
from nps_bot.interaction.owner_actions import Steering
from nps_bot.interaction.replies import OUT_OF_DATE
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin, SendRequest
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)


class Starting(Steering):
    """Starts waves by hand: at once for owners, with a second person's word for others."""

    def register(self, app: AsyncApp) -> None:
        """Register the buttons."""
        app.action("send_confirm")(self.confirm)
        app.action("send_cancel")(self.cancel)
        app.action("approval_send")(self.approve)
        app.action("approval_decline")(self.decline)

    async def confirm(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Start the wave that was shown, or ask for it; once however often it is confirmed."""
        await ack()
        origin, request = payloads.origin(body), payloads.send_request(body)
        self._spawn(self._start(origin, request), origin)

    async def cancel(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Start nothing, and say so."""
        await ack()
        origin, request = payloads.origin(body), payloads.send_request(body)
        self._spawn(self._cancel(origin, request), origin)

    async def approve(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Say yes to somebody's request."""
        await self._decide(ack, body, yes=True)

    async def decline(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Say no to somebody's request."""
        await self._decide(ack, body, yes=False)

    async def _decide(self, ack: AsyncAck, body: Mapping[str, Any], *, yes: bool) -> None:
        await ack()
        origin, approval_id = payloads.origin(body), payloads.approval_id(body)
        self._spawn(self._decided(origin, approval_id, yes=yes), origin)

    # --- what follows ------------------------------------------------------------------------

    async def _start(self, origin: Origin, request: SendRequest) -> None:
        context = self._context
        survey = await self._managed(origin.person_id, request.survey_key)
        if await context.database.read(survey_store.is_paused, survey.key):
            raise paused(survey)
        now = context.clock.now()
        if launching.is_stale(request.nominal, now):
            raise CommandError(OUT_OF_DATE)  # how many it would ask decides who may confirm it
        owner = await context.access.is_owner(origin.person_id, survey)
        mode = context.modes[survey.delivery]
        if mode.owner_confirms and request.people > survey.confirm_above and not owner:
            await self._ask(origin, survey, request)
            return
        starter = Decision(origin.person_id, owner=owner, yes=True)
        how = ByHand(request.nominal)
        started = await context.database.write(approving.start, survey, how, starter, now)
        shown = mode.started(survey.wording.title, request.people)
        await context.messenger.replace_original(origin.response_url or "", shown)
        if started is not None:
            log.info(
                "A wave was started by hand",
                extra={"survey": survey.key, "wave": started, "person": origin.person_id},
            )
            await invite_everybody(context)

    async def _ask(self, origin: Origin, survey: Survey, request: SendRequest) -> None:
        """Ask the owners; asked before, say how that stands."""
        context, title = self._context, survey.wording.title
        asked = await context.database.write(
            approving.ask,
            survey,
            request.nominal,
            request.people,
            origin.person_id,
            context.clock.now(),
        )
        context.wake_dispatcher()
        found = asked.approval
        if found.state is State.OPEN and found.asked_by == origin.person_id:
            owners = await context.access.owners(survey)
            shown = approval.waiting(found, title, survey.confirm_above, owners)
        else:
            shown = approval.approval(found, title)
        await context.messenger.replace_original(origin.response_url or "", shown)

    async def _cancel(self, origin: Origin, request: SendRequest) -> None:
        """Say what is true: somebody quick may have confirmed before."""
        context = self._context
        survey = await self._managed(origin.person_id, request.survey_key)
        wave = await context.database.read(waves.of_nominal, survey.key, request.nominal)
        if wave is not None and wave.state != "closed":
            mode = context.modes[survey.delivery]
            shown = mode.started(survey.wording.title, request.people)
        else:
            shown = send.cancelled(survey.wording.title)
        await context.messenger.replace_original(origin.response_url or "", shown)

    async def _decided(self, origin: Origin, approval_id: str, *, yes: bool) -> None:
        context = self._context
        found = await context.database.read(approvals.find, approval_id)
        if found is None:
            raise CommandError(OUT_OF_DATE)
        survey = await self._managed(origin.person_id, found.survey_key)
        owner = await context.access.is_owner(origin.person_id, survey)
        decision = Decision(origin.person_id, owner=owner, yes=yes)
        decided = await context.database.write(
            approving.decide, survey, approval_id, decision, context.clock.now()
        )
        match decided:
            case NotYours.GONE:
                raise CommandError(OUT_OF_DATE)
            case NotYours.OWN:
                raise CommandError("You asked for it, so a second person has to say yes.")
            case NotYours.PAUSED:
                raise paused(survey)
        context.wake_dispatcher()
        shown = approval.approval(decided, survey.wording.title)
        await context.messenger.replace_original(origin.response_url or "", shown)
        await invite_everybody(context)
