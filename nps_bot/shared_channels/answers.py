"""What somebody in a shared channel does with the question there: score, change, stop, delete.

The question is everybody's; the invitation is made when somebody clicks on it, in the transaction
that records the score. From then on all is as with any other invitation. Nothing of it is shown to
anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.answering import deletion, opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.asking.store import invitations
from nps_bot.people import store as people
from nps_bot.shared_channels import store
from nps_bot.shared_channels.rules import PostState, is_theirs
from nps_bot.shared_channels.store import Post
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.survey import Survey


class NotCounted(StrEnum):
    """Why nothing was recorded."""

    GONE = "gone"
    """No such question: forged, not in that channel, or not approved."""
    NOT_THEIRS = "not_theirs"
    """The person does not belong to the account."""
    UNANSWERED = "unanswered"
    """There is no answer of theirs yet."""
    CLOSED = "closed"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Clicker:
    """Who clicked on a question in a shared channel, as Slack reported it.

    Attributes:
        homes: the workspace they belong to and its organisation, as far as Slack tells.
        channel: where the message stands in which they clicked.
    """

    person_id: str
    name: str
    homes: frozenset[str]
    channel: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A click that changed nothing.

    Attributes:
        account: whose question it is; empty where there is none.
        stopped: the survey key the person opted out of, ``*`` for all.
    """

    why: NotCounted
    account: str = ""
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What one person reads of their own answer, and nobody else.

    Attributes:
        post_id: the question.
        invitation_id: their invitation.
        score: what they last said; None once they deleted it.
        stopped: the survey key the person opted out of, ``*`` for all; None while they take part.
    """

    post_id: str
    invitation_id: str
    wording_id: int
    account: str
    score: int | None
    no_contact: bool
    stopped: str | None
    closed: bool


def score(
    connection: Connection,
    surveys: Mapping[str, Survey],
    post_id: str,
    clicker: Clicker,
    given: int,
    action_ts: int,
    now: datetime,
) -> Recorded | Refused:
    """Record a click on a score in a shared channel: the first one or a change.

    ``action_ts`` is Slack's time of the click in microseconds.
    """
    post = _theirs(connection, post_id, clicker)
    if isinstance(post, Refused):
        return post
    if post.closed(now) or post.survey_key not in surveys:
        return Refused(NotCounted.CLOSED, post.account)
    stopped = _stopped(connection, post, clicker.person_id)
    if stopped is not None:
        return Refused(NotCounted.OPTED_OUT, post.account, stopped)
    home = next(iter(sorted(clicker.homes)), None)
    member = Member(clicker.person_id, clicker.name, team_id=home, is_outsider=True)
    people.meet(connection, member, post.account, post.owner, now)
    invitation_id = store.invite(connection, post, clicker.person_id, now)
    click = Click(invitation_id, clicker.person_id, given, action_ts)
    recorded = record_score(connection, surveys, click, now)
    if isinstance(recorded, Refusal):
        return Refused(_NOT_COUNTED.get(recorded, NotCounted.GONE), post.account)
    return recorded


_NOT_COUNTED = {Refusal.CLOSED: NotCounted.CLOSED}


def _theirs(connection: Connection, post_id: str, clicker: Clicker) -> Post | Refused:
    """Return a question that stands where somebody clicked, and is theirs to answer."""
    post = store.find(connection, post_id)
    if post is None or post.state is not PostState.APPROVED or post.channel != clicker.channel:
        return Refused(NotCounted.GONE)
    if not is_theirs(clicker.homes, post.teams):
        return Refused(NotCounted.NOT_THEIRS, post.account)
    return post


def _stopped(connection: Connection, post: Post, person_id: str) -> str | None:
    """Return what the person opted out of that this question belongs to."""
    keys = set(people.opt_outs_of(connection, person_id))
    return min(keys & {post.survey_key, people.ALL_SURVEYS}, default=None)


def own_answer(
    connection: Connection, post_id: str, person_id: str, now: datetime
) -> OwnAnswer | Refused:
    """Return what a person reads of their own answer now. Changes nothing."""
    post = store.find(connection, post_id)
    invitation_id = post and store.invitation_of(connection, post.wave_id, person_id)
    invitation = invitations.find(connection, invitation_id) if invitation_id else None
    if post is None:
        return Refused(NotCounted.GONE)
    if invitation is None:
        return Refused(NotCounted.UNANSWERED, post.account)
    given = invitation.response
    return OwnAnswer(
        post_id=post.id,
        invitation_id=invitation.id,
        wording_id=post.wording_id,
        account=post.account,
        score=None if given is None else given.latest_score,
        no_contact=given is not None and given.no_contact_at is not None,
        stopped=_stopped(connection, post, person_id),
        closed=post.closed(now),
    )


class RespondentAction(StrEnum):
    """What somebody can ask for beside their answer."""

    STOP_THIS = "stop_this"
    STOP_ALL = "stop_all"
    RESUME = "resume"
    NO_CONTACT = "no_contact"
    DELETE = "delete"


def apply(
    connection: Connection, post_id: str, person_id: str, wish: RespondentAction, now: datetime
) -> OwnAnswer | Refused:
    """Do what somebody asks for beside their answer; returns what they read then."""
    if wish is RespondentAction.RESUME:
        return _resume(connection, post_id, person_id, now)
    mine = own_answer(connection, post_id, person_id, now)
    if isinstance(mine, Refused):
        return mine
    match wish:
        case RespondentAction.STOP_THIS:
            opt_out.stop(connection, mine.invitation_id, person_id, Scope.THIS, now)
        case RespondentAction.STOP_ALL:
            opt_out.stop(connection, mine.invitation_id, person_id, Scope.ALL, now)
        case RespondentAction.NO_CONTACT:
            opt_out.ask_no_contact(connection, mine.invitation_id, person_id, now)
        case RespondentAction.DELETE:
            deletion.delete_answer(connection, mine.invitation_id, person_id, now)
    return own_answer(connection, post_id, person_id, now)


def _resume(
    connection: Connection, post_id: str, person_id: str, now: datetime
) -> OwnAnswer | Refused:
    """Let somebody take part again, be it that they have answered or were refused."""
    post = store.find(connection, post_id)
    stopped = None if post is None else _stopped(connection, post, person_id)
    if stopped is not None:
        opt_out.resume(connection, person_id, stopped, now)
    return own_answer(connection, post_id, person_id, now)
