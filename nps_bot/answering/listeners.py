"""Clicks on a prompt and on what it becomes; the modals that follow."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from nps_bot.answering import follow_ups, opt_out
from nps_bot.answering.follow_ups import Details
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.replies import REFUSALS, note_posted
from nps_bot.answering.rewriting import rewrite
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.answering.snooze import snooze
from nps_bot.answering.views import followup
from nps_bot.asking.views import prompt
from nps_bot.interaction.actions import Action, Body, Modal, ShowAction, of_invitation
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import TRIGGER_LIVES
from nps_bot.slack import payloads
from nps_bot.slack.payloads import MalformedPayloadError, Origin

SCORE_ID = re.compile(r"\Ascore_([0-9]|10)\Z")
_CHANGE_ID = re.compile(r"\A(change_score|home_change)\Z")


# --- scores ---------------------------------------------------------------------------------------


def decode_click(body: Body, origin: Origin, actions: re.Pattern[str]) -> Click:
    """Return a click on one of the eleven buttons that ``actions`` names.

    Raises:
        MalformedPayloadError: the action, value or time is not what our buttons carry.
    """
    return Click(
        score=int(payloads.matched(body, actions)),
        action_ts=payloads.clicked_at(body),
        invitation_id=payloads.button_id(body),
        person_id=origin.person_id,
        in_prompt=payloads.at(body, "view", "id") is None,
        posted=origin.posted,
    )


def _decode_score(body: Body, origin: Origin) -> Click:
    return decode_click(body, origin, SCORE_ID)


def _log_click(click: Click) -> dict[str, str]:
    return of_invitation(click.invitation_id)


async def _score(context: BotContext, click: Click, origin: Origin) -> str | None:
    """Record a score; the alert, the modal and the rewritten prompt follow."""
    now = context.clock.now()
    result = await context.database.write(record_score, context.surveys, click, now)
    if isinstance(result, Refusal):
        noting = note_posted(context, origin, click.invitation_id, click.person_id)
        _spawn(context, noting, "Noting a prompt", click.invitation_id)
        return REFUSALS[result]
    if result.urgent:
        context.wake_dispatcher()
    if result.changed:
        asking = _ask(context, result, origin, monotonic())
        _spawn(context, asking, "Asking the follow-up", click.invitation_id)
    if origin.response_url is not None:
        rewriting = _rewrite(context, result, origin.response_url)
        # The modal's trigger dies, and who sees it sees that the click was taken.
        context.background.spawn_patiently(
            rewriting, "Rewriting the prompt", invitation=click.invitation_id
        )
    return None


async def _ask(context: BotContext, result: Recorded, origin: Origin, clicked_at: float) -> None:
    """Open the band's questions, or show them in the modal that was clicked in."""
    if monotonic() - clicked_at > TRIGGER_LIVES:
        return
    wording = await context.wording(result.wording_id)
    modal = followup.modal(wording, result.band, result.score, result.invitation_id, result.replies)
    if origin.modal_id is not None:
        await context.messenger.update_view(origin.modal_id, modal)
        await context.refresh_home(origin.person_id)  # it may have begun there
    else:
        await context.messenger.open_view(origin.trigger_id, modal)


async def _rewrite(context: BotContext, result: Recorded, response_url: str) -> None:
    """Rewrite the clicked prompt directly, so that the dispatcher need not."""
    message = prompt.answered(
        await context.wording(result.wording_id),
        result.score,
        result.invitation_id,
        correctable=True,
        no_contact=result.no_contact,
        stopped=None,
    )
    await rewrite(context, response_url, message, result.versions, result.invitation_id)


# --- what the answered prompt offers --------------------------------------------------------------


async def _said(context: BotContext, invitation_id: str, origin: Origin) -> Details | Refusal:
    return await context.database.read(
        follow_ups.details, invitation_id, origin.person_id, context.clock.now()
    )


async def _show_details(context: BotContext, invitation_id: str, origin: Origin) -> str | None:
    """Open the band's questions with what was written before."""
    said = await _said(context, invitation_id, origin)
    if isinstance(said, Refusal):
        return REFUSALS[said]
    wording = await context.wording(said.wording_id)
    modal = followup.modal(wording, said.band, said.score, said.invitation_id, said.replies)
    await context.messenger.open_view(origin.trigger_id, modal)
    return None


async def _show_buttons(context: BotContext, invitation_id: str, origin: Origin) -> str | None:
    """Open the eleven buttons once more, in a modal."""
    said = await _said(context, invitation_id, origin)
    if isinstance(said, Refusal):
        return REFUSALS[said]
    modal = followup.change_score_modal(
        await context.wording(said.wording_id),
        said.score,
        said.invitation_id,
        counts=said.correctable,
    )
    await context.messenger.open_view(origin.trigger_id, modal)
    return None


