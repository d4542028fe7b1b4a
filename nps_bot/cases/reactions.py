"""What cases and alerts do when respondents do something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering.events import (
    ContactDeclined,
    RepliesSaved,
    ResponseDeleted,
    ResponseRecorded,
    ScoreCorrected,
)
from nps_bot.cases import store
from nps_bot.cases.outgoing import alert_key, enqueue_alerts
from nps_bot.delivery.store import outbox
from nps_bot.nps.bands import Band, band_of


def open_for_detractors(
    connection: Connection, events: Sequence[ResponseRecorded | ScoreCorrected], now: datetime
) -> None:
    """Open the cases of detractors, or open them again, and alert those who take care of them."""
    detractors = [one for one in events if band_of(one.score) is Band.DETRACTOR]
    store.open_cases(connection, [one.response_id for one in detractors], now)
    enqueue_alerts(connection, [one.invitation for one in detractors], now)


def withdraw_corrected(
    connection: Connection, events: Sequence[ScoreCorrected], now: datetime
) -> None:
    """Withdraw the cases of those who corrected their score to a better band.

    A recovery withdraws nothing: the score that counts is still one to take care of.
    """
    for one in events:
        if one.counted and band_of(one.score) is not Band.DETRACTOR:
            store.withdraw(connection, one.response_id, now)


def update_alerts(
    connection: Connection,
    events: Sequence[ScoreCorrected | RepliesSaved | ContactDeclined | ResponseDeleted],
    now: datetime,
) -> None:
    """Have the alerts, where there are any, show what is new, at once."""
    outbox.request_update(connection, [alert_key(one.invitation.id) for one in events], now)


def drop_cases(connection: Connection, events: Sequence[ResponseDeleted], _: datetime) -> None:
    """Delete the cases of responses that are deleted."""
    store.erase(connection, [one.response_id for one in events])
