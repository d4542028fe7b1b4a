"""auth.test, team.info, api.test, blocks.validate and apps.connections.open."""

from __future__ import annotations

import secrets
from typing import Any

from slack_sandbox.api.method import Arguments, Method, Token, method
from slack_sandbox.blocks import problems_in_message, problems_in_view
from slack_sandbox.errors import ApiError, invalid_arguments
from slack_sandbox.limits import Tier
from slack_sandbox.platform import Platform

_TICKETS_KEPT = 100


def auth_test(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run auth.test."""
    del arguments
    workspace = platform.workspace
    return {
        "url": f"https://{workspace.team.domain}.slack.com/",
        "team": workspace.team.name,
        "user": workspace.bot.name,
        "team_id": workspace.team.id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def team_info(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run team.info."""
    del arguments
    team = platform.workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": ""}}


def api_test(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run api.test: it gives back what it got."""
    del platform
    error = arguments.text("error")
    if error is not None:
        raise ApiError(error, args=arguments.given)
    return {"args": arguments.given}


def validate_blocks(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run blocks.validate: blocks, a message or a view, with pointers into what was given."""
    given = [name for name in ("blocks", "message", "view") if name in arguments.given]
    if len(given) != 1:
        raise invalid_arguments("provide exactly one of `blocks`, `view`, or `message`")
    name = given[0]
    content = arguments.json(name, f"invalid_{name}")
    charts = platform.workspace.has_charts
    if name == "view":
        problems = problems_in_view(content, "")
    elif name == "blocks":
        problems = problems_in_message(content, "", charts=charts)
    else:
        blocks = content.get("blocks", []) if isinstance(content, dict) else content
        problems = problems_in_message(blocks, "/blocks", charts=charts)
    if problems:
        raise ApiError(
            f"invalid_{name}",
            errors=[
                {"pointer": found.pointer, "code": "failed_constraint", "message": found.message}
                for found in problems
            ],
        )
    return {}


def open_connection(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run apps.connections.open: a WebSocket address that can be used once."""
    del arguments
    ticket = secrets.token_urlsafe(24)
    tickets = platform.socket_tickets
    tickets[ticket] = None
    if len(tickets) > _TICKETS_KEPT:
        del tickets[next(iter(tickets))]
    base = platform.base_url.replace("http", "ws", 1)
    return {"url": f"{base}/link?ticket={ticket}&app_id={platform.workspace.app_id}"}


METHODS: dict[str, Method] = {
    "auth.test": method(auth_test, Tier.SPECIAL),
    "team.info": method(team_info, Tier.THREE, "team domain", scopes=("team:read",)),
    "api.test": method(api_test, Tier.FOUR, "error foo", token=Token.NONE),
    "blocks.validate": method(
        validate_blocks, Tier.SPECIAL, "blocks message view", token=Token.NONE
    ),
    "apps.connections.open": method(open_connection, Tier.ONE, token=Token.APP),
}
