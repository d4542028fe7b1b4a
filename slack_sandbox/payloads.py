"""Interaction payloads, commands and events in Slack's shapes.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import secrets
from typing import Any

from slack_sandbox.api.shapes import message_json
from slack_sandbox.blocks.state import initial_values
from slack_sandbox.platform import Platform
from slack_sandbox.workspace import Channel, ChannelKind, Message, User, View

_CHANNEL_NAMES = {ChannelKind.DM: "directmessage", ChannelKind.PRIVATE: "privategroup"}


def message_action(
    platform: Platform, user: User, message: Message, action: dict[str, Any]
) -> dict[str, Any]:
    """Return the block_actions payload for something pressed in a message."""
    workspace = platform.workspace
    channel = workspace.channels[message.channel]
    ephemeral = message.ephemeral_for is not None
    payload = _interaction(platform, user, "block_actions")
    payload |= {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        },
        "trigger_id": platform.triggers.issue(user.id),
        "channel": {"id": channel.id, "name": _CHANNEL_NAMES.get(channel.kind, channel.name)},
        "state": {"values": _with_choice(initial_values(message.blocks), action)},
        "response_url": response_url(platform, user.id, channel.id, message.ts),
        "actions": [action],
    }
    if not ephemeral:
        payload["message"] = message_json(workspace, message)
    return payload


def view_action(
    platform: Platform, user: User, view: View, action: dict[str, Any]
) -> dict[str, Any]:
    """Return the block_actions payload for something pressed in a modal or Home."""
    payload = _interaction(platform, user, "block_actions")
    return payload | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": platform.triggers.issue(user.id),
        "view": view.body,
        "actions": [action],
    }


def action_of(
    platform: Platform, block: dict[str, Any], element: dict[str, Any], entry: dict[str, Any] | None
) -> dict[str, Any]:
    """Return one entry of ``actions``.

    Arguments:
        platform: gives the action its time.
        block: the block it stands in.
        element: the element acted upon.
        entry: what was chosen or typed; None for a button.
    """
    action: dict[str, Any] = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": platform.workspace.next_ts(),
    }
    if entry is None:
        action |= {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    else:
        action |= entry
    return action


def view_submission(platform: Platform, user: User, view: View) -> dict[str, Any]:
    """Return the payload for a modal that was sent."""
    payload = _interaction(platform, user, "view_submission")
    return payload | {
        "trigger_id": platform.triggers.issue(user.id),
        "view": view.body,
        "response_urls": [],
    }


def view_closed(platform: Platform, user: User, view: View, *, cleared: bool) -> dict[str, Any]:
    """Return the payload for a modal that was closed without being sent."""
    payload = _interaction(platform, user, "view_closed")
    return payload | {"view": view.body, "is_cleared": cleared}


def slash_command(
    platform: Platform, user: User, channel: Channel, command: str, text: str
) -> dict[str, Any]:
    """Return the payload of a slash command."""
    workspace = platform.workspace
    return {
        "token": platform.tokens.verification_token,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": _CHANNEL_NAMES.get(channel.kind, channel.name),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(platform, user.id, channel.id, None),
        "trigger_id": platform.triggers.issue(user.id),
    }


def event(platform: Platform, inner: dict[str, Any]) -> dict[str, Any]:
    """Return an Events API payload around an event."""
    workspace = platform.workspace
    return {
        "token": platform.tokens.verification_token,
        "team_id": workspace.team.id,
        "context_team_id": workspace.team.id,
        "context_enterprise_id": None,
        "api_app_id": workspace.app_id,
        "event": inner | {"event_ts": workspace.next_ts()},
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(4).upper()}",
        "event_time": platform.workspace.tell_time() // 1_000_000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team.id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def response_url(platform: Platform, user_id: str, channel_id: str, ts: str | None) -> str:
    """Return the address the bot may answer an interaction at."""
    key = platform.response_urls.issue(user_id, channel_id, ts)
    return f"{platform.base_url}/actions/{platform.workspace.team.id}/{key}"


def _interaction(platform: Platform, user: User, kind: str) -> dict[str, Any]:
    workspace = platform.workspace
    return {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": workspace.app_id,
        "token": platform.tokens.verification_token,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _with_choice(
    values: dict[str, dict[str, dict[str, Any]]], action: dict[str, Any]
) -> dict[str, dict[str, dict[str, Any]]]:
    entries = values.get(action["block_id"], {})
    if action["action_id"] in entries:
        entry = entries[action["action_id"]]
        entry |= {key: action[key] for key in entry}
    return values
