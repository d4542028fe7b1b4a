"""What the contact budget is decided from: who got what and when, and since when they are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from nps_bot.asking.rules.budget import Contact
from nps_bot.asking.rules.message_types import PROMPT
from nps_bot.storage.any_of import any_of
from nps_bot.storage.tables import (
    Invitation,
    Moment,
    Outbox,
    Response,
    Sighting,
    SurveyState,
    Wave,
    WaveExclusion,
)
from nps_bot.storage.upsert import insert_or

LOOKED_BACK = timedelta(days=100)
"""How much longer than a limit it can be since somebody was due: a wave is open for ninety days at
most, and what limits count from happens while it is."""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact with whose it is and how its question stands.

    Attributes:
        in_flight: its question is being posted, or nobody knows whether it was.
    """

    person_id: str
    invitation_id: str
    due_at: datetime
    in_flight: bool
    contact: Contact


_PROMPT = (Outbox.invitation_id == Invitation.id) & (Outbox.kind == PROMPT.name)
_LEASED = text("outbox.status IN ('claimed', 'unknown')")
"""As the partial index has it: see delivery.store.claims."""
_ON_ITS_WAY = Outbox.status.in_(("pending", "claimed", "unknown"))
# Every page of an audience and every batch of prompts runs it: see storage.database.
_CONTACTS = (
    select(
        Invitation.person_id,
        Invitation.id,
        Invitation.due_at,
        Invitation.asked_at,
        Invitation.further_at,
        Invitation.dismissed_at,
        Wave.survey_key,
        Wave.state,
        Wave.closes_at,
        Response.answered_at,
        Outbox.status,
        Outbox.due_at,
        Wave.threshold,
    )
    .join(Wave, Wave.id == Invitation.wave_id)
    .outerjoin(Response, Response.invitation_id == Invitation.id)
    .outerjoin(Outbox, _PROMPT)
    .where(
        any_of(Invitation.person_id, "people"),
        Invitation.due_at > bindparam("since", type_=Moment()),
        or_(Invitation.asked_at.is_not(None), Response.id.is_not(None), _ON_ITS_WAY),
    )
    .order_by(Invitation.due_at, Invitation.id)
)


def of_people(
    connection: Connection, people: Collection[str], since: datetime
) -> dict[str, list[ContactRow]]:
    """Return the contacts of people, oldest first, by person; those without any are absent.

    Args:
        connection: an open connection.
        people: whose.
        since: contacts that can matter only to what was before are left out; see
            :data:`LOOKED_BACK`.
    """
    found: dict[str, list[ContactRow]] = {}
    wanted = {"people": list(people), "since": since - LOOKED_BACK}
    for row in connection.execute(_CONTACTS, wanted):
        asked = _asked(tuple(row))
        found.setdefault(asked.person_id, []).append(asked)
    return found


def _asked(row: Sequence[Any]) -> ContactRow:
    person_id, invitation_id, due_at, asked_at, further_at, dismissed_at = row[:6]
    survey_key, state, closes_at, answered_at, status, leaves_at, threshold = row[6:]
    is_open = answered_at is None and dismissed_at is None and state != "closed"
    contact = Contact(
        survey=survey_key,
        asked_at=asked_at or leaves_at or due_at,
        further_at=further_at,
        answered_at=answered_at,
        open_until=closes_at if is_open else None,
        planned=asked_at is None and answered_at is None,
        lost=asked_at is None and answered_at is None and status == "unknown",
        anonymous=threshold is not None,
    )
    in_flight = status in ("claimed", "unknown")
    return ContactRow(person_id, invitation_id, due_at, in_flight, contact)


# --- who is known since when ------------------------------------------------------------------


def see(
    connection: Connection, people: Collection[str], first_seen: datetime | None
) -> dict[str, datetime | None]:
    """Take note of people and keep them from others until the transaction ends.

    Args:
        connection: an open transaction.
        people: who was seen, in an audience that is being read.
        first_seen: kept of those nobody has seen before; None where they are no newcomers.

    Returns:
        Since when each of them is known.
    """
    if not people:
        return {}
    new = [{"person_id": one, "first_seen_at": first_seen} for one in sorted(people)]
    connection.execute(insert_or(connection, Sighting).on_conflict_do_nothing(), new)
    # In the order of their ids, so that two processes do not wait for each other.
    locked = _SIGHTINGS.order_by(Sighting.person_id).with_for_update()
    rows = connection.execute(locked, {"people": list(people)})
    return {row.person_id: row.first_seen_at for row in rows}


_SIGHTINGS = select(Sighting.person_id, Sighting.first_seen_at).where(
    any_of(Sighting.person_id, "people")
)


def first_seen(connection: Connection, people: Collection[str]) -> dict[str, datetime | None]:
    """Return since when people are known; those nobody has seen are absent."""
    rows = connection.execute(_SIGHTINGS, {"people": list(people)})
    return {row.person_id: row.first_seen_at for row in rows}


def was_read(connection: Connection, survey_key: str) -> bool:
    """Return whether the whole audience of a survey was ever read."""
    read_at = select(SurveyState.first_read_at).where(SurveyState.key == survey_key)
    return connection.scalar(read_at) is not None


def mark_read(connection: Connection, survey_key: str, now: datetime) -> None:
    """Record that the whole audience of a survey was read; the first time counts."""
    connection.execute(
        update(SurveyState)
        .where(SurveyState.key == survey_key, SurveyState.first_read_at.is_(None))
        .values(first_read_at=now)
    )


def begin_look(connection: Connection, survey_key: str, *, before: datetime, now: datetime) -> bool:
    """Record that somebody looks who is new in an audience; False where that was done lately.

    Args:
        connection: an open transaction.
        survey_key: whose audience.
        before: the last look must have been until then.
        now: the current moment.
    """
    due = or_(SurveyState.looked_at.is_(None), SurveyState.looked_at <= before)
    looking = update(SurveyState).where(SurveyState.key == survey_key, due).values(looked_at=now)
    return connection.execute(looking).rowcount == 1


# --- what became of a wave's audience ---------------------------------------------------------


def waves_before(connection: Connection, survey_key: str, wave_id: int | None = None) -> int:
    """Return how many waves for everybody a survey had: before one of them, or in all."""
    waves = select(func.count()).where(Wave.survey_key == survey_key, Wave.only_person.is_(None))
    if wave_id is not None:
        waves = waves.where(Wave.id < wave_id)
    return connection.scalar(waves) or 0


def due_moments(connection: Connection, survey_key: str, since: datetime) -> dict[datetime, int]:
    """Return how many invitations of a survey are due at which moment, from one on.

    Those that a stopped wave did not send take up no day's room.
    """
    rows = connection.execute(
        select(Invitation.due_at, func.count())
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(
            Wave.survey_key == survey_key,
            Invitation.due_at >= since,
            or_(Wave.stopped_at.is_(None), Invitation.asked_at.is_not(None)),
        )
        .group_by(Invitation.due_at)
    )
    return {row[0]: row[1] for row in rows}


def lock_survey(connection: Connection, survey_key: str) -> None:
    """Keep others from giving away days of a survey until the transaction ends."""
    locked = select(SurveyState.key).where(SurveyState.key == survey_key)
    connection.execute(locked.with_for_update())


def asked_since(
    connection: Connection, survey_key: str, since: datetime, but: Collection[str]
) -> int:
    """Return how many people got, or perhaps get, the first question of a survey since a moment.

    ``but`` are invitations that do not count.
    """
    asked = (
        select(func.count())
        .select_from(Invitation)
        .join(Wave, Wave.id == Invitation.wave_id)
        .where(Wave.survey_key == survey_key, Wave.closes_at > since, Invitation.asked_at >= since)
    )
    in_flight = select(func.count()).where(
        _LEASED,
        Outbox.kind == PROMPT.name,
        Outbox.survey_key == survey_key,
        Outbox.ts.is_(None),
        Outbox.claimed_at >= since,
        Outbox.invitation_id.not_in(but),
    )
    return (connection.scalar(asked) or 0) + (connection.scalar(in_flight) or 0)


def waves_for_one(connection: Connection, wave_ids: Collection[int]) -> set[int]:
    """Return those waves that ask one person alone."""
    alone = Wave.only_person.is_not(None)
    return set(connection.scalars(select(Wave.id).where(Wave.id.in_(wave_ids), alone)))


def count_excluded(connection: Connection, wave_id: int, reasons: Mapping[str, int]) -> None:
    """Add to how many people a wave does not ask, by reason."""
    statement = insert_or(connection, WaveExclusion)
    rows = [
        {"wave_id": wave_id, "reason": reason, "people": people}
        for reason, people in sorted(reasons.items())
    ]
    if rows:
        more = {"people": WaveExclusion.people + statement.excluded.people}
        columns = [WaveExclusion.wave_id, WaveExclusion.reason]
        connection.execute(statement.on_conflict_do_update(index_elements=columns, set_=more), rows)


def excluded(connection: Connection, wave_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return how many people each wave did not ask, by wave and reason."""
    found: dict[int, dict[str, int]] = {}
    rows = connection.execute(
        select(WaveExclusion.wave_id, WaveExclusion.reason, WaveExclusion.people)
        .where(WaveExclusion.wave_id.in_(list(wave_ids)))
        .order_by(WaveExclusion.reason)
    )
    for wave_id, reason, people in rows:
        found.setdefault(wave_id, {})[reason] = people
    return found
