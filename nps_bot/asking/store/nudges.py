"""Reminders and chasers: whose time has come to decide on one, and what the decision needs.

Each invitation is decided on once, and so is each response. What was decided on leaves a partial
index, so that a tick reads what has become due and nothing of 100,000 earlier invitations.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select, text, update

from nps_bot.storage.any_of import any_of
from nps_bot.storage.tables import Answer, Invitation, Outbox, Response, Wave


@dataclass(frozen=True, slots=True)
class OpenWave:
    """A wave whose people may get a further message."""

    id: int
    survey_key: str
    opens_at: datetime


def open_waves(connection: Connection, now: datetime) -> list[OpenWave]:
    """Return the waves that take answers, have read whom they ask and were not stopped."""
    found = select(Wave.id, Wave.survey_key, Wave.opens_at).where(
        Wave.state == "ready", Wave.closes_at > now, Wave.stopped_at.is_(None)
    )
    return [OpenWave(*row) for row in connection.execute(found.order_by(Wave.id))]


# Every tick runs these for every open wave. The conditions are as the partial indexes have them:
# SQLite uses one only where its very words recur.
_UNREMINDED = (
    select(Invitation.id)
    .where(
        Invitation.wave_id == bindparam("wave"),
        Invitation.asked_at <= bindparam("until"),
        text("reminder_decided_at IS NULL"),
    )
    .order_by(Invitation.asked_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_UNCHASED = (
    select(Invitation.id)
    .join(Response, Response.invitation_id == Invitation.id)
    .where(
        Invitation.wave_id == bindparam("wave"),
        Response.answered_at >= bindparam("since"),
        Response.answered_at <= bindparam("until"),
        text("chaser_decided_at IS NULL"),
    )
    .order_by(Response.answered_at)
    .limit(bindparam("at_most"))
    .with_for_update(of=Invitation, skip_locked=True)
)


def undecided_reminders(
    connection: Connection, wave: OpenWave, asked_until: datetime, limit: int
) -> list[str]:
    """Return invitations asked until a moment of which no reminder was decided; locked."""
    wanted = {"wave": wave.id, "until": asked_until, "at_most": limit}
    return list(connection.scalars(_UNREMINDED, wanted))


def undecided_chasers(
    connection: Connection, wave: OpenWave, answered_until: datetime, limit: int
) -> list[str]:
    """Return invitations answered until a moment of which no chaser was decided; locked."""
    # Nobody answers a wave before it opens: this keeps earlier years out.
    wanted = {"wave": wave.id, "since": wave.opens_at, "until": answered_until, "at_most": limit}
    return list(connection.scalars(_UNCHASED, wanted))


def mark_reminders_decided(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """Record that it was decided whether these invitations get a reminder."""
    connection.execute(_REMINDERS_DECIDED, {"ids": ids, "reminder_decided_at": now})


def mark_chasers_decided(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """Record that it was decided whether the responses to these invitations get a chaser."""
    connection.execute(_CHASERS_DECIDED, {"ids": ids, "chaser_decided_at": now})


_REMINDERS_DECIDED = (
    update(Invitation)
    .where(any_of(Invitation.id, "ids"))
    .values(reminder_decided_at=bindparam("reminder_decided_at"))
)
_CHASERS_DECIDED = (
    update(Response)
    .where(any_of(Response.invitation_id, "ids"))
    .values(chaser_decided_at=bindparam("chaser_decided_at"))
)


def replied(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return those of these invitations whose people wrote anything."""
    return set(connection.scalars(_REPLIED, {"ids": ids}))


def sent(connection: Connection, ids: Collection[str], kind: str) -> set[str]:
    """Return those of these invitations of which a message of ``kind`` (perhaps) was sent."""
    found = connection.scalars(_SENT, {"ids": ids, "kind": kind})
    return {each for each in found if each is not None}


# The dispatcher runs these with the reminders and chasers it carries: see storage.database.
_REPLIED = (
    select(Response.invitation_id)
    .join(Answer, Answer.response_id == Response.id)
    .where(any_of(Response.invitation_id, "ids"))
)
_SENT = select(Outbox.invitation_id).where(
    any_of(Outbox.invitation_id, "ids"),
    Outbox.kind == bindparam("kind"),
    or_(Outbox.ts.is_not(None), Outbox.status.in_(("claimed", "unknown"))),
)
