"""What an anonymous wave keeps when it closes: nothing that tells who gave which answer.

While the wave was open, the order and the times of rows could have been joined by somebody who may
read the database. In the transaction that closes it both go; what the database's own files still
hold of them goes right afterwards (:meth:`nps_bot.storage.database.Database.scrub`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from nps_bot.anonymous.store import ballots
from nps_bot.asking.rules.message_types import PROMPT_KINDS
from nps_bot.asking.store import invitations, waves
from nps_bot.asking.store.waves import WaveRow
from nps_bot.delivery.store import outbox
from nps_bot.storage.scrubbing import note_deleted

_LATE = timedelta(days=2)
"""How long after its closing a prompt of a wave may still be rewritten for an answer."""


def unlink(connection: Connection, wave: WaveRow, now: datetime) -> None:
    """Take from a wave that closes now what could tell whose answer is whose."""
    ballots.unlink(connection, wave.id)
    invitations.flatten_timestamps(connection, wave.id, now)
    outbox.flatten_timestamps(connection, PROMPT_KINDS, wave.id, now)
    note_deleted(connection)


def even_out_late(connection: Connection, now: datetime) -> None:
    """Even out what was on its way to Slack when its wave closed."""
    for wave_id, closed_at in waves.anonymous_closed_since(connection, now - _LATE):
        if outbox.flatten_timestamps(connection, PROMPT_KINDS, wave_id, closed_at):
            note_deleted(connection)
