"""Slack's description of a user, read into what we need of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nps_bot.slack.messenger import Identity
from nps_bot.surveys.rules.audience import FALLBACK_ZONE, Member


@dataclass(frozen=True, slots=True)
class Profile:
    """A user of Slack.

    Attributes:
        member: what surveys need to know.
        handles: the names one can write after an ``@``, in lower case.
        is_admin: whether they are an admin or owner of the workspace.
    """

    member: Member
    handles: frozenset[str]
    is_admin: bool


def profile_of(user: Mapping[str, Any], own: Identity) -> Profile:
    """Read Slack's description of a user, in which any field may be missing or null."""
    shown = user.get("profile") or {}
    names = (
        user.get("real_name"),
        shown.get("real_name"),  # of those who left, Slack tells it only here
        shown.get("display_name"),
        user.get("name"),
    )
    team = user.get("team_id") or None
    organisation = (user.get("enterprise_user") or {}).get("enterprise_id")
    colleague = team in (None, own.team_id) or (
        own.enterprise_id is not None and organisation == own.enterprise_id
    )
    member = Member(
        id=user["id"],
        name=next((name for name in names if name), user["id"]),
        time_zone=user.get("tz") or FALLBACK_ZONE,
        team_id=team,
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_outsider=bool(user.get("is_stranger")) or not colleague,
        is_bot=bool(user.get("is_bot")),
        is_deleted=bool(user.get("deleted")),
        is_invited=bool(user.get("is_invited_user")),
        is_stranger=bool(user.get("is_stranger")),
    )
    return Profile(
        member,
        handles=frozenset(n.lower() for n in (shown.get("display_name"), user.get("name")) if n),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
    )
