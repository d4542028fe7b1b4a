"""Putting a question off: once, for three days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from nps_bot.answering.events import Snoozed
from nps_bot.answering.own_response import own_invitation
from nps_bot.answering.rules import Refusal
from nps_bot.asking import delivery_proof
from nps_bot.asking.outgoing import new_reprompt, request_update
from nps_bot.asking.store import invitations
from nps_bot.base.events import record
from nps_bot.base.time_zones import zone_of
from nps_bot.delivery.store import outbox
from nps_bot.slack.calls import Posted
from nps_bot.surveys.rules.local_time import next_allowed
from nps_bot.surveys.rules.survey import Survey

SNOOZE = timedelta(days=3)


def snooze(
    connection: Connection,
    surveys: Mapping[str, Survey],
    invitation_id: str,
    person_id: str,
    now: datetime,
    posted: Posted | None = None,
) -> datetime | Refusal:
    """Ask once more in three days, outside quiet hours, if the wave is still open then.

    ``posted`` is where the prompt stands that was clicked. Returns when, or why not.
    """
    invitation = own_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    survey = surveys.get(invitation.survey_key)
    if survey is None or invitation.closed(now):
        return Refusal.CLOSED
    if invitation.answered:
        return Refusal.ANSWERED
    if invitation.snoozed_at is not None:
        return Refusal.SNOOZED
    if invitation.stopped_at is not None:
        return Refusal.STOPPED
    zone = zone_of(survey.time_zone or invitation.time_zone)
    until = next_allowed(now + SNOOZE, zone, survey.quiet_hours)
    if until >= invitation.closes_at:
        return Refusal.CLOSES_BEFORE
    invitations.mark_snoozed(connection, invitation.id, now)
    outbox.add(connection, [new_reprompt(invitation, until)])
    touched = request_update(connection, [invitation.id], now)
    record(connection, [Snoozed(invitation)], now)
    delivery_proof.by_click(connection, invitation, touched.nowhere, posted, now)
    return until