async def _ask_stop(context: BotContext, invitation_id: str, origin: Origin) -> str | None:
    """Ask which surveys to stop."""
    person_id = origin.person_id
    wording_id = await context.database.read(opt_out.wording_of, invitation_id, person_id)
    if isinstance(wording_id, Refusal):
        return REFUSALS[wording_id]
    modal = followup.stop_modal(await context.wording(wording_id), invitation_id)
    await context.messenger.open_view(origin.trigger_id, modal)
    noting = note_posted(context, origin, invitation_id, person_id)
    _spawn(context, noting, "Noting a prompt", invitation_id)
    return None


async def _snooze(context: BotContext, invitation_id: str, origin: Origin) -> str | None:
    """Ask again in three days."""
    result = await context.database.write(
        snooze,
        context.surveys,
        invitation_id,
        origin.person_id,
        context.clock.now(),
        origin.posted,
    )
    return _after(context, result)


async def _decline_contact(context: BotContext, invitation_id: str, origin: Origin) -> str | None:
    """Record that the person does not want to be contacted."""
    result = await context.database.write(
        opt_out.ask_no_contact, invitation_id, origin.person_id, context.clock.now()
    )
    return _after(context, result)


def _after(context: BotContext, result: object) -> str | None:
    """Have the messages that show it rewritten, or say why nothing was done."""
    if isinstance(result, Refusal):
        return REFUSALS[result]
    context.wake_dispatcher()
    return None


# --- modals ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted modal about an invitation: what was typed or chosen, by ``block_id``."""

    invitation_id: str
    person_id: str
    values: Mapping[str, str]


def _decode_submission(body: Body) -> Submission:
    return Submission(payloads.metadata(body), payloads.person_id(body), payloads.entered(body))


def _log_submission(sent: Submission) -> dict[str, str]:
    return of_invitation(sent.invitation_id)


async def _save_replies(context: BotContext, sent: Submission) -> str | None:
    """Store the replies."""
    result = await context.database.write(
        follow_ups.save_replies,
        sent.invitation_id,
        sent.person_id,
        sent.values,
        context.clock.now(),
    )
    if isinstance(result, Refusal):
        return REFUSALS[result]
    context.wake_dispatcher()
    # The modal may have been opened from Home, which shows what was written.
    refreshing = context.refresh_home(sent.person_id)
    _spawn(context, refreshing, "Publishing Home", sent.invitation_id)
    return None


async def _stop(context: BotContext, sent: Submission) -> str | None:
    """Opt the person out; the prompt says so."""
    result = await context.database.write(
        opt_out.stop,
        sent.invitation_id,
        sent.person_id,
        _scope(sent),
        context.clock.now(),
    )
    return _after(context, result)


def _scope(sent: Submission) -> Scope:
    """Return which surveys a person chose to stop.

    Raises:
        MalformedPayloadError: neither of the two choices.
    """
    try:
        return Scope(sent.values.get("which", ""))
    except ValueError as error:
        raise MalformedPayloadError("The choice is neither this survey nor all.") from error


def _spawn(
    context: BotContext, work: Coroutine[Any, Any, None], what: str, invitation_id: str
) -> None:
    context.background.spawn(work, what, invitation=invitation_id)


ACTIONS = (
    Action(id=SCORE_ID, decode=_decode_score, press=_score, log_ids=_log_click, busiest=True),
    Modal(
        id="followup",
        decode=_decode_submission,
        submit=_save_replies,
        what="Replies",
        log_ids=_log_submission,
    ),
    ShowAction(
        id="add_details",
        decode=payloads.button_id,
        press=_show_details,
        doing="Opening the details",
        log_ids=of_invitation,
    ),
    ShowAction(
        id=_CHANGE_ID,
        decode=payloads.button_id,
        press=_show_buttons,
        doing="Changing the score",
        log_ids=of_invitation,
    ),
    Action(id="snooze", decode=payloads.button_id, press=_snooze, log_ids=of_invitation),
    ShowAction(
        id="stop",
        decode=payloads.button_id,
        press=_ask_stop,
        doing="Asking what to stop",
        log_ids=of_invitation,
    ),
    Modal(
        id="stop",
        decode=_decode_submission,
        submit=_stop,
        what="Opt-out",
        log_ids=_log_submission,
    ),
    Action(
        id="no_contact",
        decode=payloads.button_id,
        press=_decline_contact,
        log_ids=of_invitation,
    ),
)
"""What respondents press and send, the busiest first."""
