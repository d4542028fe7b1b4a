"""The outbox for a terminal, and for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nps_bot.base.ids import short_id
from nps_bot.delivery.kinds import Kinds
from nps_bot.delivery.rules import Status
from nps_bot.delivery.store.unsettled import Unsettled
from nps_bot.slack.block_kit import shorten
from nps_bot.surveys.rules.survey import Survey

SHOWN = 20
"""Messages of each state in the table; JSON has all of them."""
_REASON = 80

_HEADINGS = {
    "parked": (
        "parked: nobody knows whether {they} arrived, and the bot cannot find out. Please look:\n"
        "  if it is there: python bot.py outbox sent ID\n"
        "  if it is not:   python bot.py outbox again ID"
    ),
    "looked_for": (
        "looked for: Slack did not say whether {they} arrived; the bot finds out by itself"
    ),
    "failed": "failed, for the reason given. Once that is mended: python bot.py outbox again ID",
    "on_its_way": "on its way right now",
    "waits": "waiting for {their} time or turn",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """What tells where a message goes that does not stand there yet."""

    kinds: Kinds
    surveys: Mapping[str, Survey]


def outbox_text(found: Sequence[Unsettled], naming: Naming) -> str:
    """Return the messages as tables, one for each state."""
    if not found:
        return "Nothing waits, nothing is unknown, nothing failed."
    parts = []
    for state, heading in _HEADINGS.items():
        messages = [message for message in found if _state(message) == state]
        if messages:
            rows = [_row(message, naming) for message in messages[:SHOWN]]
            more = len(messages) - len(rows)
            they, their = ("it", "its") if len(messages) == 1 else ("they", "their")
            words = heading.format(they=they, their=their)
            lines = [f"{len(messages):,} {words}", *_table(rows)]
            parts.append("\n".join([*lines, f"  and {more:,} more"] if more else lines))
    return "\n\n".join(parts)


def entry_text(message: Unsettled, naming: Naming) -> str:
    """Return one message as a table of its own."""
    return "\n".join(_table([_row(message, naming)]))


def entry_json(message: Unsettled, naming: Naming) -> dict[str, Any]:
    """Return a message with everything that is known of where it goes."""
    return {
        "id": message.id,
        "state": _state(message),
        "survey": message.survey_key,
        "kind": message.kind,
        "person": message.person_id,
        "channel": message.channel or _channel(message, naming),
        "ts": message.ts,
        "reason": message.reason,
        "since": _since(message).isoformat(),
    }


def _state(message: Unsettled) -> str:
    match Status(message.status):
        case Status.UNKNOWN:
            return "parked" if message.parked else "looked_for"
        case Status.FAILED:
            return "failed"
        case Status.CLAIMED:
            return "on_its_way"
        case _:
            return "waits"


def _since(message: Unsettled) -> datetime:
    """Return since when a message is as it is; for one that waits, when it is (or was) due."""
    match Status(message.status):
        case Status.UNKNOWN | Status.CLAIMED:
            return message.claimed_at or message.due_at
        case Status.FAILED:
            return message.settled_at or message.due_at
        case _:
            return message.due_at


def _channel(message: Unsettled, naming: Naming) -> str | None:
    survey = naming.surveys.get(message.survey_key or "")
    return naming.kinds.of(message.kind).named_channel(survey, message.payload)


_COLUMNS = ("id", "since (UTC)", "survey", "what", "to", "reason")
_Row = tuple[str, str, str, str, str, str]


def _row(message: Unsettled, naming: Naming) -> _Row:
    what = message.kind.replace("_", " ")
    return (
        short_id(message.id),
        f"{_since(message).astimezone(UTC):%Y-%m-%d %H:%M}",
        message.survey_key or "",
        f"{what} (rewriting)" if message.ts else what,
        _to(message, naming),
        shorten(message.reason or "", _REASON),
    )


def _to(message: Unsettled, naming: Naming) -> str:
    if message.person_id is not None and _channel(message, naming) is None:
        name = message.person_name
        return f"{name} ({message.person_id})" if name else message.person_id
    recipient = (message.payload or {}).get("recipient")
    return message.channel or _channel(message, naming) or recipient or "nobody any more"


def _table(rows: Sequence[_Row]) -> list[str]:
    table = [_COLUMNS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
