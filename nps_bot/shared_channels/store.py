"""Questions in channels shared with customers: whose they are, what was decided, who answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from nps_bot.asking.store.wave_heads import Scope
from nps_bot.base.ids import new_id
from nps_bot.shared_channels.rules import PostState
from nps_bot.storage.tables import ChannelInvitation, ChannelPost, Invitation, Response, Wave
from nps_bot.storage.upsert import insert_or

# --- posts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Post:
    """The question of a wave to one channel, as it stands; the fields are the table's."""

    id: str
    wave_id: int
    survey_key: str
    kind: str
    wording_id: int
    wave_state: str
    closes_at: datetime
    stopped_at: datetime | None
    channel: str
    account: str
    owner: str | None
    teams: tuple[str, ...]
    state: PostState
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    posted_at: datetime | None

    def closed(self, now: datetime) -> bool:
        """Return whether its wave takes no answers any more."""
        return self.wave_state == "closed" or self.closes_at <= now


_COLUMNS: tuple[Any, ...] = (
    ChannelPost.id,
    ChannelPost.wave_id,
    Wave.survey_key,
    Wave.kind,
    Wave.wording_id,
    Wave.state.label("wave_state"),
    Wave.closes_at,
    Wave.stopped_at,
    ChannelPost.channel,
    ChannelPost.account,
    ChannelPost.owner,
    ChannelPost.teams,
    ChannelPost.state,
    ChannelPost.reason,
    ChannelPost.decided_by,
    ChannelPost.decided_at,
    ChannelPost.posted_at,
)
_POST: Select[Any] = select(*_COLUMNS).join(Wave, Wave.id == ChannelPost.wave_id)


def _post(row: Row[Any]) -> Post:
    values = dict(zip(Post.__dataclass_fields__, row, strict=True))
    return Post(**values | {"teams": tuple(row.teams), "state": PostState(row.state)})


@dataclass(frozen=True, slots=True)
class NewPost:
    """A channel in which a wave would ask; with a ``reason`` it does not."""

    channel: str
    account: str
    owner: str | None
    teams: Sequence[str]
    reason: str | None = None


def add(connection: Connection, wave_id: int, new: NewPost) -> None:
    """Note whether a wave asks in a channel; the first word about each channel counts."""
    connection.execute(
        insert_or(connection, ChannelPost)
        .values(
            id=new_id(),
            wave_id=wave_id,
            channel=new.channel,
            account=new.account,
            owner=new.owner,
            teams=list(new.teams),
            state=PostState.ASKED if new.reason is None else PostState.SKIPPED,
            reason=new.reason,
        )
        .on_conflict_do_nothing()
    )


def find(connection: Connection, post_id: str, *, lock: bool = False) -> Post | None:
    """Return a post; with ``lock``, kept from others until the end."""
    found = _POST.where(ChannelPost.id == post_id)
    row = connection.execute(found.with_for_update(of=ChannelPost) if lock else found).first()
    return None if row is None else _post(row)


def of_waves(connection: Connection, wave_ids: Collection[int]) -> list[Post]:
    """Return the posts of some waves, by account."""
    found = _POST.where(ChannelPost.wave_id.in_(wave_ids))
    rows = connection.execute(found.order_by(ChannelPost.account, ChannelPost.id))
    return [_post(row) for row in rows]


def decide(connection: Connection, post_id: str, state: PostState, by: str, now: datetime) -> None:
    """Record what was decided of a post, and by whom."""
    connection.execute(
        update(ChannelPost)
        .where(ChannelPost.id == post_id)
        .values(state=state, decided_by=by, decided_at=now)
    )


def mark_posted(connection: Connection, post_id: str, now: datetime) -> None:
    """Record that Slack accepted a post; the first time counts."""
    connection.execute(
        update(ChannelPost)
        .where(ChannelPost.id == post_id, ChannelPost.posted_at.is_(None))
        .values(posted_at=now)
    )


