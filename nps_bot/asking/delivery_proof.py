"""What a click proves: a prompt that is clicked was posted, whatever Slack said at the time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.events import PeopleAsked
from nps_bot.asking.outgoing import prompt_key, prompt_keys
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.base.events import record
from nps_bot.delivery.store import unsettled
from nps_bot.slack.calls import Posted


def by_click(
    connection: Connection,
    invitation: InvitationState,
    nowhere: Collection[str],
    posted: Posted | None,
    due_at: datetime,
) -> None:
    """Record what a click proves: that the prompt was posted, and where.

    Args:
        connection: an open transaction.
        invitation: whose prompt was clicked, by its person.
        nowhere: the keys of messages of which that is not known, as ``request_update`` says.
        posted: where the clicked message stands; None for a click somewhere else.
        due_at: when to rewrite it, unless that is done directly.
    """
    keys = [key for key in prompt_keys(invitation.id) if key in nowhere]
    if posted is None or not keys:
        return
    if unsettled.prove(connection, keys, posted.channel, posted.ts, due_at):
        invitations.mark_asked(connection, [invitation.id], posted.at)
        record(connection, [PeopleAsked(frozenset({invitation.wave_id}))], posted.at)
        if keys != [prompt_key(invitation.id)]:
            invitations.mark_following(connection, [invitation.id], posted.at)


def note_seen(
    connection: Connection, invitation_id: str, person_id: str, posted: Posted, now: datetime
) -> None:
    """Record the same of a click that changes nothing else."""
    invitation = invitations.find(connection, invitation_id)
    if invitation is not None and invitation.person_id == person_id:
        nowhere = unsettled.nowhere(connection, prompt_keys(invitation_id))
        by_click(connection, invitation, nowhere, posted, now)
