"""How messages leave the outbox: claimed under a lease, settled once.

A claim is a token of its own, so that a process which slept past its lease finds that the row is
not its any more, even if the same process claimed it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Select, bindparam, case, select, text, update

from nps_bot.base.ids import new_id
from nps_bot.delivery.rules import Priority
from nps_bot.delivery.store.outbox import WAITING, asks_for, moment
from nps_bot.storage.any_of import any_of
from nps_bot.storage.tables import Outbox

ALIKE = timedelta(milliseconds=100)
"""How far the clocks of two processes may differ, though both are set by the database's: what one
owes at once must not be late for the other, which is woken and looks now."""

_LEASED = text("status IN ('claimed', 'unknown')")
"""As the partial index has it: SQLite uses one only where its very words recur."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message this process may deliver, or look for, until ``lease_until``.

    ``version`` is the state this delivery shows; when looking, the state that was posted.
    """

    id: str
    kind: str
    priority: int
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

    @property
    def asks(self) -> bool:
        """Whether the message would newly be sent to a respondent."""
        return not self.updating and self.priority == Priority.RESPONDENT

    @property
    def ids(self) -> dict[str, str]:
        """What a log line may say of the message."""
        ids = {"delivery": self.id, "kind": self.kind, "invitation": self.invitation_id}
        return {name: value for name, value in ids.items() if value is not None}


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
        updating: whether those that stand in Slack already and are rewritten, or the others.
    """

    limit: int
    least: int
    updating: bool = False


def claim(
    connection: Connection,
    which: Waiting,
    now: datetime,
    lease_until: datetime,
    paused: Collection[str] = (),
    *,
    claimed_at: datetime | None = None,
) -> list[Claimed]:
    """Claim messages that are due at ``now``, but none to respondents of ``paused`` surveys.

    ``claimed_at``, ``now`` by default, is in the same time as ``lease_until``.
    """
    due = _REWRITTEN if which.updating else _POSTED
    if paused:
        due = due.where(~asks_for(paused))
    wanted = {"least": which.least, "now": now + ALIKE, "at_most": which.limit}
    marks = {"claimed_at": claimed_at or now, "lease_until": lease_until}
    return _claim(connection, due, wanted, _CLAIM, marks)


def claim_lookups(
    connection: Connection, now: datetime, lease_until: datetime, limit: int
) -> list[Claimed]:
    """Claim messages of unknown outcome whose time to be looked up has come.

    Their ``claimed_at`` stays: a call can only have begun after it.
    """
    wanted = {"now": now, "at_most": limit}
    return _claim(connection, _LOST, wanted, _CLAIM_LOST, {"lease_until": lease_until})


