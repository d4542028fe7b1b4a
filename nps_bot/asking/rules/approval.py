"""A large wave that somebody wants to start who is no owner: what may become of the request.

Whoever may steer the survey can decide it, once, for a day. Nobody says yes to their own request,
unless they own the survey by then; everybody can say no.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

VALID_FOR = timedelta(days=1)
"""How long a request can be decided."""
PREVIEW_VALID_FOR = timedelta(minutes=15)
"""How long a preview can be confirmed: whom it named, and how many, may be others by then."""


class State(StrEnum):
    """What became of a request."""

    OPEN = "open"
    SENT = "sent"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as it stands.

    Attributes:
        id: travels with the buttons.
        survey_key: whose wave.
        nominal: the minute of the preview it was asked from.
        people: how many the preview named.
        asked_by: who wants it; no Slack id any more once that person was forgotten.
        recipients: the owners who were asked, as the survey's file names them.
        decided_by: None where nobody did, or on the command line.
    """

    id: str
    survey_key: str
    nominal: str
    people: int
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    recipients: tuple[str, ...]
    state: State
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides on a request, and how.

    Attributes:
        by: who pressed the button; that they may steer the survey was seen.
        owner: whether they own it.
        yes: whether the wave is to start.
    """

    by: str
    owner: bool
    yes: bool


def outcome(approval: Approval, decision: Decision, now: datetime) -> State:
    """Return what becomes of an open request; OPEN where this person cannot say yes to it."""
    if approval.expires_at <= now:
        return State.EXPIRED
    if not decision.yes:
        return State.DECLINED
    if decision.by == approval.asked_by and not decision.owner:
        return State.OPEN
    return State.SENT
