"""Waves as everybody names them, how far they have got, and which responses count together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, func, or_, select

from nps_bot.storage.tables import ChannelPost, Invitation, Response, Wave


@dataclass(frozen=True, slots=True)
class WaveHead:
    """A wave as reports, previews and lists name it."""

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
