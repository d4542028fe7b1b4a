"""What the buttons in answers to ``/nps`` share: who may press them, and how failures are told."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import Any

from nps_bot.errors import NpsBotError, StorageUnavailableError
from nps_bot.interaction.command_args import not_an_owner
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_NOW, WENT_WRONG, tell
from nps_bot.slack.payloads import Origin
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)


class Steering:
    """Listeners of buttons that steer a survey. Whoever presses must still be allowed to."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def _managed(self, person_id: str, survey_key: str) -> Survey:
        """Return a survey the person may steer: what was so when the button came may have changed.

        Raises:
            CommandError: they may not, or it is gone.
        """
        survey = self._context.surveys.get(survey_key)
        if survey is None or not await self._context.access.may_manage(person_id, survey):
            raise not_an_owner()
        return survey

    def _spawn(self, work: Coroutine[Any, Any, None], origin: Origin) -> None:
        person = origin.person_id
        self._context.background.spawn(self._told(work, origin), "Answering /nps", person=person)

    async def _told(self, work: Coroutine[Any, Any, None], origin: Origin) -> None:
        """Do ``work``; what hinders it is told beside the button."""
        person = origin.person_id
        try:
            await work
        except StorageUnavailableError as error:
            log.warning("A button of /nps did nothing: %s", error, extra={"person": person})
            await tell(self._context, origin, NOT_NOW)
        except NpsBotError as error:
            await tell(self._context, origin, str(error))
        except Exception:  # nobody foresaw it, and who pressed must not wait for nothing
            log.exception("A button of /nps failed", extra={"person": person})
            await tell(self._context, origin, WENT_WRONG)
