"""What reports and summaries read: sums made by the database, not row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    Select,
    func,
    null,
    or_,
    select,
    union_all,
)

from nps_bot.asking.store.wave_heads import Scope, Tally
from nps_bot.storage.tables import Answer, Invitation, Person, Response, Wave

_WHO = func.coalesce(Invitation.person_id, Invitation.id)
"""One value per person; somebody forgotten cannot be linked across waves any more."""


def period_tally(connection: Connection, scope: Scope) -> Tally:
    """Return the tally of a time: each person once, with the latest response given in it.

    Asked are the people who were asked in that time, or answered in it.
    """
    latest = _latest(scope).subquery()
    scores = connection.execute(select(latest.c.score, func.count()).group_by(latest.c.score))
    asked = connection.execute(
        select(func.count(func.distinct(_WHO)))
        .select_from(Invitation)
        .join(Wave, Wave.id == Invitation.wave_id)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(
            scope.waves(),
            or_(scope.within(Invitation.asked_at), scope.within(Response.answered_at)),
        )
    ).scalar_one()
    return Tally(asked, dict(scores.all()))


def in_both(connection: Connection, now: Scope, before: Scope) -> dict[tuple[int, int], int]:
    """Return how many people answered in both scopes, by (score now, score before).

    Grouped by person instead of joined: SQLite would compare everybody with everybody.
    """
    one, other = _latest(now).subquery(), _latest(before).subquery()
    everybody = union_all(
        select(one.c.who, one.c.score.label("now"), null().label("before")),
        select(other.c.who, null(), other.c.score),
    ).subquery()
    score_now, score_before = func.max(everybody.c.now), func.max(everybody.c.before)
    people = (
        select(score_now.label("now"), score_before.label("before"))
        .group_by(everybody.c.who)
        .having(score_now.is_not(None), score_before.is_not(None))
        .subquery()
    )
    rows = connection.execute(
        select(people.c.now, people.c.before, func.count()).group_by(people.c.now, people.c.before)
    )
    return {(score, earlier): number for score, earlier, number in rows}


def _latest(scope: Scope) -> Select[str, int]:
    """Select each person of ``scope`` once (``who``), with the latest ``score`` given in it."""
    newest_first = func.row_number().over(
        partition_by=_WHO, order_by=(Response.answered_at.desc(), Invitation.wave_id.desc())
    )
    ranked = (
        select(_WHO.label("who"), Response.score, newest_first.label("place"))
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(scope.waves(), scope.within(Response.answered_at))
        .subquery()
    )
    return select(ranked.c.who, ranked.c.score).where(ranked.c.place == 1)


def wordings_in(connection: Connection, scope: Scope) -> list[int]:
    """Return the ids of the wordings that the responses of ``scope`` answered."""
    return list(
        connection.scalars(
            select(Wave.wording_id)
            .join(Invitation, Invitation.wave_id == Wave.id)
            .join(Response, Response.invitation_id == Invitation.id)
            .where(scope.waves(), scope.within(Response.answered_at))
            .distinct()
        )
    )


@dataclass(frozen=True, slots=True)
class Recovery:
    """How many people changed their mind after the official score was fixed."""

    up: int
    down: int


def recovery(connection: Connection, scope: Scope) -> Recovery:
    """Count the responses whose latest score is above or below the official one."""
    rows = connection.execute(
        select(Response.latest_score > Response.score, func.count())
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(
            scope.waves(),
            scope.within(Response.answered_at),
            Response.latest_score != Response.score,
        )
        .group_by(Response.latest_score > Response.score)
    )
    counted = {bool(rose): number for rose, number in rows}
    return Recovery(up=counted.get(True, 0), down=counted.get(False, 0))


@dataclass(frozen=True, slots=True)
class Comment:
    """A reply somebody wrote, with the official score of the response it belongs to."""

    person_id: str
    person_name: str | None
    account: str | None
    score: int
    question: str
    text: str
    written_at: datetime


def comments(connection: Connection, scope: Scope, limit: int) -> list[Comment]:
    """Return the latest replies, newest first; forgotten people have none."""
    rows = connection.execute(
        select(
            Invitation.person_id,
            Person.name,
            Person.account,
            Response.score,
            Answer.question,
            Answer.text,
            Answer.written_at,
        )
        .join(Response, Response.id == Answer.response_id)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .where(
            scope.waves(),
            scope.within(Response.answered_at),
            Invitation.person_id.is_not(None),
        )
        .order_by(Answer.written_at.desc(), Answer.id)
        .limit(limit)
    )
    return [Comment(*row) for row in rows]  # type: ignore[arg-type]  # the person is known: above


def number_of_comments(connection: Connection, scope: Scope) -> int:
    """Return how many replies there are in all."""
    return connection.execute(
        select(func.count())
        .select_from(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(
            scope.waves(),
            scope.within(Response.answered_at),
            Invitation.person_id.is_not(None),
        )
    ).scalar_one()
