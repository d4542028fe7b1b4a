"""What the alert about one response shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.storage import cases, invitations, reports, responses, waves
from nps_bot.storage.cases import CaseRow
from nps_bot.storage.reports import EarlierScore
from nps_bot.storage.responses import Reply

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
    standing = invitations.find(connection, invitation_id)
    if standing is None or standing.response is None:
        return None
    given = standing.response
    first = reports.first_score(connection, given.id)
    earlier: list[EarlierScore] = []
    if standing.person_id is not None:
        earlier = reports.earlier_scores(
            connection,
            standing.survey_key,
            standing.person_id,
            given.answered_at,
            EARLIER_SCORES,
        )
    return Alert(
        invitation_id=standing.id,
        title=waves.load_wording(connection, standing.wording_id).title,
        person_id=standing.person_id,
        person_name=standing.person_name,
        account=standing.account,
        account_owner=standing.account_owner,
        first_score=given.latest_score if first is None else first,
        score=given.score,
        latest_score=given.latest_score,
        answered_at=given.answered_at,
        earlier=tuple(earlier),
        replies=tuple(responses.replies(connection, given.id)),
        no_contact=given.no_contact_at is not None,
        case=cases.find(connection, given.id),
    )
