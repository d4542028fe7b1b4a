"""Slack Connect: channels that are, or become, shared with people of other workspaces."""

from __future__ import annotations

from slack_sandbox.people import HARBOR
from slack_sandbox.workspace import Channel, ChannelKind, Team, User, Workspace

ANCHOR = Team("T0ANCHOR1", "Anchor Cafes", "anchor-cafes")
COAST = "C0COAST01"
"""A channel that two companies share with ours."""


def share(workspace: Workspace, channel: str, *outsiders: str) -> None:
    """Share a channel (id or name): these people (ids or handles) of other workspaces join it."""
    shared = workspace.channel(channel)
    new = [workspace.user(one).id for one in outsiders]
    shared.members += [one for one in new if one not in shared.members]
    shared.is_ext_shared = True
    workspace.put_channel(shared)


def two_companies(workspace: Workspace) -> Channel:
    """Return a channel with two people of Harbor Hotels, one of Anchor Cafes, and our own staff."""
    for user in (
        User("U0IVO0001", "ivo", "Ivo Lind", HARBOR.id, tz="Europe/Berlin", title="Harbor Hotels"),
        User("U0ANJA001", "anja", "Anja Roth", ANCHOR.id, tz="Europe/Berlin", title="Anchor Cafes"),
    ):
        workspace.put_user(user)
    staff = [workspace.user(one).id for one in ("nps", "priya", "tom")]
    coast = Channel(COAST, "ext-coast", ChannelKind.PUBLIC, staff, "Hotels and cafes on the coast")
    workspace.put_channel(coast)
    share(workspace, COAST, "helena", "ivo", "anja")
    return coast
