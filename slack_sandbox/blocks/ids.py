"""Filling in the block and action ids Slack would make up."""

from __future__ import annotations

import secrets
from itertools import count
from typing import Any

from slack_sandbox.blocks import Blocks

_numbers = count(secrets.randbelow(1 << 24))
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"


def fresh_id() -> str:
    """Return a short id which this process has not used before."""
    rest, text = next(_numbers), ""
    while rest:
        rest, digit = divmod(rest, 64)
        text += _DIGITS[digit]
    return text


def with_ids(blocks: Blocks) -> Blocks:
    """Return valid blocks with an id on every block and interactive element.

    What was sent stays as it is; only what misses an id is copied.
    """
    return [_with_ids(block) for block in blocks]


def _with_ids(block: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if "block_id" not in block:
        changed["block_id"] = fresh_id()
    kind = block["type"]
    if kind == "actions":
        if not all("action_id" in element for element in block["elements"]):
            changed["elements"] = [_named(element) for element in block["elements"]]
    elif kind == "input":
        changed["element"] = _named(block["element"])
    elif kind == "section" and "accessory" in block and block["accessory"]["type"] != "image":
        changed["accessory"] = _named(block["accessory"])
    return block | changed if changed else block


def _named(element: dict[str, Any]) -> dict[str, Any]:
    return element if "action_id" in element else element | {"action_id": fresh_id()}
