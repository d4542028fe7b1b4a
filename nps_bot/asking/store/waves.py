"""Surveys' memory, wordings and waves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from nps_bot.storage.tables import Invitation, SurveyState, Wave
from nps_bot.storage.upsert import insert_or
from nps_bot.surveys.rules.survey import Anonymity

FORGOTTEN = ""
"""Whom a wave for one person asked, once that person was forgotten. Not None: that is everybody."""


@dataclass(frozen=True, slots=True)
class NewWave:
    """What identifies and steers a wave at its creation."""

    survey_key: str
    nominal: str
    wording_id: int
    kind: str
    opens_at: datetime
    closes_at: datetime
    by_hand: bool = False
    at_once: bool = False
    only_person: str | None = None
    anonymity: Anonymity | None = None


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A wave as services see it."""

    id: int
    survey_key: str
    nominal: str
    wording_id: int
    by_hand: bool
    at_once: bool
    only_person: str | None
    state: str
    cursor: str | None
    opens_at: datetime
    closes_at: datetime
    stopped_at: datetime | None
    stopped_by: str | None
    threshold: int | None
    segment: str | None

    @property
    def anonymity(self) -> Anonymity | None:
        """How its answers are kept without names; None where they have names."""
        return None if self.threshold is None else Anonymity(self.threshold, self.segment)


_WAVES: Select[Any] = select(*(getattr(Wave, name) for name in WaveRow.__dataclass_fields__))


def open_paused(connection: Connection) -> set[int]:
    """Return the open waves of paused surveys."""
    resting = select(SurveyState.key).where(SurveyState.paused_at.is_not(None))
    found = select(Wave.id).where(Wave.state != "closed", Wave.survey_key.in_(resting))
    return set(connection.scalars(found))


def create(connection: Connection, wave: NewWave, now: datetime) -> int | None:
    """Create a wave once; returns its id, or None where (survey, nominal) already exists."""
    return connection.scalar(
        insert_or(connection, Wave)
        .values(
            survey_key=wave.survey_key,
            nominal=wave.nominal,
            wording_id=wave.wording_id,
            kind=wave.kind,
            by_hand=wave.by_hand,
            at_once=wave.at_once,
            only_person=wave.only_person,
            state="resolving",
            opens_at=wave.opens_at,
            closes_at=wave.closes_at,
            created_at=now,
            threshold=wave.anonymity and wave.anonymity.threshold,
            segment=wave.anonymity and wave.anonymity.segment,
        )
        .on_conflict_do_nothing()
        .returning(Wave.id)
    )


def of_nominal(connection: Connection, survey_key: str, nominal: str) -> WaveRow | None:
    """Return the survey's wave of this nominal time, or None."""
    found = _WAVES.where(Wave.survey_key == survey_key, Wave.nominal == nominal)
    row = connection.execute(found).first()
    return None if row is None else WaveRow(*row)


def latest_scheduled(connection: Connection, survey_key: str) -> str | None:
    """Return the nominal time of the survey's latest wave that was not started by hand."""
    return connection.scalar(
        select(func.max(Wave.nominal)).where(Wave.survey_key == survey_key, Wave.by_hand.is_(False))
    )


def any_of(connection: Connection, survey_key: str) -> bool:
    """Return whether the survey ever had a wave."""
    return connection.scalar(select(Wave.id).where(Wave.survey_key == survey_key)) is not None


def resolving(connection: Connection) -> list[WaveRow]:
    """Return the waves whose audience is still being read, oldest first."""
    found = _WAVES.where(Wave.state == "resolving").order_by(Wave.id)
    return [WaveRow(*row) for row in connection.execute(found)]


def find(connection: Connection, wave_id: int) -> WaveRow:
    """Return a wave."""
    return WaveRow(*connection.execute(_WAVES.where(Wave.id == wave_id)).one())


def lock(connection: Connection, wave_id: int) -> WaveRow:
    """Return a wave, locked until the transaction ends."""
    return WaveRow(*connection.execute(_WAVES.where(Wave.id == wave_id).with_for_update()).one())


def keep_open(connection: Connection, invitation_id: str) -> None:
    """Keep the wave of an invitation from closing until the transaction ends."""
    connection.execute(_KEEP_OPEN, {"invitation": invitation_id})


_KEEP_OPEN = (
    select(Wave.id)
    .join(Invitation, Invitation.wave_id == Wave.id)
    .where(Invitation.id == bindparam("invitation"))
    .with_for_update(read=True, of=Wave)
)


def save_cursor(connection: Connection, wave_id: int, cursor: str) -> None:
    """Keep where reading the audience goes on."""
    connection.execute(update(Wave).where(Wave.id == wave_id).values(cursor=cursor))


def mark_ready(
    connection: Connection, wave_id: int, opens_at: datetime, closes_at: datetime
) -> None:
    """Record that the whole audience has been read and when the wave opens and closes."""
    connection.execute(
        update(Wave)
        .where(Wave.id == wave_id)
        .values(state="ready", cursor=None, opens_at=opens_at, closes_at=closes_at)
    )


def earliest_due(connection: Connection, wave_id: int) -> datetime | None:
    """Return when the first invitation of the wave is due; None where there is none."""
    return connection.scalar(
        select(func.min(Invitation.due_at)).where(Invitation.wave_id == wave_id)
    )


def to_close(connection: Connection, known: Collection[str], now: datetime) -> list[WaveRow]:
    """Return the waves whose time is up, or whose survey is not among ``known`` any more."""
    found = (
        _WAVES.where(
            Wave.state != "closed",
            (Wave.closes_at <= now) | Wave.survey_key.not_in(known),
        )
        .order_by(Wave.id)
        # Weaker than what deletes: whoever adds a message of the wave need not wait.
        .with_for_update(key_share=True)
    )
    return [WaveRow(*row) for row in connection.execute(found)]


def close(connection: Connection, wave_id: int, now: datetime) -> None:
    """Close a wave: no answer is taken from here on."""
    connection.execute(update(Wave).where(Wave.id == wave_id).values(state="closed", closed_at=now))


def anonymous_closed_since(connection: Connection, since: datetime) -> list[tuple[int, datetime]]:
    """Return the anonymous waves that closed after a moment, each with when it did."""
    closed = select(Wave.id, Wave.closed_at).where(
        Wave.state == "closed", Wave.threshold.is_not(None), Wave.closed_at > since
    )
    return [(row.id, row.closed_at) for row in connection.execute(closed) if row.closed_at]


def stop(connection: Connection, wave_id: int, by: str | None, now: datetime) -> None:
    """Send nothing more of a wave, and read no further page of its audience."""
    connection.execute(
        update(Wave)
        .where(Wave.id == wave_id)
        .values(state="ready", cursor=None, stopped_at=now, stopped_by=by)
    )


def stopped(connection: Connection) -> set[int]:
    """Return the ids of the stopped waves that still take answers."""
    found = select(Wave.id).where(Wave.state != "closed", Wave.stopped_at.is_not(None))
    return set(connection.scalars(found))


def forget_stopper(connection: Connection, person_id: str) -> None:
    """Forget that it was this person who stopped waves."""
    connection.execute(update(Wave).where(Wave.stopped_by == person_id).values(stopped_by=None))


def forget_only_person(connection: Connection, person_id: str, now: datetime) -> None:
    """Forget whom alone waves asked: they ask nobody any more, and stay apart from the others."""
    alone = update(Wave).where(Wave.only_person == person_id)
    connection.execute(alone.where(Wave.state != "closed").values(state="closed", closed_at=now))
    connection.execute(alone.values(only_person=FORGOTTEN))
