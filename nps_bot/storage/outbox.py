"""The outbox: every message owed to Slack, claimed under a lease, settled once.

A claim is a token of its own, so that a process which slept past its lease finds that the row is
not its any more, even if the same process claimed it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update

from nps_bot.ids import new_id
from nps_bot.storage.tables import Outbox
from nps_bot.storage.upsert import insert_or


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to owe; a second one with the same ``dedupe_key`` changes nothing."""

    dedupe_key: str
    kind: str
    priority: int
    due_at: datetime
    survey_key: str | None = None
    wave_id: int | None = None
    invitation_id: str | None = None
    person_id: str | None = None
    payload: Mapping[str, Any] | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message this process may deliver until ``lease_until``."""

    id: str
    kind: str
    survey_key: str | None
    wave_id: int | None
    invitation_id: str | None
    person_id: str | None
    payload: Mapping[str, Any] | None
    version: int
    attempts: int
    claimed_at: datetime
    lease_until: datetime
    channel: str | None
    ts: str | None
    token: str = field(repr=False)

    @property
    def updating(self) -> bool:
        """Whether the message stands in Slack already and is only rewritten."""
        return self.ts is not None


_CLAIMED = tuple(
    getattr(Outbox, "claimed_by" if name == "token" else name)
    for name in Claimed.__dataclass_fields__
)


def add(connection: Connection, messages: Iterable[NewMessage]) -> None:
    """Owe messages; those owed already stay as they are."""
    rows = [
        {
            "id": new_id(),
            "dedupe_key": message.dedupe_key,
            "kind": message.kind,
            "survey_key": message.survey_key,
            "wave_id": message.wave_id,
            "invitation_id": message.invitation_id,
            "person_id": message.person_id,
            "payload": None if message.payload is None else dict(message.payload),
            "priority": message.priority,
            "status": "held" if message.held else "pending",
            "due_at": message.due_at,
            "version": 1,
            "delivered_version": 0,
            "attempts": 0,
        }
        for message in messages
    ]
    if rows:
        connection.execute(insert_or(connection, Outbox).on_conflict_do_nothing(), rows)


def touch(connection: Connection, keys: Collection[str], due_at: datetime) -> dict[str, int]:
    """Give messages a reason to be rewritten; returns their new versions by key.

    A message that stands in Slack becomes due at ``due_at``; one that still waits shows the newest
    state anyway; one in flight is written again afterwards. The last state always wins.
    """
    standing = Outbox.status == "sent"
    rows = connection.execute(
        update(Outbox)
        .where(
            Outbox.dedupe_key.in_(keys),
            Outbox.status.in_(("sent", "pending", "claimed", "unknown")),
        )
        .values(
            version=Outbox.version + 1,
            due_at=case((standing, due_at), else_=Outbox.due_at),
            status=case((standing, "pending"), else_=Outbox.status),
        )
        .returning(Outbox.dedupe_key, Outbox.version)
    )
    return {row.dedupe_key: row.version for row in rows}


def mark_delivered(connection: Connection, key: str, version: int, now: datetime) -> None:
    """Cancel a rewriting that was done directly, unless a newer reason came meanwhile."""
    connection.execute(
        update(Outbox)
        .where(
            Outbox.dedupe_key == key,
            Outbox.version == version,
            Outbox.status == "pending",
            Outbox.ts.is_not(None),
        )
        .values(status="sent", delivered_version=version, settled_at=now)
    )


def claim(
    connection: Connection, now: datetime, lease_until: datetime, limit: int, least: int
) -> list[Claimed]:
    """Claim up to ``limit`` due messages of priority ``least`` or more urgent, these first."""
    due = (
        select(Outbox.id)
        .where(Outbox.status == "pending", Outbox.priority <= least, Outbox.due_at <= now)
        .order_by(Outbox.priority, Outbox.due_at)
        .limit(limit)
    )
    return _claim(connection, due, now, lease_until)


def claim_lookups(
    connection: Connection, now: datetime, lease_until: datetime, limit: int
) -> list[Claimed]:
    """Claim messages of unknown outcome whose time to be looked up has come.

    Their ``claimed_at`` stays: a call can only have begun after it.
    """
    due = (
        select(Outbox.id)
        .where(Outbox.status == "unknown", Outbox.lease_until <= now)
        .order_by(Outbox.lease_until)
        .limit(limit)
    )
    return _claim(connection, due, None, lease_until)


def _claim(
    connection: Connection, due: Any, claimed_at: datetime | None, lease_until: datetime
) -> list[Claimed]:
    ids = connection.scalars(due.with_for_update(skip_locked=True)).all()
    if not ids:
        return []
    values: dict[str, object] = {"claimed_by": new_id(), "lease_until": lease_until}
    if claimed_at is not None:
        values |= {
            "status": "claimed",
            "claimed_at": claimed_at,
            "attempts": Outbox.attempts + 1,
        }
    rows = connection.execute(
        update(Outbox).where(Outbox.id.in_(ids)).values(values).returning(*_CLAIMED)
    )
    claimed = {row[0]: Claimed(*row) for row in rows}
    return [claimed[one] for one in ids]


def expire_leases(connection: Connection, now: datetime) -> int:
    """Take back what a dead process held; returns how many.

    A post may have happened, so it becomes unknown, to be looked for at once; an update is simply
    repeated.
    """
    unposted = Outbox.ts.is_(None)
    expired = connection.execute(
        update(Outbox)
        .where(Outbox.status == "claimed", Outbox.lease_until <= now)
        .values(
            status=case((unposted, "unknown"), else_="pending"),
            lease_until=case((unposted, now), else_=None),
            claimed_by=None,
            reason="the process that held it stopped",
        )
    )
    return expired.rowcount


def _mine(message: Claimed) -> ColumnElement[bool]:
    return (Outbox.id == message.id) & (Outbox.claimed_by == message.token)


def settle_sent(
    connection: Connection, message: Claimed, channel: str, ts: str, now: datetime
) -> bool:
    """Record that Slack has the message; False where the lease was lost to another claim.

    What came up meanwhile makes it due again at once.
    """
    current = Outbox.version == message.version
    settled = connection.execute(
        update(Outbox)
        .where(_mine(message))
        .values(
            status=case((current, "sent"), else_="pending"),
            delivered_version=message.version,
            due_at=case((current, Outbox.due_at), else_=now),
            channel=channel,
            ts=ts,
            attempts=0,
            claimed_by=None,
            lease_until=None,
            reason=None,
            settled_at=now,
        )
    )
    return settled.rowcount == 1


def settle_unsent(
    connection: Connection,
    message: Claimed,
    *,
    status: str,
    due_at: datetime | None,
    reason: str | None,
    now: datetime,
) -> bool:
    """Record that a message was not (or perhaps) sent; False where the lease was lost.

    ``due_at`` is when to try again (``pending``) or to look again (``unknown``, None: parked).
    """
    values: dict[str, object] = {
        "status": status,
        "claimed_by": None,
        "lease_until": None,
        "reason": reason,
        "settled_at": now,
    }
    if status == "unknown":
        values["lease_until"] = due_at
        values["delivered_version"] = message.version
    elif due_at is not None:
        values["due_at"] = due_at
    settled = connection.execute(update(Outbox).where(_mine(message)).values(values))
    return settled.rowcount == 1


def release(connection: Connection, messages: Iterable[Claimed], due_at: datetime) -> None:
    """Give claimed messages back, untried."""
    for message in messages:
        connection.execute(
            update(Outbox)
            .where(_mine(message), Outbox.status == "claimed")
            .values(
                status="pending",
                claimed_by=None,
                lease_until=None,
                attempts=Outbox.attempts - 1,
                due_at=due_at,
            )
        )


def hold(connection: Connection, survey_key: str, kinds: Collection[str]) -> int:
    """Hold back what waits of a survey while it is paused; returns how many."""
    held = connection.execute(
        update(Outbox)
        .where(
            Outbox.survey_key == survey_key,
            Outbox.kind.in_(kinds),
            Outbox.status == "pending",
            Outbox.ts.is_(None),
        )
        .values(status="held")
    )
    return held.rowcount


def unhold(connection: Connection, survey_key: str) -> int:
    """Let go what was held back; returns how many."""
    freed = connection.execute(
        update(Outbox)
        .where(Outbox.survey_key == survey_key, Outbox.status == "held")
        .values(status="pending")
    )
    return freed.rowcount


def cancel(connection: Connection, condition: ColumnElement[bool], reason: str) -> int:
    """Cancel unposted messages that are not in flight; returns how many."""
    cancelled = connection.execute(
        update(Outbox)
        .where(condition, Outbox.status.in_(("pending", "held")), Outbox.ts.is_(None))
        .values(status="cancelled", reason=reason)
    )
    return cancelled.rowcount


def cancel_prompts(
    connection: Connection,
    kinds: Collection[str],
    reason: str,
    *,
    wave_id: int | None = None,
    invitations: Collection[str] = (),
) -> int:
    """Cancel the unsent prompts of a wave or of some invitations; returns how many."""
    scope = (
        Outbox.wave_id == wave_id if wave_id is not None else Outbox.invitation_id.in_(invitations)
    )
    return cancel(connection, Outbox.kind.in_(kinds) & scope, reason)


def forget_person(
    connection: Connection, person_id: str, invitations: Collection[str], now: datetime
) -> int:
    """Unlink a person's messages and make those that stand in Slack due, to be rewritten without
    the person or deleted; returns how many stand there.
    """
    theirs = or_(Outbox.person_id == person_id, Outbox.invitation_id.in_(invitations))
    keys = list(connection.scalars(select(Outbox.dedupe_key).where(theirs)))
    cancel(connection, theirs, "the person asked to be forgotten")
    connection.execute(update(Outbox).where(theirs).values(person_id=None))
    return len(touch(connection, keys, now))


def next_due(connection: Connection) -> datetime | None:
    """Return when the next message is due or the next lease or look-up ends."""
    pending = connection.scalar(select(func.min(Outbox.due_at)).where(Outbox.status == "pending"))
    leased = connection.scalar(
        select(func.min(Outbox.lease_until)).where(Outbox.status.in_(("claimed", "unknown")))
    )
    moments = [moment for moment in (pending, leased) if moment is not None]
    return min(moments, default=None)


def due_of(connection: Connection, key: str) -> datetime | None:
    """Return when the message with this key is due, or None where there is none."""
    return connection.scalar(select(Outbox.due_at).where(Outbox.dedupe_key == key))
