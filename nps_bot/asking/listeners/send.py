"""The buttons of ``/nps send``: a wave by hand, confirmed, or asked for."""

from __future__ import annotations

import logging

from nps_bot.asking import approving, launching
from nps_bot.asking.approving import NotYours
from nps_bot.asking.inviting import invite_everybody
from nps_bot.asking.launching import ByHand
from nps_bot.asking.requests import SendRequest
from nps_bot.asking.rules.approval import Decision, State
from nps_bot.asking.store import approvals, waves
from nps_bot.asking.views import approval, send
from nps_bot.interaction.actions import OwnerAction, managed, managed_by
from nps_bot.interaction.command_args import CommandError, paused
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import OUT_OF_DATE
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)


async def _start(context: BotContext, request: SendRequest, origin: Origin, survey: Survey) -> None:
    """Start the wave that was shown, or ask for it; once however often it is confirmed."""
    if await context.database.read(survey_store.is_paused, survey.key):
        raise paused(survey)
    now = context.clock.now()
    if launching.is_stale(request.nominal, now):
        raise CommandError(OUT_OF_DATE)  # how many it would ask decides who may confirm it
    owner = await context.access.is_owner(origin.person_id, survey)
    mode = context.modes[survey.delivery]
    if mode.owner_confirms and request.people > survey.confirm_above and not owner:
        await _ask(context, request, origin, survey)
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


async def _ask(context: BotContext, request: SendRequest, origin: Origin, survey: Survey) -> None:
    """Ask the owners; asked before, say how that stands."""
    title = survey.wording.title
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


async def _cancel(
    context: BotContext, request: SendRequest, origin: Origin, survey: Survey
) -> None:
    """Say what is true: somebody quick may have confirmed before."""
    wave = await context.database.read(waves.of_nominal, survey.key, request.nominal)
    if wave is not None and wave.state != "closed":
        shown = context.modes[survey.delivery].started(survey.wording.title, request.people)
    else:
        shown = send.cancelled(survey.wording.title)
    await context.messenger.replace_original(origin.response_url or "", shown)


async def _manages_approval(context: BotContext, approval_id: str, person_id: str) -> Survey:
    """Return the survey of a request, where the person may manage it.

    Raises:
        CommandError: they may not, or the request is gone.
    """
    found = await context.database.read(approvals.find, approval_id)
    if found is None:
        raise CommandError(OUT_OF_DATE)
    return await managed(context, person_id, found.survey_key)


async def _approve(context: BotContext, approval_id: str, origin: Origin, survey: Survey) -> None:
    """Say yes to somebody's request."""
    await _decide(context, approval_id, origin, survey, yes=True)


async def _decline(context: BotContext, approval_id: str, origin: Origin, survey: Survey) -> None:
    """Say no to somebody's request."""
    await _decide(context, approval_id, origin, survey, yes=False)


async def _decide(
    context: BotContext, approval_id: str, origin: Origin, survey: Survey, *, yes: bool
) -> None:
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


ACTIONS = (
    OwnerAction(id="send_confirm", decode=SendRequest.decode, allow=managed_by, press=_start),
    OwnerAction(id="send_cancel", decode=SendRequest.decode, allow=managed_by, press=_cancel),
    OwnerAction(
        id="approval_send", decode=payloads.button_id, allow=_manages_approval, press=_approve
    ),
    OwnerAction(
        id="approval_decline", decode=payloads.button_id, allow=_manages_approval, press=_decline
    ),
)
"""Waves by hand: at once for owners, with a second person's word for others."""
