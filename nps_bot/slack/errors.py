"""How a call to Slack failed, read off the table of :mod:`nps_bot.slack.outcomes`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp

from nps_bot.base.errors import NpsBotError
from nps_bot.slack.calls import Failure, NotSent, RateLimited, Refused, Unknown
from nps_bot.slack.outcomes import ANSWERS, CONNECTION, ELSEWHERE, STATUSES, Meaning

DEFAULT_WAIT = 30.0
"""Seconds to wait after a 429 that does not say how long."""
_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 86_400.0
"""Slack speaks in whole seconds; what is longer than a day is a mistake."""


class SlackCallError(NpsBotError):
    """A call to Slack failed.

    Attributes:
        method: such as ``views.open``.
        code: Slack's name of the error, or ours where Slack gave none (``timeout``, ``dns``, ...).
        failure: what the failure means for whoever wants to try again.
    """

    def __init__(self, method: str, code: str, failure: Failure) -> None:
        self.method = method
        self.code = code
        self.failure = failure
        super().__init__(f"Slack's {method} failed: {self.reason}")

    @property
    def reason(self) -> str:
        """Return why, as a clause for people."""
        if isinstance(self.failure, RateLimited):
            return f"too many calls, Slack asked to wait {self.failure.retry_after:g} s"
        return self.failure.reason

    @property
    def retry_after(self) -> float | None:
        """Return how many seconds Slack asked to wait, or None where it did not."""
        return self.failure.retry_after if isinstance(self.failure, RateLimited) else None


OUTCOMES: Mapping[type[Failure], str] = {
    NotSent: "not_sent",
    RateLimited: "ratelimited",
    Unknown: "unknown",
    Refused: "refused",
}
"""How failures are called in ``/metrics``."""

CONNECTION_ERRORS = (aiohttp.ClientError, OSError)
"""What a request may raise (``TimeoutError`` is an ``OSError``)."""


def broken_connection(method: str, error: aiohttp.ClientError | OSError) -> SlackCallError:
    """Return what ``error``, raised by the request, means for the call of ``method``."""
    for kind, meaning, code, reason in CONNECTION:
        if isinstance(error, kind):
            return SlackCallError(method, code, meaning(reason))
    raise AssertionError(error)  # the last rows take all there is


# --- the answer -------------------------------------------------------------------------------

_SCOPES = re.compile(r"[a-z:._, -]{1,200}")


def failed_answer(
    method: str, status: int, headers: Mapping[str, str], answer: Mapping[str, Any] | None
) -> SlackCallError:
    """Return what an answer that is not a success means for the call of ``method``.

    Args:
        status: the HTTP status.
        headers: the HTTP headers.
        answer: the JSON object in the body; None where there was none that could be read.
    """
    code = str((answer or {}).get("error") or "")
    meaning, reason = _meaning(status, code)
    if meaning is RateLimited:
        wait = _seconds(headers.get("Retry-After"))
        return SlackCallError(method, "ratelimited", RateLimited(wait))
    if meaning is None:
        return unreadable_answer(method)
    if meaning is Unknown:
        told = code or f"http_{status}"
        return SlackCallError(method, told, Unknown(f"{reason} ({told})"))
    if code:
        return SlackCallError(method, code, Refused(_sentence(code, reason, answer or {}), code))
    if status == HTTPStatus.NOT_FOUND:  # as servers that are not Slack say it
        code = "unknown_method"
        return SlackCallError(method, code, Refused(ANSWERS[code][1], code))
    code = f"http_{status}"
    reason = f"the server answered HTTP {status}, {reason}: check SLACK_API_URL"
    return SlackCallError(method, code, Refused(reason, code))


def _meaning(status: int, code: str) -> tuple[Meaning | None, str]:
    """Return what the table says; None for a success that does not say it is one."""
    for statuses, meaning, reason in STATUSES:
        if status in statuses:
            return meaning, reason
    if code:
        return ANSWERS.get(code, (Refused, f"Slack answered '{code}'"))
    for statuses, meaning, reason in ELSEWHERE:
        if status in statuses:
            return meaning, reason
    return None, ""


def unreadable_answer(method: str) -> SlackCallError:
    """Return what a success that cannot be read means: it may well have been one."""
    return SlackCallError(method, "unreadable_answer", Unknown("the answer cannot be read"))


def _sentence(code: str, sentence: str, answer: Mapping[str, Any]) -> str:
    """Return why Slack refused, with the scope it misses or the block it points at."""
    needed = answer.get("needed")
    if code == "missing_scope" and isinstance(needed, str) and _SCOPES.fullmatch(needed):
        return f"the app lacks the scope {needed}: add it in the app's settings and reinstall it"
    metadata = answer.get("response_metadata")
    details = metadata.get("messages") if isinstance(metadata, dict) else None
    if isinstance(details, list) and details:
        return f"{sentence} ({'; '.join(map(str, details))[:300]})"
    return sentence


def _seconds(retry_after: str | None) -> float:
    """Return the seconds a ``Retry-After`` header asks for; whatever it says, a sane number."""
    try:
        wait = float(retry_after or DEFAULT_WAIT)
    except ValueError:
        return DEFAULT_WAIT
    if math.isnan(wait):
        return DEFAULT_WAIT
    return min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)
