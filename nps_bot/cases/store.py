"""Cases: which detractors somebody takes care of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, delete, func, select, update

from nps_bot.storage.counting import how_many
from nps_bot.storage.tables import Case, Invitation, Outbox, Person, Response, Wave
from nps_bot.storage.upsert import insert_rows, rows_of


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as it stands."""

    claimed_by: str | None
    claimed_at: datetime | None
    contacted_by: str | None
    contacted_at: datetime | None
    withdrawn_at: datetime | None


def find(connection: Connection, response_id: str) -> CaseRow | None:
    """Return the case a response opened, or None."""
    row = connection.execute(
        select(
            Case.claimed_by,
            Case.claimed_at,
            Case.contacted_by,
            Case.contacted_at,
            Case.withdrawn_at,
        ).where(Case.response_id == response_id)
    ).first()
    return None if row is None else CaseRow(*row)


def open_cases(connection: Connection, response_ids: Iterable[str], now: datetime) -> None:
    """Open the cases of responses, or open them again after a withdrawal."""
    rows = [{"response_id": one, "opened_at": now} for one in response_ids]
    if rows:
        dialect = connection.dialect.name
        connection.execute(_opening(dialect), rows_of(dialect, rows))


@cache  # every detractor's click runs it: see storage.database
def _opening(dialect: str) -> Executable:
    return insert_rows(dialect, Case, ("response_id", "opened_at")).on_conflict_do_update(
        index_elements=[Case.response_id], set_={"withdrawn_at": None}
    )


def withdraw(connection: Connection, response_id: str, now: datetime) -> None:
    """Record that a corrected score took the reason for the case away."""
    connection.execute(
        update(Case)
        .where(Case.response_id == response_id, Case.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )


def claim(connection: Connection, response_id: str, person_id: str, now: datetime) -> bool:
    """Claim a case for a person; False where it is claimed already."""
    claimed = connection.execute(
        update(Case)
        .where(Case.response_id == response_id, Case.claimed_by.is_(None))
        .values(claimed_by=person_id, claimed_at=now)
    )
    return claimed.rowcount == 1


def mark_contacted(connection: Connection, response_id: str, person_id: str, now: datetime) -> bool:
    """Record who contacted the person; False where it was recorded already."""
    marked = connection.execute(
        update(Case)
        .where(Case.response_id == response_id, Case.contacted_by.is_(None))
        .values(contacted_by=person_id, contacted_at=now)
    )
    return marked.rowcount == 1


def erase(connection: Connection, response_ids: Collection[str]) -> None:
    """Delete the cases of responses."""
    connection.execute(delete(Case).where(Case.response_id.in_(response_ids)))


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
    return [OpenCase(*row) for row in rows], how_many(connection, found)


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
