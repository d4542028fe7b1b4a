"""conversations.*: channels and direct messages."""

from __future__ import annotations

from typing import Any

from slack_sandbox.api.method import Arguments, Method, method, need_scope
from slack_sandbox.api.paging import decode_cursor, encode_cursor, limit_of, page
from slack_sandbox.api.shapes import channel_json, message_json
from slack_sandbox.errors import ApiError, invalid_arguments
from slack_sandbox.limits import Tier
from slack_sandbox.platform import Platform
from slack_sandbox.workspace import SLACKBOT_ID, Channel, ChannelKind, Message, dm_id

_FAMILY = {ChannelKind.PUBLIC: "channels", ChannelKind.PRIVATE: "groups", ChannelKind.DM: "im"}
_TYPES = {
    "public_channel": ChannelKind.PUBLIC,
    "private_channel": ChannelKind.PRIVATE,
    "im": ChannelKind.DM,
    "mpim": None,
}


def bot_channel(platform: Platform, channel_id: str) -> Channel:
    """Return a channel the bot may know of; raise ``channel_not_found``."""
    channel = platform.workspace.channels.get(channel_id)
    if channel is None:
        raise ApiError("channel_not_found")
    inside = platform.workspace.bot.id in channel.members
    if channel.kind is not ChannelKind.PUBLIC and not inside:
        raise ApiError("channel_not_found")
    return channel


def open_dm(platform: Platform, user_id: str) -> Channel:
    """Return the direct messages with a person, opened where they are not.

    Raises:
        ApiError: ``cannot_dm_bot``, or ``channel_not_found`` for people who left and for outsiders
            the bot shares no channel with.
    """
    workspace = platform.workspace
    user = workspace.users[user_id]
    if user.is_bot or user.id == SLACKBOT_ID:
        raise ApiError("cannot_dm_bot")
    if user.deleted:
        raise ApiError("channel_not_found")
    if user.team_id != workspace.team.id and not any(
        user_id in channel.members and workspace.bot.id in channel.members
        for channel in workspace.channels.values()
        if channel.is_ext_shared
    ):
        raise ApiError("channel_not_found")
    return workspace.dm(user_id)


