"""What a case owes to the team: its alert.

A key names a message for good: owing it twice owes it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.store.invitations import InvitationState
from nps_bot.delivery.rules import MessageType, Priority
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.outbox import new_message

ALERT = MessageType("alert", Priority.URGENT, "An alert")


def alert_key(invitation_id: str) -> str:
    """Return the key of the alert about an invitation's response."""
    return f"alert:{invitation_id}"


def enqueue_alerts(
    connection: Connection, detractors: Iterable[InvitationState], now: datetime
) -> None:
    """Enqueue the alerts about detractors, before everything else."""
    outbox.add(
        connection,
        [
            new_message(
                ALERT,
                alert_key(invitation.id),
                now,
                survey_key=invitation.survey_key,
                wave_id=invitation.wave_id,
                invitation_id=invitation.id,
            )
            for invitation in detractors
        ],
    )


def update_alert(connection: Connection, invitation_id: str, now: datetime) -> None:
    """Have the alert, if there is one, show what is new, at once."""
    outbox.request_update(connection, (alert_key(invitation_id),), now)
