"""Closing the loop: who takes care of an unhappy person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.answering import store as responses
from nps_bot.asking.store import invitations
from nps_bot.cases import store
from nps_bot.cases.outgoing import update_alert


class CaseStep(StrEnum):
    """What became of pressing *Claim* or *Contacted*."""

    DONE = "done"
    ALREADY = "already"
    GONE = "gone"
    """There is nothing to do: the answer was deleted, or it never opened a case."""


def claim(connection: Connection, invitation_id: str, person_id: str, now: datetime) -> CaseStep:
    """Claim the case of a response; the first one has it.

    From here on the score that stands is the one that counts: nobody can be coached into a 9.
    """
    invitation = invitations.find(connection, invitation_id, lock=True)
    if invitation is None or invitation.response is None:
        return CaseStep.GONE
    if not store.claim(connection, invitation.response.id, person_id, now):
        case = store.find(connection, invitation.response.id)
        return _too_late(case.claimed_by if case else None, person_id)
    responses.end_corrections(connection, invitation_id, now)
    update_alert(connection, invitation_id, now)
    return CaseStep.DONE


def contacted(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> CaseStep:
    """Record who contacted the person; whoever does so without claiming has claimed."""
    invitation = invitations.find(connection, invitation_id, lock=True)
    if invitation is None or invitation.response is None:
        return CaseStep.GONE
    if not store.mark_contacted(connection, invitation.response.id, person_id, now):
        case = store.find(connection, invitation.response.id)
        return _too_late(case.contacted_by if case else None, person_id)
    store.claim(connection, invitation.response.id, person_id, now)
    responses.end_corrections(connection, invitation_id, now)
    update_alert(connection, invitation_id, now)
    return CaseStep.DONE


def _too_late(by: str | None, person_id: str) -> CaseStep:
    """Say why a step changed nothing; the same click delivered twice is no reason to complain."""
    if by is None:
        return CaseStep.GONE
    return CaseStep.DONE if by == person_id else CaseStep.ALREADY