def open_conversation(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run conversations.open for one person, or for a channel known already."""
    channel_id, users = arguments.text("channel"), arguments.text("users")
    if (channel_id is None) is (users is None):
        raise ApiError("users_list_not_supplied")
    if users is None:
        channel = bot_channel(platform, channel_id or "")
    else:
        if "," in users:
            raise invalid_arguments("the sandbox opens no group messages [json-pointer:/users]")
        if users not in platform.workspace.users:
            raise ApiError("user_not_found")
        if platform.workspace.users[users].deleted:
            raise ApiError("user_disabled")
        known = dm_id(users) in platform.workspace.channels
        channel = open_dm(platform, users)
        shown = {"id": channel.id}
        if arguments.flag("return_im"):
            shown = channel_json(platform.workspace, channel)
        return {"no_op": known, "already_open": known, "channel": shown}
    return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}


def info(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run conversations.info."""
    channel = bot_channel(platform, arguments.needed("channel"))
    need_scope(platform, f"{_FAMILY[channel.kind]}:read")
    shown = channel_json(platform.workspace, channel)
    if arguments.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def list_conversations(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run conversations.list: public channels, and what the bot is in."""
    kinds: list[ChannelKind] = []
    for word in (arguments.text("types") or "public_channel").split(","):
        if word.strip() not in _TYPES:
            raise ApiError("invalid_types")
        kind = _TYPES[word.strip()]
        need_scope(platform, f"{_FAMILY[kind] if kind else 'mpim'}:read")
        if kind is not None:
            kinds.append(kind)
    without_archived = arguments.flag("exclude_archived")
    bot = platform.workspace.bot.id
    keys = [
        channel.id
        for channel in platform.workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind is ChannelKind.PUBLIC or bot in channel.members)
        and not (without_archived and channel.is_archived)
    ]
    keys_here, metadata = page(keys, arguments)
    channels = platform.workspace.channels
    shown = [channel_json(platform.workspace, channels[key]) for key in keys_here]
    return {"channels": shown, "response_metadata": metadata}


def members(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run conversations.members; outsiders in a shared channel are listed too."""
    channel = bot_channel(platform, arguments.needed("channel"))
    need_scope(platform, f"{_FAMILY[channel.kind]}:read")
    here, metadata = page(channel.members, arguments)
    return {"members": list(here), "response_metadata": metadata}


def history(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run conversations.history: newest first, without ephemeral messages and replies."""
    channel = _readable(platform, arguments)
    posted = platform.workspace.posted(channel.id)
    found = [
        message
        for message in reversed(posted.values())
        if message.thread_ts is None or message.thread_ts == message.ts
    ]
    return _page_of_messages(platform, arguments, found, newest_first=True)


def replies(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run conversations.replies: the message that began a thread, then its replies."""
    channel = _readable(platform, arguments)
    ts = arguments.needed("ts")
    posted = platform.workspace.posted(channel.id)
    if ts not in posted:
        raise ApiError("thread_not_found")
    found = [message for message in posted.values() if ts in {message.ts, message.thread_ts}]
    return _page_of_messages(platform, arguments, found, newest_first=False)


def _readable(platform: Platform, arguments: Arguments) -> Channel:
    channel = bot_channel(platform, arguments.needed("channel"))
    need_scope(platform, f"{_FAMILY[channel.kind]}:history")
    if platform.workspace.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _page_of_messages(
    platform: Platform, arguments: Arguments, found: list[Message], *, newest_first: bool
) -> dict[str, Any]:
    limit = limit_of(arguments)
    oldest, latest = arguments.text("oldest") or "0", arguments.text("latest")
    inclusive = arguments.flag("inclusive")
    cursor = arguments.text("cursor")
    start = decode_cursor(cursor) if cursor is not None else None
    window = []
    for message in found:
        ts = message.ts
        if not (_seconds(oldest) < _seconds(ts) or (inclusive and oldest == ts)):
            continue
        if latest is not None and not (
            _seconds(ts) < _seconds(latest) or (inclusive and latest == ts)
        ):
            continue
        if start is not None and (ts > start if newest_first else ts < start):
            continue
        window.append(message)
        if len(window) > limit:
            break
    with_metadata = arguments.flag("include_all_metadata")
    shown = [
        message_json(platform.workspace, message, with_metadata=with_metadata)
        for message in window[:limit]
    ]
    answer: dict[str, Any] = {"messages": shown, "has_more": len(window) > limit}
    if len(window) > limit:
        answer["response_metadata"] = {"next_cursor": encode_cursor(window[limit].ts)}
    return answer


def _seconds(ts: str) -> tuple[int, int]:
    """Return a timestamp as whole seconds and microseconds, so that it compares exactly."""
    whole, _, part = ts.partition(".")
    try:
        return int(whole), int(part.ljust(6, "0")[:6]) if part else 0
    except ValueError:
        raise ApiError("invalid_ts_oldest") from None


_PAGED = "cursor limit"
_WINDOW = f"channel {_PAGED} inclusive latest oldest include_all_metadata"

METHODS: dict[str, Method] = {
    "conversations.open": method(
        open_conversation,
        Tier.THREE,
        "channel users return_im prevent_creation",
        scopes=("im:write",),
    ),
    "conversations.info": method(info, Tier.THREE, "channel include_locale include_num_members"),
    "conversations.list": method(list_conversations, Tier.TWO, f"{_PAGED} exclude_archived types"),
    "conversations.members": method(members, Tier.FOUR, f"channel {_PAGED}"),
    "conversations.history": method(history, Tier.THREE, _WINDOW),
    "conversations.replies": method(replies, Tier.THREE, f"{_WINDOW} ts"),
}
