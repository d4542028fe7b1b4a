"""Opting out of a survey, of all, or of being contacted, and taking part again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.answering import store
from nps_bot.answering.events import ContactDeclined, OptedIn, OptedOut
from nps_bot.answering.own_response import own_invitation, own_response
from nps_bot.answering.rules import Refusal
from nps_bot.asking.outgoing import request_update
from nps_bot.asking.rules.message_types import PROMPT_KINDS
from nps_bot.asking.store import invitations
from nps_bot.base.events import record
from nps_bot.delivery.store import outbox
from nps_bot.people import store as people


class Scope(StrEnum):
    """Which surveys a person stops."""

    THIS = "this"
    ALL = "all"


def wording_of(connection: Connection, invitation_id: str, person_id: str) -> int | Refusal:
    """Return the id of the wording an invitation asks with, for its own person."""
    invitation = own_invitation(connection, invitation_id, person_id, lock=False)
    return invitation if isinstance(invitation, Refusal) else invitation.wording_id


def stop(
    connection: Connection, invitation_id: str, person_id: str, scope: Scope, now: datetime
) -> str | Refusal:
    """Opt a person out, for good: of this survey or of all. A given answer stays.

    Nothing further is sent to them, and the messages they have got say so.

    Returns:
        The survey key opted out of, ``*`` for all; or why nothing changed.
    """
    invitation = own_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    key = people.ALL_SURVEYS if scope is Scope.ALL else invitation.survey_key
    people.add_opt_out(connection, person_id, key, now)
    theirs = [
        one
        for one in invitations.of_person(connection, person_id)
        if key in (people.ALL_SURVEYS, one.survey_key) and one.wave_state != "closed"
    ]
    unanswered = [one.id for one in theirs if not one.answered]
    invitations.mark_dismissed(connection, unanswered, now)
    outbox.cancel_prompts(connection, PROMPT_KINDS, "the person opted out", invitations=unanswered)
    request_update(connection, [one.id for one in theirs], now)
    record(connection, [OptedOut(one) for one in theirs], now)
    return key


def resume(connection: Connection, person_id: str, survey_key: str, now: datetime) -> None:
    """Undo an opt-out: open questions can be answered again, and the next wave asks again."""
    people.remove_opt_out(connection, person_id, survey_key)
    stopped = [
        one
        for one in invitations.of_person(connection, person_id)
        if one.dismissed_at is not None or not one.closed(now)
    ]
    invitations.clear_dismissed(connection, [one.id for one in stopped if not one.closed(now)])
    request_update(connection, [one.id for one in stopped], now)
    record(connection, [OptedIn(one) for one in stopped], now)


def ask_no_contact(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> Refusal | None:
    """Record *Please don't contact me*; returns why nothing changed, or None."""
    own = own_response(connection, invitation_id, person_id)
    if isinstance(own, Refusal):
        return own
    store.set_no_contact(connection, own.response.id, now)
    request_update(connection, [invitation_id], now)
    record(connection, [ContactDeclined(own.invitation)], now)
    return None
