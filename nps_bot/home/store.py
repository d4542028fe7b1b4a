"""What status and Home read: what went wrong, and whom nobody takes care of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from nps_bot.storage.tables import Case, Invitation, Outbox, Person, Response, SurveyState, Wave


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
    return [Trouble(*row) for row in connection.execute(found.limit(limit))], _how_many(
        connection, found
    )


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case nobody has claimed, and where its alert stands in Slack (None: not yet)."""

    invitation_id: str
    survey_key: str
    wording_id: int
    person_id: str
    person_name: str | None
    account: str | None
    score: int
    opened_at: datetime
    channel: str | None
    ts: str | None


def unclaimed_cases(
    connection: Connection, survey_keys: Collection[str], alert: str, limit: int
) -> tuple[list[OpenCase], int]:
    """Return the cases nobody claimed or handled, the longest waiting first, and how many.

    Args:
        connection: an open connection.
        survey_keys: whose cases.
        alert: the kind of message an alert is.
        limit: how many to return at most.
    """
    found = (
        select(
            Invitation.id,
            Wave.survey_key,
            Wave.wording_id,
            Invitation.person_id,
            Person.name,
            Person.account,
            Response.latest_score,
            Case.opened_at,
            Outbox.channel,
            Outbox.ts,
        )
        .select_from(Case)
        .join(Response, Response.id == Case.response_id)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Outbox, (Outbox.invitation_id == Invitation.id) & (Outbox.kind == alert))
        .where(Wave.survey_key.in_(survey_keys), *_UNCLAIMED)
        .order_by(Case.opened_at, Invitation.id)
    )
    rows = [tuple(row) for row in connection.execute(found.limit(limit))]
    return [OpenCase(*row) for row in rows], _how_many(connection, found)


def unclaimed_by_survey(connection: Connection) -> dict[str, int]:
    """Return how many cases nobody claimed or handled, by survey; one without any is absent."""
    rows = connection.execute(
        select(Wave.survey_key, func.count())
        .select_from(Case)
        .join(Response, Response.id == Case.response_id)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(*_UNCLAIMED)
        .group_by(Wave.survey_key)
    )
    return dict(rows.all())


_UNCLAIMED = (
    Case.claimed_at.is_(None),
    Case.contacted_at.is_(None),
    Case.withdrawn_at.is_(None),
    Invitation.person_id.is_not(None),
)


def _how_many(connection: Connection, found: Select[*tuple[Any, ...]]) -> int:
    return connection.execute(
        select(func.count()).select_from(found.order_by(None).subquery())
    ).scalar_one()


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when a survey rests, and who paused it."""

    at: datetime
    by: str | None


def pauses(connection: Connection, survey_keys: Collection[str]) -> dict[str, Pause]:
    """Return the paused ones of these surveys."""
    rows = connection.execute(
        select(SurveyState.key, SurveyState.paused_at, SurveyState.paused_by).where(
            SurveyState.key.in_(survey_keys), SurveyState.paused_at.is_not(None)
        )
    )
    return {key: Pause(at, by) for key, at, by in rows if at is not None}


@dataclass(frozen=True, slots=True)
class OwnResponse:
    """A response of one person, for that person to look at."""

    invitation_id: str
    survey_key: str
    wording_id: int
    wave_state: str
    closes_at: datetime
    response_id: str
    latest_score: int
    answered_at: datetime


def own_responses(
    connection: Connection, person_id: str, limit: int
) -> tuple[list[OwnResponse], int]:
    """Return a person's latest responses, newest first, and how many there are."""
    found = (
        select(
            Invitation.id,
            Wave.survey_key,
            Wave.wording_id,
            Wave.state,
            Wave.closes_at,
            Response.id.label("response_id"),
            Response.latest_score,
            Response.answered_at,
        )
        .join(Wave, Wave.id == Invitation.wave_id)
        .join(Response, Response.invitation_id == Invitation.id)
        .where(Invitation.person_id == person_id)
        .order_by(Response.answered_at.desc(), Invitation.id)
    )
    rows = connection.execute(found.limit(limit))
    return [OwnResponse(*row) for row in rows], _how_many(connection, found)
