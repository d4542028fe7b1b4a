"""Clicks on a prompt and on what it becomes; the modals that follow.

Every listener commits before Slack is answered. What comes after (opening a modal, rewriting the
prompt) runs in tracked tasks: an exception behind ``ack()`` would swallow the ack.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from time import monotonic
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from nps_bot.answering import follow_ups, opt_out
from nps_bot.answering.follow_ups import Details
from nps_bot.answering.replies import REFUSALS, note_posted
from nps_bot.answering.rewriting import rewrite
from nps_bot.answering.rules import Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.answering.snooze import snooze
from nps_bot.answering.views import followup
from nps_bot.asking.views import prompt
from nps_bot.errors import StorageUnavailableError
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import (
    NOT_NOW,
    NOT_SAVED,
    TRIGGER_LIVES,
    tell,
)
from nps_bot.slack import notices, payloads
from nps_bot.slack.payloads import InvitationClick, Origin

log = logging.getLogger(__name__)

_CHANGE = re.compile(r"\A(change_score|home_change)\Z")


class _Scores(AsyncMiddleware):
    """Takes clicks on a score before Bolt looks for a listener: most of what comes is one.

    Finding and running a listener is nearly half of what Bolt does for a click (measured).
    """

    def __init__(self, score: Callable[[AsyncAck, Mapping[str, Any]], Awaitable[None]]) -> None:
        self._score = score

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002  # Bolt names them
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse | None:
        """Answer a click on a score; pass everything else on."""
        match req.body:
            case {"type": "block_actions", "actions": [{"action_id": str(action)}, *_]} if (
                payloads.SCORE_ACTION.fullmatch(action)
            ):
                await self._score(req.context.ack, req.body)
                return req.context.ack.response
        await next()
        return None


class Prompts:
    """The listeners of prompts."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    def register(self, app: AsyncApp) -> None:
        """Register the busiest first: each one costs those behind it a comparison."""
        app.middleware(_Scores(self.score))
        app.view("followup")(self.replies)
        app.action("add_details")(self.add_details)
        app.action(_CHANGE)(self.change_score)
        app.action("snooze")(self.snooze)
        app.action("stop")(self.ask_stop)
        app.view("stop")(self.stop)
        app.action("no_contact")(self.no_contact)

    async def score(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Record a score; the alert, the modal and the rewritten prompt follow."""
        context = self._context
        origin = payloads.origin(body)
        click = payloads.score_click(body, origin)
        now = context.clock.now()
        try:
            result = await context.database.write(record_score, context.surveys, click, now)
        except StorageUnavailableError as error:
            await ack()
            self._not_saved(origin, click.invitation_id, error)
            return
        await ack()
        if isinstance(result, Refusal):
            self._tell(origin, click.invitation_id, REFUSALS[result])
            noting = note_posted(context, origin, click.invitation_id, click.person_id)
            self._spawn(noting, "Noting a prompt", click.invitation_id)
            return
        if result.urgent:
            context.wake_dispatcher()
        if result.changed:
            asking = self._ask(result, origin, monotonic())
            self._spawn(asking, "Asking the follow-up", click.invitation_id)
        if origin.response_url is not None:
            rewriting = self._rewrite(result, origin.response_url)
            # The modal's trigger dies, and who sees it sees that the click was taken.
            context.background.spawn_patiently(
                rewriting, "Rewriting the prompt", invitation=click.invitation_id
            )

    async def _ask(self, result: Recorded, origin: Origin, clicked_at: float) -> None:
        """Open the band's questions, or show them in the modal that was clicked in."""
        if monotonic() - clicked_at > TRIGGER_LIVES:
            return
        wording = await self._context.wording(result.wording_id)
        modal = followup.modal(
            wording, result.band, result.score, result.invitation_id, result.replies
        )
        if origin.modal_id is not None:
            await self._context.messenger.update_view(origin.modal_id, modal)
            await self._context.refresh_home(origin.person_id)  # it may have begun there
        else:
            await self._context.messenger.open_view(origin.trigger_id, modal)

    async def _rewrite(self, result: Recorded, response_url: str) -> None:
        """Rewrite the clicked prompt directly, so that the courier need not."""
        context = self._context
        message = prompt.answered(
            await context.wording(result.wording_id),
            result.score,
            result.invitation_id,
            correctable=True,
            no_contact=result.no_contact,
            stopped=None,
        )
        await rewrite(context, response_url, message, result.versions, result.invitation_id)

    async def add_details(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Open the band's questions with what was written before."""
        await ack()
        pressed, origin = payloads.invitation_click(body), payloads.origin(body)
        self._spawn(self._details(pressed, origin), "Opening the details", pressed.invitation_id)

    async def _details(self, pressed: InvitationClick, origin: Origin) -> None:
        said = await self._said(pressed, origin)
        if said is not None:
            wording = await self._context.wording(said.wording_id)
            modal = followup.modal(wording, said.band, said.score, said.invitation_id, said.replies)
            await self._context.messenger.open_view(origin.trigger_id, modal)

    async def change_score(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Open the eleven buttons once more, in a modal."""
        await ack()
        pressed, origin = payloads.invitation_click(body), payloads.origin(body)
        self._spawn(self._buttons(pressed, origin), "Changing the score", pressed.invitation_id)

    async def _buttons(self, pressed: InvitationClick, origin: Origin) -> None:
        said = await self._said(pressed, origin)
        if said is not None:
            wording = await self._context.wording(said.wording_id)
            modal = followup.change_score_modal(
                wording, said.score, said.invitation_id, counts=said.correctable
            )
            await self._context.messenger.open_view(origin.trigger_id, modal)

    async def _said(self, pressed: InvitationClick, origin: Origin) -> Details | None:
        """Return what the person has said; tell them where there is nothing to build on."""
        context = self._context
        try:
            said = await context.database.read(
                follow_ups.details, pressed.invitation_id, pressed.person_id, context.clock.now()
            )
        except StorageUnavailableError:
            await tell(context, origin, NOT_NOW)
            raise
        if isinstance(said, Refusal):
            await tell(context, origin, REFUSALS[said])
            return None
        return said

    async def replies(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Store the replies; should that fail, the modal stays open with all that was typed."""
        context = self._context
        sent = payloads.submission(body)
        try:
            result = await context.database.write(
                follow_ups.save_replies,
                sent.invitation_id,
                sent.person_id,
                sent.values,
                context.clock.now(),
            )
        except StorageUnavailableError as error:
            log.warning("Replies not saved: %s", error, extra={"invitation": sent.invitation_id})
            await ack(response_action="errors", errors=dict.fromkeys(sent.values, NOT_SAVED))
            return
        if isinstance(result, Refusal):
            await ack(response_action="update", view=notices.modal(REFUSALS[result]))
            return
        await ack()
        context.wake_dispatcher()
        # The modal may have been opened from Home, which shows what was written.
        self._spawn(context.refresh_home(sent.person_id), "Publishing Home", sent.invitation_id)

    async def snooze(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Ask again in three days."""
        pressed = payloads.invitation_click(body)
        context = self._context
        await self._do(
            ack,
            body,
            pressed.invitation_id,
            lambda: context.database.write(
                snooze,
                context.surveys,
                pressed.invitation_id,
                pressed.person_id,
                context.clock.now(),
                payloads.origin(body).posted,
            ),
        )

    async def no_contact(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Record that the person does not want to be contacted."""
        pressed = payloads.invitation_click(body)
        context = self._context
        await self._do(
            ack,
            body,
            pressed.invitation_id,
            lambda: context.database.write(
                opt_out.ask_no_contact,
                pressed.invitation_id,
                pressed.person_id,
                context.clock.now(),
            ),
        )

    async def ask_stop(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Ask which surveys to stop."""
        await ack()
        pressed, origin = payloads.invitation_click(body), payloads.origin(body)
        self._spawn(self._open_stop(pressed, origin), "Asking what to stop", pressed.invitation_id)

    async def _open_stop(self, pressed: InvitationClick, origin: Origin) -> None:
        context = self._context
        try:
            wording_id = await context.database.read(
                opt_out.wording_of, pressed.invitation_id, pressed.person_id
            )
        except StorageUnavailableError:
            await tell(context, origin, NOT_NOW)
            raise
        if isinstance(wording_id, Refusal):
            await tell(context, origin, REFUSALS[wording_id])
            return
        modal = followup.stop_modal(await context.wording(wording_id), pressed.invitation_id)
        await context.messenger.open_view(origin.trigger_id, modal)
        await note_posted(context, origin, pressed.invitation_id, pressed.person_id)

    async def stop(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Opt the person out; the prompt says so."""
        context = self._context
        sent = payloads.submission(body)
        try:
            result = await context.database.write(
                opt_out.stop,
                sent.invitation_id,
                sent.person_id,
                payloads.stop_scope(sent),
                context.clock.now(),
            )
        except StorageUnavailableError as error:
            log.warning("Opt-out not saved: %s", error, extra={"invitation": sent.invitation_id})
            await ack(response_action="errors", errors={"which": NOT_SAVED})
            return
        if isinstance(result, Refusal):
            await ack(response_action="update", view=notices.modal(REFUSALS[result]))
            return
        await ack()
        context.wake_dispatcher()

    async def _do(
        self,
        ack: AsyncAck,
        body: Mapping[str, Any],
        invitation_id: str,
        work: Callable[[], Awaitable[object]],
    ) -> None:
        """Do what a button asks; the courier rewrites the messages that show it."""
        origin = payloads.origin(body)
        try:
            result = await work()
        except StorageUnavailableError as error:
            await ack()
            self._not_saved(origin, invitation_id, error)
            return
        await ack()
        if isinstance(result, Refusal):
            self._tell(origin, invitation_id, REFUSALS[result])
            return
        self._context.wake_dispatcher()

    def _not_saved(
        self, origin: Origin, invitation_id: str, error: StorageUnavailableError
    ) -> None:
        log.warning("Click not saved: %s", error, extra={"invitation": invitation_id})
        self._tell(origin, invitation_id, NOT_SAVED)

    def _tell(self, origin: Origin, invitation_id: str, sentence: str) -> None:
        self._spawn(tell(self._context, origin, sentence), "Answering a click", invitation_id)

    def _spawn(self, work: Coroutine[Any, Any, None], what: str, invitation_id: str) -> None:
        self._context.background.spawn(work, what, invitation=invitation_id)
