"""One sentence, where a whole view would be too much."""

from __future__ import annotations

from typing import Any

from nps_bot.slack.block_kit import escape, plain, section
from nps_bot.slack.message import Message


def sentence(text: str) -> Message:
    """Return ``text`` as a message; it is escaped."""
    return Message(escape(text), [section(escape(text))])


def modal(text: str) -> dict[str, Any]:
    """Return ``text`` as a modal with nothing to fill in."""
    return {
        "type": "modal",
        "callback_id": "notice",
        "title": plain("NPS"),
        "close": plain("Close"),
        "blocks": [section(escape(text))],
    }
