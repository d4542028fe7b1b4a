"""Who has answered an anonymous wave, and what was answered: apart, and nowhere else.

No other module touches these tables. What people answered leaves this one sealed, so that only
:mod:`nps_bot.anonymous.rules.privacy` can tell of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from random import SystemRandom
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from nps_bot.anonymous.rules.privacy import Ballots, Sealed, seal
from nps_bot.base.ids import new_id
from nps_bot.nps.bands import Band
from nps_bot.storage.tables import (
    AnonymousAnswer,
    AnonymousComment,
    Ballot,
    Base,
    FollowUpToken,
    Invitation,
    Wave,
)
from nps_bot.storage.upsert import insert_into

_CHANCE = SystemRandom()


# --- while a wave is open ---------------------------------------------------------------------


def cast(connection: Connection, invitation_id: str) -> bool:
    """Record that an invitation was answered; False where it was before."""
    ballot = {"invitation_id": invitation_id}
    return connection.execute(_casting(connection.dialect.name), ballot).first() is not None


@cache  # every click runs it: see storage.database
def _casting(dialect: str) -> Executable:
    return insert_into(dialect, Ballot).on_conflict_do_nothing().returning(Ballot.invitation_id)


_ADD_ANSWER, _ADD_TOKEN = insert(AnonymousAnswer), insert(FollowUpToken)


def add_answer(connection: Connection, wave_id: int, segment: str | None, score: int) -> None:
    """Add an answer to a wave."""
    row = {"id": new_id(), "wave_id": wave_id, "segment": segment, "score": score}
    connection.execute(_ADD_ANSWER, row)


def issue_token(connection: Connection, wave_id: int, band: Band) -> str:
    """Return what whoever has just answered may send their replies with, once."""
    token = new_id()
    row = {"digest": _digest(token), "wave_id": wave_id, "band": band.value}
    connection.execute(_ADD_TOKEN, row)
    return token


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a token allows: replies to the questions of a band, while the wave is open."""

    wave_id: int
    band: Band
    wording_id: int
    wave_state: str
    closes_at: datetime

    def closed(self, now: datetime) -> bool:
        """Return whether the wave takes no replies any more."""
        return self.wave_state == "closed" or self.closes_at <= now


def follow_up(connection: Connection, token: str) -> FollowUp | None:
    """Return what a token allows, its wave kept from closing; None where it was used, or forged."""
    row = connection.execute(_FOLLOW_UP, {"digest": _digest(token)}).first()
    return None if row is None else FollowUp(row[0], Band(row[1]), *row[2:])


_FOLLOW_UP = (
    select(Wave.id, FollowUpToken.band, Wave.wording_id, Wave.state, Wave.closes_at)
    .join(Wave, Wave.id == FollowUpToken.wave_id)
    .where(FollowUpToken.digest == bindparam("digest"))
    .with_for_update(read=True, of=Wave)
)


def use_token(connection: Connection, token: str) -> bool:
    """Use a token up; False where somebody did before."""
    used = delete(FollowUpToken).where(FollowUpToken.digest == _digest(token))
    return connection.execute(used).rowcount == 1


def add_comments(connection: Connection, wave_id: int, texts: Iterable[str]) -> None:
    """Add what was written to a wave, each reply by itself."""
    rows = [{"id": new_id(), "wave_id": wave_id, "text": text} for text in texts]
    if rows:
        connection.execute(insert(AnonymousComment), rows)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


# --- what they tell ---------------------------------------------------------------------------


def answered(connection: Connection, wave_id: int) -> Sealed[int]:
    """Return how many have answered a wave."""
    return Sealed(_answers(connection, wave_id))


def is_whole_step(connection: Connection, wave_id: int, threshold: int) -> bool:
    """Return whether so many have answered a wave that what is shown of that changes."""
    return _answers(connection, wave_id) % threshold == 0


def _answers(connection: Connection, wave_id: int) -> int:
    return connection.scalar(_COUNT, {"wave": wave_id}) or 0


_COUNT = select(func.count()).where(AnonymousAnswer.wave_id == bindparam("wave"))


def tally(connection: Connection, wave_id: int) -> Sealed[Ballots]:
    """Return all that was answered in a wave."""
    answers = connection.execute(
        select(AnonymousAnswer.segment, AnonymousAnswer.score, func.count())
        .where(AnonymousAnswer.wave_id == wave_id)
        .group_by(AnonymousAnswer.segment, AnonymousAnswer.score)
    )
    texts = select(AnonymousComment.text).where(AnonymousComment.wave_id == wave_id)
    return seal([(*row,) for row in answers], connection.scalars(texts).all())


# --- when a wave closes -----------------------------------------------------------------------


def unlink(connection: Connection, wave_id: int) -> None:
    """Take from a wave's votes what their places in the tables tell: the order they came in.

    Tokens go, and with them whoever is about to use one is waited for. Everything else is deleted
    and written again in random order, answers and replies under new ids.
    """
    connection.execute(delete(FollowUpToken).where(FollowUpToken.wave_id == wave_id))
    for table in (AnonymousAnswer, AnonymousComment):
        _write_anew(connection, table, table.wave_id == wave_id)
    invited = select(Invitation.id).where(Invitation.wave_id == wave_id)
    _write_anew(connection, Ballot, Ballot.invitation_id.in_(invited))


def _write_anew(connection: Connection, table: type[Base], which: ColumnElement[bool]) -> None:
    found = connection.execute(select(table.__table__).where(which))
    rows: list[dict[str, Any]] = [dict(row._mapping) for row in found]
    for row in rows:
        if "id" in row:
            row["id"] = new_id()
    _CHANCE.shuffle(rows)
    connection.execute(delete(table).where(which))
    if rows:
        connection.execute(insert(table), rows)
