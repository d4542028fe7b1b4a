"""Deleting one's own response."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering import store
from nps_bot.answering.events import ResponseDeleted
from nps_bot.answering.own_response import own_response
from nps_bot.answering.rules import Refusal
from nps_bot.asking.outgoing import request_update
from nps_bot.asking.store import invitations
from nps_bot.base.events import record


def delete_answer(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> Refusal | None:
    """Delete a person's own answer with all they wrote; returns why nothing changed, or None."""
    own = own_response(connection, invitation_id, person_id)
    if isinstance(own, Refusal):
        return own
    record(connection, [ResponseDeleted(own.invitation, own.response.id)], now)
    store.erase(connection, own.response.id)
    invitations.mark_dismissed(connection, [invitation_id], now)
    request_update(connection, [invitation_id], now)
    return None
