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
    """The answer was deleted meanwhile, so there is nothing left to do."""


def claim(connection: Connection, invitation_id: str, person_id: str, now: datetime) -> CaseStep:
    """Claim the case of a response; the first one has it.

    From here on the score that stands is the one that counts: nobody can be coached into a 9.
    """
    standing = invitations.find(connection, invitation_id, lock=True)
    if standing is None or standing.response is None:
        return CaseStep.GONE
    if not cases.claim(connection, standing.response.id, person_id, now):
        return CaseStep.ALREADY
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
        return CaseStep.ALREADY
    cases.claim(connection, standing.response.id, person_id, now)
    responses.end_corrections(connection, invitation_id, now)
    owed.touch_alert(connection, invitation_id, now)
    return CaseStep.DONE
