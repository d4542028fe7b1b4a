"""Messages of which nobody knows whether Slack has them, settled by hand.

The bot looks for them by itself (see :mod:`nps_bot.delivery.reconciler`). Where it may not read,
somebody who can look says what is there.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from math import ceil

from sqlalchemy import Connection

from nps_bot.delivery.kinds import Kinds
from nps_bot.delivery.rules import Status, certain_at
from nps_bot.delivery.store import unsettled
from nps_bot.delivery.store.unsettled import Unsettled


class Verdict(StrEnum):
    """What somebody who has looked says of a message."""

    SENT = "sent"
    """It is there."""
    AGAIN = "again"
    """It is not there and may be sent (again)."""


def by_hand(
    connection: Connection, kinds: Kinds, message_id: str, verdict: Verdict, now: datetime
) -> str | None:
    """Settle a message as somebody says who has looked; returns why not where it may not be."""
    message = unsettled.lock(connection, message_id)
    refusal = refused(message, verdict, now)
    if refusal is not None:
        return refusal
    if verdict is Verdict.AGAIN:
        unsettled.mark_waiting(connection, message_id, "it is sent again by hand", now)
        return None
    unsettled.mark_sent(connection, message_id, "somebody looked: it is there", now)
    if message.ts is None:
        kinds.of(message.kind).posted(connection, [message], now)
    return None


def refused(message: Unsettled, verdict: Verdict, now: datetime) -> str | None:
    """Return why nobody may settle a message now; None where somebody may."""
    match Status(message.status):
        case Status.PENDING:
            return "It waits to be sent: there is nothing to settle."
        case Status.CLAIMED:
            return "It is on its way right now: look again in a minute."
        case Status.SENT:
            return "It was sent: there is nothing to settle."
        case Status.CANCELLED:
            return f"It is not sent any more: {message.reason or 'its reason is gone'}."
        case Status.UNKNOWN if verdict is Verdict.AGAIN and message.claimed_at is not None:
            wait = (certain_at(message.claimed_at) - now).total_seconds()
            if wait > 0:
                return f"Slack may still be about to show it: try again in {ceil(wait)} s."
    return None
