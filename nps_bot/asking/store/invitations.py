"""Invitations: who is asked in which wave, and everything a click needs to know about one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, func, insert, select, update

from nps_bot.storage.any_of import any_of
from nps_bot.storage.tables import Ballot, Invitation, Person, Response, Wave
from nps_bot.surveys.rules.survey import Anonymity

VOTED: ColumnElement[bool] = (
    select(Ballot.invitation_id).where(Ballot.invitation_id == Invitation.id).exists()
)
"""That an invitation was answered, for statements about invitations."""


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """A person who is due in a wave, and when."""

    id: str
    person_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The response to an invitation, as it stands."""

    id: str
    score: int
    latest_score: int
    action_ts: int
    answered_at: datetime
    correctable_until: datetime
    no_contact_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationState:
    """An invitation with its wave, its person and, once given, its response.

    An anonymous one never has a response: ``voted`` says that it was answered.

    ``person_id`` is None once the person was forgotten; ``time_zone`` falls back to UTC then.
    """

    id: str
    person_id: str | None
    asked_at: datetime | None
    snoozed_at: datetime | None
    dismissed_at: datetime | None
    wave_id: int
    survey_key: str
    kind: str
    wording_id: int
    wave_state: str
    at_once: bool
    closes_at: datetime
    person_name: str | None
    time_zone: str | None
    dm_channel: str | None
    account: str | None
    account_owner: str | None
    stopped_at: datetime | None
    threshold: int | None
    segment: str | None
    voted: bool
    response: StoredResponse | None

    @property
    def anonymity(self) -> Anonymity | None:
        """How its answer is kept without a name; None where it has one."""
        return None if self.threshold is None else Anonymity(self.threshold, self.segment)

    @property
    def answered(self) -> bool:
        """Whether there is an answer, whoever may know which."""
        return self.voted or self.response is not None

    def closed(self, now: datetime) -> bool:
        """Return whether the wave takes no answers any more."""
        return self.wave_state == "closed" or self.closes_at <= now


_INVITATION: tuple[Any, ...] = (
    Invitation.id,
    Invitation.person_id,
    Invitation.asked_at,
    Invitation.snoozed_at,
    Invitation.dismissed_at,
    Wave.id,
    Wave.survey_key,
    Wave.kind,
    Wave.wording_id,
    Wave.state,
    Wave.at_once,
    Wave.closes_at,
    Person.name,
    Person.time_zone,
    Person.dm_channel,
    Person.account,
    Person.account_owner,
    Wave.stopped_at,
    Wave.threshold,
    Wave.segment,
    VOTED,
)
_GIVEN: tuple[Any, ...] = (
    Response.id,
    Response.score,
    Response.latest_score,
    Response.action_ts,
    Response.answered_at,
    Response.correctable_until,
    Response.no_contact_at,
)
_STANDINGS = (
    select(*_INVITATION, *_GIVEN)
    .select_from(Invitation)
    .join(Wave, Wave.id == Invitation.wave_id)
    .outerjoin(Response, Response.invitation_id == Invitation.id)
    .outerjoin(Person, Person.id == Invitation.person_id)
)

# Every click and every prompt runs these: see storage.database.
_FIND = _STANDINGS.where(Invitation.id == bindparam("wanted"))
_FIND_LOCKED = _FIND.with_for_update(of=Invitation)
_FIND_MANY = _STANDINGS.where(any_of(Invitation.id, "wanted"))
_FIND_MANY_LOCKED = _FIND_MANY.order_by(Invitation.id).with_for_update(of=Invitation)
_MARK_ASKED = update(Invitation).where(
    any_of(Invitation.id, "asked"), Invitation.asked_at.is_(None)
)

_MARK_FURTHER = update(Invitation).where(any_of(Invitation.id, "written"))


def _standing(row: Row[Any]) -> InvitationState:
    invitation, given = row[: len(_INVITATION)], row[len(_INVITATION) :]
    values: tuple[Any, ...] = (*invitation, None if given[0] is None else StoredResponse(*given))
    return InvitationState(*values)


def find(
    connection: Connection, invitation_id: str, *, lock: bool = False
) -> InvitationState | None:
    """Return an invitation as it stands; with ``lock``, kept from others until the end."""
    row = connection.execute(_FIND_LOCKED if lock else _FIND, {"wanted": invitation_id}).first()
    return None if row is None else _standing(row)


