"""Recording what became of messages, and what follows from it for their kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.delivery.kinds import Ended, Kinds
from nps_bot.delivery.notices import Notice, enqueue_notice
from nps_bot.delivery.rules import FORGOTTEN, Settlement, Status
from nps_bot.delivery.store import claims, outbox
from nps_bot.delivery.store.claims import Claimed, Sent
from nps_bot.surveys.rules.survey import Survey


def settle_all(
    connection: Connection, kinds: Kinds, ended: Sequence[Ended], now: datetime
) -> list[bool]:
    """Record what became of messages; False for each whose lease was lost to another claim."""
    sent = [_sent(kinds, *one, now) for one in ended if one[1].status is Status.SENT]
    held = claims.settle_sent(connection, sent, now)
    for name, posted in _by_kind([one for one in ended if one[0].id in held]).items():
        kinds.of(name).posted(connection, [message for message, _ in posted], now)
    unsent = [one for one in ended if one[1].status is not Status.SENT]
    held |= {
        message.id
        for message, settlement in unsent
        if _settle_unsent(connection, message, settlement, now)
    }
    for name, missed in _by_kind([one for one in unsent if one[0].id in held]).items():
        kinds.of(name).ended(connection, missed, now)
    return [message.id in held for message, _ in ended]


def _by_kind(ended: Sequence[Ended]) -> Mapping[str, list[Ended]]:
    """Return messages that did not stand in Slack before, by the name of their kind."""
    found: dict[str, list[Ended]] = {}
    for one in ended:
        if not one[0].updating:
            found.setdefault(one[0].kind, []).append(one)
    return found


def _settle_unsent(
    connection: Connection, message: Claimed, settlement: Settlement, now: datetime
) -> bool:
    return claims.settle_unsent(
        connection,
        message,
        status=settlement.status,
        due_at=settlement.due_at,
        reason=settlement.reason,
        now=now,
    )


def _sent(kinds: Kinds, message: Claimed, settlement: Settlement, now: datetime) -> Sent:
    again_at = now + kinds.of(message.kind).update_delay
    return Sent(message, settlement.channel or "", settlement.ts or "", again_at)


def refuse_outsiders(
    connection: Connection,
    surveys: Mapping[str, Survey],
    message: Claimed,
    channel: str,
    reason: str,
    now: datetime,
) -> None:
    """Fail a message that outsiders would have read, and tell the survey's owners.

    They are told once a channel, however many messages are refused there, and once more only if it
    is shared again after something could be posted there in between.
    """
    claims.settle_unsent(
        connection, message, status=Status.FAILED, due_at=None, reason=reason, now=now
    )
    survey = surveys.get(message.survey_key or "")
    since = outbox.latest_in(connection, channel) or ""
    for owner in survey.owners if survey else ():
        notice = Notice(f"outsiders:{channel}:{since}", owner, reason)
        enqueue_notice(connection, message.survey_key or "", notice, now)


def settle_removed(connection: Connection, message: Claimed, now: datetime) -> bool:
    """Record that a message was deleted from Slack."""
    return claims.settle_removed(connection, message, FORGOTTEN, now)
