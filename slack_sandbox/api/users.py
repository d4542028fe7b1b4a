"""users.* and usergroups.*: who there is."""

from __future__ import annotations

from typing import Any

from slack_sandbox.api.method import Arguments, Method, method
from slack_sandbox.api.paging import page
from slack_sandbox.api.shapes import user_json
from slack_sandbox.errors import ApiError
from slack_sandbox.limits import Tier
from slack_sandbox.platform import Platform
from slack_sandbox.workspace import User, UserGroup


def list_users(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run users.list: everybody of this workspace, and nobody of another."""
    workspace = platform.workspace
    keys = [user.id for user in workspace.users.values() if user.team_id == workspace.team.id]
    here, metadata = page(keys, arguments)
    shown = [_shown(platform, workspace.users[key], arguments) for key in here]
    return {"members": shown, "response_metadata": metadata}


def info(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run users.info, which knows outsiders too."""
    user = platform.workspace.users.get(arguments.needed("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": _shown(platform, user, arguments)}


def lookup_by_email(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run users.lookupByEmail."""
    email = arguments.needed("email").lower()
    for user in platform.workspace.users.values():
        if user.email is not None and user.email.lower() == email and not user.deleted:
            return {"user": _shown(platform, user, arguments)}
    raise ApiError("users_not_found")


def list_groups(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run usergroups.list."""
    with_users = arguments.flag("include_users")
    with_count = arguments.flag("include_count")
    groups = platform.workspace.groups.values()
    return {"usergroups": [_group(platform, g, with_users, with_count) for g in groups]}


def list_group_users(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run usergroups.users.list."""
    group = platform.workspace.groups.get(arguments.needed("usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


def _shown(platform: Platform, user: User, arguments: Arguments) -> dict[str, Any]:
    return user_json(
        platform.workspace,
        user,
        with_email="users:read.email" in platform.manifest.scopes,
        with_locale=arguments.flag("include_locale"),
    )


def _group(
    platform: Platform, group: UserGroup, with_users: bool, with_count: bool
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": group.id,
        "team_id": platform.workspace.team.id,
        "is_usergroup": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_delete": 0,
    }
    if with_users:
        shown["users"] = list(group.users)
    if with_count:
        shown["user_count"] = len(group.users)
    return shown


_READ = ("users:read",)
_GROUPS = ("usergroups:read",)

METHODS: dict[str, Method] = {
    "users.list": method(list_users, Tier.TWO, "cursor limit include_locale", scopes=_READ),
    "users.info": method(info, Tier.FOUR, "user include_locale", scopes=_READ),
    "users.lookupByEmail": method(
        lookup_by_email, Tier.THREE, "email", scopes=("users:read.email",)
    ),
    "usergroups.list": method(
        list_groups, Tier.TWO, "include_count include_disabled include_users", scopes=_GROUPS
    ),
    "usergroups.users.list": method(
        list_group_users, Tier.TWO, "usergroup include_disabled", scopes=_GROUPS
    ),
}
