"""The prompts that still wait in the outbox."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text

from nps_bot.asking.rules.message_types import PROMPT
from nps_bot.asking.rules.progress import Batch
from nps_bot.storage.tables import Outbox, Wave


def backlog(connection: Connection) -> list[Batch]:
    """Return what open waves have not asked yet and still will, by wave and moment."""
    unclosed = select(Wave.id).where(text("state <> 'closed'"), Wave.stopped_at.is_(None))
    rows = connection.execute(
        select(Outbox.due_at, Outbox.wave_id, func.count())
        .where(
            Outbox.wave_id.in_(unclosed),
            Outbox.kind == PROMPT.name,
            Outbox.status.in_(("pending", "claimed")),
            Outbox.ts.is_(None),
        )
        .group_by(Outbox.wave_id, Outbox.due_at)
    )
    return [Batch(due, wave_id, left) for due, wave_id, left in rows if wave_id is not None]