# The dispatcher runs all statements of this module again and again: see storage.database.
_DUE = (
    select(Outbox.id)
    .where(Outbox.priority <= bindparam("least"), Outbox.due_at <= bindparam("now"))
    .order_by(Outbox.priority, Outbox.due_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_POSTED = _DUE.where(WAITING, Outbox.ts.is_(None))
_REWRITTEN = _DUE.where(text("status = 'pending' AND ts IS NOT NULL"))  # as the index has it
_LOST = (
    select(Outbox.id)
    .where(_LEASED, Outbox.status == "unknown", Outbox.lease_until <= bindparam("now"))
    .order_by(Outbox.lease_until)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_MARK = update(Outbox).where(any_of(Outbox.id, "ids"))
_CLAIM = _MARK.values(
    status="claimed",
    attempts=Outbox.attempts + 1,
    # Should nobody learn what came of a post, this is what it showed.
    delivered_version=case((Outbox.ts.is_(None), Outbox.version), else_=Outbox.delivered_version),
).returning(*_CLAIMED.values())
_CLAIM_LOST = _MARK.returning(*(_CLAIMED | {"version": Outbox.delivered_version}).values())


def _claim(
    connection: Connection,
    due: Select[str],
    wanted: Mapping[str, object],
    marking: Executable,
    marks: Mapping[str, object],
) -> list[Claimed]:
    """Claim what ``due`` finds with ``wanted``: ``marking`` writes ``marks`` and a new token."""
    ids = connection.scalars(due, wanted).all()
    if not ids:
        return []
    rows = connection.execute(marking, {**marks, "ids": ids, "claimed_by": new_id()})
    claimed = {row[0]: Claimed(*row) for row in rows}
    return [claimed[one] for one in ids]


def version(connection: Connection, message: Claimed) -> int | None:
    """Return which state a message should show by now."""
    return connection.scalar(_VERSION, {"one": message.id})


_VERSION = select(Outbox.version).where(Outbox.id == bindparam("one"))


def expire_leases(connection: Connection, now: datetime) -> int:
    """Take back what a dead process held; returns how many.

    A post may have happened, so it becomes unknown, to be looked for at once; an update is simply
    repeated.
    """
    return connection.execute(_EXPIRE, {"now": now, "settled_at": now}).rowcount


_UNPOSTED = Outbox.ts.is_(None)
_EXPIRE = (
    update(Outbox)
    .where(_LEASED, Outbox.status == "claimed", Outbox.lease_until <= moment("now"))
    .values(
        status=case((_UNPOSTED, "unknown"), else_="pending"),
        lease_until=case((_UNPOSTED, moment("now")), else_=None),
        claimed_by=None,
        reason="the process that held it stopped",
    )
)

_MINE = update(Outbox).where(
    Outbox.id == bindparam("mine"), Outbox.claimed_by == bindparam("token")
)


def _settle(
    connection: Connection, statement: Executable, message: Claimed, **values: object
) -> bool:
    """Run a statement on a message; False where its lease was lost to another claim."""
    settled = connection.execute(statement, {"mine": message.id, "token": message.token, **values})
    return settled.rowcount == 1


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that Slack has, and where.

    ``again_at`` is when it becomes due again, should something have come up meanwhile.
    """

    message: Claimed
    channel: str
    ts: str
    again_at: datetime


def settle_sent(connection: Connection, sent: Sequence[Sent], now: datetime) -> set[str]:
    """Record that Slack has these messages; returns the ids of those whose lease was still held."""
    rows = [
        {
            "mine": one.message.id,
            "token": one.message.token,
            "shown": one.message.version,
            "again": one.again_at,
            "delivered_version": one.message.version,
            "channel": one.channel,
            "ts": one.ts,
            "settled_at": now,
        }
        for one in sent
    ]
    if not rows:
        return set()
    known = {one.message.id: one.ts for one in sent}
    if connection.execute(_SENT, rows).rowcount < len(rows):
        invitation = connection.execute(_STANDING, {"ids": list(known)})
        return {row.id for row in invitation if row.ts == known[row.id]}
    return set(known)


_STANDING = select(Outbox.id, Outbox.ts).where(any_of(Outbox.id, "ids"))

_CURRENT = Outbox.version == bindparam("shown")
_SENT = _MINE.values(
    status=case((_CURRENT, "sent"), else_="pending"),
    due_at=case((_CURRENT, Outbox.due_at), else_=moment("again")),
    attempts=0,
    claimed_by=None,
    lease_until=None,
    reason=None,
)


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
    return _settle(connection, _MINE, message, **values)


def release(connection: Connection, messages: Iterable[Claimed], due_at: datetime) -> None:
    """Give claimed messages back, untried."""
    rows = [{"mine": one.id, "token": one.token, "due_at": due_at} for one in messages]
    if rows:
        connection.execute(_RELEASE, rows)


def release_lookups(connection: Connection, messages: Iterable[Claimed], again: datetime) -> None:
    """Give messages back for which somebody was looking; they are looked for ``again``."""
    rows = [{"mine": one.id, "token": one.token, "lease_until": again} for one in messages]
    if rows:
        connection.execute(_RELEASE_LOOKUP, rows)


_RELEASE = _MINE.where(Outbox.status == "claimed").values(
    status="pending", claimed_by=None, lease_until=None, attempts=Outbox.attempts - 1
)


_RELEASE_LOOKUP = _MINE.where(Outbox.status == "unknown").values(claimed_by=None)


def settle_removed(connection: Connection, message: Claimed, reason: str, now: datetime) -> bool:
    """Record that a message was deleted from Slack; False where the lease was lost."""
    return _settle(
        connection,
        _MINE,
        message,
        status="cancelled",
        channel=None,
        ts=None,
        claimed_by=None,
        lease_until=None,
        reason=reason,
        settled_at=now,
    )
