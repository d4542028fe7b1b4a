"""Everything one person sees, as the page wants it."""

from __future__ import annotations

from dataclasses import asdict
from heapq import merge
from itertools import islice
from typing import Any

from slack_sandbox.actor import Person
from slack_sandbox.platform import Platform
from slack_sandbox.workspace import Channel, ChannelKind, Message, User, Workspace

MOST_MESSAGES = 100
"""Of each channel, the newest so many are shown."""


def sight(platform: Platform, person: Person) -> dict[str, Any]:
    """Return the people, channels with their messages, Home and modal in a person's sight."""
    workspace = platform.workspace
    inside = [c for c in workspace.channels.values() if person.id in c.members]
    return {
        "me": _user(workspace, person.user),
        "app": workspace.bot.id,
        "team": {"name": workspace.team.name},
        "people": [_user(workspace, user) for user in workspace.users.values()],
        "channels": [_channel(workspace, channel, person.id) for channel in inside],
        "home": person.home,
        "modal": person.modal,
        "commands": [asdict(command) for command in platform.manifest.commands],
    }


def _user(workspace: Workspace, user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "title": user.title,
        "tz": user.tz,
        "is_bot": user.is_bot,
        "is_guest": user.is_restricted,
        "is_outsider": user.team_id != workspace.team.id,
        "is_invited": user.is_invited_user,
        "deleted": user.deleted,
    }


def _channel(workspace: Workspace, channel: Channel, user_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind.value,
        "is_ext_shared": channel.is_ext_shared,
        "topic": channel.topic,
        "members": channel.members,
    }
    if channel.kind is ChannelKind.DM:
        other = next(member for member in channel.members if member != user_id)
        shown |= {"with": other, "name": workspace.users[other].real_name}
    everybody = reversed(workspace.posted(channel.id).values())
    nobody_else = reversed(workspace.ephemerals(user_id, channel.id).values())
    newest = merge(everybody, nobody_else, key=lambda message: message.ts, reverse=True)
    seen = list(islice(newest, MOST_MESSAGES))[::-1]
    last_read = workspace.last_read(user_id, channel.id)
    unread = sum(message.ts > last_read and message.user != user_id for message in seen)
    return shown | {"unread": unread, "messages": [_message(message) for message in seen]}


def _message(message: Message) -> dict[str, Any]:
    return {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "edited": message.edited_ts is not None,
        "ephemeral": message.ephemeral_for is not None,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata,
    }
