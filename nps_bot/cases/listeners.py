"""*Claim* and *Contacted* on an alert.

Whoever is in the alerts channel may take care of a case; but nobody of another organisation: the
channel may have become shared since.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.cases import casework
from nps_bot.cases.casework import CaseStep
from nps_bot.interaction.actions import Action, Who, of_invitation
from nps_bot.interaction.context import BotContext
from nps_bot.slack import payloads
from nps_bot.slack.payloads import Origin

_Step = Callable[[Connection, str, str, datetime], CaseStep]

_TOLD = {
    CaseStep.GONE: "This answer was deleted meanwhile; there is nothing left to do.",
    CaseStep.ALREADY: "Somebody was faster: the alert shows who.",
}


def _button(id_: str, step: _Step) -> Action[str]:
    """Return a button that takes a step with the case; the alert says who took it."""

    async def press(context: BotContext, invitation_id: str, origin: Origin) -> str | None:
        done = await context.database.write(
            step, invitation_id, origin.person_id, context.clock.now()
        )
        context.wake_dispatcher()
        return _TOLD.get(done)

    return Action(
        id=id_,
        decode=payloads.button_id,
        press=press,
        who=Who.COLLEAGUE,
        what="A case",
        log_ids=of_invitation,
    )


ACTIONS = (
    _button("claim_case", casework.claim),
    _button("contacted_case", casework.contacted),
)
"""The buttons of alerts."""
