"""What the summaries of waves do when respondents do something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering.events import (
    ContactDeclined,
    OptedIn,
    OptedOut,
    ResponseDeleted,
    ResponseRecorded,
    ScoreCorrected,
    Snoozed,
)
from nps_bot.delivery.store import outbox
from nps_bot.figures.outgoing import summary_key


def show_scores(
    connection: Connection, events: Sequence[ResponseRecorded | ScoreCorrected], _: datetime
) -> None:
    """Have the running summaries show new scores, several of them with one update."""
    keys = {summary_key(one.invitation.wave_id) for one in events}
    outbox.touch(connection, keys, events[0].shown_at)


def update_summaries(
    connection: Connection,
    events: Sequence[ContactDeclined | ResponseDeleted | Snoozed | OptedOut | OptedIn],
    now: datetime,
) -> None:
    """Have the running summaries show what is new, at once."""
    keys = {summary_key(one.invitation.wave_id) for one in events}
    outbox.touch(connection, keys, now)
