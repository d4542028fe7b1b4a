"""views.*: modals and Home."""

from __future__ import annotations

import json
from typing import Any

from slack_sandbox.api.method import Arguments, Method, method
from slack_sandbox.blocks import problems_in_view
from slack_sandbox.errors import ApiError, invalid_arguments
from slack_sandbox.limits import Tier
from slack_sandbox.modals import (
    open_modal,
    publish_home,
    push_modal,
    update_view,
    view_by_external_id,
)
from slack_sandbox.platform import Platform
from slack_sandbox.workspace import View

MOST_BYTES = 250_000


def open_view(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run views.open; the trigger is used up only by a view that is right."""
    given = _view_of(arguments, "modal")
    user_id = platform.triggers.exchange(arguments.needed("trigger_id"))
    return {"view": open_modal(platform.workspace, user_id, given).body}


def push(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run views.push."""
    given = _view_of(arguments, "modal")
    user_id = platform.triggers.exchange(arguments.needed("trigger_id"))
    return {"view": push_modal(platform.workspace, user_id, given).body}


def update(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run views.update, by view_id or external_id."""
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if (view_id is None) is (external_id is None):
        raise invalid_arguments("must define either `view_id` or `external_id`")
    workspace = platform.workspace
    view = workspace.views.get(view_id or "")
    if external_id is not None:
        view = view_by_external_id(workspace, external_id)
    if view is None:
        raise ApiError("not_found")
    given = _view_of(arguments, view.body["type"])
    _check_hash(arguments, view)
    update_view(workspace, view, given)
    return {"view": view.body}


def publish(platform: Platform, arguments: Arguments) -> dict[str, Any]:
    """Run views.publish."""
    if not platform.manifest.has_home:
        raise ApiError("not_enabled")
    user = platform.workspace.users.get(arguments.needed("user_id"))
    if user is None or user.deleted or user.is_bot:
        raise ApiError("user_not_found")
    given = _view_of(arguments, "home")
    home = platform.workspace.homes.get(user.id)
    if home is not None:
        _check_hash(arguments, home)
    return {"view": publish_home(platform.workspace, user.id, given).body}


def checked_view(given: Any, kind: str) -> dict[str, Any]:
    """Return a view that is right; raise ``invalid_arguments`` or ``view_too_large``.

    Arguments:
        given: what was sent as ``view``, decoded.
        kind: ``modal`` or ``home``.
    """
    problems = problems_in_view(given)
    if problems:
        raise invalid_arguments(*map(str, problems))
    view: dict[str, Any] = given
    if view["type"] != kind:
        raise invalid_arguments(f"must be a {kind} [json-pointer:/view/type]")
    if len(json.dumps(view)) > MOST_BYTES:
        raise ApiError("view_too_large")
    return view


def _view_of(arguments: Arguments, kind: str) -> dict[str, Any]:
    given = arguments.json("view", "invalid_arguments")
    if given is None:
        raise invalid_arguments("missing required field: view")
    return checked_view(given, kind)


def _check_hash(arguments: Arguments, view: View) -> None:
    given = arguments.text("hash")
    if given is not None and given != view.body["hash"]:
        raise ApiError("hash_conflict")


METHODS: dict[str, Method] = {
    "views.open": method(open_view, Tier.FOUR, "trigger_id view"),
    "views.push": method(push, Tier.FOUR, "trigger_id view"),
    "views.update": method(update, Tier.FOUR, "view_id external_id hash view"),
    "views.publish": method(publish, Tier.FOUR, "user_id hash view"),
}
