"""The buttons of ``/nps stop``: a wave that runs, ended after a look at what is left of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.asking import stopping
from nps_bot.asking.views import stop
from nps_bot.interaction.owner_actions import Steering
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin, StopRequest

log = logging.getLogger(__name__)


class Stopping(Steering):
    """Stops waves."""

    def register(self, app: AsyncApp) -> None:
        """Register the buttons."""
        app.action("wave_stop")(self.stop)
        app.action("wave_keep")(self.keep)

    async def stop(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Stop the waves that were shown."""
        await ack()
        origin, request = payloads.origin(body), payloads.stop_request(body)
        self._spawn(self._stop(origin, request), origin)

    async def keep(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Stop nothing, and say so."""
        await ack()
        origin, request = payloads.origin(body), payloads.stop_request(body)
        self._spawn(self._keep(origin, request), origin)

    # --- what follows ------------------------------------------------------------------------

    async def _stop(self, origin: Origin, request: StopRequest) -> None:
        context = self._context
        survey = await self._managed(origin.person_id, request.survey_key)
        now = context.clock.now()
        done = await context.database.write(
            stopping.stop, survey, request.waves, origin.person_id, now
        )
        context.wake_dispatcher()  # what it has in hand is dropped
        for wave in done:
            log.info(
                "A wave was stopped",
                extra={"survey": survey.key, "wave": wave, "person": origin.person_id},
            )
            while await context.database.write(stopping.cancel_unsent, wave, now):
                pass
        context.wake_dispatcher()
        await self._answer(origin, request)

    async def _keep(self, origin: Origin, request: StopRequest) -> None:
        """Say what is true: somebody quick may have stopped it before."""
        await self._managed(origin.person_id, request.survey_key)
        await self._answer(origin, request)

    async def _answer(self, origin: Origin, request: StopRequest) -> None:
        context = self._context
        title = context.surveys[request.survey_key].wording.title
        extents = await context.database.read(
            stopping.extents_of, request.survey_key, request.waves
        )
        over = [one for one in extents if one.wave.stopped_at is not None]
        shown = stop.stopped(title, over) if over else stop.kept(title)
        await context.messenger.replace_original(origin.response_url or "", shown)
