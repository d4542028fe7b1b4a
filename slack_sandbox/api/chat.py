"""chat.*: posting, changing and taking away messages."""

from __future__ import annotations

from typing import Any

from slack_sandbox.api.conversations import bot_channel, open_dm
from slack_sandbox.api.method import Arguments, Method, method
from slack_sandbox.api.shapes import message_json
from slack_sandbox.blocks import Blocks, problems_in_message
from slack_sandbox.blocks.checks import Problems
from slack_sandbox.blocks.ids import with_ids
from slack_sandbox.errors import ApiError
from slack_sandbox.limits import Tier
from slack_sandbox.platform import Platform
from slack_sandbox.workspace import Channel, ChannelKind, Message

MOST_TEXT = 40_000
MOST_METADATA_KEYS = frozenset({"event_type", "event_payload"})
NOTHING_TO_SHOW = "This content can't be displayed."


def post_message(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run chat.postMessage; a user id as the channel opens the direct messages."""
    workspace = platform.workspace
    channel = _target(platform, arguments.needed("channel"))
    if workspace.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    text, blocks = content(platform, arguments)
    if text is None and not blocks:
        raise ApiError("no_text")
    metadata = metadata_of(arguments)
    thread_ts = arguments.text("thread_ts")
    if thread_ts is not None and thread_ts not in workspace.posted(channel.id):
        raise ApiError("thread_not_found")
    platform.pace.post(channel.id)
    message = Message(
        channel.id,
        workspace.next_ts(),
        workspace.bot.id,
        text or NOTHING_TO_SHOW,
        blocks or [],
        metadata,
        thread_ts,
        bot_id=workspace.bot_id,
    )
    workspace.put_message(message)
    shown = message_json(workspace, message)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def update(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run chat.update; what is not given (blocks, metadata) stays as it was."""
    workspace = platform.workspace
    channel = bot_channel(platform, arguments.needed("channel"))
    message = workspace.posted(channel.id).get(arguments.needed("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.bot_id != workspace.bot_id:
        raise ApiError("cant_update_message")
    if channel.is_archived:
        raise ApiError("is_inactive")
    text, blocks = content(platform, arguments)
    if text is None and blocks is None:
        raise ApiError("no_text")
    metadata = metadata_of(arguments, empty_removes=True)
    if text is not None:
        message.text = text
    if blocks is not None:
        message.blocks = blocks
    if metadata is not None:
        message.metadata = metadata or None
    message.edited_ts = workspace.next_ts()
    workspace.put_message(message)
    shown = message_json(workspace, message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run chat.delete."""
    workspace = platform.workspace
    channel = bot_channel(platform, arguments.needed("channel"))
    message = workspace.posted(channel.id).get(arguments.needed("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.bot_id != workspace.bot_id:
        raise ApiError("cant_delete_message")
    workspace.delete_message(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run chat.postEphemeral."""
    workspace = platform.workspace
    channel = bot_channel(platform, arguments.needed("channel"))
    if workspace.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    user_id = arguments.needed("user")
    if user_id not in channel.members:
        raise ApiError("user_not_in_channel")
    text, blocks = content(platform, arguments)
    if text is None and not blocks:
        raise ApiError("no_text")
    message = Message(
        channel.id,
        workspace.next_ts(),
        workspace.bot.id,
        text or NOTHING_TO_SHOW,
        blocks or [],
        thread_ts=arguments.text("thread_ts"),
        bot_id=workspace.bot_id,
        ephemeral_for=user_id,
    )
    workspace.put_message(message)
    return {"message_ts": message.ts}


def get_permalink(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run chat.getPermalink."""
    channel = bot_channel(platform, arguments.needed("channel"))
    ts = arguments.needed("message_ts")
    if ts not in platform.workspace.posted(channel.id):
        raise ApiError("message_not_found")
    domain = platform.workspace.team.domain
    path = f"archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": f"https://{domain}.slack.com/{path}"}


def content(platform: Platform, arguments: Arguments) -> tuple[str | None, Blocks | None]:
    """Return text and blocks of a message; raise what Slack would refuse in them."""
    text = arguments.text("text")
    if text is not None and len(text) > MOST_TEXT:
        raise ApiError("msg_too_long")
    blocks = arguments.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return text, None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    problems = problems_in_message(blocks, charts=platform.workspace.has_charts)
    if problems:
        raise invalid_blocks(problems)
    return text, with_ids(blocks)


def invalid_blocks(problems: Problems) -> ApiError:
    """Return the refusal of blocks, with every reason."""
    return ApiError(
        "invalid_blocks",
        errors=[str(problem) for problem in problems],
        response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]},
    )


def metadata_of(arguments: Arguments, *, empty_removes: bool = False) -> dict[str, Any] | None:
    """Return the metadata of a message, ``{}`` where an empty one is to remove it."""
    metadata = arguments.json("metadata", "metadata_must_be_sent_as_object")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise ApiError("metadata_must_be_sent_as_object")
    if not metadata and empty_removes:
        return {}
    if (
        set(metadata) != MOST_METADATA_KEYS
        or not isinstance(metadata["event_type"], str)
        or not metadata["event_type"]
        or not isinstance(metadata["event_payload"], dict)
    ):
        raise ApiError("invalid_metadata_format")
    return metadata


def _target(platform: Platform, given: str) -> Channel:
    workspace = platform.workspace
    if given in workspace.users:
        return open_dm(platform, given)
    if given not in workspace.channels:
        name = given.removeprefix("#")
        for channel in workspace.channels.values():
            if channel.name == name and channel.kind is not ChannelKind.DM:
                return bot_channel(platform, channel.id)
    return bot_channel(platform, given)


_CONTENT = "channel text blocks metadata thread_ts link_names parse"
_WRITE = ("chat:write",)

METHODS: dict[str, Method] = {
    "chat.postMessage": method(
        post_message,
        Tier.SPECIAL,
        f"{_CONTENT} reply_broadcast unfurl_links unfurl_media mrkdwn",
        scopes=_WRITE,
    ),
    "chat.update": method(update, Tier.THREE, f"{_CONTENT} ts reply_broadcast", scopes=_WRITE),
    "chat.delete": method(delete, Tier.THREE, "channel ts", scopes=_WRITE),
    "chat.postEphemeral": method(post_ephemeral, Tier.FOUR, f"{_CONTENT} user", scopes=_WRITE),
    "chat.getPermalink": method(get_permalink, Tier.SPECIAL, "channel message_ts"),
}
