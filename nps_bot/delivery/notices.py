"""Notices: a sentence that an owner must read, as a direct message, said once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.base.slack_ids import is_person_id
from nps_bot.delivery.kinds import Drop, OwnerMessage, RenderContext, Situation
from nps_bot.delivery.rules import NO_FILE, MessageType, Priority
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.claims import Claimed
from nps_bot.delivery.store.outbox import new_message
from nps_bot.slack import notices as view
from nps_bot.slack.message import Message

NOTICE = MessageType("notice", Priority.URGENT, "A notice")


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence an owner must read.

    Attributes:
        key: what it is about; it is said once.
        recipient: who gets it, by Slack id or e-mail address.
    """

    key: str
    recipient: str
    text: str


def enqueue_notice(connection: Connection, survey_key: str, notice: Notice, now: datetime) -> None:
    """Enqueue a direct message to an owner; the same ``key`` and recipient get it once."""
    message = new_message(
        NOTICE,
        f"notice:{notice.key}:{notice.recipient}",
        now,
        survey_key=survey_key,
        person_id=notice.recipient if is_person_id(notice.recipient) else None,
        payload=asdict(notice),
    )
    outbox.add(connection, [message])


class NoticeMessage(OwnerMessage[None, Notice]):
    """Tells an owner one sentence."""

    type = NOTICE
    kept_current = False

    def prepare(self, situation: Situation, facts: None, message: Claimed) -> Notice | Drop:
        """Return the sentence."""
        if message.survey_key not in situation.surveys:
            return Drop(NO_FILE)
        return Notice(**(message.payload or {}))

    async def render(self, context: RenderContext, content: Notice) -> Message:
        """Return the sentence for Slack."""
        return view.sentence(content.text)


MESSAGES = (NoticeMessage(),)
