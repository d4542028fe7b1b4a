"""Views on a person's screen: the stack of modals, and Home."""

from __future__ import annotations

import secrets
from typing import Any

from slack_sandbox.blocks.ids import fresh_id, with_ids
from slack_sandbox.blocks.state import initial_values
from slack_sandbox.errors import ApiError
from slack_sandbox.workspace import View, Workspace

MOST_STACKED = 3


def open_modal(workspace: Workspace, user_id: str, given: dict[str, Any]) -> View:
    """Show a modal; it takes the place of whatever modals the person had open."""
    view = _new(workspace, user_id, given)
    for hidden in workspace.modals.get(user_id, ()):
        del workspace.views[hidden.id]
    workspace.modals[user_id] = [view]
    workspace.views[view.id] = view
    workspace.changes.notify()
    return view


def push_modal(workspace: Workspace, user_id: str, given: dict[str, Any]) -> View:
    """Show a modal on top of the open one; raise ``push_limit_reached`` or ``not_found``."""
    stack = workspace.modals.get(user_id)
    if not stack:
        raise ApiError("not_found")
    if len(stack) >= MOST_STACKED:
        raise ApiError("push_limit_reached")
    view = _new(workspace, user_id, given)
    view.body["root_view_id"] = stack[0].id
    view.body["previous_view_id"] = stack[-1].id
    stack.append(view)
    workspace.views[view.id] = view
    workspace.changes.notify()
    return view


def update_view(workspace: Workspace, view: View, given: dict[str, Any]) -> None:
    """Replace what an open view shows; what was entered stays where the ids stayed."""
    _check_external_id(workspace, given, view)
    body = _body(workspace, given)
    body["state"] = {"values": initial_values(body["blocks"], view.body["state"]["values"])}
    kept = ("id", "root_view_id", "previous_view_id")
    view.body = body | {key: view.body[key] for key in kept}
    if view.body["type"] == "home":
        workspace.put_home(view)
    workspace.changes.notify()


def publish_home(workspace: Workspace, user_id: str, given: dict[str, Any]) -> View:
    """Publish a person's Home tab."""
    home = workspace.homes.get(user_id)
    if home is not None:
        update_view(workspace, home, given)
        return home
    home = _new(workspace, user_id, given)
    workspace.put_home(home)
    return home


def enter(view: View, block_id: str, action_id: str, entry: dict[str, Any]) -> None:
    """Remember what was entered in an element; views answered or sent before stay as they were."""
    values = view.body["state"]["values"]
    values = values | {block_id: values.get(block_id, {}) | {action_id: entry}}
    view.body = view.body | {"state": {"values": values}}


def close_modal(workspace: Workspace, view: View) -> None:
    """Take a modal, and what lies on top of it, off the screen; nothing where it is gone."""
    if view.id not in workspace.views:
        return
    stack = workspace.modals[view.user]
    at = stack.index(view)
    for closed in stack[at:]:
        del workspace.views[closed.id]
    del stack[at:]
    if not stack:
        del workspace.modals[view.user]
    workspace.changes.notify()


def clear_modals(workspace: Workspace, user_id: str) -> None:
    """Take all modals off a person's screen."""
    stack = workspace.modals.get(user_id)
    if stack:
        close_modal(workspace, stack[0])


def _new(workspace: Workspace, user_id: str, given: dict[str, Any]) -> View:
    _check_external_id(workspace, given, None)
    body = _body(workspace, given)
    view_id = f"V0{secrets.token_hex(5).upper()}"
    body |= {"id": view_id, "root_view_id": view_id, "previous_view_id": None}
    return View(view_id, user_id, body)


def _body(workspace: Workspace, given: dict[str, Any]) -> dict[str, Any]:
    """Return a view object as Slack sends it, but for its place on the screen."""
    blocks = with_ids(given["blocks"])
    return {
        "id": "",
        "team_id": workspace.team.id,
        "type": given["type"],
        "blocks": blocks,
        "private_metadata": given.get("private_metadata", ""),
        "callback_id": given.get("callback_id", ""),
        "state": {"values": initial_values(blocks)},
        "hash": f"{workspace.next_ts()}.{fresh_id()}",
        "title": given.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": given.get("clear_on_close", False),
        "notify_on_close": given.get("notify_on_close", False),
        "close": given.get("close"),
        "submit": given.get("submit"),
        "previous_view_id": None,
        "root_view_id": "",
        "app_id": workspace.app_id,
        "external_id": given.get("external_id", ""),
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.bot_id,
    }


def _check_external_id(workspace: Workspace, given: dict[str, Any], own: View | None) -> None:
    external_id = given.get("external_id")
    if external_id:
        holder = view_by_external_id(workspace, external_id)
        if holder is not None and holder is not own:
            raise ApiError("duplicate_external_id")


def view_by_external_id(workspace: Workspace, external_id: str) -> View | None:
    """Return the view on somebody's screen that carries this external_id."""
    shown = workspace.views.values()
    return next((view for view in shown if view.body["external_id"] == external_id), None)
