"""What went wrong: messages that did not arrive, or of which nobody knows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from nps_bot.storage.counting import how_many
from nps_bot.storage.tables import Outbox


@dataclass(frozen=True, slots=True)
class Trouble:
    """A message that did not arrive, or of which nobody knows.

    ``looked_for`` is whether the bot still looks for one of which nobody knows; else it is parked.
    """

    id: str
    kind: str
    status: str
    survey_key: str | None
    person_id: str | None
    channel: str | None
    reason: str | None
    settled_at: datetime | None
    looked_for: bool


_TROUBLE: tuple[Any, ...] = (
    Outbox.id,
    Outbox.kind,
    Outbox.status,
    Outbox.survey_key,
    Outbox.person_id,
    Outbox.channel,
    Outbox.reason,
    Outbox.settled_at,
    (Outbox.lease_until.is_not(None)).label("looked_for"),
)


def troubles(
    connection: Connection, survey_keys: Collection[str], since: datetime, limit: int
) -> tuple[list[Trouble], int]:
    """Return the messages that failed since ``since`` or are unknown, and how many.

    Those that wait for somebody to say whether they arrived come first, then the latest.
    """
    parked = (Outbox.status == "unknown") & Outbox.lease_until.is_(None)
    found = (
        select(*_TROUBLE)
        .where(
            Outbox.survey_key.in_(survey_keys),
            or_(
                Outbox.status == "unknown",
                (Outbox.status == "failed") & (Outbox.settled_at >= since),
            ),
        )
        .order_by(parked.desc(), Outbox.settled_at.desc(), Outbox.id)
    )
    return [Trouble(*row) for row in connection.execute(found.limit(limit))], how_many(
        connection, found
    )
