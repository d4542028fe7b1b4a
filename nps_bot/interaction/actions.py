"""Buttons, modals and events of Slack: one object says all of one, one skeleton answers all.

Every skeleton decodes first, refuses who may not, commits before Slack is answered, and tells one
sentence where nothing was done. What follows a commit runs in tracked tasks: an exception behind
``ack()`` would swallow the ack.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from slack_bolt.async_app import AsyncAck

from nps_bot.base.errors import NpsBotError, StorageUnavailableError
from nps_bot.interaction.command_args import not_an_owner
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_NOW, NOT_SAVED, OURS_ALONE, WENT_WRONG, tell
from nps_bot.slack import notices, payloads
from nps_bot.slack.payloads import Origin
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)

T = TypeVar("T")
Body = Mapping[str, Any]
LogIds = Callable[[Any], dict[str, str]]


class Who(StrEnum):
    """Who may press a button."""

    INVITEE = "the person who was asked"
    """The use case compares, in its transaction."""
    COLLEAGUE = "everybody in our own organisation"
    MANAGER = "whoever may manage the survey"
    """Now: what was so when the button came may have changed."""


def _no_ids(_value: object) -> dict[str, str]:
    return {}


def of_invitation(invitation_id: str) -> dict[str, str]:
    """Return what the log names of a button whose value is an invitation's id."""
    return {"invitation": invitation_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[T]):
    """A button that writes. Slack is answered when that is committed.

    Attributes:
        id: the ``action_id``, or a pattern for several.
        decode: reads the typed value; raises :class:`payloads.MalformedPayloadError`.
        press: commits, spawns what follows, and returns the sentence for a refusal.
        who: who may press it.
        doing: what the log calls it.
        what: what the log calls the click where it was not saved.
        log_ids: what the log names of the value.
        busiest: whether it is looked for before Bolt looks for a listener.
    """

    id: str | re.Pattern[str]
    decode: Callable[[Body, Origin], T]
    press: Callable[[BotContext, T, Origin], Awaitable[str | None]]
    who: Who = Who.INVITEE
    doing: str = "Answering a click"
    what: str = "A click"
    log_ids: LogIds = _no_ids
    busiest: bool = False

    async def answer(self, context: BotContext, ack: AsyncAck, body: Body) -> None:
        """Answer a click."""
        origin = payloads.origin(body)
        value = self.decode(body, origin)
        if self.who is Who.COLLEAGUE and not await _is_colleague(context, body, origin):
            sentence: str | None = OURS_ALONE
        else:
            try:
                sentence = await self.press(context, value, origin)
            except StorageUnavailableError as error:
                log.warning("%s was not saved: %s", self.what, error, extra=self.log_ids(value))
                sentence = NOT_SAVED
        await ack()
        if sentence is not None:
            telling = tell(context, origin, sentence)
            context.background.spawn(telling, self.doing, **self.log_ids(value))


