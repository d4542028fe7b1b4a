"""Messages of which nobody knows whether Slack has them: settled by a click, or by hand.

The bot looks for them by itself (see :mod:`nps_bot.delivery.dispatcher`). Where it may not read,
somebody who can look says what is there; and who clicks on a message has it before their eyes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import ceil

from sqlalchemy import Connection

from nps_bot.asking.outgoing import FOLLOWING_KINDS, PROMPT_KINDS, prompt_key, prompt_keys
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.delivery.rules import UPDATE_DELAY, MessageKind, Status, certain_at
from nps_bot.delivery.store import outbox, unsettled
from nps_bot.delivery.store.unsettled import Unsettled
from nps_bot.figures.outgoing import summary_key
from nps_bot.shared_channels import store as channel_posts


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message that was clicked stands."""

    channel: str
    ts: str

    @property
    def at(self) -> datetime:
        """When Slack took it."""
        return datetime.fromtimestamp(float(self.ts), UTC)


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
        standing: whose prompt was clicked, by its person.
        nowhere: the keys of messages of which that is not known, as ``touch`` tells.
        posted: where the clicked message stands; None for a click somewhere else.
        due_at: when to rewrite it, unless that is done directly.
    """
    keys = [key for key in prompt_keys(invitation.id) if key in nowhere]
    if posted is None or not keys:
        return
    if unsettled.prove(connection, keys, posted.channel, posted.ts, due_at):
        _count_asked(connection, invitation.id, invitation.wave_id, posted.at)
        if keys != [prompt_key(invitation.id)]:
            invitations.mark_further(connection, [invitation.id], posted.at)


def seen(
    connection: Connection, invitation_id: str, person_id: str, posted: Posted, now: datetime
) -> None:
    """Record the same of a click that changes nothing else."""
    invitation = invitations.find(connection, invitation_id)
    if invitation is not None and invitation.person_id == person_id:
        nowhere = unsettled.nowhere(connection, prompt_keys(invitation_id))
        by_click(connection, invitation, nowhere, posted, now)


class Verdict(StrEnum):
    """What somebody who has looked says of a message."""

    SENT = "sent"
    """It is there."""
    AGAIN = "again"
    """It is not there and may be sent (again)."""


def by_hand(connection: Connection, message_id: str, verdict: Verdict, now: datetime) -> str | None:
    """Settle a message as somebody says who has looked; returns why not where it may not be."""
    message = unsettled.lock(connection, message_id)
    refusal = refused(message, verdict, now)
    if refusal is not None:
        return refusal
    if verdict is Verdict.AGAIN:
        unsettled.mark_waiting(connection, message_id, "it is sent again by hand", now)
        return None
    unsettled.mark_sent(connection, message_id, "somebody looked: it is there", now)
    if message.kind in PROMPT_KINDS and message.ts is None:
        _count_asked(connection, message.invitation_id or "", message.wave_id or 0, now)
    if message.kind == MessageKind.CHANNEL_QUESTION and message.ts is None:
        channel_posts.mark_posted(connection, (message.payload or {})["post_id"], now)
    if message.kind in FOLLOWING_KINDS and message.ts is None:
        invitations.mark_further(connection, [message.invitation_id or ""], now)
    return None


def refused(message: Unsettled, verdict: Verdict, now: datetime) -> str | None:
    """Return why nobody may settle a message now; None where somebody may."""
    match Status(message.status):
        case Status.PENDING:
            return "It waits to be sent: there is nothing to settle."
        case Status.CLAIMED:
            return "It is on its way right now: look again in a minute."
        case Status.SENT:
            return "It was sent: there is nothing to settle."
        case Status.CANCELLED:
            return f"It is not sent any more: {message.reason or 'its reason is gone'}."
        case Status.UNKNOWN if verdict is Verdict.AGAIN and message.claimed_at is not None:
            wait = (certain_at(message.claimed_at) - now).total_seconds()
            if wait > 0:
                return f"Slack may still be about to show it: try again in {ceil(wait)} s."
    return None


def is_kept_up_to_date(message: Unsettled) -> bool:
    """Return whether messages like this one are rewritten once they stand in Slack."""
    return message.kind not in (MessageKind.NOTICE, MessageKind.SHARED_REPORT)


def _count_asked(
    connection: Connection, invitation_id: str, wave_id: int, asked_at: datetime
) -> None:
    invitations.mark_asked(connection, [invitation_id], asked_at)
    outbox.touch(connection, (summary_key(wave_id),), asked_at + UPDATE_DELAY)
