"""The Home tab, and what can be done from it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nps_bot.answering import deletion, opt_out
from nps_bot.answering.replies import REFUSALS
from nps_bot.answering.rules import Refusal
from nps_bot.home import home
from nps_bot.home.views import home as view
from nps_bot.interaction.actions import Action, Body, Event
from nps_bot.interaction.context import BotContext
from nps_bot.slack import payloads
from nps_bot.slack.payloads import MalformedPayloadError, Origin

_OPT_OUT_KEY = re.compile(r"\*|[a-z][a-z0-9_-]{0,39}")
"""The keys of opt-outs: a survey's, or all."""


async def publish(context: BotContext, person_id: str) -> None:
    """Show a person their Home as the database says now."""
    managed = await context.access.managed(person_id)
    shown = await context.database.read(
        home.home,
        person_id,
        context.surveys,
        [survey.key for survey in managed],
        context.clock.now(),
    )
    await context.messenger.publish_home(person_id, view.home(shown, context.workspace_url))


@dataclass(frozen=True, slots=True)
class OwnButton:
    """A button about a person's own answer or opt-out.

    Attributes:
        value: the invitation's id, or the key of the opt-out.
    """

    person_id: str
    value: str


def _decode_invitation(body: Body, origin: Origin) -> OwnButton:
    return OwnButton(origin.person_id, payloads.button_id(body))


def _decode_opt_out(body: Body, origin: Origin) -> OwnButton:
    """Return which opt-out a person takes back. The survey's file may be gone by now.

    Raises:
        MalformedPayloadError: the value cannot be a survey's key.
    """
    value = payloads.button_value(body)
    if not _OPT_OUT_KEY.fullmatch(value):
        raise MalformedPayloadError("The button's value is not one of ours.")
    return OwnButton(origin.person_id, value)


def _of_person(pressed: OwnButton) -> dict[str, str]:
    return {"person": pressed.person_id}


async def _delete(context: BotContext, pressed: OwnButton, origin: Origin) -> str | None:
    """Delete the person's own answer."""
    result = await context.database.write(
        deletion.delete_answer, pressed.value, pressed.person_id, context.clock.now()
    )
    if isinstance(result, Refusal):
        return REFUSALS[result]
    _after(context, origin)
    return None


async def _resume(context: BotContext, pressed: OwnButton, origin: Origin) -> str | None:
    """Undo an opt-out."""
    await context.database.write(
        opt_out.resume, pressed.person_id, pressed.value, context.clock.now()
    )
    _after(context, origin)
    return None


def _after(context: BotContext, origin: Origin) -> None:
    """Have the prompt rewritten, and Home where the click came from there."""
    context.wake_dispatcher()
    if origin.in_home:
        context.background.spawn(
            publish(context, origin.person_id), "Publishing Home", person=origin.person_id
        )


def _of_reader(person_id: str) -> dict[str, str]:
    return {"person": person_id}


ACTIONS = (
    Event(
        name="app_home_opened",
        decode=payloads.person_id,
        handle=publish,
        doing="Publishing Home",
        log_ids=_of_reader,
    ),
    Action(id="home_delete", decode=_decode_invitation, press=_delete, log_ids=_of_person),
    Action(id="home_resume", decode=_decode_opt_out, press=_resume, log_ids=_of_person),
)
"""What Home offers; outsiders reach the same buttons in their messages. *Change* opens the same
modal as in the prompt."""
