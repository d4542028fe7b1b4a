"""What tests of respondents share: clicks, and what the database holds after them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.storage.tables import Base, Response, ScoreChange
from tests.factories import NOON
from tests.helpers.asking import ADA, SURVEYS, ask, carry


def stamp(now: datetime) -> int:
    """Return a moment as Slack stamps clicks, in microseconds."""
    return int(now.timestamp() * 1_000_000)


def click(
    connection: Connection,
    invitation: str,
    score: int,
    now: datetime = NOON,
    *,
    person: str = "UADA",
    at: datetime | None = None,
) -> Recorded | Refusal:
    """Click a score; ``at`` is Slack's time of the click where it arrives late."""
    clicked = Click(invitation, person, score, stamp(at or now))
    return record_score(connection, SURVEYS, clicked, now)


def asked_ada(connection: Connection) -> str:
    """Ask Ada; returns her invitation."""
    invitation = ask(connection, ADA)["UADA"]
    carry(connection)
    return invitation


def given(connection: Connection) -> tuple[int, int, datetime | None]:
    """Return the official score, the latest one and when it was changed."""
    row = connection.execute(
        select(Response.score, Response.latest_score, Response.changed_at)
    ).one()
    return row.score, row.latest_score, row.changed_at


def changes(connection: Connection) -> list[tuple[int, int, bool]]:
    rows = connection.execute(
        select(ScoreChange.from_score, ScoreChange.to_score, ScoreChange.counted).order_by(
            ScoreChange.id
        )
    )
    return [(row.from_score, row.to_score, row.counted) for row in rows]


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table))]
        for table in Base.metadata.sorted_tables
    }
