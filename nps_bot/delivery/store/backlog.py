"""How much the outbox holds that is not done with: counted in its partial indexes alone.

What was sent or cancelled is not counted: that would read the whole table, however old.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from nps_bot.delivery.rules import Priority
from nps_bot.delivery.store.outbox import WAITING, asks_for
from nps_bot.storage.tables import Outbox
from nps_bot.surveys.store import paused

# In the words of the indexes: see delivery.store.claims.
_LEASED = text("status IN ('claimed', 'unknown')")
_FAILED = text("status = 'failed'")


def by_status(connection: Connection) -> dict[str, int]:
    """Return how many messages are pending, claimed, unknown and failed."""
    counts = {"pending": 0, "claimed": 0, "unknown": 0, "failed": 0}
    for condition in (WAITING, _LEASED, _FAILED):
        found = select(Outbox.status, func.count()).where(condition).group_by(Outbox.status)
        counts |= dict(connection.execute(found).all())
    return counts


def parked(connection: Connection) -> int:
    """Return how many messages of unknown outcome only a person can settle."""
    unknown = (_LEASED, Outbox.status == "unknown", Outbox.lease_until.is_(None))
    return connection.scalar(select(func.count()).where(*unknown)) or 0


def oldest_due(connection: Connection, paused: Collection[str]) -> datetime | None:
    """Return since when the message is due that has been so longest, or will be first.

    Args:
        connection: an open connection.
        paused: the keys of surveys whose respondents are sent nothing new, so that it does not
            count.
    """
    held = asks_for(paused)
    firsts = [
        connection.scalar(
            select(Outbox.due_at)
            .where(WAITING, Outbox.priority == priority, ~held)
            .order_by(Outbox.due_at)
            .limit(1)
        )
        for priority in Priority
    ]
    return min((first for first in firsts if first is not None), default=None)


def next_post(connection: Connection) -> datetime | None:
    """Return when the message is due that is to be posted next; None where none waits."""
    unposted = select(Outbox.due_at).where(WAITING, Outbox.ts.is_(None))
    return connection.scalar(unposted.order_by(Outbox.due_at).limit(1))


def is_busy(connection: Connection, now: datetime) -> bool:
    """Return whether anything is being delivered, or could be at ``now``."""
    held = asks_for(paused(connection))
    due = select(Outbox.id).where(WAITING, Outbox.due_at <= now, ~held).limit(1)
    claimed = select(Outbox.id).where(_LEASED, Outbox.status == "claimed").limit(1)
    return connection.scalar(due) is not None or connection.scalar(claimed) is not None
