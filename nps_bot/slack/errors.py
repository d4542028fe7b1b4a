"""What a call to Slack can end in besides success, and what that means, in one place.

Three questions decide: did the request leave, did Slack say what it did, will it say the same
again? See :mod:`nps_bot.domain.delivery` for what follows from the answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp

from nps_bot.domain.delivery import Failure, NotSent, RateLimited, Refused, Unknown
from nps_bot.errors import NpsBotError

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


# --- the connection ---------------------------------------------------------------------------

_Meaning = type[NotSent] | type[Unknown] | type[Refused]

_CONNECTION: tuple[tuple[type[Exception], _Meaning, str, str], ...] = (
    # Before the request was written: no connection ever stood, so nothing can have happened.
    # (aiohttp raises ClientConnector... only while it connects.)
    (aiohttp.ConnectionTimeoutError, NotSent, "connect_timeout", "the server does not answer"),
    (aiohttp.ClientConnectorDNSError, NotSent, "dns", "the server's name is not known"),
    (aiohttp.ClientConnectorCertificateError, NotSent, "tls", "the certificate is not trusted"),
    (aiohttp.ClientConnectorSSLError, NotSent, "tls", "no encrypted connection came about"),
    (aiohttp.ClientProxyConnectionError, NotSent, "proxy", "the proxy does not answer"),
    (aiohttp.ClientHttpProxyError, NotSent, "proxy", "the proxy refuses to connect"),
    (aiohttp.ClientConnectorError, NotSent, "unreachable", "the server cannot be reached"),
    # An address that is none stays none.
    (aiohttp.InvalidURL, Refused, "invalid_url", "its address is not valid: check SLACK_API_URL"),
    (aiohttp.NonHttpUrlClientError, Refused, "invalid_url", "its address is not http(s)"),
    # Once the request may have left, its outcome is open whatever breaks. Resets and closed
    # connections (ServerDisconnectedError, ClientOSError) are ClientErrors.
    (TimeoutError, Unknown, "timeout", "no answer in time"),
    (aiohttp.ClientPayloadError, Unknown, "broken_answer", "the answer broke off"),
    (aiohttp.ClientResponseError, Unknown, "broken_answer", "the answer is not HTTP"),
    (aiohttp.ClientError, Unknown, "connection_lost", "the connection broke"),
    (OSError, Unknown, "connection_lost", "the connection broke"),
)

CONNECTION_ERRORS = (aiohttp.ClientError, OSError)
"""What a request may raise (``TimeoutError`` is an ``OSError``)."""


def broken_connection(method: str, error: aiohttp.ClientError | OSError) -> SlackCallError:
    """Return what ``error``, raised by the request, means for the call of ``method``."""
    for kind, meaning, code, reason in _CONNECTION:
        if isinstance(error, kind):
            return SlackCallError(method, code, meaning(reason))
    raise AssertionError(error)  # the last rows take all there is


# --- the answer -------------------------------------------------------------------------------

_LIMITED = frozenset({"ratelimited", "rate_limited"})
"""A 429 in words: Slack did nothing. chat.postMessage documents the second spelling."""

_OPEN = frozenset(
    {
        "internal_error",  # "it's possible some aspect of the operation succeeded"
        "fatal_error",  # likewise
        "service_unavailable",  # what a 5xx says in words
        "request_timeout",  # the request arrived in part: nobody says which
    }
)
"""Errors of Slack's own, after which it may or may not have done what was asked."""

_REFUSALS: Mapping[str, str] = {
    # where
    "channel_not_found": "the bot sees no such channel: check its name, or invite the bot to it",
    "not_in_channel": "the bot is not in the channel: invite the bot to the channel",
    "is_archived": "the channel is archived: unarchive it or choose another",
    "external_channel_migrating": "the shared channel is being moved: try again later",
    "restricted_action": "a workspace setting forbids the bot to post there",
    "restricted_action_read_only_channel": "the channel is read-only for the bot",
    "restricted_action_thread_only_channel": "the channel takes only replies in threads",
    "messages_tab_disabled": "switch on the Messages Tab in the app's settings (App Home)",
    # who
    "user_not_found": "Slack knows no such person",
    "users_not_found": "Slack knows nobody with this e-mail address",
    "user_disabled": "this account is deactivated",
    "user_not_visible": "the bot may not see this person",
    "cannot_dm_bot": "bots cannot be asked",
    # what
    "invalid_blocks": "Slack refuses the layout of the message",
    "invalid_arguments": "Slack refuses an argument",
    "msg_too_long": "the message is too long",
    "no_text": "the message is empty",
    "metadata_too_large": "the message's metadata are too large",
    # changing what stands there
    "message_not_found": "the message is not there any more",
    "cant_update_message": "the message belongs to somebody else",
    "edit_window_closed": "the workspace no longer allows to edit this message",
    "cant_delete_message": "the message belongs to somebody else",
    # answering an interaction
    "expired_trigger_id": "it came too late: Slack opens a window only within 3 seconds",
    "trigger_expired": "it came too late: Slack opens a window only within 3 seconds",
    "exchanged_trigger_id": "this click opened a window already",
    "trigger_exchanged": "this click opened a window already",
    "hash_conflict": "the window changed meanwhile",
    "not_found": "the window is closed already",
    # the app
    "unknown_method": "this server does not know the method",
    "missing_scope": "the app lacks a permission: add it in the app's settings and reinstall it",
    "invalid_auth": "Slack does not accept the token: check SLACK_BOT_TOKEN",
    "not_authed": "no token was sent: check SLACK_BOT_TOKEN",
    "account_inactive": "the app was removed or its bot deactivated: install the app again",
    "token_revoked": "the token was revoked: install the app again and set SLACK_BOT_TOKEN",
    "token_expired": "the token ran out: install the app again and set SLACK_BOT_TOKEN",
    "not_allowed_token_type": "this kind of token is not allowed: use the bot's (xoxb-...)",
    "no_permission": "the app lacks a permission for this",
    "team_access_not_granted": "an admin of the organisation has not allowed this workspace",
    "org_login_required": "the workspace is being moved into an organisation: try again later",
    "ekm_access_denied": "an admin has suspended posting (Enterprise Key Management)",
}
"""What Slack's common refusals ask of whoever runs the bot; the others are quoted by name."""

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
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _LIMITED:
        wait = _seconds(headers.get("Retry-After"))
        return SlackCallError(method, "ratelimited", RateLimited(wait))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _OPEN:
        told = code or f"http_{status}"
        return SlackCallError(method, told, Unknown(f"Slack has trouble of its own ({told})"))
    if status == HTTPStatus.NOT_FOUND and not code:
        code = "unknown_method"  # as servers that are not Slack say it
    if code:
        return SlackCallError(method, code, Refused(_sentence(code, answer or {}), code))
    if status >= HTTPStatus.MULTIPLE_CHOICES:  # a redirect is not followed, a 4xx did nothing
        code = f"http_{status}"
        reason = f"the server answered HTTP {status}: check SLACK_API_URL"
        return SlackCallError(method, code, Refused(reason, code))
    return unreadable_answer(method)


def unreadable_answer(method: str) -> SlackCallError:
    """Return what a success that cannot be read means: it may well have been one."""
    return SlackCallError(method, "unreadable_answer", Unknown("the answer cannot be read"))


def _sentence(code: str, answer: Mapping[str, Any]) -> str:
    """Return why Slack refused, with the scope it misses or the block it points at."""
    sentence = _REFUSALS.get(code, f"Slack answered '{code}'")
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
