"""Closing the loop: who takes care of an unhappy person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.services import owed
from nps_bot.storage import cases, invitations, responses


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
    standing = invitations.find(connection, invitation_id, lock=True)
    if standing is None or standing.response is None:
        return CaseStep.GONE
    if not cases.claim(connection, standing.response.id, person_id, now):
        case = cases.find(connection, standing.response.id)
        return _too_late(case.claimed_by if case else None, person_id)
    responses.end_corrections(connection, invitation_id, now)
    owed.touch_alert(connection, invitation_id, now)
    return CaseStep.DONE


def contacted(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> CaseStep:
    """Record who contacted the person; whoever does so without claiming has claimed."""
    standing = invitations.find(connection, invitation_id, lock=True)
    if standing is None or standing.response is None:
        return CaseStep.GONE
    if not cases.mark_contacted(connection, standing.response.id, person_id, now):
        case = cases.find(connection, standing.response.id)
        return _too_late(case.contacted_by if case else None, person_id)
    cases.claim(connection, standing.response.id, person_id, now)
    responses.end_corrections(connection, invitation_id, now)
    owed.touch_alert(connection, invitation_id, now)
    return CaseStep.DONE


def _too_late(by: str | None, person_id: str) -> CaseStep:
    """Say why a step changed nothing; the same click delivered twice is no reason to complain."""
    if by is None:
        return CaseStep.GONE
    return CaseStep.DONE if by == person_id else CaseStep.ALREADY
