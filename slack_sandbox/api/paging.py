"""Cursors: lists come page by page, as in Slack.

https://docs.slack.dev/apis/web-api/pagination
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from slack_sandbox.api.method import Arguments
from slack_sandbox.errors import ApiError

DEFAULT_LIMIT = 100
MOST_LIMIT = 1000


def encode_cursor(next_key: str) -> str:
    """Return the opaque cursor for the page that starts with ``next_key``."""
    return urlsafe_b64encode(f"next:{next_key}".encode()).decode()


def decode_cursor(cursor: str) -> str:
    """Return the key a cursor stands for; raise ``invalid_cursor``."""
    try:
        word, _, key = urlsafe_b64decode(cursor).decode().partition(":")
    except ValueError:
        raise ApiError("invalid_cursor") from None
    if word != "next":
        raise ApiError("invalid_cursor")
    return key


def limit_of(arguments: Arguments) -> int:
    """Return how many items a page holds; raise ``invalid_limit``."""
    limit = arguments.number("limit", DEFAULT_LIMIT) or DEFAULT_LIMIT
    if not 1 <= limit <= MOST_LIMIT:
        raise ApiError("invalid_limit")
    return limit


def page(keys: Sequence[str], arguments: Arguments) -> tuple[Sequence[str], dict[str, str]]:
    """Return the keys of the asked-for page, and ``response_metadata`` for the answer."""
    limit = limit_of(arguments)
    cursor = arguments.text("cursor")
    start = 0
    if cursor is not None:
        try:
            start = keys.index(decode_cursor(cursor))
        except ValueError:
            raise ApiError("invalid_cursor") from None
    end = start + limit
    return keys[start:end], {"next_cursor": encode_cursor(keys[end]) if end < len(keys) else ""}
