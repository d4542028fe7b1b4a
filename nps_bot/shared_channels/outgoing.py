"""What is owed to a shared channel, and to whoever decides about it.

A key names a message for good: owing it twice owes it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.base.slack_ids import is_person_id
from nps_bot.delivery.rules import MessageType, Priority
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.outbox import new_message
from nps_bot.shared_channels import store

CHANNEL_APPROVAL = MessageType("channel_approval", Priority.URGENT, "A request to ask in a channel")
CHANNEL_QUESTION = MessageType("channel_question", Priority.RESPONDENT, "The question to a channel")


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """What a message about a question to a shared channel is about.

    Attributes:
        post_id: the question.
        recipient: who is asked whether to post it, by Slack id or e-mail address; None for the
            question itself.
    """

    post_id: str
    recipient: str | None = None

    @property
    def key(self) -> str:
        """The key of the message."""
        if self.recipient is None:
            return f"channel_question:{self.post_id}"
        return f"channel_approval:{self.post_id}:{self.recipient}"


def enqueue_channel_message(
    connection: Connection, survey_key: str, wave_id: int, about: ChannelMessage, due_at: datetime
) -> None:
    """Enqueue the question to a shared channel, or the message that asks whether to post it."""
    to = about.recipient
    message = new_message(
        CHANNEL_QUESTION if to is None else CHANNEL_APPROVAL,
        about.key,
        due_at,
        survey_key=survey_key,
        wave_id=wave_id,
        person_id=to if to is not None and is_person_id(to) else None,
        payload=asdict(about),
    )
    outbox.add(connection, [message])


def update_channel_messages(
    connection: Connection, wave_id: int, types: Iterable[MessageType], now: datetime
) -> None:
    """Have what a wave says in, or about, shared channels show what is new, at once."""
    if not store.of_waves(connection, [wave_id]):
        return  # nearly all waves ask by direct message, with thousands of messages to look at
    for type_ in types:
        outbox.request_update(connection, outbox.keys_of(connection, type_.name, wave_id), now)


def update_channel_approvals(
    connection: Connection, post_id: str, wave_id: int, now: datetime
) -> None:
    """Have the messages that asked whether to post a question show what became of it."""
    asked = outbox.keys_of(connection, CHANNEL_APPROVAL.name, wave_id)
    about = [key for key in asked if key.startswith(ChannelMessage(post_id, "").key)]
    outbox.request_update(connection, about, now)