def refused(connection: Connection, survey_key: str) -> set[str]:
    """Return the channels in which the survey is not to ask, until somebody takes it back."""
    return set(
        connection.scalars(
            select(ChannelPost.channel)
            .join(Wave, Wave.id == ChannelPost.wave_id)
            .where(Wave.survey_key == survey_key, ChannelPost.state == PostState.NEVER)
        )
    )


def asked_since(connection: Connection, since: datetime) -> set[str]:
    """Return the channels in which any survey has asked since a moment."""
    return set(connection.scalars(select(ChannelPost.channel).where(ChannelPost.posted_at > since)))


def forget_person(connection: Connection, person_id: str) -> None:
    """Forget that it was this person who decided, or who looked after accounts then."""
    for column in (ChannelPost.decided_by, ChannelPost.owner):
        theirs = update(ChannelPost).where(column == person_id)
        connection.execute(theirs.values({column: None}))


# --- who answers ----------------------------------------------------------------------------------


def invitation_of(connection: Connection, wave_id: int, person_id: str) -> str | None:
    """Return the invitation a wave has for a person; None where there is none yet."""
    return connection.scalar(
        select(Invitation.id).where(
            Invitation.wave_id == wave_id, Invitation.person_id == person_id
        )
    )


def invite(connection: Connection, post: Post, person_id: str, now: datetime) -> str:
    """Return the invitation of whoever clicked on a post, made now unless it is there.

    However many clicks come at once, the schema lets one of them make it.
    """
    made: str | None = connection.scalar(
        insert_or(connection, Invitation)
        .values(id=new_id(), wave_id=post.wave_id, person_id=person_id, due_at=now, asked_at=now)
        .on_conflict_do_nothing()
        .returning(Invitation.id)
    )
    if made is None:
        there = invitation_of(connection, post.wave_id, person_id)
        if there is None:  # forgotten between the two statements: the next click finds out
            raise LookupError(f"The wave {post.wave_id} has no invitation for this person.")
        return there
    connection.execute(insert(ChannelInvitation).values(invitation_id=made, post_id=post.id))
    return made


# --- for reports ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accounts:
    """The customer companies that were asked in channels, by whether anybody answered."""

    answered: tuple[str, ...]
    silent: tuple[str, ...]


def accounts_of(connection: Connection, wave_ids: Collection[int]) -> Mapping[int, Accounts]:
    """Return the accounts asked by waves, by wave; one that does not ask in channels is absent."""
    found: dict[int, list[tuple[str, bool]]] = {}
    in_waves = ChannelPost.wave_id.in_(wave_ids)
    for wave_id, account, number in connection.execute(_heard(in_waves, ChannelPost.wave_id)):
        found.setdefault(wave_id, []).append((account, number > 0))
    return {wave_id: _accounts(heard) for wave_id, heard in found.items()}


def accounts_in(connection: Connection, scope: Scope) -> Accounts | None:
    """Return the accounts asked, or heard of, in a time; None where no channel was asked."""
    moment = func.coalesce(Response.answered_at, ChannelPost.posted_at)
    rows = connection.execute(_heard(scope.waves() & scope.within(moment))).all()
    return _accounts([(account, number > 0) for account, number in rows]) if rows else None


def _heard(condition: ColumnElement[bool], *by: InstrumentedAttribute[Any]) -> Select[Any]:
    """Select each account whose channel was asked, ``by`` what, and how many answers it gave."""
    return (
        select(*by, ChannelPost.account, func.count(Response.id))
        .select_from(ChannelPost)
        .join(Wave, Wave.id == ChannelPost.wave_id)
        .outerjoin(ChannelInvitation, ChannelInvitation.post_id == ChannelPost.id)
        .outerjoin(Response, Response.invitation_id == ChannelInvitation.invitation_id)
        .where(condition, or_(ChannelPost.posted_at.is_not(None), Response.id.is_not(None)))
        .group_by(*by, ChannelPost.account)
    )


def _accounts(heard: Iterable[tuple[str, bool]]) -> Accounts:
    accounts = list(heard)
    return Accounts(
        tuple(sorted(account for account, answered in accounts if answered)),
        tuple(sorted(account for account, answered in accounts if not answered)),
    )
