"""Users, conversations and messages as Slack's Web API shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sandbox.workspace import Channel, ChannelKind, Message, User, Workspace


def user_json(
    workspace: Workspace, user: User, *, with_email: bool, with_locale: bool
) -> dict[str, Any]:
    """Return a user as users.info and users.list show it."""
    shown: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": _profile(user, with_email=with_email),
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_767_225_600,
    }
    if user.deleted:  # Slack says little about those who left: no zone, no roles
        return shown
    shown |= {
        "real_name": user.real_name,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
    }
    if user.is_invited_user:
        shown["is_invited_user"] = True
    if user.tz is not None:
        shown |= _zone(user.tz)
    if user.team_id != workspace.team.id:
        shown["is_stranger"] = not meets_us(workspace, user)
    elif with_locale:
        shown["locale"] = user.locale
    return shown


def meets_us(workspace: Workspace, user: User) -> bool:
    """Return whether somebody of another workspace shares a channel with people of ours."""
    return any(
        user.id in channel.members
        and any(workspace.users[one].team_id == workspace.team.id for one in channel.members)
        for channel in workspace.channels.values()
        if channel.is_ext_shared
    )


def _profile(user: User, *, with_email: bool) -> dict[str, Any]:
    profile = {
        "title": user.title,
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "status_text": "",
        "team": user.team_id,
    }
    if with_email and user.email is not None:
        profile["email"] = user.email
    return profile


def _zone(name: str) -> dict[str, Any]:
    offset = datetime.now(ZoneInfo(name)).utcoffset() or timedelta()
    return {
        "tz": name,
        "tz_label": name.replace("_", " "),
        "tz_offset": int(offset.total_seconds()),
    }


def channel_json(workspace: Workspace, channel: Channel) -> dict[str, Any]:
    """Return a conversation as conversations.info and conversations.list show it."""
    if channel.kind is ChannelKind.DM:
        return _dm(workspace, channel)
    private = channel.kind is ChannelKind.PRIVATE
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not private,
        "is_group": private,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "is_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": workspace.team.id,
        "shared_team_ids": sorted({workspace.users[m].team_id for m in channel.members}),
        "is_member": workspace.bot.id in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
    }


def _dm(workspace: Workspace, channel: Channel) -> dict[str, Any]:
    other = next(member for member in channel.members if member != workspace.bot.id)
    return {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": True,
        "is_org_shared": False,
        "context_team_id": workspace.team.id,
        "user": other,
        "is_user_deleted": workspace.users[other].deleted,
        "priority": 0,
    }


def message_json(
    workspace: Workspace, message: Message, *, with_metadata: bool = False
) -> dict[str, Any]:
    """Return a message as Slack shows it."""
    shown: dict[str, Any] = {
        "user": message.user,
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        "team": workspace.users[message.user].team_id,
    }
    if message.bot_id is not None:
        shown["bot_id"] = message.bot_id
        shown["app_id"] = workspace.app_id
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.edited_ts is not None:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.thread_ts is not None:
        shown["thread_ts"] = message.thread_ts
    if with_metadata and message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown
