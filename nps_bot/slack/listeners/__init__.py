"""What Slack reports, decoded, handed to a service and answered."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from nps_bot.slack import payloads
from nps_bot.slack.edge import Edge
from nps_bot.slack.listeners.answering import WENT_WRONG, tell
from nps_bot.slack.listeners.cases import Cases
from nps_bot.slack.listeners.commands import Commands
from nps_bot.slack.listeners.home import Home
from nps_bot.slack.listeners.prompts import Prompts
from nps_bot.slack.payloads import MalformedPayloadError

log = logging.getLogger(__name__)

_ANYTHING = re.compile(".*", re.DOTALL)


def register(app: AsyncApp, edge: Edge) -> None:
    """Register all listeners, the busiest first: each one costs those behind it a comparison."""
    Prompts(edge).register(app)
    Cases(edge).register(app)
    Home(edge).register(app)
    Commands(edge).register(app)
    app.action(_ANYTHING)(_ignore)
    app.view(_ANYTHING)(_ignore)
    app.error(_Errors(edge))


async def _ignore(ack: AsyncAck, body: Mapping[str, Any]) -> None:
    """Take note of what needs no answer: links, the preview's buttons, forged actions."""
    await ack()
    log.debug("Nothing to do for a %s", body.get("type"))


class _Errors:
    """What no listener expected: one log line, one sentence to the person, never a 500."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def __call__(self, error: Exception, body: Mapping[str, Any]) -> BoltResponse:
        """Answer Slack in place of the listener that failed."""
        if isinstance(error, MalformedPayloadError):
            log.warning("A payload was refused: %s", error)
            return BoltResponse(status=200)
        log.error("A listener failed on a %s", body.get("type"), exc_info=error)
        try:
            origin = payloads.origin(body)
        except MalformedPayloadError:
            return BoltResponse(status=200)
        self._edge.background.spawn(tell(self._edge, origin, WENT_WRONG), "Apologising")
        return BoltResponse(status=200)
