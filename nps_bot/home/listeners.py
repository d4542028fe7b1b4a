"""The Home tab, and what can be done from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.answering import deletion, opt_out
from nps_bot.answering.replies import REFUSALS
from nps_bot.answering.rules import Refusal
from nps_bot.errors import StorageUnavailableError
from nps_bot.home import home
from nps_bot.home.views import home as view
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_SAVED, tell
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin

log = logging.getLogger(__name__)


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


class Home:
    """The listeners of Home. *Change* opens the same modal as in the prompt."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    def register(self, app: AsyncApp) -> None:
        """Register what Home offers; outsiders reach the same buttons in their messages."""
        app.event("app_home_opened")(self.opened)
        app.action("home_delete")(self.delete)
        app.action("home_resume")(self.resume)

    async def opened(self, body: Mapping[str, Any]) -> None:
        """Publish Home when somebody looks at it."""
        person_id = payloads.person_id(body)
        self._context.background.spawn(
            publish(self._context, person_id), "Publishing Home", person=person_id
        )

    async def delete(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Delete the person's own answer."""
        context = self._context
        pressed, origin = payloads.invitation_click(body), payloads.origin(body)
        try:
            result = await context.database.write(
                deletion.delete_answer,
                pressed.invitation_id,
                pressed.person_id,
                context.clock.now(),
            )
        except StorageUnavailableError as error:
            await self._not_saved(ack, origin, error)
            return
        await ack()
        if isinstance(result, Refusal):
            self._spawn_tell(origin, REFUSALS[result])
            return
        self._after(origin)

    async def resume(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Undo an opt-out."""
        context = self._context
        origin, survey_key = payloads.origin(body), payloads.stopped_survey(body)
        try:
            await context.database.write(
                opt_out.resume, origin.person_id, survey_key, context.clock.now()
            )
        except StorageUnavailableError as error:
            await self._not_saved(ack, origin, error)
            return
        await ack()
        self._after(origin)

    def _after(self, origin: Origin) -> None:
        """Have the prompt rewritten, and Home where the click came from there."""
        self._context.wake_dispatcher()
        if origin.in_home:
            self._context.background.spawn(
                publish(self._context, origin.person_id), "Publishing Home", person=origin.person_id
            )

    async def _not_saved(
        self, ack: AsyncAck, origin: Origin, error: StorageUnavailableError
    ) -> None:
        log.warning("A click was not saved: %s", error, extra={"person": origin.person_id})
        await ack()
        self._spawn_tell(origin, NOT_SAVED)

    def _spawn_tell(self, origin: Origin, sentence: str) -> None:
        self._context.background.spawn(
            tell(self._context, origin, sentence), "Answering a click", person=origin.person_id
        )
