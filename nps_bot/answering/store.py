"""Responses, their history and the replies to follow-ups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, delete, insert, select, update

from nps_bot.storage.counting import how_many
from nps_bot.storage.tables import Answer, Invitation, Response, ScoreChange, Wave
from nps_bot.storage.upsert import insert_or, insert_rows, rows_of


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote, with the question it answers."""

    question_key: str
    question: str
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class NewResponse:
    """A first score."""

    id: str
    invitation_id: str
    score: int
    action_ts: int
    answered_at: datetime
    correctable_until: datetime


def add(connection: Connection, new: Iterable[NewResponse]) -> set[str]:
    """Insert first scores; returns the ids of those that were, because nobody else's was first."""
    rows = [
        {
            "id": one.id,
            "invitation_id": one.invitation_id,
            "score": one.score,
            "latest_score": one.score,
            "action_ts": one.action_ts,
            "answered_at": one.answered_at,
            "correctable_until": one.correctable_until,
        }
        for one in new
    ]
    if not rows:
        return set()
    dialect = connection.dialect.name
    return set(connection.scalars(_adding(dialect), rows_of(dialect, rows)))


@cache  # every click runs it: see storage.database
def _adding(dialect: str) -> Executable:
    columns = [*(one.name for one in fields(NewResponse)), "latest_score"]
    statement = insert_rows(dialect, Response, columns)
    return statement.on_conflict_do_nothing().returning(Response.id)


@dataclass(frozen=True, slots=True)
class Change:
    """A newer score for a response; ``counted`` is false once corrections are over."""

    response_id: str
    from_score: int
    to_score: int
    action_ts: int
    counted: bool


def change(connection: Connection, new: Change, now: datetime) -> None:
    """Store a newer score and keep the one it replaces in the history."""
    values: dict[str, object] = {
        "latest_score": new.to_score,
        "action_ts": new.action_ts,
        "changed_at": now,
    }
    if new.counted:
        values["score"] = new.to_score
    connection.execute(update(Response).where(Response.id == new.response_id).values(values))
    connection.execute(
        insert(ScoreChange).values(
            response_id=new.response_id,
            from_score=new.from_score,
            to_score=new.to_score,
            action_ts=new.action_ts,
            changed_at=now,
            counted=new.counted,
        )
    )


def touch_click(connection: Connection, response_id: str, action_ts: int) -> None:
    """Record a newer click that repeats the score, so that an older one cannot undo it."""
    connection.execute(
        update(Response).where(Response.id == response_id).values(action_ts=action_ts)
    )


def end_corrections(connection: Connection, invitation_id: str, now: datetime) -> None:
    """From ``now`` on the standing score is the one that counts."""
    connection.execute(
        update(Response)
        .where(Response.invitation_id == invitation_id, Response.correctable_until > now)
        .values(correctable_until=now)
    )


def set_no_contact(connection: Connection, response_id: str, now: datetime) -> None:
    """Record *Please don't contact me*."""
    connection.execute(update(Response).where(Response.id == response_id).values(no_contact_at=now))


def replies(connection: Connection, response_id: str) -> list[Reply]:
    """Return the replies of a response in the order of their questions."""
    rows = connection.execute(
        select(Answer.question_key, Answer.question, Answer.text, Answer.position)
        .where(Answer.response_id == response_id)
        .order_by(Answer.position, Answer.id)
    )
    return [Reply(*row) for row in rows]


def save_replies(
    connection: Connection, response_id: str, new: Iterable[Reply], now: datetime
) -> None:
    """Store or edit replies; an emptied reply is deleted."""
    for reply in new:
        if not reply.text:
            connection.execute(
                delete(Answer).where(
                    Answer.response_id == response_id, Answer.question_key == reply.question_key
                )
            )
            continue
        statement = insert_or(connection, Answer).values(
            response_id=response_id,
            question_key=reply.question_key,
            question=reply.question,
            text=reply.text,
            position=reply.position,
            written_at=now,
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[Answer.response_id, Answer.question_key],
                set_={
                    name: statement.excluded[name]
                    for name in ("question", "text", "position", "written_at")
                },
            )
        )


def erase(connection: Connection, response_id: str) -> None:
    """Delete a response with its history and replies."""
    for table in (Answer, ScoreChange):
        connection.execute(delete(table).where(table.response_id == response_id))
    connection.execute(delete(Response).where(Response.id == response_id))


def forget_person(connection: Connection, person_id: str) -> None:
    """Delete what a person wrote and how their scores changed. Scores stay for the sums."""
    theirs = select(Invitation.id).where(Invitation.person_id == person_id)
    responses = select(Response.id).where(Response.invitation_id.in_(theirs))
    for table in (Answer, ScoreChange):
        connection.execute(delete(table).where(table.response_id.in_(responses)))


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
    return [OwnResponse(*row) for row in rows], how_many(connection, found)


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
