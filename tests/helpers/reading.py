"""Reading a message as a person does, and as Slack's validator does."""

from __future__ import annotations

from typing import Any

from nps_bot.slack.message import Message
from slack_sandbox.blocks import problems_in_message, problems_in_view

TOTAL = 13_000
"""Characters of a whole message. Slack refuses blocks that are too long together
(``msg_blocks_too_long``) without saying from where on; reports name about this."""


def texts(thing: object) -> list[str]:
    """Return every text of blocks, in reading order; buttons in brackets."""
    if isinstance(thing, list):
        return [text for each in thing for text in texts(each)]
    if not isinstance(thing, dict):
        return []
    if thing.get("type") in ("plain_text", "mrkdwn"):
        return [thing["text"]]
    if thing.get("type") == "button":
        return [f"[{thing['text']['text']}]"]
    return [text for each in thing.values() for text in texts(each)]


def lines(message: Message) -> list[str]:
    """Return every line of a message, in reading order."""
    return [line for text in texts(message.blocks) for line in text.split("\n")]


def action_ids(blocks: list[dict[str, Any]]) -> list[str]:
    """Return the action ids of all buttons, in order."""
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    beside = [block["accessory"] for block in blocks if "accessory" in block]
    return [element["action_id"] for row in [*rows, beside] for element in row]


def assert_slack_takes(message: Message | dict[str, Any]) -> None:
    """Check a message or a view against Slack's limits."""
    if isinstance(message, Message):
        assert not problems_in_message(message.blocks)
        assert 0 < len(message.text) <= 4_000
        assert sum(map(len, texts(message.blocks))) <= TOTAL
    else:
        assert not problems_in_view(message)
