"""What `python bot.py outbox` says above its tables: right for one message and for several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from nps_bot.app.kinds import KINDS
from nps_bot.delivery.outbox_text import Naming, outbox_text
from nps_bot.delivery.store.unsettled import Unsettled

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PARKED = Unsettled(
    id="5f0c" * 8,
    kind="prompt",
    status="unknown",
    survey_key="customer",
    wave_id=1,
    invitation_id="1",
    person_id="UADA",
    person_name="Ada",
    payload=None,
    channel=None,
    ts=None,
    reason="the history cannot be read",
    due_at=NOON,
    claimed_at=NOON,
    settled_at=None,
    lease_until=None,
)
LOOKED_FOR = replace(PARKED, lease_until=NOON)
FAILED = replace(PARKED, status="failed", reason="a workspace setting forbids it")


def headings(*messages: Unsettled) -> list[str]:
    """Return the first line above each table."""
    parts = outbox_text(messages, Naming(KINDS, {})).split("\n\n")
    return [part.splitlines()[0] for part in parts]


def test_one_message_is_it() -> None:
    assert headings(PARKED, LOOKED_FOR, FAILED) == [
        "1 parked: nobody knows whether it arrived, and the bot cannot find out. Please look:",
        "1 looked for: Slack did not say whether it arrived; the bot finds out by itself",
        ("1 failed, for the reason given. Once that is mended: python bot.py outbox again ID"),
    ]


def test_several_are_they() -> None:
    waiting = (replace(PARKED, status="pending"),) * 2
    parked, looked_for, waits = headings(*(PARKED,) * 3, *(LOOKED_FOR,) * 2, *waiting)
    assert parked.startswith("3 parked: nobody knows whether they arrived, and the bot")
    assert looked_for.startswith("2 looked for: Slack did not say whether they arrived; ")
    assert waits == "2 waiting for their time or turn"
