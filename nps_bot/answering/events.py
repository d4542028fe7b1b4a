"""What respondents did, for the rooms above (see :mod:`nps_bot.base.events`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nps_bot.asking.store.invitations import InvitationState


@dataclass(frozen=True, slots=True)
class ResponseRecorded:
    """A first score was recorded.

    Attributes:
        invitation: as it was before.
        shown_at: when messages that show scores are to be rewritten. Those that are recorded
            together have one moment.
    """

    invitation: InvitationState
    response_id: str
    score: int
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreCorrected:
    """A score was changed.

    Attributes:
        invitation: as it was before.
        score: what the person says now.
        counted: whether the official score follows; after the time for corrections it does not.
        shown_at: when messages that show scores are to be rewritten.
    """

    invitation: InvitationState
    response_id: str
    score: int
    counted: bool
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class RepliesSaved:
    """Replies to follow-ups were stored, edited or emptied."""

    invitation: InvitationState


@dataclass(frozen=True, slots=True)
class ContactDeclined:
    """A person asked not to be contacted about their response."""

    invitation: InvitationState


@dataclass(frozen=True, slots=True)
class ResponseDeleted:
    """A person deletes their response.

    It is recorded before the row of the response goes: rows of upper rooms that refer to it must
    go first.
    """

    invitation: InvitationState
    response_id: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    """A person put a question off."""

    invitation: InvitationState


@dataclass(frozen=True, slots=True)
class OptedOut:
    """A person opted out of a survey to which this invitation belongs; one event for each."""

    invitation: InvitationState


@dataclass(frozen=True, slots=True)
class OptedIn:
    """A person undid an opt-out: this invitation may be answered again; one event for each."""

    invitation: InvitationState
