"""What is kept of surveys: since when a cadence holds, who paused them, and their wordings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from nps_bot.storage.tables import StoredWording, SurveyState
from nps_bot.storage.upsert import insert_or
from nps_bot.surveys.rules.survey import Wording
from nps_bot.surveys.rules.wording import wording_digest, wording_document, wording_from_document


def see_survey(connection: Connection, key: str, cadence: str, now: datetime) -> None:
    """Remember that a survey exists; a changed cadence counts from now, so it missed nothing."""
    statement = insert_or(connection, SurveyState).values(
        key=key, cadence=cadence, cadence_since=now
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[SurveyState.key],
            set_={"cadence": cadence, "cadence_since": now},
            where=SurveyState.cadence != cadence,
        )
    )


def cadences_since(connection: Connection) -> dict[str, datetime]:
    """Return for each unpaused survey since when its cadence has held, always in one order."""
    rows = connection.execute(
        select(SurveyState.key, SurveyState.cadence_since)
        .where(SurveyState.paused_at.is_(None))
        .order_by(SurveyState.key)
    )
    return {row.key: row.cadence_since for row in rows}


def is_paused(connection: Connection, key: str) -> bool:
    """Return whether the survey is paused."""
    return key in paused(connection)


def paused(connection: Connection) -> set[str]:
    """Return the keys of the paused surveys."""
    return set(connection.scalars(_PAUSED))


_PAUSED = select(SurveyState.key).where(SurveyState.paused_at.is_not(None))


def set_paused(connection: Connection, key: str, by: str | None, now: datetime | None) -> bool:
    """Pause (``now`` given) or resume a survey; returns whether that changed anything."""
    unchanged = SurveyState.paused_at.is_not(None) if now else SurveyState.paused_at.is_(None)
    changed = connection.execute(
        update(SurveyState)
        .where(SurveyState.key == key, ~unchanged)
        .values(paused_at=now, paused_by=by)
    )
    return changed.rowcount == 1


def store_wording(connection: Connection, survey_key: str, wording: Wording) -> int:
    """Return the id of this wording of the survey, storing it when it is new."""
    digest = wording_digest(wording)
    connection.execute(
        insert_or(connection, StoredWording)
        .values(survey_key=survey_key, digest=digest, document=wording_document(wording))
        .on_conflict_do_nothing()
    )
    return connection.execute(
        select(StoredWording.id).where(
            StoredWording.survey_key == survey_key, StoredWording.digest == digest
        )
    ).scalar_one()


def load_wording(connection: Connection, wording_id: int) -> Wording:
    """Return a stored wording."""
    return wording_from_document(
        connection.execute(
            select(StoredWording.document).where(StoredWording.id == wording_id)
        ).scalar_one()
    )


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