async def _is_colleague(context: BotContext, body: Body, origin: Origin) -> bool:
    """Return whether a person is of our own organisation; Slack is asked where it did not say."""
    return payloads.at_home(body) or await context.access.is_colleague(origin.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAction(Action[T]):
    """A button that shows something and writes nothing: Slack is answered at once."""

    async def answer(self, context: BotContext, ack: AsyncAck, body: Body) -> None:
        """Answer a click."""
        await ack()
        origin = payloads.origin(body)
        value = self.decode(body, origin)
        showing = self.show(context, value, origin)
        context.background.spawn(showing, self.doing, **self.log_ids(value))

    async def show(self, context: BotContext, value: T, origin: Origin) -> None:
        """Show it; say so where the database does not answer."""
        try:
            sentence = await self.press(context, value, origin)
        except StorageUnavailableError:
            await tell(context, origin, NOT_NOW)
            raise
        if sentence is not None:
            await tell(context, origin, sentence)


class OfSurvey(Protocol):
    """The value of a button that names its survey."""

    @property
    def survey_key(self) -> str:
        """The survey's key."""


async def managed(context: BotContext, person_id: str, survey_key: str) -> Survey:
    """Return a survey the person may manage now.

    Raises:
        CommandError: they may not, or it is gone.
    """
    survey = context.surveys.get(survey_key)
    if survey is None or not await context.access.may_manage(person_id, survey):
        raise not_an_owner()
    return survey


async def managed_by(context: BotContext, value: OfSurvey, person_id: str) -> Survey:
    """Return the survey that a button's value names, where the person may manage it.

    Raises:
        CommandError: they may not, or it is gone.
    """
    return await managed(context, person_id, value.survey_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerAction(Generic[T]):
    """A button that steers a survey: Slack is answered at once, what hinders is told in full.

    Attributes:
        id: the ``action_id``, or a pattern for several.
        decode: reads the typed value; raises :class:`payloads.MalformedPayloadError`.
        allow: returns the survey, or raises ``CommandError`` where the person may not.
        press: does what was asked; an error of ours is told beside the button.
    """

    id: str | re.Pattern[str]
    decode: Callable[[Body, Origin], T]
    allow: Callable[[BotContext, T, str], Awaitable[Survey]]
    press: Callable[[BotContext, T, Origin, Survey], Awaitable[None]]
    who: Who = Who.MANAGER
    busiest: bool = False

    async def answer(self, context: BotContext, ack: AsyncAck, body: Body) -> None:
        """Answer a click."""
        await ack()
        origin = payloads.origin(body)
        work = self._do(context, self.decode(body, origin), origin)
        context.background.spawn(work, "Answering /nps", person=origin.person_id)

    async def _do(self, context: BotContext, value: T, origin: Origin) -> None:
        person = origin.person_id
        try:
            survey = await self.allow(context, value, person)
            await self.press(context, value, origin, survey)
        except StorageUnavailableError as error:
            log.warning("A button of /nps did nothing: %s", error, extra={"person": person})
            await tell(context, origin, NOT_NOW)
        except NpsBotError as error:
            await tell(context, origin, str(error))
        except Exception:  # nobody foresaw it, and who pressed must not wait for nothing
            log.exception("A button of /nps failed", extra={"person": person})
            await tell(context, origin, WENT_WRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal(Generic[T]):
    """A submitted modal. It stays open, with all that was typed, where nothing could be saved.

    Attributes:
        id: its ``callback_id``.
        decode: reads the typed value; raises :class:`payloads.MalformedPayloadError`.
        submit: commits, spawns what follows, and returns the sentence for a refusal.
        who: who may submit it.
        what: what the log calls its content.
        log_ids: what the log names of the value.
    """

    id: str
    decode: Callable[[Body], T]
    submit: Callable[[BotContext, T], Awaitable[str | None]]
    what: str
    who: Who = Who.INVITEE
    log_ids: LogIds = _no_ids

    async def answer(self, context: BotContext, ack: AsyncAck, body: Body) -> None:
        """Answer a submission."""
        value = self.decode(body)
        try:
            sentence = await self.submit(context, value)
        except StorageUnavailableError as error:
            log.warning("%s not saved: %s", self.what, error, extra=self.log_ids(value))
            errors = dict.fromkeys(payloads.inputs(body), NOT_SAVED)
            await ack(response_action="errors", errors=errors)
            return
        if sentence is None:
            await ack()
        else:
            await ack(response_action="update", view=notices.modal(sentence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Generic[T]):
    """Something Slack reports; Bolt answers it at once.

    Attributes:
        name: Slack's.
        decode: reads the typed value; raises :class:`payloads.MalformedPayloadError`.
        handle: runs in a tracked task.
        doing: what the log calls it.
        log_ids: what the log names of the value.
    """

    name: str
    decode: Callable[[Body], T]
    handle: Callable[[BotContext, T], Awaitable[None]]
    doing: str
    log_ids: LogIds = _no_ids

    async def answer(self, context: BotContext, body: Body) -> None:
        """Take note of an event."""
        value = self.decode(body)
        context.background.spawn(self._handle(context, value), self.doing, **self.log_ids(value))

    async def _handle(self, context: BotContext, value: T) -> None:
        await self.handle(context, value)


AnyAction = Action[Any] | OwnerAction[Any]
Declared = AnyAction | Modal[Any] | Event[Any]
