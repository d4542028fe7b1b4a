"""A person's own invitation and response: nobody acts on those of others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering.rules import Refusal, theirs
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState, StoredResponse


@dataclass(frozen=True, slots=True)
class OwnResponse:
    """A response of the person who acts on it."""

    invitation: InvitationState
    response: StoredResponse


def own_invitation(
    connection: Connection, invitation_id: str, person_id: str, *, lock: bool = True
) -> InvitationState | Refusal:
    """Return an invitation if it is this person's; ``lock`` keeps it from others until the end."""
    return theirs(invitations.find(connection, invitation_id, lock=lock), person_id)


def own_response(
    connection: Connection,
    invitation_id: str,
    person_id: str,
    *,
    open_at: datetime | None = None,
    lock: bool = True,
) -> OwnResponse | Refusal:
    """Return the response to an invitation if it is this person's.

    Args:
        connection: an open transaction.
        invitation_id: what was answered.
        person_id: who acts.
        open_at: the moment at which the wave must still take answers; None where it need not.
        lock: whether to keep the invitation from others until the end.
    """
    invitation = own_invitation(connection, invitation_id, person_id, lock=lock)
    if isinstance(invitation, Refusal):
        return invitation
    if invitation.response is None:
        return Refusal.UNFINDABLE if invitation.anonymity else Refusal.UNANSWERED
    if open_at is not None and invitation.closed(open_at):
        return Refusal.CLOSED
    return OwnResponse(invitation, invitation.response)
