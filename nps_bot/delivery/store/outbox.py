"""The outbox: every message owed to Slack; owed once, touched, cancelled.

How messages leave it is in :mod:`nps_bot.delivery.store.claims`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    text,
    update,
)

from nps_bot.base.ids import new_id
from nps_bot.delivery.rules import MessageType, Priority
from nps_bot.storage.any_of import any_of
from nps_bot.storage.tables import Moment, Outbox
from nps_bot.storage.upsert import insert_rows, rows_of


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


def new_message(type_: MessageType, key: str, due_at: datetime, **about: Any) -> NewMessage:
    """Return a message of a type; ``about`` are further fields of :class:`NewMessage`."""
    return NewMessage(key, type_.name, type_.priority, due_at, **about)


WAITING = text("status = 'pending'")
"""As the partial index has it: SQLite uses one only where its very words recur."""


def moment(name: str) -> ColumnElement[datetime]:
    """Return a parameter for use inside an expression, which does not know its column's type."""
    return bindparam(name, type_=Moment())


def add(connection: Connection, messages: Iterable[NewMessage]) -> None:
    """Enqueue messages; those owed already stay as they are."""
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
            "status": "pending",
            "due_at": message.due_at,
            "version": 1,
            "delivered_version": 0,
            "attempts": 0,
        }
        for message in messages
    ]
    if rows:
        dialect = connection.dialect.name
        connection.execute(_owing(dialect, tuple(rows[0])), rows_of(dialect, rows))


@cache  # every detractor's click runs it: see storage.database
def _owing(dialect: str, columns: tuple[str, ...]) -> Executable:
    return insert_rows(dialect, Outbox, columns).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """Messages with a new reason to be rewritten.

    Attributes:
        versions: their new versions by key.
        nowhere: the keys of those of which nobody knows whether, or where, they stand in Slack.
    """

    versions: Mapping[str, int]
    nowhere: Collection[str]


def request_update(
    connection: Connection, keys: Collection[str], due_at: datetime
) -> UpdateRequest:
    """Give messages a reason to be rewritten.

    A message that stands in Slack becomes due at ``due_at``; one that still waits shows the newest
    state anyway; one in flight is written again afterwards. One that Slack refused is tried again:
    the bot may have been invited to the channel meanwhile. One that was found by hand stays as it
    is: nobody knows where to rewrite it, and it must not be posted again. The last state always
    wins.
    """
    rows = connection.execute(_TOUCH, {"keys": list(keys), "due": due_at}).all()
    return UpdateRequest(
        {row.dedupe_key: row.version for row in rows},
        # What is "sent" behind a touch has no ts to be rewritten at.
        [row.dedupe_key for row in rows if row.status in ("unknown", "sent")],
    )


def _touched(settled: ColumnElement[bool]) -> dict[str, Any]:
    """Return what a further reason to write changes in a row; ``settled`` ones become ``due``."""
    return {
        "version": Outbox.version + 1,
        "due_at": case((settled, moment("due")), else_=Outbox.due_at),
        "status": case((settled, "pending"), else_=Outbox.status),
    }


# Every click or every prompt runs these: see storage.database. Lists of values are expanded anew
# at every run, so they are written out.
_TOUCH = (
    update(Outbox)
    .where(
        any_of(Outbox.dedupe_key, "keys"),
        text("status IN ('sent', 'failed', 'pending', 'claimed', 'unknown')"),
    )
    .values(
        _touched(
            (Outbox.status == "sent") & Outbox.ts.is_not(None) | (Outbox.status == "failed"),
        )
    )
    .returning(Outbox.dedupe_key, Outbox.version, Outbox.status)
)
_STANDING = (
    any_of(Outbox.dedupe_key, "keys"),
    Outbox.ts.is_not(None),
)
_MARK_DELIVERED = (
    update(Outbox)
    .where(*_STANDING, Outbox.version == bindparam("written"), Outbox.status == "pending")
    .values(status="sent")
)
_NEWER = select(Outbox.dedupe_key).where(*_STANDING, Outbox.version > bindparam("written"))


