"""The buttons of ``/nps stop``: a wave that runs, ended after a look at what is left of it."""

from __future__ import annotations

import logging

from nps_bot.asking import stopping
from nps_bot.asking.requests import StopRequest
from nps_bot.asking.views import stop as view
from nps_bot.interaction.actions import OwnerAction, managed_by
from nps_bot.interaction.context import BotContext
from nps_bot.slack.payloads import Origin
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)


async def _stop(context: BotContext, request: StopRequest, origin: Origin, survey: Survey) -> None:
    """Stop the waves that were shown."""
    now = context.clock.now()
    done = await context.database.write(stopping.stop, survey, request.waves, origin.person_id, now)
    context.wake_dispatcher()  # what it has claimed is dropped
    for wave in done:
        log.info(
            "A wave was stopped",
            extra={"survey": survey.key, "wave": wave, "person": origin.person_id},
        )
        while await context.database.write(stopping.cancel_unsent, wave, now):
            pass
    context.wake_dispatcher()
    await _answer(context, request, origin, survey)


async def _answer(
    context: BotContext, request: StopRequest, origin: Origin, survey: Survey
) -> None:
    """Say what is true: somebody quick may have stopped it before."""
    title = survey.wording.title
    extents = await context.database.read(stopping.extents_of, request.survey_key, request.waves)
    over = [one for one in extents if one.wave.stopped_at is not None]
    shown = view.stopped(title, over) if over else view.kept(title)
    await context.messenger.replace_original(origin.response_url or "", shown)


ACTIONS = (
    OwnerAction(id="wave_stop", decode=StopRequest.decode, allow=managed_by, press=_stop),
    OwnerAction(id="wave_keep", decode=StopRequest.decode, allow=managed_by, press=_answer),
)
"""The buttons of ``/nps stop``."""
