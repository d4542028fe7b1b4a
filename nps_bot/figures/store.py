"""What reports and summaries read: sums made by the database, not row by row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    SQLColumnExpression,
    func,
    null,
    or_,
    select,
    union_all,
)

from nps_bot.storage.tables import (
    Answer,
    ChannelPost,
    Invitation,
    Person,
    Response,
    ScoreChange,
    Wave,
)


@dataclass(frozen=True, slots=True)
class WaveHead:
    """A wave as a report names it."""

    id: int
    survey_key: str
    nominal: str
    kind: str
    wording_id: int
    state: str
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    threshold: int | None = None
    segment: str | None = None

    @property
    def anonymous(self) -> bool:
        """Whether its answers are kept without names, and shown through the domain's privacy."""
        return self.threshold is not None

    @property
    def day(self) -> date:
        """The local day the wave stands for."""
        return date.fromisoformat(self.nominal[:10])


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were asked, and how often each score was given.

    Attributes:
        asked: people asked; whoever answered was asked, even while Slack's receipt is outstanding.
        scores: number of responses by official score; scores nobody gave are absent.
    """

    asked: int
    scores: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which responses count: those of one wave, or those of a time. Anonymous waves have none.

    Attributes:
        survey_key: whose responses.
        kind: kinds are never pooled.
        wave_id: where set, this wave's, and the times do not matter.
        start: from this moment on.
        end: before this moment.
    """

    survey_key: str
    kind: str
    wave_id: int | None = None
    start: datetime | None = None
    end: datetime | None = None

    def within(self, moment: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        """Return the condition that ``moment`` lies in this scope; an unknown moment does not."""
        condition: ColumnElement[bool] = moment.is_not(None)
        if self.wave_id is not None:
            return condition
        if self.start is not None:
            condition &= moment >= self.start
        if self.end is not None:
            condition &= moment < self.end
        return condition

    def waves(self) -> ColumnElement[bool]:
        """Return the condition that a wave belongs to this scope."""
        if self.wave_id is not None:
            return Wave.id == self.wave_id
        named = Wave.threshold.is_(None)
        return (Wave.survey_key == self.survey_key) & (Wave.kind == self.kind) & named


_HEAD = tuple(getattr(Wave, name) for name in WaveHead.__dataclass_fields__)
_WHO = func.coalesce(Invitation.person_id, Invitation.id)
"""One value per person; somebody forgotten cannot be linked across waves any more."""


def head(connection: Connection, wave_id: int) -> WaveHead | None:
    """Return a wave, or None where there is no such wave."""
    row = connection.execute(select(*_HEAD).where(Wave.id == wave_id)).first()
    return None if row is None else WaveHead(*row)


def asked_waves(
    connection: Connection,
    survey_key: str,
    limit: int,
    *,
    before: WaveHead | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[WaveHead]:
    """Return the newest waves in which somebody was asked, newest first.

    Waves for one named person are left out: they say nothing about the audience.

    Args:
        connection: an open connection.
        survey_key: whose waves.
        limit: how many at most.
        before: where given, only waves that opened before this one.
        start: where given, only waves that opened from this moment on.
        end: where given, only waves that opened before this moment.
    """
    asked = select(Invitation.id).where(
        Invitation.wave_id == Wave.id, Invitation.asked_at.is_not(None)
    )
    posted = select(ChannelPost.id).where(
        ChannelPost.wave_id == Wave.id, ChannelPost.posted_at.is_not(None)
    )
    found = select(*_HEAD).where(
        Wave.survey_key == survey_key,
        Wave.only_person.is_(None),
        or_(asked.exists(), posted.exists()),
    )
    if before is not None:
        same_time = (Wave.opens_at == before.opens_at) & (Wave.id < before.id)
        found = found.where(or_(Wave.opens_at < before.opens_at, same_time))
    if start is not None:
        found = found.where(Wave.opens_at >= start)
    if end is not None:
        found = found.where(Wave.opens_at < end)
    rows = connection.execute(found.order_by(Wave.opens_at.desc(), Wave.id.desc()).limit(limit))
    return [WaveHead(*row) for row in rows]


def open_waves(connection: Connection, survey_keys: Collection[str]) -> list[WaveHead]:
    """Return the waves of these surveys that are not closed, oldest first."""
    found = select(*_HEAD).where(Wave.state != "closed", Wave.survey_key.in_(survey_keys))
    return [WaveHead(*row) for row in connection.execute(found.order_by(Wave.opens_at, Wave.id))]


def wave_tallies(connection: Connection, wave_ids: Collection[int]) -> dict[int, Tally]:
    """Return the tally of each wave, by id; a wave that asked nobody has an empty one."""
    rows = connection.execute(
        select(Invitation.wave_id, Response.score, func.count())
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(
            Invitation.wave_id.in_(wave_ids),
            or_(Invitation.asked_at.is_not(None), Response.id.is_not(None)),
        )
        .group_by(Invitation.wave_id, Response.score)
    )
    asked = dict.fromkeys(wave_ids, 0)
    scores: dict[int, dict[int, int]] = {wave_id: {} for wave_id in wave_ids}
    for wave_id, score, number in rows:
        asked[wave_id] += number
        if score is not None:
            scores[wave_id][score] = number
    return {wave_id: Tally(asked[wave_id], scores[wave_id]) for wave_id in wave_ids}


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


@dataclass(frozen=True, slots=True)
class EarlierScore:
    """The official score of an earlier response."""

    score: int
    answered_at: datetime


def earlier_scores(
    connection: Connection, survey_key: str, person_id: str, before: datetime, limit: int
) -> list[EarlierScore]:
    """Return a person's scores in the survey given before a moment, newest first."""
    rows = connection.execute(
        select(Response.score, Response.answered_at)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(
            Wave.survey_key == survey_key,
            Invitation.person_id == person_id,
            Response.answered_at < before,
        )
        .order_by(Response.answered_at.desc())
        .limit(limit)
    )
    return [EarlierScore(*row) for row in rows]


def first_score(connection: Connection, response_id: str) -> int | None:
    """Return what a response first said; None where it was never changed."""
    return connection.scalar(
        select(ScoreChange.from_score)
        .where(ScoreChange.response_id == response_id)
        .order_by(ScoreChange.action_ts)
        .limit(1)
    )
