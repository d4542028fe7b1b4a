"""What waves owe to their people and owners: prompts, nudges, requests for an owner's word.

A key names a message for good: owing it twice owes it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.rules.message_types import APPROVAL, CHASER, PROMPT, REMINDER, REPROMPT
from nps_bot.asking.rules.nudges import NudgeKind
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.base.slack_ids import is_person_id
from nps_bot.delivery.rules import MessageType
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.outbox import NewMessage, UpdateRequest, new_message


def prompt_key(invitation_id: str) -> str:
    """Return the key of an invitation's prompt."""
    return f"prompt:{invitation_id}"


def reprompt_key(invitation_id: str) -> str:
    """Return the key of the one prompt that follows a snooze."""
    return f"reprompt:{invitation_id}"


def reminder_key(invitation_id: str) -> str:
    """Return the key of the one reminder to an unanswered prompt."""
    return f"reminder:{invitation_id}"


def chaser_key(invitation_id: str) -> str:
    """Return the key of the one message that asks for a reason after a bare score."""
    return f"chaser:{invitation_id}"


def new_prompt(
    invitation_id: str, person_id: str, survey_key: str, wave_id: int, due_at: datetime
) -> NewMessage:
    """Return the prompt of an invitation, due at the person's own moment."""
    return new_message(
        PROMPT,
        prompt_key(invitation_id),
        due_at,
        survey_key=survey_key,
        wave_id=wave_id,
        invitation_id=invitation_id,
        person_id=person_id,
    )


def new_reprompt(invitation: InvitationState, due_at: datetime) -> NewMessage:
    """Return the one further prompt that follows a snooze."""
    return _following(REPROMPT, reprompt_key(invitation.id), invitation, due_at)


def new_nudge(kind: NudgeKind, invitation: InvitationState, due_at: datetime) -> NewMessage:
    """Return the one message that may follow a prompt."""
    if kind is NudgeKind.REMINDER:
        return _following(REMINDER, reminder_key(invitation.id), invitation, due_at)
    return _following(CHASER, chaser_key(invitation.id), invitation, due_at)


def _following(
    type_: MessageType, key: str, invitation: InvitationState, due_at: datetime
) -> NewMessage:
    return new_message(
        type_,
        key,
        due_at,
        survey_key=invitation.survey_key,
        wave_id=invitation.wave_id,
        invitation_id=invitation.id,
        person_id=invitation.person_id,
    )


def request_update(
    connection: Connection, invitation_ids: Iterable[str], due_at: datetime
) -> UpdateRequest:
    """Have the messages that people of invitations got show what is new at ``due_at``."""
    keys = [key for one in invitation_ids for key in keys_showing(one)]
    return outbox.request_update(connection, keys, due_at)


def keys_showing(invitation_id: str) -> tuple[str, ...]:
    """Return the keys of the messages that show a score to the person who gave it."""
    return *prompt_keys(invitation_id), chaser_key(invitation_id)


def prompt_keys(invitation_id: str) -> tuple[str, ...]:
    """Return the keys of the messages that ask with an invitation, one for each prompt kind."""
    return prompt_key(invitation_id), reprompt_key(invitation_id), reminder_key(invitation_id)


def update_prompts(connection: Connection, invitation_id: str, due_at: datetime) -> UpdateRequest:
    """Have the messages that ask with an invitation show what is new at ``due_at``."""
    return outbox.request_update(connection, prompt_keys(invitation_id), due_at)


def update_chaser(connection: Connection, invitation_id: str, now: datetime) -> None:
    """Have the chaser, if there is one, show what is new, at once."""
    outbox.request_update(connection, (chaser_key(invitation_id),), now)


@dataclass(frozen=True, slots=True)
class ApprovalMessage:
    """One person's message about a large wave that somebody wants to start.

    Attributes:
        approval_id: the request.
        recipient: who gets it, by Slack id or e-mail address.
        outcome: whether it tells who asked what became of it, instead of asking an owner.
    """

    approval_id: str
    recipient: str
    outcome: bool = False

    @property
    def key(self) -> str:
        """The key of the message."""
        return f"approval:{self.approval_id}:{'outcome' if self.outcome else self.recipient}"


def enqueue_approvals(
    connection: Connection, survey_key: str, messages: Iterable[ApprovalMessage], now: datetime
) -> None:
    """Enqueue direct messages about a request to start a large wave."""
    outbox.add(
        connection,
        [
            new_message(
                APPROVAL,
                one.key,
                now,
                survey_key=survey_key,
                person_id=one.recipient if is_person_id(one.recipient) else None,
                payload=asdict(one),
            )
            for one in messages
        ],
    )


Rewritten = tuple[Mapping[str, int], str]
"""The versions of the messages that show a prompt, by key, and the prompt's invitation."""


def mark_rewritten(connection: Connection, rewritten: Sequence[Rewritten], now: datetime) -> None:
    """Record that clicked prompts were rewritten directly, so that the dispatcher need not."""
    written = []
    for versions, invitation_id in rewritten:
        keys = [key for key in prompt_keys(invitation_id) if key in versions]
        # Where there are two prompts, only the clicked one was rewritten: the dispatcher does both.
        written += [(key, versions[key]) for key in keys if len(keys) == 1]
    outbox.mark_delivered(connection, written, now)
