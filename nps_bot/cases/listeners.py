"""*Claim* and *Contacted* on an alert."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from sqlalchemy import Connection

from nps_bot.cases import casework
from nps_bot.cases.casework import CaseStep
from nps_bot.errors import StorageUnavailableError
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_SAVED, tell
from nps_bot.slack import payloads

log = logging.getLogger(__name__)

_Step = Callable[[Connection, str, str, datetime], CaseStep]

_TOLD = {
    CaseStep.GONE: "This answer was deleted meanwhile; there is nothing left to do.",
    CaseStep.ALREADY: "Somebody was faster: the alert shows who.",
}

_OURS_ALONE = "This is for the team that runs the survey. Nothing was changed."


class Cases:
    """The listeners of alerts. Whoever is in the alerts channel may take care of a case.

    But nobody of another organisation: the channel may have become shared since.
    """

    def __init__(self, context: BotContext) -> None:
        self._context = context

    def register(self, app: AsyncApp) -> None:
        """Register both buttons."""
        app.action("claim_case")(self.claim)
        app.action("contacted_case")(self.contacted)

    async def claim(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Claim the case; the alert says who."""
        await self._do(ack, body, casework.claim)

    async def contacted(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Record that the person was contacted; the alert says by whom."""
        await self._do(ack, body, casework.contacted)

    async def _do(self, ack: AsyncAck, body: Mapping[str, Any], step: _Step) -> None:
        context = self._context
        pressed, origin = payloads.invitation_click(body), payloads.origin(body)
        ids = {"invitation": pressed.invitation_id}
        if not payloads.at_home(body) and not await context.access.is_colleague(origin.person_id):
            await ack()
            context.background.spawn(tell(context, origin, _OURS_ALONE), "Answering a click", **ids)
            return
        try:
            done = await context.database.write(
                step, pressed.invitation_id, pressed.person_id, context.clock.now()
            )
        except StorageUnavailableError as error:
            log.warning("A case was not saved: %s", error, extra=ids)
            await ack()
            context.background.spawn(tell(context, origin, NOT_SAVED), "Answering a click", **ids)
            return
        await ack()
        context.wake_dispatcher()
        if done in _TOLD:
            context.background.spawn(tell(context, origin, _TOLD[done]), "Answering a click", **ids)
