"""Messages that wait, are of unknown outcome or failed: listed, and settled by somebody who knows.

A click proves where a message stands; an operator who has looked says whether it is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, or_, select, text, update
from sqlalchemy.orm import aliased

from nps_bot.delivery.store.outbox import moment
from nps_bot.storage.tables import Outbox, Person


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message of the outbox that Slack does not have for sure, or not as it should stand.

    Attributes:
        status: pending, claimed, unknown or failed; sent and cancelled ones are only looked up.
        person_id, person_name: whom it asks, or who is told; None for a channel's.
        channel, ts: where it stands, or will be looked for, as far as that is known.
        looked_for: until when somebody looks for it in the history; None where it is parked.
    """

    id: str
    kind: str
    status: str
    survey_key: str | None
    wave_id: int | None
    invitation_id: str | None
    person_id: str | None
    person_name: str | None
    payload: Mapping[str, Any] | None
    channel: str | None
    ts: str | None
    reason: str | None
    due_at: datetime
    claimed_at: datetime | None
    settled_at: datetime | None
    lease_until: datetime | None

    @property
    def parked(self) -> bool:
        """Whether nobody knows if it was posted, and nothing but a person can find out."""
        return self.status == "unknown" and self.lease_until is None


_ROWS: Select[Any] = select(
    *(
        Person.name if name == "person_name" else getattr(Outbox, name)
        for name in Unsettled.__dataclass_fields__
    )
).outerjoin(Person, Person.id == Outbox.person_id)

# In the words of the partial indexes: see delivery.store.claims.
_OPEN = or_(
    text("outbox.status = 'pending'"),
    text("outbox.status IN ('claimed', 'unknown')"),
    text("outbox.status = 'failed'"),
)
_URGENCY = case(
    (and_(Outbox.status == "unknown", Outbox.lease_until.is_(None)), 0),
    (Outbox.status == "unknown", 1),
    (Outbox.status == "failed", 2),
    (Outbox.status == "claimed", 3),
    else_=4,
)


def unsettled(connection: Connection) -> list[Unsettled]:
    """Return what is parked, looked for, failed, on its way and waits, in this order."""
    found = _ROWS.where(_OPEN).order_by(_URGENCY, Outbox.due_at, Outbox.id)
    return [Unsettled(*row) for row in connection.execute(found)]


def beginning_with(connection: Connection, beginning: str, limit: int) -> list[Unsettled]:
    """Return up to ``limit`` messages, of whatever status, whose id begins with these digits."""
    after = beginning + "g"  # behind every hexadecimal digit
    found = _ROWS.where(Outbox.id >= beginning, Outbox.id < after).order_by(Outbox.id)
    return [Unsettled(*row) for row in connection.execute(found.limit(limit))]


def lock(connection: Connection, message_id: str) -> Unsettled:
    """Return a message, kept from others until the end of the transaction."""
    connection.execute(select(Outbox.id).where(Outbox.id == message_id).with_for_update())
    return Unsettled(*connection.execute(_ROWS.where(Outbox.id == message_id)).one())


def nowhere(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Return the keys of those messages of which nobody knows whether, or where, they stand."""
    lost = (Outbox.ts.is_(None), Outbox.status.in_(("unknown", "sent")))
    return list(
        connection.scalars(select(Outbox.dedupe_key).where(Outbox.dedupe_key.in_(keys), *lost))
    )


_BY_HAND = update(Outbox).where(Outbox.id == bindparam("message"))


def mark_sent(connection: Connection, message_id: str, reason: str, now: datetime) -> None:
    """Record that a message stands in Slack, though nobody told where."""
    connection.execute(
        _BY_HAND.values(
            status="sent", claimed_by=None, lease_until=None, reason=reason, settled_at=now
        ),
        {"message": message_id},
    )


def mark_waiting(connection: Connection, message_id: str, reason: str, now: datetime) -> None:
    """Have a message sent (again), as soon as may be."""
    connection.execute(
        _BY_HAND.values(
            status="pending",
            due_at=now,
            attempts=0,
            claimed_by=None,
            lease_until=None,
            reason=reason,
            settled_at=now,
        ),
        {"message": message_id},
    )


_OTHER = aliased(Outbox)
_PROVE = (
    update(Outbox)
    .where(
        Outbox.dedupe_key == bindparam("key"),
        Outbox.ts.is_(None),
        Outbox.status.in_(("unknown", "sent")),
        # A click on the first of two prompts says nothing of the second.
        ~select(_OTHER.id)
        .where(_OTHER.invitation_id == Outbox.invitation_id, _OTHER.ts == bindparam("stands_at"))
        .exists(),
    )
    .values(
        status="pending",
        due_at=moment("due"),
        attempts=0,
        claimed_by=None,
        lease_until=None,
        reason=None,
    )
)


def prove(
    connection: Connection, keys: Sequence[str], channel: str, ts: str, due_at: datetime
) -> bool:
    """Record that the message with one of ``keys`` stands in ``channel`` at ``ts``.

    It is rewritten at ``due_at``. Returns whether that was news. Where two of the keys are of
    messages that stand nowhere, nothing tells which one it is.
    """
    if len(keys) != 1:
        return False
    found = {"key": keys[0], "stands_at": ts, "channel": channel, "ts": ts, "due": due_at}
    return connection.execute(_PROVE, found).rowcount == 1
