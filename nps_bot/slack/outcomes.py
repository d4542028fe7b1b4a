"""What the end of a call to Slack means for whoever wants to try again: one table, in three parts.

================  ===============  =============================================================
``NotSent``       may be retried   it never left, so nothing can have happened
``RateLimited``   may be retried   Slack did nothing, and says when to come again
``Unknown``       is looked up     it may have happened: only the channel's history can tell
``Refused``       fails, visibly   Slack did nothing, and would do nothing again
================  ===============  =============================================================

An answer that is in none of the parts fails, under the name Slack gave it. A connection that broke
in a way nobody foresaw is unknown all the same: failing is safe only where nothing has happened.

What follows for posting and for rewriting, and for a process that died in the middle, is told by
:func:`nps_bot.delivery.rules.settle`. Sources: the errors of each method on docs.slack.dev;
aiohttp's tree of exceptions.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from nps_bot.slack.calls import NotSent, RateLimited, Refused, Unknown

Meaning = type[NotSent] | type[RateLimited] | type[Unknown] | type[Refused]

# --- 1. no answer: how the connection broke -----------------------------------------------------

Broken = type[NotSent] | type[Unknown] | type[Refused]
CONNECTION: tuple[tuple[type[Exception], Broken, str, str], ...] = (
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
"""What a request raises, the special before the general: its meaning, our name for it, and why."""

# --- 2. an answer with an HTTP status -----------------------------------------------------------

STATUSES: tuple[tuple[range, Meaning, str], ...] = (
    (range(429, 430), RateLimited, "too many calls: Slack did nothing"),
    # On which side of the work it, or a proxy before it, fell over nobody says.
    (range(500, 600), Unknown, "Slack has trouble of its own"),
)
"""What a status means, whatever stands in the body."""

ELSEWHERE: tuple[tuple[range, Meaning, str], ...] = (
    # A redirect is not followed, so nobody has taken the call.
    (range(300, 400), Refused, "the address has moved"),
    (range(400, 500), Refused, "it is not Slack's API that answers there"),
)
"""What a status means where no error of Slack's stands in the body."""

# --- 3. an answer of Slack's: its error ---------------------------------------------------------

ANSWERS: Mapping[str, tuple[Meaning, str]] = {
    # A 429 in words; chat.postMessage documents the second spelling.
    "ratelimited": (RateLimited, "too many calls: Slack did nothing"),
    "rate_limited": (RateLimited, "too many calls: Slack did nothing"),
    # Slack's own trouble. Of the first it says "it's possible some aspect of the operation
    # succeeded", and of the second the same.
    "internal_error": (Unknown, "Slack has trouble of its own"),
    "fatal_error": (Unknown, "Slack has trouble of its own"),
    "service_unavailable": (Unknown, "Slack has trouble of its own"),  # a 5xx in words
    "update_failed": (Unknown, "Slack has trouble of its own"),  # chat.update's internal error
    "request_timeout": (Unknown, "the request arrived in part"),  # nobody says which
    # where
    "channel_not_found": (
        Refused,
        "the bot sees no such channel: check its name, or invite the bot to it",
    ),
    "not_in_channel": (Refused, "the bot is not in the channel: invite the bot to the channel"),
    "is_archived": (Refused, "the channel is archived: unarchive it or choose another"),
    "external_channel_migrating": (Refused, "the shared channel is being moved: try again later"),
    "restricted_action": (Refused, "a workspace setting forbids the bot to post there"),
    "restricted_action_read_only_channel": (Refused, "the channel is read-only for the bot"),
    "restricted_action_thread_only_channel": (Refused, "the channel takes only replies in threads"),
    "messages_tab_disabled": (
        Refused,
        "switch on the Messages Tab in the app's settings (App Home)",
    ),
    # who
    "user_not_found": (Refused, "Slack knows no such person"),
    "users_not_found": (Refused, "Slack knows nobody with this e-mail address"),
    "user_disabled": (Refused, "this account is deactivated"),
    "user_not_visible": (Refused, "the bot may not see this person"),
    "cannot_dm_bot": (Refused, "bots cannot be asked"),
    "method_not_supported_for_channel_type": (Refused, "this kind of channel takes no messages"),
    "message_limit_exceeded": (Refused, "the workspace's plan takes no more messages"),
    "team_not_found": (Refused, "Slack knows no such workspace"),
    # what
    "invalid_blocks": (Refused, "Slack refuses the layout of the message"),
    "invalid_arguments": (Refused, "Slack refuses an argument"),
    "msg_too_long": (Refused, "the message is too long"),
    "no_text": (Refused, "the message is empty"),
    "metadata_too_large": (Refused, "the message's metadata are too large"),
    "invalid_metadata_format": (Refused, "Slack refuses the message's metadata"),
    "invalid_metadata_schema": (Refused, "Slack refuses the message's metadata"),
    "metadata_must_be_sent_from_app": (Refused, "only an app's own token may send metadata"),
    # changing what stands there
    "message_not_found": (Refused, "the message is not there any more"),
    "cant_update_message": (Refused, "the message belongs to somebody else"),
    "edit_window_closed": (Refused, "the workspace no longer allows to edit this message"),
    "cant_delete_message": (Refused, "the message belongs to somebody else"),
    "compliance_exports_prevent_deletion": (Refused, "the workspace forbids to delete messages"),
    # answering an interaction
    "expired_trigger_id": (Refused, "it came too late: Slack opens a window only within 3 seconds"),
    "trigger_expired": (Refused, "it came too late: Slack opens a window only within 3 seconds"),
    "exchanged_trigger_id": (Refused, "this click opened a window already"),
    "trigger_exchanged": (Refused, "this click opened a window already"),
    "hash_conflict": (Refused, "the window changed meanwhile"),
    "not_found": (Refused, "the window is closed already"),
    # the app
    "unknown_method": (Refused, "this server does not know the method"),
    "missing_scope": (
        Refused,
        "the app lacks a permission: add it in the app's settings and reinstall it",
    ),
    "invalid_auth": (Refused, "Slack does not accept the token: check SLACK_BOT_TOKEN"),
    "not_authed": (Refused, "no token was sent: check SLACK_BOT_TOKEN"),
    "account_inactive": (
        Refused,
        "the app was removed or its bot deactivated: install the app again",
    ),
    "token_revoked": (
        Refused,
        "the token was revoked: install the app again and set SLACK_BOT_TOKEN",
    ),
    "token_expired": (Refused, "the token ran out: install the app again and set SLACK_BOT_TOKEN"),
    "not_allowed_token_type": (
        Refused,
        "this kind of token is not allowed: use the bot's (xoxb-...)",
    ),
    "no_permission": (Refused, "the app lacks a permission for this"),
    "team_access_not_granted": (
        Refused,
        "an admin of the organisation has not allowed this workspace",
    ),
    "org_login_required": (
        Refused,
        "the workspace is being moved into an organisation: try again later",
    ),
    "ekm_access_denied": (Refused, "an admin has suspended posting (Enterprise Key Management)"),
    "team_added_to_org": (Refused, "the workspace is being moved into an organisation"),
    "accesslimited": (Refused, "Slack is not allowed from this network"),
    "access_denied": (Refused, "the app lacks a permission for this"),
    "two_factor_setup_required": (Refused, "the workspace asks for two-factor authentication"),
    "method_deprecated": (Refused, "Slack has retired the method: update the bot"),
    "deprecated_endpoint": (Refused, "Slack has retired the method: update the bot"),
}
"""What Slack's errors mean and, for a refusal, ask of whoever runs the bot."""
