"""What the alert about one response shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering import store as responses
from nps_bot.answering.store import EarlierScore, Reply
from nps_bot.asking.store import invitations
from nps_bot.cases import store
from nps_bot.cases.store import CaseRow
from nps_bot.surveys import store as survey_store

EARLIER_SCORES = 5


@dataclass(frozen=True, slots=True)
class Alert:
    """A response that somebody should look after, as it stands now.

    Attributes:
        invitation_id: travels with the alert's buttons.
        title: the survey's name for people.
        person_id: None once the person was forgotten.
        person_name: None where it is unknown.
        account: the customer company the person belongs to.
        account_owner: the Slack id of the colleague who looks after the account.
        first_score: what the person said first.
        score: the score that counts.
        latest_score: what the person last said.
        answered_at: when the first score was given.
        earlier: scores in earlier waves of the survey, the newest first.
        replies: what the person wrote, in the order of the questions.
        no_contact: whether the person said *Please don't contact me*.
        case: who takes care of it; None where there is nothing to take care of.
    """

    invitation_id: str
    title: str
    person_id: str | None
    person_name: str | None
    account: str | None
    account_owner: str | None
    first_score: int
    score: int
    latest_score: int
    answered_at: datetime
    earlier: tuple[EarlierScore, ...]
    replies: tuple[Reply, ...]
    no_contact: bool
    case: CaseRow | None


def alert(connection: Connection, invitation_id: str) -> Alert | None:
    """Return the alert about an invitation's response; None once the answer was deleted."""
    invitation = invitations.find(connection, invitation_id)
    if invitation is None or invitation.response is None:
        return None
    given = invitation.response
    first = responses.first_score(connection, given.id)
    earlier: list[EarlierScore] = []
    if invitation.person_id is not None:
        earlier = responses.earlier_scores(
            connection,
            invitation.survey_key,
            invitation.person_id,
            given.answered_at,
            EARLIER_SCORES,
        )
    return Alert(
        invitation_id=invitation.id,
        title=survey_store.load_wording(connection, invitation.wording_id).title,
        person_id=invitation.person_id,
        person_name=invitation.person_name,
        account=invitation.account,
        account_owner=invitation.account_owner,
        first_score=given.latest_score if first is None else first,
        score=given.score,
        latest_score=given.latest_score,
        answered_at=given.answered_at,
        earlier=tuple(earlier),
        replies=tuple(responses.replies(connection, given.id)),
        no_contact=given.no_contact_at is not None,
        case=store.find(connection, given.id),
    )
