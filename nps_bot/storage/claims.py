"""How messages leave the outbox: claimed under a lease, settled once.

A claim is a token of its own, so that a process which slept past its lease finds that the row is
not its any more, even if the same process claimed it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, select, text, update

from nps_bot.ids import new_id
from nps_bot.storage.outbox import WAITING, askings, moment
from nps_bot.storage.tables import Outbox

_LEASED = text("status IN ('claimed', 'unknown')")
"""As the partial index has it: SQLite uses one only where its very words recur."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message this process may deliver, or look for, until ``lease_until``.

    ``version`` is the state this delivery shows; when looking, the state that was posted.
    """

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


_CLAIMED: dict[str, Any] = {
    name: getattr(Outbox, "claimed_by" if name == "token" else name)
    for name in Claimed.__dataclass_fields__
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which due messages to claim.

    Attributes:
        limit: how many at most, the most urgent first.
        least: none less urgent than this priority.
        paused: the keys of surveys of which nothing new is posted ...
        kinds: ... of these kinds.
    """

    limit: int
    least: int
    paused: Collection[str] = ()
    kinds: Collection[str] = ()


def claim(
    connection: Connection, which: Waiting, now: datetime, lease_until: datetime
) -> list[Claimed]:
    """Claim messages that are due."""
    due = (
        select(Outbox.id)
        .where(WAITING, Outbox.priority <= which.least, Outbox.due_at <= now)
        .order_by(Outbox.priority, Outbox.due_at)
        .limit(which.limit)
    )
    if which.paused:
        due = due.where(~askings(which.paused, which.kinds))
    values: dict[str, object] = {
        "status": "claimed",
        "claimed_at": now,
        "attempts": Outbox.attempts + 1,
        # Should nobody learn what came of a post, this is what it showed.
        "delivered_version": case(
            (Outbox.ts.is_(None), Outbox.version), else_=Outbox.delivered_version
        ),
    }
    return _claim(connection, due, lease_until, values, _CLAIMED)


def claim_lookups(
    connection: Connection, now: datetime, lease_until: datetime, limit: int
) -> list[Claimed]:
    """Claim messages of unknown outcome whose time to be looked up has come.

    Their ``claimed_at`` stays: a call can only have begun after it.
    """
    due = (
        select(Outbox.id)
        .where(_LEASED, Outbox.status == "unknown", Outbox.lease_until <= now)
        .order_by(Outbox.lease_until)
        .limit(limit)
    )
    posted = _CLAIMED | {"version": Outbox.delivered_version}
    return _claim(connection, due, lease_until, {}, posted)


def _claim(
    connection: Connection,
    due: Select[str],
    lease_until: datetime,
    values: Mapping[str, object],
    columns: Mapping[str, Any],
) -> list[Claimed]:
    ids = connection.scalars(due.with_for_update(skip_locked=True)).all()
    if not ids:
        return []
    rows = connection.execute(
        update(Outbox)
        .where(Outbox.id.in_(ids))
        .values(claimed_by=new_id(), lease_until=lease_until, **values)
        .returning(*columns.values())
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
        .where(_LEASED, Outbox.status == "claimed", Outbox.lease_until <= now)
        .values(
            status=case((unposted, "unknown"), else_="pending"),
            lease_until=case((unposted, moment(now)), else_=None),
            claimed_by=None,
            reason="the process that held it stopped",
            settled_at=now,
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
            due_at=case((current, Outbox.due_at), else_=moment(now)),
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


def settle_removed(connection: Connection, message: Claimed, reason: str, now: datetime) -> bool:
    """Record that a message was deleted from Slack; False where the lease was lost."""
    removed = connection.execute(
        update(Outbox)
        .where(_mine(message))
        .values(
            status="cancelled",
            channel=None,
            ts=None,
            claimed_by=None,
            lease_until=None,
            reason=reason,
            settled_at=now,
        )
    )
    return removed.rowcount == 1
