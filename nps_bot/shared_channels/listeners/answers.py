"""Clicks on a question in a channel shared with a customer.

What everybody sees is never changed by a click. Who clicked reads of their own answer in a message
that only they see, and everything they do there is shown there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic
from typing import Any

from nps_bot.answering.replies import REFUSALS
from nps_bot.answering.rules import Refusal
from nps_bot.answering.score import Recorded
from nps_bot.answering.views import followup
from nps_bot.interaction.actions import Action, Body, ShowAction
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import TRIGGER_LIVES
from nps_bot.people import store as people
from nps_bot.shared_channels import answers
from nps_bot.shared_channels.answers import (
    Clicker,
    NotCounted,
    OwnAnswer,
    Refused,
    RespondentAction,
)
from nps_bot.shared_channels.views import question
from nps_bot.slack import notices, payloads
from nps_bot.slack.message import Message
from nps_bot.slack.payloads import Origin
from nps_bot.surveys.rules.survey import Wording

SCORE_ID = re.compile(r"\Achannel_score_([0-9]|10)\Z")
_ACTION_ID = re.compile(rf"\Achannel_wish_({'|'.join(RespondentAction)})\Z")

_UNANSWERED = "Choose a score in the question itself: there is no answer of yours here yet."
_DOING = "Answering in a shared channel"
_View = Callable[[Wording, OwnAnswer], Message]


@dataclass(frozen=True, slots=True)
class ChannelClick:
    """A click on a score in a shared channel.

    Attributes:
        action_ts: Slack's time of the click in microseconds.
        at_home: whether they belong to the workspace the bot is in.
        ephemeral: whether it was not the question itself that was clicked in, but what only this
            person sees.
    """

    post_id: str
    clicker: Clicker
    score: int
    action_ts: int
    at_home: bool
    ephemeral: bool


def _decode_score(body: Body, origin: Origin) -> ChannelClick:
    names = (payloads.at(body, "user", "name"), payloads.at(body, "user", "username"))
    person_id = origin.person_id
    return ChannelClick(
        score=int(payloads.matched(body, SCORE_ID)),
        action_ts=payloads.clicked_at(body),
        post_id=payloads.button_id(body),
        clicker=Clicker(
            person_id=person_id,
            name=next((name for name in names if isinstance(name, str) and name), person_id),
            homes=payloads.homes(body),
            channel=payloads.channel_id(body),
        ),
        at_home=payloads.at_home(body),
        ephemeral=payloads.is_ephemeral(body),
    )


@dataclass(frozen=True, slots=True)
class OwnButton:
    """A button beside a person's own answer.

    Attributes:
        ephemeral: whether it stands in what only this person sees.
    """

    post_id: str
    ephemeral: bool


@dataclass(frozen=True, slots=True)
class ActionButton(OwnButton):
    """A button that asks for something beside the answer."""

    action: RespondentAction


def _decode_own(body: Body, _: Origin) -> OwnButton:
    return OwnButton(payloads.button_id(body), payloads.is_ephemeral(body))


def _decode_action(body: Body, _: Origin) -> ActionButton:
    action = RespondentAction(payloads.matched(body, _ACTION_ID))
    return ActionButton(payloads.button_id(body), payloads.is_ephemeral(body), action)


def _log_post(value: ChannelClick | OwnButton) -> dict[str, str]:
    return {"post": value.post_id}


async def _score(context: BotContext, click: ChannelClick, origin: Origin) -> str | None:
    """Record a score; the person, and nobody else, reads what became of it."""
    result = await context.database.write(
        answers.score,
        context.surveys,
        click.post_id,
        click.clicker,
        click.score,
        click.action_ts,
        context.clock.now(),
    )
    if isinstance(result, Refused):
        _spawn(context, _refuse(context, origin, click, result), click.post_id)
        return None
    context.wake_dispatcher()
    if result.changed:
        _spawn(context, _ask(context, result, origin, monotonic()), click.post_id)
        _spawn(context, _meet(context, origin.person_id), click.post_id)
    pressed = OwnButton(click.post_id, click.ephemeral)
    _spawn(context, _show_answer(context, pressed, origin), click.post_id)
    return None


async def _show_answer(context: BotContext, pressed: OwnButton, origin: Origin) -> None:
    """Show the person their answer; say so where the database does not tell it now."""
    await SHOW_ANSWER.show(context, pressed, origin)


async def _refuse(
    context: BotContext, origin: Origin, click: ChannelClick, refused: Refused
) -> None:
    """Say kindly why nothing was recorded."""
    if refused.why is NotCounted.NOT_THEIRS:
        person = click.clicker.person_id
        colleague = click.at_home or await context.access.is_colleague(person)
        sentence = question.not_theirs(refused.account, colleague=colleague)
        await _show(context, origin, notices.sentence(sentence), replacing=click.ephemeral)
    else:
        pressed = OwnButton(click.post_id, click.ephemeral)
        await _show_refused(context, origin, pressed, refused)


async def _show_refused(
    context: BotContext, origin: Origin, pressed: OwnButton, refused: Refused
) -> None:
    match refused.why:
        case NotCounted.OPTED_OUT:
            shown = question.opted_out(refused.account, refused.stopped or "", pressed.post_id)
        case NotCounted.UNANSWERED:
            shown = notices.sentence(_UNANSWERED)
        case NotCounted.CLOSED:
            shown = notices.sentence(REFUSALS[Refusal.CLOSED])
        case _:
            shown = notices.sentence(REFUSALS[Refusal.GONE])
    await _show(context, origin, shown, replacing=pressed.ephemeral)


async def _ask(context: BotContext, result: Recorded, origin: Origin, clicked_at: float) -> None:
    """Open the band's questions."""
    if monotonic() - clicked_at > TRIGGER_LIVES:
        return
    wording = await context.wording(result.wording_id)
    modal = followup.modal(wording, result.band, result.score, result.invitation_id, result.replies)
    await context.messenger.open_view(origin.trigger_id, modal)


