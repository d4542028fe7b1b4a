"""Whether a click may be recorded, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nps_bot.asking.store.invitations import InvitationState
from nps_bot.slack.calls import Posted
from nps_bot.surveys.rules.survey import Survey

MAX_REPLY = 3_000
"""Characters of one reply that are kept: as many as Slack lets a person type."""


class Refusal(StrEnum):
    """Why nothing was changed."""

    GONE = "gone"
    """No such invitation: forged, or its person was forgotten. Or a click from before the answer
    was deleted, delivered once more."""
    SOMEBODY_ELSE = "somebody_else"
    CLOSED = "closed"
    UNANSWERED = "unanswered"
    """There is no score yet that this could belong to."""
    ANSWERED = "answered"
    """There is a score already, so there is nothing to put off."""
    SNOOZED = "snoozed"
    """The person has put the question off once already."""
    CLOSES_BEFORE = "closes_before"
    """The wave closes before the question could come again."""
    STOPPED = "stopped"
    """The wave was stopped, so the question would not come again."""
    VOTED = "voted"
    """The survey is anonymous, and the first answer is final."""
    UNFINDABLE = "unfindable"
    """The survey is anonymous: nobody can find the answer again to change or delete it."""
    SENT = "sent"
    """The one time to add words to an anonymous answer was used."""


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a score, as Slack reported it.

    Attributes:
        action_ts: Slack's time of the click in microseconds: it alone orders clicks.
        in_prompt: whether it was the prompt itself that was clicked, which is then rewritten
            directly; after a click in a modal the dispatcher does it at once.
        posted: where the clicked prompt stands.
    """

    invitation_id: str
    person_id: str
    score: int
    action_ts: int
    in_prompt: bool = True
    posted: Posted | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A click that may be recorded, and on what."""

    invitation: InvitationState
    survey: Survey
    click: Click
    now: datetime


def accept(
    invitation: InvitationState | None,
    surveys: Mapping[str, Survey],
    click: Click,
    now: datetime,
    *,
    anonymous: bool = False,
) -> Accepted | Refusal:
    """Return the click if it may be recorded, or why not.

    ``anonymous`` says which buttons were clicked. Those of a named survey never make a response of
    an anonymous invitation, nor the other way round, whatever is forged.
    """
    mine = theirs(invitation, click.person_id)
    if isinstance(mine, Refusal):
        return mine
    if anonymous is not (mine.anonymity is not None):
        return Refusal.GONE
    survey = surveys.get(mine.survey_key)
    if survey is None or mine.closed(now):
        return Refusal.CLOSED
    if _dismissed_since(mine, click):
        return Refusal.GONE
    return Accepted(mine, survey, click, now)


def _dismissed_since(invitation: InvitationState, click: Click) -> bool:
    """Return whether the person withdrew (deleted, stopped) after they had clicked."""
    withdrew = invitation.dismissed_at
    return withdrew is not None and click.action_ts <= withdrew.timestamp() * 1_000_000


def theirs(invitation: InvitationState | None, person_id: str) -> InvitationState | Refusal:
    """Return the invitation if this person may act on it."""
    if invitation is None or invitation.person_id is None:
        return Refusal.GONE
    return invitation if invitation.person_id == person_id else Refusal.SOMEBODY_ELSE


def clean(typed: str) -> str:
    """Return what a person typed as every database can store it, without margins.

    PostgreSQL refuses NUL, and no encoding takes a lone surrogate.
    """
    stored = typed.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return stored.strip()[:MAX_REPLY]
