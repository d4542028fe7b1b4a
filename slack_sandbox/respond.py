"""What the bot sends to a response_url.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from typing import Any

from slack_sandbox.api.chat import NOTHING_TO_SHOW, content, metadata_of
from slack_sandbox.api.method import Arguments
from slack_sandbox.errors import ApiError, invalid_arguments
from slack_sandbox.platform import Platform
from slack_sandbox.triggers import ResponseUrl
from slack_sandbox.workspace import Message

_KNOWN = frozenset(
    {
        "text",
        "blocks",
        "response_type",
        "replace_original",
        "delete_original",
        "metadata",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
    }
)


def respond(platform: Platform, key: str, given: dict[str, Any]) -> None:
    """Do what was sent to a response_url.

    Arguments:
        platform: what it works on.
        key: the last part of the address.
        given: the body.

    Raises:
        ApiError: ``expired_url``, ``used_url``, ``invalid_blocks``, ``no_text``, ...
    """
    unknown = given.keys() - _KNOWN
    if unknown:
        raise invalid_arguments(*(f"unknown argument: {name}" for name in unknown))
    arguments = Arguments(given)
    text, blocks = content(platform, arguments)
    metadata = metadata_of(arguments)
    remove, replace = arguments.flag("delete_original"), arguments.flag("replace_original")
    if text is None and not blocks and not remove:
        raise ApiError("no_text")
    url = platform.response_urls.use(key)
    workspace = platform.workspace
    if not remove and not replace:
        in_channel = arguments.text("response_type") == "in_channel"
        say(platform, url.user_id, url.channel_id, text, blocks, in_channel=in_channel)
        return
    original = _original(platform, url)
    if remove:
        workspace.delete_message(original)
        return
    original.text = text or NOTHING_TO_SHOW
    original.blocks = blocks or []
    original.metadata = metadata or original.metadata
    original.edited_ts = workspace.next_ts()
    workspace.put_message(original)


def say(
    platform: Platform,
    user_id: str,
    channel_id: str,
    text: str | None,
    blocks: list[dict[str, Any]] | None,
    *,
    in_channel: bool,
) -> None:
    """Post the bot's answer to an interaction, for the person alone or for the channel."""
    workspace = platform.workspace
    workspace.put_message(
        Message(
            channel_id,
            workspace.next_ts(),
            workspace.bot.id,
            text or NOTHING_TO_SHOW,
            blocks or [],
            bot_id=workspace.bot_id,
            ephemeral_for=None if in_channel else user_id,
        )
    )


def _original(platform: Platform, url: ResponseUrl) -> Message:
    if url.ts is not None:
        found = platform.workspace.message(url.channel_id, url.ts, url.user_id)
        if found is not None:
            return found
    raise ApiError("message_not_found")
