"""Slack Connect: a channel that two other companies share with ours."""

from __future__ import annotations

from slack_sandbox.example import HARBOR
from slack_sandbox.workspace import Channel, ChannelKind, Team, User, Workspace

ANCHOR = Team("T0ANCHOR1", "Anchor Cafes", "anchor-cafes")
COAST = "C0COAST01"
"""A channel that two companies share with ours."""


def two_companies(workspace: Workspace) -> Channel:
    """Return a channel with two people of Harbor Hotels, one of Anchor Cafes, and our own staff."""
    for user in (
        User("U0IVO0001", "ivo", "Ivo Lind", HARBOR.id, tz="Europe/Berlin", title="Harbor Hotels"),
        User("U0ANJA001", "anja", "Anja Roth", ANCHOR.id, tz="Europe/Berlin", title="Anchor Cafes"),
    ):
        workspace.put_user(user)
    staff = [workspace.bot.id, *(workspace.user(one).id for one in ("priya", "tom"))]
    coast = Channel(COAST, "ext-coast", ChannelKind.PUBLIC, staff, "Hotels and cafes on the coast")
    workspace.put_channel(coast)
    workspace.share(COAST, "helena", "ivo", "anja")
    return coast
