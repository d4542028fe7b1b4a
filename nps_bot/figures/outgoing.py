"""What figures owe to the team: a wave's running and closing summary, shared reports.

A key names a message for good: owing it twice owes it once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.delivery.rules import MessageType, Priority
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.outbox import new_message

SUMMARY = MessageType("summary", Priority.SOON, "A running summary")
CLOSING = MessageType("closing", Priority.SOON, "A closing summary")
SHARED_REPORT = MessageType("shared_report", Priority.URGENT, "A shared report")


def summary_key(wave_id: int) -> str:
    """Return the key of a wave's running summary."""
    return f"summary:{wave_id}"


def closing_key(wave_id: int) -> str:
    """Return the key of a wave's closing summary."""
    return f"closing:{wave_id}"


def enqueue_summary(
    connection: Connection, type_: MessageType, survey_key: str, wave_id: int, due_at: datetime
) -> None:
    """Enqueue a wave's running (``SUMMARY``) or last (``CLOSING``) summary."""
    key = summary_key if type_ is SUMMARY else closing_key
    message = new_message(type_, key(wave_id), due_at, survey_key=survey_key, wave_id=wave_id)
    outbox.add(connection, [message])


@dataclass(frozen=True, slots=True)
class ReportShare:
    """Who shares which period's report where.

    Attributes:
        channel: Slack's id of the channel.
        period: the period as typed; None for the latest wave.
        pressed: what identifies the report whose *Share* was pressed.
    """

    person_id: str
    channel: str
    period: str | None
    pressed: str


def enqueue_shared_report(
    connection: Connection, survey_key: str, share: ReportShare, now: datetime
) -> None:
    """Enqueue a report shared into a channel; pressing *Share* twice shares it once."""
    key = f"share:{share.channel}:{share.pressed}"
    message = new_message(
        SHARED_REPORT,
        key,
        now,
        survey_key=survey_key,
        person_id=share.person_id,
        payload=asdict(share),
    )
    outbox.add(connection, [message])