async def _meet(context: BotContext, person_id: str) -> None:
    """Learn the name and time zone of somebody who was not in any audience."""
    member = await context.directory.person(person_id)
    if member is not None:
        await context.database.write(people.save_members, [member], context.clock.now())


async def _apply(context: BotContext, pressed: ActionButton, origin: Origin) -> str | None:
    """Do what the person asks for beside their answer, and show what stands then."""
    mine = await context.database.write(
        answers.apply, pressed.post_id, origin.person_id, pressed.action, context.clock.now()
    )
    context.wake_dispatcher()
    shown = _show_own(context, origin, pressed, mine, question.answered)
    _spawn(context, shown, pressed.post_id)
    return None


def _showing(id_: str, view: _View) -> ShowAction[OwnButton]:
    """Return a button that shows the person's answer in another way; it changes nothing."""

    async def press(context: BotContext, pressed: OwnButton, origin: Origin) -> str | None:
        mine = await context.database.read(
            answers.own_answer, pressed.post_id, origin.person_id, context.clock.now()
        )
        await _show_own(context, origin, pressed, mine, view)
        return None

    return ShowAction(id=id_, decode=_decode_own, press=press, doing=_DOING, log_ids=_log_post)


async def _show_own(
    context: BotContext,
    origin: Origin,
    pressed: OwnButton,
    mine: OwnAnswer | Refused,
    view: _View,
) -> None:
    if isinstance(mine, Refused):
        await _show_refused(context, origin, pressed, mine)
    else:
        wording = await context.wording(mine.wording_id)
        await _show(context, origin, view(wording, mine), replacing=pressed.ephemeral)


async def _show(context: BotContext, origin: Origin, message: Message, *, replacing: bool) -> None:
    """Show something to the person alone: in place of what only they see, or anew.

    Never in place of the question itself, which everybody sees.
    """
    url = origin.response_url
    if url is not None and replacing:
        await context.messenger.replace_original(url, message)
    elif url is not None:
        await context.messenger.respond(url, message)


def _spawn(context: BotContext, work: Coroutine[Any, Any, None], post_id: str) -> None:
    context.background.spawn(work, _DOING, post=post_id)


SHOW_ANSWER = _showing(f"{question.PREFIX}keep", question.answered)

ACTIONS = (
    Action(id=SCORE_ID, decode=_decode_score, press=_score, doing=_DOING, log_ids=_log_post),
    _showing(f"{question.PREFIX}change", question.again),
    _showing(f"{question.PREFIX}stop", question.which_to_stop),
    SHOW_ANSWER,
    Action(id=_ACTION_ID, decode=_decode_action, press=_apply, doing=_DOING, log_ids=_log_post),
)
"""What a customer's people press, the score first."""
