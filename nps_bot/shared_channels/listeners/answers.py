"""Clicks on a question in a channel shared with a customer.

What everybody sees is never changed by a click. Who clicked reads of their own answer in a message
that only they see, and everything they do there is shown there. As in
:mod:`nps_bot.answering.listeners`, a score is committed before Slack is answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from time import monotonic
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.answering.replies import REFUSALS
from nps_bot.answering.rules import Refusal
from nps_bot.answering.score import Recorded
from nps_bot.answering.views import followup
from nps_bot.errors import StorageUnavailableError
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_NOW, NOT_SAVED, TRIGGER_LIVES, tell
from nps_bot.people import store as people
from nps_bot.shared_channels import answers
from nps_bot.shared_channels.answers import NotCounted, OwnAnswer, Refused
from nps_bot.shared_channels.views import question
from nps_bot.slack import notices, payloads
from nps_bot.slack.message import Message
from nps_bot.slack.payloads import ChannelClick, Origin
from nps_bot.surveys.rules.survey import Wording

log = logging.getLogger(__name__)

_UNANSWERED = "Choose a score in the question itself: there is no answer of yours here yet."


class Channels:
    """The listeners of questions in shared channels."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    def register(self, app: AsyncApp) -> None:
        """Register the score first."""
        app.action(payloads.CHANNEL_SCORE)(self.score)
        app.action(f"{question.PREFIX}change")(self.change)
        app.action(f"{question.PREFIX}stop")(self.ask_stop)
        app.action(f"{question.PREFIX}keep")(self.keep)
        app.action(payloads.CHANNEL_WISH)(self.wish)

    async def score(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Record a score; the person, and nobody else, reads what became of it."""
        context = self._context
        click, origin = payloads.channel_click(body), payloads.origin(body)
        try:
            result = await context.database.write(
                answers.score,
                context.surveys,
                click.post_id,
                click.clicker,
                click.score,
                click.action_ts,
                context.clock.now(),
            )
        except StorageUnavailableError as error:
            log.warning("Click not saved: %s", error, extra={"post": click.post_id})
            await ack()
            self._spawn(tell(context, origin, NOT_SAVED), click.post_id)
            return
        await ack()
        if isinstance(result, Refused):
            self._spawn(self._refuse(origin, click, result), click.post_id)
            return
        context.wake_dispatcher()
        if result.changed:
            self._spawn(self._ask(result, origin, monotonic()), click.post_id)
            self._spawn(self._meet(origin.person_id), click.post_id)
        shown = self._mine(origin, click.post_id, click.whispered, question.answered)
        self._spawn(shown, click.post_id)

    async def _refuse(self, origin: Origin, click: ChannelClick, refused: Refused) -> None:
        """Say kindly why nothing was recorded."""
        if refused.why is NotCounted.NOT_THEIRS:
            person = click.clicker.person_id
            colleague = click.at_home or await self._context.access.is_colleague(person)
            sentence = question.not_theirs(refused.account, colleague=colleague)
            await self._show(origin, notices.sentence(sentence), replacing=click.whispered)
        else:
            await self._show_refused(origin, click.post_id, refused, replacing=click.whispered)

    async def _show_refused(
        self, origin: Origin, post_id: str, refused: Refused, *, replacing: bool
    ) -> None:
        match refused.why:
            case NotCounted.OPTED_OUT:
                shown = question.opted_out(refused.account, refused.stopped or "", post_id)
            case NotCounted.UNANSWERED:
                shown = notices.sentence(_UNANSWERED)
            case NotCounted.CLOSED:
                shown = notices.sentence(REFUSALS[Refusal.CLOSED])
            case _:
                shown = notices.sentence(REFUSALS[Refusal.GONE])
        await self._show(origin, shown, replacing=replacing)

    async def _ask(self, result: Recorded, origin: Origin, clicked_at: float) -> None:
        """Open the band's questions."""
        if monotonic() - clicked_at > TRIGGER_LIVES:
            return
        wording = await self._context.wording(result.wording_id)
        modal = followup.modal(
            wording, result.band, result.score, result.invitation_id, result.replies
        )
        await self._context.messenger.open_view(origin.trigger_id, modal)

    async def _meet(self, person_id: str) -> None:
        """Learn the name and time zone of somebody who was not in any audience."""
        member = await self._context.directory.person(person_id)
        if member is not None:
            now = self._context.clock.now()
            await self._context.database.write(people.save_members, [member], now)

    async def change(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Show the eleven buttons once more, where the answer stands."""
        await self._look(ack, body, question.again)

    async def ask_stop(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Ask which surveys to stop, where the answer stands."""
        await self._look(ack, body, question.which_to_stop)

    async def keep(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Leave everything as it is."""
        await self._look(ack, body, question.answered)

    async def _look(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Callable[[Wording, OwnAnswer], Message]
    ) -> None:
        """Show the person's answer in another way; changes nothing."""
        await ack()
        origin, post_id = payloads.origin(body), payloads.post_id(body)
        self._spawn(self._mine(origin, post_id, payloads.is_whispered(body), view), post_id)

    async def wish(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Do what the person asks for beside their answer, and show what stands then."""
        context = self._context
        origin, post_id = payloads.origin(body), payloads.post_id(body)
        wish, replacing = payloads.wish(body), payloads.is_whispered(body)
        try:
            mine = await context.database.write(
                answers.apply, post_id, origin.person_id, wish, context.clock.now()
            )
        except StorageUnavailableError as error:
            log.warning("A click was not saved: %s", error, extra={"post": post_id})
            await ack()
            self._spawn(tell(context, origin, NOT_SAVED), post_id)
            return
        await ack()
        context.wake_dispatcher()
        self._spawn(self._show_mine(origin, post_id, mine, replacing, question.answered), post_id)

    async def _mine(
        self,
        origin: Origin,
        post_id: str,
        replacing: bool,
        view: Callable[[Wording, OwnAnswer], Message],
    ) -> None:
        context = self._context
        try:
            mine = await context.database.read(
                answers.own_answer, post_id, origin.person_id, context.clock.now()
            )
        except StorageUnavailableError:
            await tell(context, origin, NOT_NOW)
            raise
        await self._show_mine(origin, post_id, mine, replacing, view)

    async def _show_mine(
        self,
        origin: Origin,
        post_id: str,
        mine: OwnAnswer | Refused,
        replacing: bool,
        view: Callable[[Wording, OwnAnswer], Message],
    ) -> None:
        if isinstance(mine, Refused):
            await self._show_refused(origin, post_id, mine, replacing=replacing)
        else:
            wording = await self._context.wording(mine.wording_id)
            await self._show(origin, view(wording, mine), replacing=replacing)

    async def _show(self, origin: Origin, message: Message, *, replacing: bool) -> None:
        """Show something to the person alone: in place of what only they see, or anew.

        Never in place of the question itself, which everybody sees.
        """
        url = origin.response_url
        if url is not None and replacing:
            await self._context.messenger.replace_original(url, message)
        elif url is not None:
            await self._context.messenger.respond(url, message)

    def _spawn(self, work: Coroutine[Any, Any, None], post_id: str) -> None:
        self._context.background.spawn(work, "Answering in a shared channel", post=post_id)
