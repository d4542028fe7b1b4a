"""What the sandbox refuses: to the bot in Slack's words, to people in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class ApiError(Exception):
    """A Web API call Slack would refuse; becomes ``{"ok": false, "error": code, ...}``.

    Arguments:
        code: Slack's name of the error, such as ``channel_not_found``.
        retry_after: seconds until another try may succeed; makes the answer an HTTP 429.
        details: further fields of the answer, such as ``needed`` and ``provided``.
    """

    def __init__(self, code: str, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.details = details


def invalid_arguments(*messages: str) -> ApiError:
    """Return the refusal of malformed arguments; each message says what is wrong and where."""
    return ApiError(
        "invalid_arguments",
        response_metadata={"messages": [f"[ERROR] {message}" for message in messages]},
    )


class SandboxError(Exception):
    """Somebody tried in the sandbox what Slack would not let them do."""


class NotThereError(SandboxError):
    """The message, element, option, modal or person does not exist (any more)."""


class NotAcknowledgedError(SandboxError):
    """The bot did not acknowledge what a person did within Slack's time, or refused it.

    Arguments:
        sentence: for the person who acted.
        reason: for the bot, should it be told again; Slack's ``x-slack-retry-reason``.
    """

    def __init__(self, sentence: str, reason: str = "http_error") -> None:
        super().__init__(sentence)
        self.reason = reason


class FormError(SandboxError):
    """Slack would not send the form: a field is empty, too short or too long.

    Arguments:
        errors: block_id -> what the person reads below that field.
    """

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(f"{block}: {text}" for block, text in errors.items()))
        self.errors = errors


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the allowed word nearest to ``word``, or an empty text."""
    close = get_close_matches(word.lower(), list(allowed), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