def mark_delivered(
    connection: Connection, written: Iterable[tuple[str, int]], now: datetime
) -> None:
    """Cancel rewritings that were done directly, unless a newer reason came meanwhile.

    Then the newer state may have been written first and stand below the older one: it is written
    once more.

    Args:
        connection: an open transaction.
        written: the key of each message with the version that was written.
        now: the current moment.
    """
    by_version: dict[int, set[str]] = {}
    for key, version in written:
        by_version.setdefault(version, set()).add(key)
    overwritten: list[str] = []
    for version, keys in by_version.items():
        shown = {"keys": list(keys), "written": version}
        marks = {"delivered_version": version, "settled_at": now}
        if connection.execute(_MARK_DELIVERED, shown | marks).rowcount < len(keys):
            overwritten += connection.scalars(_NEWER, shown)
    if overwritten:
        request_update(connection, overwritten, now)


def flatten_timestamps(
    connection: Connection, kinds: Collection[str], wave_id: int, moment: datetime
) -> bool:
    """Take from a wave's messages that are done with when and how often they were rewritten.

    Args:
        connection: an open transaction.
        kinds: of the messages.
        wave_id: whose.
        moment: what they tell instead, all of them.

    Returns:
        Whether that changed anything.
    """
    rewritten = (Outbox.status == "failed") & Outbox.ts.is_not(None)
    done = or_(Outbox.status.in_(("sent", "cancelled")), rewritten)
    uneven = or_(Outbox.settled_at.is_distinct_from(moment), Outbox.version != 1)
    evened = connection.execute(
        update(Outbox)
        .where(Outbox.wave_id == wave_id, Outbox.kind.in_(kinds), done, uneven)
        .values(
            version=1,
            delivered_version=1,
            attempts=1,
            due_at=moment,
            claimed_at=moment,
            settled_at=moment,
        )
    )
    return evened.rowcount > 0


_ASKS = Outbox.priority == Priority.RESPONDENT


