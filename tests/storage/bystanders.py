"""A database with several of everything, so that whatever is done too widely is seen.

Two surveys, ``alpha`` (waves 11 to 14) and ``beta`` (21 to 24), ask two people, ``UA`` and ``UB``.
In the waves ending in 1 and 2 both answered; in those ending in 3 both are still to be asked; one
ending in 4 is for one person alone. Invitations are called ``11-UA``, responses ``r11-UA``, posts
``p11``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, insert, select

from nps_bot.storage.tables import (
    AccountChannel,
    AnonymousAnswer,
    AnonymousComment,
    Answer,
    ApprovalRequest,
    Ballot,
    Base,
    Case,
    ChannelInvitation,
    ChannelPost,
    FollowUpToken,
    Invitation,
    OptOut,
    Outbox,
    Person,
    Remembered,
    Response,
    ScoreChange,
    Sighting,
    StoredDisclosure,
    StoredWording,
    SurveyState,
    Wave,
    WaveExclusion,
)
from nps_bot.surveys.rules.survey import BandPlan, Wording
from nps_bot.surveys.rules.wording import wording_document

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(days=1), NOON + timedelta(days=1)
NOMINAL = "2026-11-24T12:00"
THANKS = BandPlan((), "Thanks")
WORDING = Wording("Survey", "Lumen", "How likely?", "Why?", THANKS, THANKS, THANKS)
PEOPLE = ("UA", "UB")
SURVEYS = {"alpha": 10, "beta": 20}
OTHER = {"UA": "UB", "UB": "UA"}
FIRST = {"alpha": "UA", "beta": "UB"}
"""Who is told of a survey in the columns that name one person."""

Row = tuple[type[Base], dict[str, Any], dict[str, Any]]
"""A row: its table, what it belongs to, and its values."""


def rows() -> Iterator[Row]:
    """Yield every row, each after those it refers to."""
    for number, person in enumerate(PEOPLE):
        yield from _person(person, number)
    for survey, first in SURVEYS.items():
        yield from _survey(survey, first)
        for wave in (first + 1, first + 2, first + 3, first + 4):
            yield from _wave(survey, wave)


def _person(person: str, number: int) -> Iterator[Row]:
    mine = {"person": person}
    named = {"name": person, "time_zone": "UTC", "is_guest": False, "is_outsider": False}
    account = {"account": f"account of {person}", "account_owner": person}
    further = {"attributes": {"team": person}, "dm_channel": f"D{person}", "updated_at": NOON}
    yield Person, mine, {"id": person, **named, **account, **further}
    yield Sighting, mine, {"person_id": person, "first_seen_at": NOON + timedelta(hours=number)}
    shared = {"channel": f"C{person}", "account": account["account"], "owner": person, "teams": []}
    yield AccountChannel, {"channel": f"C{person}"}, {**shared, "updated_at": NOON}
    yield Remembered, {"memory": person}, {"key": person, "value": person}


def _survey(survey: str, first: int) -> Iterator[Row]:
    mine = {"survey": survey}
    since = NOON + timedelta(hours=first)
    yield SurveyState, mine, {"key": survey, "cadence": "monthly", "cadence_since": since}
    document = wording_document(WORDING)
    wording = {"id": first, "survey_key": survey, "digest": survey, "document": document}
    yield StoredWording, mine, wording
    for state, asker in (("open", FIRST[survey]), ("sent", OTHER[FIRST[survey]])):
        what = {"survey_key": survey, "nominal": NOMINAL, "people": first, "recipients": []}
        asked = {"asked_by": asker, "asked_at": NOON, "expires_at": LATER, "state": state}
        ended = {} if state == "open" else {"decided_by": OTHER[asker], "decided_at": NOON}
        one = f"{state}-{survey}"
        owned = {**mine, "approval": one, "asker": asker}
        yield ApprovalRequest, owned, {"id": one, **what, **asked, **ended}
    for person in PEOPLE:
        word = {"person_id": person, "survey_key": survey, "created_at": NOON}
        yield OptOut, {**mine, "person": person}, word


def _wave(survey: str, wave: int) -> Iterator[Row]:
    mine = {"survey": survey, "wave": wave}
    nth = wave % 10
    values = {
        "id": wave,
        "survey_key": survey,
        "nominal": f"2026-11-2{nth}T10:00",
        "wording_id": SURVEYS[survey],
        "kind": "relationship",
        "by_hand": False,
        "at_once": False,
        "state": "ready",
        "opens_at": EARLIER + timedelta(minutes=nth),
        "closes_at": LATER + timedelta(minutes=nth),
        "created_at": EARLIER,
    }
    if nth == 1:
        values |= {"stopped_at": NOON, "stopped_by": FIRST[survey]}
    if nth == 4:
        yield Wave, mine, {**values, "only_person": FIRST[survey]}
        return
    yield Wave, mine, values
    yield WaveExclusion, mine, {"wave_id": wave, "reason": "opted_out", "people": wave}
    yield StoredDisclosure, mine, {"wave_id": wave, "document": {"threshold": 5, "invited": wave}}
    for person, score in zip(PEOPLE, (2, 9), strict=True):
        row = {"id": f"a{wave}-{person}", "wave_id": wave, "segment": None, "score": score}
        yield AnonymousAnswer, mine, row
        words = {"id": f"c{wave}-{person}", "wave_id": wave, "text": f"anonymous {wave} {person}"}
        yield AnonymousComment, mine, words
        token = {"digest": digest(f"t{wave}-{person}"), "wave_id": wave, "band": "detractor"}
        yield FollowUpToken, {**mine, "token": f"t{wave}-{person}"}, token
    decided = {"state": "never", "decided_by": FIRST[survey], "decided_at": NOON}
    looked_after = {"account": f"account {wave}", "owner": OTHER[FIRST[survey]], "teams": []}
    post = {"id": f"p{wave}", "wave_id": wave, "channel": f"C{wave}", **looked_after, **decided}
    yield ChannelPost, mine, {**post, "posted_at": None if nth == 3 else NOON}
    for person in PEOPLE:
        yield from _invitation({**mine, "person": person, "invitation": f"{wave}-{person}"})


def _invitation(mine: dict[str, Any]) -> Iterator[Row]:
    wave, person, invitation = mine["wave"], mine["person"], mine["invitation"]
    answered = wave % 10 < 3
    asked = NOON + timedelta(minutes=wave)
    times = {"due_at": asked, "asked_at": asked if answered else None}
    if answered:
        times |= {"dismissed_at": asked, "snoozed_at": asked}
    yield Invitation, mine, {"id": invitation, "wave_id": wave, "person_id": person, **times}
    yield Outbox, mine, _message(mine, "prompt", "sent" if answered else "pending")
    if not answered:
        return
    response = f"r{invitation}"
    yield Ballot, mine, {"invitation_id": invitation}
    yield ChannelInvitation, mine, {"invitation_id": invitation, "post_id": f"p{wave}"}
    score = {"score": 2, "latest_score": 3, "action_ts": wave, "correctable_until": LATER}
    given = {"id": response, "invitation_id": invitation, "answered_at": asked}
    yield Response, mine, {**given, **score}
    for key in ("wrong", "happier"):
        reply = {"question_key": key, "question": key, "text": f"{key} {invitation}", "position": 1}
        yield Answer, mine, {"response_id": response, **reply, "written_at": asked}
    change = {"from_score": wave % 10, "to_score": 2, "action_ts": wave, "counted": True}
    yield ScoreChange, mine, {"response_id": response, **change, "changed_at": asked}
    yield Case, mine, {"response_id": response, "opened_at": asked}
    yield Outbox, mine, _message(mine, "alert", "pending")


def _message(mine: Mapping[str, Any], kind: str, status: str) -> dict[str, Any]:
    invitation = mine["invitation"]
    sent = {"channel": f"D{mine['person']}", "ts": f"{mine['wave']}.1"} if status == "sent" else {}
    return {
        "id": f"{kind}{invitation}",
        "dedupe_key": f"{kind}:{invitation}",
        "kind": kind,
        "survey_key": mine["survey"],
        "wave_id": mine["wave"],
        "invitation_id": invitation,
        "person_id": mine["person"] if kind == "prompt" else None,
        "priority": 2 if kind == "prompt" else 0,
        "status": status,
        "due_at": NOON,
        "version": 1,
        "delivered_version": 0,
        "attempts": 0,
        **sent,
    }


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()


def fill(connection: Connection, only: Mapping[str, Any], *, backwards: bool = False) -> None:
    """Write every row, or those that belong to ``only`` what is named; see :data:`Row`.

    With ``backwards`` the second one of everything is written first.
    """
    kept = [row for row in rows() if all(row[1].get(of, one) == one for of, one in only.items())]
    place = {table: number for number, table in enumerate(Base.metadata.sorted_tables)}
    kept = sorted(reversed(kept) if backwards else kept, key=lambda row: place[row[0].__table__])
    for (table, _), alike in groupby(kept, key=lambda row: (row[0], tuple(row[2]))):
        connection.execute(insert(table), [values for _, _, values in alike])


_NAMED_BY = {"answers": ("response_id", "question_key"), "score_changes": ("response_id",)}


@dataclass(frozen=True)
class Picture:
    """Every row of a database, by a name: its table and its key."""

    rows: Mapping[str, tuple[Any, ...]]

    @classmethod
    def of(cls, connection: Connection) -> Picture:
        """Return how the database is now."""
        found = {}
        for table in Base.metadata.sorted_tables:
            names = _NAMED_BY.get(table.name) or [one.name for one in table.primary_key]
            for row in connection.execute(select(table)):
                key = "/".join(str(row._mapping[name]) for name in names)
                found[f"{table.name}/{key}"] = tuple(map(str, row))
        return cls(found)

    def changed(self, later: Picture) -> set[str]:
        """Return the names of the rows that are new, different or gone ``later``."""
        names = self.rows.keys() | later.rows.keys()
        return {one for one in names if self.rows.get(one) != later.rows.get(one)}
