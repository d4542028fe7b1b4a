"""Declared actions, modals and events, registered with Bolt; and what no declaration answers."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from nps_bot.interaction.actions import AnyAction, Declared, Event, Modal
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import OUT_OF_DATE, WENT_WRONG, tell
from nps_bot.interaction.words import SlashCommand, Word
from nps_bot.slack import notices, payloads
from nps_bot.slack.payloads import MalformedPayloadError

log = logging.getLogger(__name__)

SILENT = re.compile(r"\A(link|preview)_")
"""Buttons that need no answer: Slack opens a link by itself, a preview says what it is."""
_ANYTHING = re.compile("")


def register(
    app: AsyncApp, context: BotContext, declared: Sequence[Declared], words: Sequence[Word]
) -> None:
    """Register all listeners, in the order given: each one costs those behind it a comparison.

    Args:
        app: Bolt's.
        context: is handed to each listener with each request.
        declared: actions, modals and events.
        words: of ``/nps``.
    """
    for one in declared:
        _register(app, context, one)
    SlashCommand(context, words).register(app)
    app.action(SILENT)(_ignore)
    app.action(_ANYTHING)(_refuse)
    app.view(_ANYTHING)(_refuse)
    app.command(_ANYTHING)(_refuse)
    app.event(_ANYTHING)(_ignore)
    app.error(_Errors(context))


def _register(app: AsyncApp, context: BotContext, one: Declared) -> None:
    if isinstance(one, Event):

        async def note(body: Mapping[str, Any]) -> None:
            await one.answer(context, body)

        app.event(one.name)(note)
        return

    async def answer(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await one.answer(context, ack, body)

    if isinstance(one, Modal):
        app.view(one.id)(answer)
    elif one.busiest:
        app.middleware(_Busiest(context, one))
    else:
        app.action(one.id)(answer)


class _Busiest(AsyncMiddleware):
    """Takes clicks on a button before Bolt looks for a listener: most of what comes is one.

    Finding and running a listener is nearly half of what Bolt does for a click (measured).
    """

    def __init__(self, context: BotContext, action: AnyAction) -> None:
        self._context = context
        self._action = action
        self._matches = re.compile(action.id).fullmatch

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002  # Bolt names them
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse | None:
        """Answer a click on the button; pass everything else on."""
        match req.body:
            case {"type": "block_actions", "actions": [{"action_id": str(action)}, *_]} if (
                self._matches(action)
            ):
                await self._action.answer(self._context, req.context.ack, req.body)
                return req.context.ack.response
        await next()
        return None


async def _ignore(ack: AsyncAck) -> None:
    """Take note of what needs no answer."""
    await ack()


async def _refuse() -> None:
    """Refuse what no listener knows: forged, or from another version of the bot."""
    raise MalformedPayloadError("Nobody here knows its action, modal or command.")


class _Errors:
    """What no listener expected: one log line, one sentence to the person, never a 500."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def __call__(self, error: Exception, body: Mapping[str, Any]) -> BoltResponse:
        """Answer Slack in place of the listener that failed."""
        if isinstance(error, MalformedPayloadError):
            log.warning("A payload was refused: %s", error)
            sentence = OUT_OF_DATE
        else:
            log.error("A listener failed on a %s", body.get("type"), exc_info=error)
            sentence = WENT_WRONG
        if payloads.is_submission(body):
            return BoltResponse(status=200, body=_keep_open(body, sentence))
        with suppress(MalformedPayloadError):
            origin = payloads.origin(body)
            self._context.background.spawn(
                tell(self._context, origin, sentence), "Answering a click"
            )
        return BoltResponse(status=200)


def _keep_open(body: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    """Return what leaves a submitted modal on the screen, with all that was typed."""
    inputs = payloads.inputs(body)
    if not inputs:
        return {"response_action": "update", "view": notices.modal(sentence)}
    return {"response_action": "errors", "errors": dict.fromkeys(inputs, sentence)}