def asks_for(surveys: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a message would newly be sent to a respondent of these surveys."""
    return and_(Outbox.survey_key.in_(surveys), _ASKS, Outbox.ts.is_(None))


_UNSENT = (Outbox.status == "pending") & Outbox.ts.is_(None)


def cancel_prompts(
    connection: Connection, kinds: Collection[str], reason: str, *, invitations: Collection[str]
) -> None:
    """Cancel the unposted prompts of some invitations that are not in flight."""
    _cancel(connection, Outbox.kind.in_(kinds) & Outbox.invitation_id.in_(invitations), reason)


def unsent_of(
    connection: Connection, kinds: Collection[str], *, wave_id: int, limit: int
) -> list[str]:
    """Return the invitations of up to ``limit`` unposted messages of a wave that wait."""
    some = select(Outbox.invitation_id).where(
        Outbox.wave_id == wave_id, Outbox.kind.in_(kinds), _UNSENT
    )
    return [one for one in connection.scalars(some.limit(limit)) if one is not None]


def cancel_wave(connection: Connection, reason: str, *, wave_id: int, limit: int) -> int:
    """Cancel up to ``limit`` unposted messages to a wave's respondents; returns how many.

    What a dispatcher claims at the same moment is left to it, and not counted.
    """
    some = select(Outbox.id).where(Outbox.wave_id == wave_id, _ASKS, _UNSENT)
    # Two statements: within one PostgreSQL may run the inner one again, and then it skips others.
    free = connection.scalars(some.limit(limit).with_for_update(skip_locked=True)).all()
    return _cancel(connection, Outbox.id.in_(free), reason)


def waves_with_unsent(connection: Connection, waves: Collection[int]) -> list[int]:
    """Return those of ``waves`` of which unposted messages to respondents wait."""
    waiting = (WAITING, Outbox.ts.is_(None), _ASKS, Outbox.wave_id.in_(waves))
    found = connection.scalars(select(Outbox.wave_id).where(*waiting).distinct())
    return [one for one in found if one is not None]


def _cancel(connection: Connection, condition: ColumnElement[bool], reason: str) -> int:
    cancelled = connection.execute(
        update(Outbox).where(condition, _UNSENT).values(status="cancelled", reason=reason)
    )
    return cancelled.rowcount


def forget_person(
    connection: Connection,
    person_id: str,
    invitations: Collection[str],
    dm_channel: str | None,
    now: datetime,
) -> int:
    """Unlink a person's messages and make those that (may) stand in Slack due, to be rewritten
    without the person or deleted; returns how many these are. What waits is not sent any more.

    Args:
        connection: an open transaction.
        person_id: whom to forget.
        invitations: all that ever asked them.
        dm_channel: where their prompts went; kept with those of unknown outcome, so that they can
            be looked for and deleted.
        now: the current moment.
    """
    theirs = or_(Outbox.person_id == person_id, Outbox.invitation_id.in_(invitations))
    reason = "the person asked to be forgotten"
    _cancel(connection, theirs, reason)
    in_flight = Outbox.status.in_(("claimed", "unknown"))
    unposted_prompt = Outbox.ts.is_(None) & Outbox.person_id.is_not(None)
    parked = (Outbox.status == "unknown") & Outbox.lease_until.is_(None)
    values = _touched(Outbox.ts.is_not(None) & ~in_flight) | {
        "channel": case((unposted_prompt, dm_channel), else_=Outbox.channel),
        # At once, in the time that leases last for: look-ups go by no other.
        "lease_until": case((parked, Outbox.claimed_at), else_=Outbox.lease_until),
    }
    invitation = connection.execute(
        update(Outbox)
        .where(Outbox.invitation_id.in_(invitations), Outbox.ts.is_not(None) | in_flight)
        .values(values),
        {"due": now},
    )
    # What they shared and what they were told is looked after no more, be it in flight or due to be
    # rewritten: its payload names them, and where it stands nothing is to be rewritten.
    abandoned = {"status": "cancelled", "claimed_by": None, "lease_until": None, "reason": reason}
    own = (Outbox.person_id == person_id) & Outbox.invitation_id.is_(None)
    waits = in_flight | (Outbox.status == "pending")
    connection.execute(update(Outbox).where(own, waits).values(abandoned))
    names_them = Outbox.dedupe_key.contains(person_id, autoescape=True)
    key = case((names_them, "forgotten:" + Outbox.id), else_=Outbox.dedupe_key)
    connection.execute(
        update(Outbox).where(theirs).values(dedupe_key=key, payload=null(), person_id=None)
    )
    return invitation.rowcount


def keys_of(connection: Connection, kind: str, wave_id: int) -> list[str]:
    """Return the keys of a wave's messages of a kind, which they begin with.

    What went to somebody who was forgotten has lost its key, and is looked after no more.
    """
    found = select(Outbox.dedupe_key).where(Outbox.wave_id == wave_id, Outbox.kind == kind)
    return [key for key in connection.scalars(found) if key.startswith(f"{kind}:")]


def due_of(connection: Connection, key: str) -> datetime | None:
    """Return when the message with this key will be posted; None where none waits for it."""
    waits = Outbox.status.in_(("pending", "claimed")) & Outbox.ts.is_(None)
    return connection.scalar(select(Outbox.due_at).where(Outbox.dedupe_key == key, waits))


def failure_of(connection: Connection, key: str) -> str | None:
    """Return why the message with this key could not be sent; None where that is not so."""
    failed = (Outbox.dedupe_key == key) & (Outbox.status == "failed")
    return connection.scalar(select(Outbox.reason).where(failed))


def latest_in(connection: Connection, channel: str) -> str | None:
    """Return where the newest message stands in a channel; None where none does."""
    return connection.scalar(select(func.max(Outbox.ts)).where(Outbox.channel == channel))
