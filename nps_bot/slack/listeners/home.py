"""The Home tab, and what can be done from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.errors import StorageUnavailableError
from nps_bot.services import home, responding
from nps_bot.services.responding import Refusal
from nps_bot.slack import payloads
from nps_bot.slack.edge import Edge
from nps_bot.slack.listeners.answering import NOT_SAVED, REFUSALS, tell
from nps_bot.slack.payloads import Origin
from nps_bot.slack.views import home as view

log = logging.getLogger(__name__)


async def publish(edge: Edge, person_id: str) -> None:
    """Show a person their Home as the database says now."""
    managed = await edge.access.managed(person_id)
    shown = await edge.database.read(
        home.home,
        person_id,
        edge.surveys,
        [survey.key for survey in managed],
        edge.clock.now(),
    )
    await edge.messenger.publish_home(person_id, view.home(shown, edge.workspace_url))


class Home:
    """The listeners of Home. *Change* opens the same modal as in the prompt."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def register(self, app: AsyncApp) -> None:
        """Register what Home offers; outsiders reach the same buttons in their messages."""
        app.event("app_home_opened")(self.opened)
        app.action("home_delete")(self.delete)
        app.action("home_resume")(self.resume)

    async def opened(self, body: Mapping[str, Any]) -> None:
        """Publish Home when somebody looks at it."""
        person_id = payloads.person_id(body)
        self._edge.background.spawn(
            publish(self._edge, person_id), "Publishing Home", person=person_id
        )

    async def delete(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Delete the person's own answer."""
        edge = self._edge
        pressed, origin = payloads.invitation_click(body), payloads.origin(body)
        try:
            result = await edge.database.write(
                responding.delete_answer,
                pressed.invitation_id,
                pressed.person_id,
                edge.clock.now(),
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
        edge = self._edge
        origin, survey_key = payloads.origin(body), payloads.stopped_survey(body)
        try:
            await edge.database.write(
                responding.resume, origin.person_id, survey_key, edge.clock.now()
            )
        except StorageUnavailableError as error:
            await self._not_saved(ack, origin, error)
            return
        await ack()
        self._after(origin)

    def _after(self, origin: Origin) -> None:
        """Have the prompt rewritten, and Home where the click came from there."""
        self._edge.wake_courier()
        if origin.in_home:
            self._edge.background.spawn(
                publish(self._edge, origin.person_id), "Publishing Home", person=origin.person_id
            )

    async def _not_saved(
        self, ack: AsyncAck, origin: Origin, error: StorageUnavailableError
    ) -> None:
        log.warning("A click was not saved: %s", error, extra={"person": origin.person_id})
        await ack()
        self._spawn_tell(origin, NOT_SAVED)

    def _spawn_tell(self, origin: Origin, sentence: str) -> None:
        self._edge.background.spawn(
            tell(self._edge, origin, sentence), "Answering a click", person=origin.person_id
        )
