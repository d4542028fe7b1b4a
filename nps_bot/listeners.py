"""What Slack reports, decoded, handed to a service and answered."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from nps_bot.anonymous.listeners import Ballots
from nps_bot.answering.listeners import Prompts
from nps_bot.asking import commands as asking
from nps_bot.asking.listeners.send import Starting
from nps_bot.asking.listeners.stop import Stopping
from nps_bot.cases.listeners import Cases
from nps_bot.figures import commands as figures
from nps_bot.figures.listeners import CommandButtons
from nps_bot.home import commands as home
from nps_bot.home.listeners import Home
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import OUT_OF_DATE, WENT_WRONG, tell
from nps_bot.interaction.words import SlashCommand, with_help
from nps_bot.shared_channels.listeners.answers import Channels
from nps_bot.shared_channels.listeners.approval import Postings
from nps_bot.slack import notices, payloads
from nps_bot.slack.payloads import MalformedPayloadError

log = logging.getLogger(__name__)

_SILENT = re.compile(r"\A(link|preview)_")
"""Buttons that need no answer: Slack opens a link by itself, a preview says what it is."""
_ANYTHING = re.compile("")

WORDS = with_help(
    (
        figures.REPORT,
        home.STATUS,
        asking.SEND,
        asking.STOP,
        asking.WHY,
        home.PREVIEW,
        asking.PAUSE,
        asking.RESUME,
    )
)
"""The words of ``/nps``, as ``/nps help`` lists them."""


def register(app: AsyncApp, context: BotContext) -> None:
    """Register all listeners, the busiest first: each one costs those behind it a comparison."""
    Prompts(context).register(app)
    Ballots(context).register(app)
    Channels(context).register(app)
    Cases(context).register(app)
    Home(context).register(app)
    SlashCommand(context, WORDS).register(app)
    CommandButtons(context).register(app)
    Starting(context).register(app)
    Stopping(context).register(app)
    Postings(context).register(app)
    app.action(_SILENT)(_ignore)
    app.action(_ANYTHING)(_refuse)
    app.view(_ANYTHING)(_refuse)
    app.command(_ANYTHING)(_refuse)
    app.event(_ANYTHING)(_ignore)
    app.error(_Errors(context))


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
