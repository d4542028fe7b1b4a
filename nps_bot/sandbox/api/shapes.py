"""Users, conversations and messages as Slack's Web API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from nps_bot.sandbox.workspace import Channel, ChannelKind, Message, User, Workspace


def user_json(
    workspace: Workspace, user: User, *, with_email: bool, with_locale: bool
) -> dict[str, Any]:
    """Return a user as users.info and users.list show it."""
    outsider = user.team_id != workspace.team.id
    profile: dict[str, Any] = {
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
    shown: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
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
    if outsider:
        shown["is_stranger"] = False
    if user.tz is not None:
        zone = ZoneInfo(user.tz)
        offset = datetime.now(UTC).astimezone(zone).utcoffset()
        shown |= {
            "tz": user.tz,
            "tz_label": user.tz.replace("_", " "),
            "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        }
    if with_locale and not outsider:
        shown["locale"] = user.locale
    return shown


def channel_json(workspace: Workspace, channel: Channel) -> dict[str, Any]:
    """Return a conversation as conversations.info and conversations.list show it."""
    if channel.kind is ChannelKind.DM:
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
    teams = {workspace.users[member].team_id for member in channel.members}
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
        "shared_team_ids": sorted(teams),
        "is_member": workspace.bot.id in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
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
        "team": workspace.team.id,
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