def find_many(
    connection: Connection, ids: Collection[str], *, lock: bool = False
) -> dict[str, InvitationState]:
    """Return the invitations with these ids, by id; unknown ids are absent.

    With ``lock`` they are kept from others until the end; in the order of their ids, so that two
    processes do not wait for each other.
    """
    statement = _FIND_MANY_LOCKED if lock else _FIND_MANY
    rows = connection.execute(statement, {"wanted": list(ids)})
    return {row[0]: _standing(row) for row in rows}


def of_person(connection: Connection, person_id: str) -> list[InvitationState]:
    """Return all invitations of a person, newest wave first."""
    rows = connection.execute(
        _STANDINGS.where(Invitation.person_id == person_id).order_by(Wave.id.desc())
    )
    return [_standing(row) for row in rows]


def already_invited(connection: Connection, wave_id: int, people: Collection[str]) -> set[str]:
    """Return those of ``people`` whom the wave invites already."""
    return set(
        connection.scalars(
            select(Invitation.person_id).where(
                Invitation.wave_id == wave_id, Invitation.person_id.in_(people)
            )
        )
    )


def add(connection: Connection, wave_id: int, new: Iterable[NewInvitation]) -> None:
    """Insert invitations; the schema refuses a second one for the same person and wave."""
    rows = [
        {"id": one.id, "wave_id": wave_id, "person_id": one.person_id, "due_at": one.due_at}
        for one in new
    ]
    if rows:
        connection.execute(insert(Invitation), rows)


def mark_asked(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Record that Slack accepted the prompts of invitations; the first time counts."""
    connection.execute(_MARK_ASKED, {"asked": ids, "asked_at": now})


def mark_following(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Record that Slack accepted a message that follows the first prompt of invitations."""
    connection.execute(_MARK_FURTHER, {"written": ids, "further_at": now})


def unasked(connection: Connection, wave_ids: Collection[int]) -> dict[int, int]:
    """Return how many invited people were not asked, and did not answer, by wave."""
    rows = connection.execute(
        select(Invitation.wave_id, func.count())
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(
            Invitation.wave_id.in_(wave_ids),
            Invitation.asked_at.is_(None),
            Response.id.is_(None),
        )
        .group_by(Invitation.wave_id)
    )
    found = dict.fromkeys(wave_ids, 0)
    for wave_id, number in rows:
        found[wave_id] = number
    return found


def mark_snoozed(connection: Connection, invitation_id: str, now: datetime) -> None:
    """Record that the person asked to be asked later."""
    connection.execute(
        update(Invitation).where(Invitation.id == invitation_id).values(snoozed_at=now)
    )


def mark_dismissed(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """Record that the person stopped the survey instead of answering these invitations."""
    connection.execute(
        update(Invitation)
        .where(Invitation.id.in_(ids), Invitation.dismissed_at.is_(None))
        .values(dismissed_at=now)
    )


def clear_dismissed(connection: Connection, ids: Collection[str]) -> None:
    """Undo a dismissal: the person is glad to be asked again."""
    connection.execute(update(Invitation).where(Invitation.id.in_(ids)).values(dismissed_at=None))


def flatten_timestamps(connection: Connection, wave_id: int, moment: datetime) -> None:
    """Take from the invitations of a wave when things happened after they were asked with: all of
    it happened at ``moment``.
    """
    times = (
        Invitation.snoozed_at,
        Invitation.dismissed_at,
        Invitation.reminder_decided_at,
        Invitation.further_at,
    )
    evened = {time.key: case((time.is_not(None), moment)) for time in times}
    connection.execute(update(Invitation).where(Invitation.wave_id == wave_id).values(evened))


def unlink_person(connection: Connection, person_id: str) -> list[str]:
    """Forget whom these invitations asked; returns their ids. Scores stay for the sums."""
    ids = list(connection.scalars(select(Invitation.id).where(Invitation.person_id == person_id)))
    connection.execute(update(Invitation).where(Invitation.id.in_(ids)).values(person_id=None))
    return ids


@dataclass(frozen=True, slots=True)
class TakenPart:
    """An anonymous wave somebody has answered."""

    wording_id: int
    opens_at: datetime


def taken_part(connection: Connection, person_id: str, limit: int) -> list[TakenPart]:
    """Return the latest anonymous waves a person has answered, the newest first."""
    found = (
        select(Wave.wording_id, Wave.opens_at)
        .join(Invitation, Invitation.wave_id == Wave.id)
        .where(Invitation.person_id == person_id, VOTED)
        .order_by(Wave.id.desc())
        .limit(limit)
    )
    return [TakenPart(*row) for row in connection.execute(found)]
